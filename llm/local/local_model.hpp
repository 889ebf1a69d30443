// The embedded model: llama.cpp in this process, guided by the planner.
#pragma once

#include "deed/llm/local/gguf.hpp"
#include "deed/llm/local/scorer.hpp"
#include "deed/llm/model.hpp"

#include <memory>
#include <string>

namespace deed {

/// How the model of a file is asked to call tools where nothing is set: `trained` or `planner`. Runs its chat template on a few
/// invented conversations, some milliseconds. A build without llama.cpp knows only the planner.
ToolFormat tool_format_of(const GgufSummary& file);

/// Opens the model `name`: one of the catalogue or of `environment.models_dir` ("smollm2"), or the
/// path of a .gguf file. The file's head is checked here; weights are loaded by the first
/// `generate`, in the model's own thread ("deed-llama"). A model that was trained to call tools answers in its own format
/// (llama_own_format.hpp), and ModelInfo says its window. Of any other, with tools a reply is one call, a refusal or the end; without
/// tools it is text in the model's own chat format. The row of `environment.models` with the longest beginning of
/// the name says which of the two, and the window.
///
/// errors  not_found, corrupt: the file. unsupported: built without llama.cpp, or several files; its own format is asked for, and its
/// template has none
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
