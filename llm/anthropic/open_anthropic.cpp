#include "deed/llm/anthropic/open_anthropic.hpp"

#include "deed/llm/anthropic/anthropic_format.hpp"
#include "deed/llm/remote/open_remote.hpp"

namespace deed {
namespace {

RemoteSpec spec_for(const ModelEnvironment& environment) {
  RemoteSpec spec{.scheme = "anthropic",
                  .title = "Anthropic",
                  .base_url = "https://api.anthropic.com",
                  .base_url_variable = "ANTHROPIC_BASE_URL",
                  .key_variables = {"ANTHROPIC_API_KEY"},
                  .key_header = {.name = "x-api-key", .prefix = ""}};
  const bool has_key = !environment_value(environment, "ANTHROPIC_API_KEY").empty();
  if (!has_key && !environment_value(environment, "ANTHROPIC_AUTH_TOKEN").empty()) {
    spec.key_variables = {"ANTHROPIC_AUTH_TOKEN"};
    spec.key_header = {};
  }
  return spec;
}

// The base is given without a version, as in the official clients; one that has it is understood.
Result<HttpUrl> messages_url(const HttpUrl& base) {
  std::string path = base.text().substr(0, base.text().find('?'));
  while (path.ends_with('/')) path.pop_back();
  if (path.ends_with("/v1/messages")) return base;
  return endpoint_url(base, path.ends_with("/v1") ? "/messages" : "/v1/messages");
}

}  // namespace

Result<std::unique_ptr<Model>> open_anthropic(std::string name, const ModelEnvironment& environment) {
  DEED_TRY(RemoteModelOptions options, remote_options(spec_for(environment), std::move(name), environment));
  DEED_TRY(options.url, messages_url(options.url));
  // The API has no sounds; check_media says so before anything is sent.
  options.info.takes_audio = false;
  AnthropicWireOptions wire{.model = options.model, .replay_to = replay_id(options)};
  return make_remote_model(std::move(options), make_anthropic_format(std::move(wire)), *environment.http);
}

}  // namespace deed
