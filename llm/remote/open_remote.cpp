#include "deed/llm/remote/open_remote.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/model_table.hpp"

namespace deed {
namespace {

const ProviderSettings& settings_of(const ModelEnvironment& environment, std::string_view scheme) {
  static const ProviderSettings none;
  const auto found = environment.providers.find(scheme);
  return found != environment.providers.end() ? found->second : none;
}

Secret key_of(const RemoteSpec& spec, const ModelEnvironment& environment) {
  for (const std::string& variable : spec.key_variables) {
    std::string value = environment_value(environment, variable);
    if (!value.empty()) return Secret(std::move(value));
  }
  return settings_of(environment, spec.scheme).key;
}

}  // namespace

std::string environment_value(const ModelEnvironment& environment, std::string_view name) {
  if (!environment.getenv || name.empty()) return {};
  return std::string(trim(environment.getenv(name).value_or("")));
}

Result<void> check_model_name(const std::string& model, const std::string& whole) {
  if (!model.empty() && !has_control_characters(model) && is_utf8(model)) return {};
  return fail(ErrorKind::invalid, "the model has no usable name", escaped(whole),
              "write openai:NAME or https://host/v1#NAME; `curl https://host/v1/models` lists what a server has");
}

Result<RemoteModelOptions> remote_options(const RemoteSpec& spec, std::string name, const ModelEnvironment& environment) {
  DEED_CHECK(environment.http != nullptr, "a remote model needs an HttpClient");
  std::string model = name.substr(name.find(':') + 1);
  DEED_OK(check_model_name(model, name));
  const ProviderSettings& own = settings_of(environment, spec.scheme);
  std::string base = environment_value(environment, spec.base_url_variable);
  if (base.empty()) base = own.base_url;
  Secret key = key_of(spec, environment);
  if (base.empty()) {
    if (key.empty() && spec.needs_key) {
      std::string first = spec.key_variables.empty() ? "" : spec.key_variables.front();
      return fail(ErrorKind::denied, "there is no API key for " + spec.title, name,
                  "set " + first + ", or " + spec.base_url_variable + " for a server that needs none");
    }
    base = spec.base_url;
  }
  const std::size_t query = base.find('?');
  std::string path = base.substr(0, query);
  while (path.ends_with('/')) path.pop_back();
  DEED_TRY(HttpUrl url, HttpUrl::parse(path + (query == std::string::npos ? "" : base.substr(query))));
  RemoteModelOptions options{.url = std::move(url), .model = model, .key = std::move(key), .key_header = spec.key_header};
  apply_settings(options, spec.scheme, environment);
  options.info = model_info(std::move(name), model, environment.models);
  return options;
}

void apply_settings(RemoteModelOptions& options, std::string_view scheme, const ModelEnvironment& environment) {
  const ProviderSettings& own = settings_of(environment, scheme);
  options.headers = own.headers;
  options.secrets = own.secrets;
  if (own.idle_timeout.count() > 0) options.idle_timeout = own.idle_timeout;
  options.stream = own.stream;
}

Result<HttpUrl> endpoint_url(const HttpUrl& base, std::string_view path) {
  const std::string& text = base.text();
  const std::size_t query = text.find('?');
  std::string url = text.substr(0, query);
  while (url.ends_with('/')) url.pop_back();
  url += path;
  if (query != std::string::npos) url += (url.find('?') == std::string::npos ? "?" : "&") + text.substr(query + 1);
  return HttpUrl::parse(url);
}

std::string replay_id(const RemoteModelOptions& options) { return options.info.name + "@" + options.url.host(); }

}  // namespace deed
