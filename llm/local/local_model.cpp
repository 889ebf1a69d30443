#include "deed/llm/local/local_model.hpp"

#include "deed/llm/local/gguf.hpp"
#include "deed/llm/local/llama_chat.hpp"
#include "deed/llm/local/llama_model.hpp"
#include "deed/llm/local/model_store.hpp"

#include <algorithm>

namespace deed {
namespace {

#ifndef DEED_LLAMA
Unexpected not_built(const std::string& where) {
  return fail(ErrorKind::unsupported, "this build of deed has no embedded model", where,
              "build with -DDEED_LLAMA=ON, or name a remote model (--model openai:NAME)");
}
#else
// The most that a conversation's keys and values may take, and what it gets at least and at most.
constexpr std::uint64_t context_memory = 768u << 20;
constexpr std::int64_t least_context = 4096, largest_context = 32768;

const ModelRow* row_of(const std::string& name, const std::vector<ModelRow>& rows) {
  const ModelRow* best = nullptr;
  for (const ModelRow& row : rows)
    if (name.starts_with(row.prefix) && (best == nullptr || row.prefix.size() > best->prefix.size())) best = &row;
  return best;
}

Result<ToolFormat> format_of(const GgufSummary& file, const std::string& path, const ModelRow* row) {
  const ToolFormat wanted = row != nullptr ? row->tools : ToolFormat::automatic;
  if (wanted == ToolFormat::planner) return wanted;
  const ToolFormat own = tool_format_of(file);
  if (wanted == ToolFormat::trained && own != wanted)
    return fail(ErrorKind::unsupported, "the model's chat template has no form for tools that can be used", path,
                "set models.*.tools to auto or planner");
  return own;
}

int own_context(const GgufSummary& file, const ModelRow* row) {
  std::int64_t tokens = row != nullptr && row->context_window > 0 ? row->context_window : 0;
  if (tokens == 0) {
    const std::uint64_t fits = file.context_bytes > 0 ? context_memory / file.context_bytes : 0;
    tokens = std::clamp(static_cast<std::int64_t>(fits), least_context, largest_context);
  }
  constexpr std::int64_t any = 1 << 20;
  return static_cast<int>(std::min(tokens, file.context_length > 0 ? std::min(file.context_length, any) : any));
}
#endif

}  // namespace

ToolFormat tool_format_of(const GgufSummary& file) {
#ifdef DEED_LLAMA
  const auto read = ChatTemplate::read({.jinja = file.chat_template, .bos = "", .eos = ""});
  return read && (*read)->has_tools() ? ToolFormat::trained : ToolFormat::planner;
#else
  (void)file;
  return ToolFormat::planner;
#endif
}

Result<std::unique_ptr<Model>> open_local_model(std::string name,
                                                const ModelEnvironment& environment) {
#ifdef DEED_LLAMA
  DEED_TRY(const std::string path, model_path(name, environment.models_dir));
  DEED_TRY(const GgufSummary file, read_gguf(path));
  const ModelRow* row = row_of("local:" + name, environment.models);
  DEED_TRY(const ToolFormat format, format_of(file, path, row));
  LlamaModelOptions options{.name = "local:" + name,
                            .path = path,
                            .threads = environment.threads,
                            .cache_dir = environment.cache_dir,
                            .has_own_format = format == ToolFormat::trained};
  if (options.has_own_format) options.max_context = own_context(file, row);
  return make_llama_model(std::move(options));
#else
  (void)environment;
  return not_built("local:" + name);
#endif
}

Result<std::unique_ptr<Scorer>> open_local_scorer(const LocalScorerOptions& options) {
#ifdef DEED_LLAMA
  DEED_OK(read_gguf(options.path));
  return load_llama_scorer(options);
#else
  return not_built(options.path);
#endif
}

}  // namespace deed
