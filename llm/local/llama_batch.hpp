// A llama_batch with an owner. Included by the llama_*.cpp files only.
#pragma once

#include "deed/llm/local/llama_engine.hpp"

#include <llama.h>

namespace deed {

struct LlamaBatch {
  /// Larger batches are not faster on a processor and cost memory: logits are kept for each item.
  static constexpr int max_items = 128;

  llama_batch batch = llama_batch_init(max_items, 0, 1);

  LlamaBatch() = default;
  LlamaBatch(const LlamaBatch&) = delete;
  LlamaBatch& operator=(const LlamaBatch&) = delete;
  ~LlamaBatch() { llama_batch_free(batch); }
};

struct LlamaEngine::Batch : LlamaBatch {};

}  // namespace deed
