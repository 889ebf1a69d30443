// A GGUF file as a Model. Included by local_model.cpp only.
#pragma once

#include "deed/llm/local/local_model.hpp"
#include "deed/llm/local/scorer.hpp"
#include "deed/llm/model.hpp"

#include <memory>
#include <string>

namespace deed {

struct LlamaModelOptions {
  std::string name;  ///< "local:smollm2"
  std::string path;
  int threads = 0;  ///< 0: one fewer than there are cores
  std::string cache_dir = {};  ///< for prepared prompts; empty: none are kept
  bool has_own_format = false;  ///< answers in the format of its chat template; else the planner does
  /// Tokens that are kept at a time. Keys and values take 23 kB a token of SmolLM2; with these the process stays below 400 MB.
  int max_context = 6144;
};

/// Loads nothing yet.
std::unique_ptr<Model> make_llama_model(LlamaModelOptions options);

/// Loads the file at once. Nothing stops what it computes.
Result<std::unique_ptr<Scorer>> load_llama_scorer(const LocalScorerOptions& options);

}  // namespace deed
