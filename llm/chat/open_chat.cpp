#include "deed/llm/chat/open_chat.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/chat/chat_format.hpp"
#include "deed/llm/model_table.hpp"
#include "deed/llm/remote/open_remote.hpp"

namespace deed {
namespace {

// Where servers differ from what OpenAI first said, by whose server it is.
ChatWireOptions wire_options(const RemoteModelOptions& options) {
  ChatWireOptions wire{.model = options.model, .replay_to = replay_id(options)};
  const std::string& host = options.url.host();
  // OpenAI's own newer models refuse "max_tokens"; its older ones know both.
  if (host == "api.openai.com") wire.max_tokens_key = "max_completion_tokens";
  if (host == "api.deepseek.com") wire.replay_member = "reasoning_content";
  if (host == "openrouter.ai") wire.replay_member = "reasoning_details";
  wire.short_ids = host == "api.mistral.ai";
  return wire;
}

Result<std::unique_ptr<Model>> open(RemoteModelOptions options, const ModelEnvironment& environment) {
  DEED_TRY(options.url, openai_url(options.url, "/chat/completions"));
  ChatWireOptions wire = wire_options(options);
  return make_remote_model(std::move(options), make_chat_format(std::move(wire)), *environment.http);
}

}  // namespace

Result<std::unique_ptr<Model>> open_chat_url(std::string name, const ModelEnvironment& environment) {
  DEED_CHECK(environment.http != nullptr, "a remote model needs an HttpClient");
  const std::size_t hash = name.find('#');
  const std::string model = hash == std::string::npos ? "" : name.substr(hash + 1);
  DEED_OK(check_model_name(model, name));
  DEED_TRY(HttpUrl url, HttpUrl::parse(name.substr(0, hash)));
  std::string key = environment_value(environment, "DEED_API_KEY");
  if (key.empty()) key = environment_value(environment, "OPENAI_API_KEY");
  if (const auto own = environment.providers.find(url.scheme()); key.empty() && own != environment.providers.end()) key = own->second.key.reveal();
  RemoteModelOptions options{.url = std::move(url), .model = model, .key = Secret(std::move(key))};
  apply_settings(options, options.url.scheme(), environment);
  options.info = model_info(std::move(name), model, environment.models);
  return open(std::move(options), environment);
}

Result<HttpUrl> openai_url(const HttpUrl& base, std::string_view path) {
  const std::string address = base.text().substr(0, base.text().find('?'));
  if (address.ends_with(path)) return base;
  std::string_view bare = std::string_view(address).substr(address.find("://") + 3);
  while (bare.ends_with('/')) bare.remove_suffix(1);
  return endpoint_url(base, (bare.find('/') == std::string_view::npos ? "/v1" : "") + std::string(path));
}

Result<RemoteModelOptions> openai_options(std::string name, const ModelEnvironment& environment) {
  const RemoteSpec spec{.scheme = "openai",
                        .title = "OpenAI",
                        .base_url = "https://api.openai.com/v1",
                        .base_url_variable = "OPENAI_BASE_URL",
                        .key_variables = {"OPENAI_API_KEY"}};
  DEED_TRY(RemoteModelOptions options, remote_options(spec, std::move(name), environment));
  for (const auto& [variable, header] : {std::pair("OPENAI_ORG_ID", "OpenAI-Organization"), std::pair("OPENAI_PROJECT_ID", "OpenAI-Project")}) {
    std::string value = environment_value(environment, variable);
    if (!value.empty()) options.headers.emplace_back(header, std::move(value));
  }
  return options;
}

Result<std::unique_ptr<Model>> open_openai_chat(std::string name, const ModelEnvironment& environment) {
  DEED_TRY(RemoteModelOptions options, openai_options(std::move(name), environment));
  return open(std::move(options), environment);
}

}  // namespace deed
