// A GGUF file as a Model. Included by local_model.cpp only.
#pragma once

#include <memory>
#include <string>

#include "deed/llm/model.hpp"

namespace deed {

struct LlamaModelOptions {
  std::string name;  ///< "local:smollm2"
  std::string path;
  std::int64_t trained_context = 0;
  int threads = 0;   ///< 0: one fewer than there are cores
};

/// Loads nothing yet.
std::unique_ptr<Model> make_llama_model(LlamaModelOptions options);

}  // namespace deed
