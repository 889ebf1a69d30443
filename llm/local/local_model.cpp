#include "deed/llm/local/local_model.hpp"

#include "deed/llm/local/gguf.hpp"
#include "deed/llm/local/llama_model.hpp"
#include "deed/llm/local/model_store.hpp"

namespace deed {
namespace {

#ifndef DEED_LLAMA
Unexpected not_built(const std::string& where) {
  return fail(ErrorKind::unsupported, "this build of deed has no embedded model", where,
              "build with -DDEED_LLAMA=ON, or name a remote model (--model openai:NAME)");
}
#endif

}  // namespace

Result<std::unique_ptr<Model>> open_local_model(std::string name,
                                                const ModelEnvironment& environment) {
#ifdef DEED_LLAMA
  DEED_TRY(const std::string path, model_path(name, environment.models_dir));
  DEED_OK(read_gguf(path));
  return make_llama_model({.name = "local:" + name,
                           .path = path,
                           .threads = environment.threads,
                           .cache_dir = environment.cache_dir});
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
