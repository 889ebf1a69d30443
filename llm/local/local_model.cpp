#include "deed/llm/local/local_model.hpp"

#include "deed/llm/local/gguf.hpp"
#include "deed/llm/local/llama_model.hpp"
#include "deed/llm/local/model_store.hpp"

namespace deed {

Result<std::unique_ptr<Model>> open_local_model(std::string name, const ModelEnvironment& environment) {
#ifdef DEED_LLAMA
  DEED_TRY(const std::string path, model_path(name, environment.models_dir));
  DEED_TRY(const GgufSummary summary, read_gguf(path));
  return make_llama_model({.name = "local:" + name, .path = path, .trained_context = summary.context_length, .threads = environment.threads});
#else
  (void)environment;
  return fail(ErrorKind::unsupported, "this build of deed has no embedded model", "local:" + name,
              "build with -DDEED_LLAMA=ON, or name a remote model (--model openai:NAME)");
#endif
}

}  // namespace deed
