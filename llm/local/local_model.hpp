// The embedded model: llama.cpp in this process, guided by the planner.
#pragma once

#include "deed/llm/local/scorer.hpp"
#include "deed/llm/model.hpp"

#include <memory>
#include <string>

namespace deed {

/// Opens the model `name`: one of the catalogue or of `environment.models_dir` ("smollm2"), or the
/// path of a .gguf file. The file's head is checked here; weights are loaded by the first
/// `generate`, in the model's own thread ("deed-llama"). With tools a reply is one call, a refusal
/// or the end; without tools it is text in the model's own chat format.
///
/// errors  not_found, corrupt: the file. unsupported: built without llama.cpp, or several files
Result<std::unique_ptr<Model>> open_local_model(std::string name,
                                                const ModelEnvironment& environment);

struct LocalScorerOptions {
  std::string path;        ///< of a .gguf file
  int threads = 0;         ///< 0: one fewer than there are cores
  int max_context = 8192;  ///< tokens of all that is kept at a time
  std::string cache_dir = {};  ///< for prompts that come again; empty: none are kept
};
/// The same weights to be asked directly, on the caller's thread; loads them now. For measuring and
/// fitting. errors  as `open_local_model`
Result<std::unique_ptr<Scorer>> open_local_scorer(const LocalScorerOptions& options);

}  // namespace deed
