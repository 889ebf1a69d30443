// What every remote provider needs to be opened: an address, a key, headers, what is known of the model.
#pragma once

#include "deed/llm/remote/remote_model.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// How a provider is reached.
struct RemoteSpec {
  std::string scheme;            ///< "anthropic"
  std::string title;             ///< "Anthropic", for people
  std::string base_url;          ///< where it is unless something else is said
  std::string base_url_variable; ///< "ANTHROPIC_BASE_URL"
  std::vector<std::string> key_variables;  ///< those of the official SDK; the first that is set counts
  KeyHeader key_header = {};
  bool needs_key = true;         ///< at its own address; a server elsewhere may need none
};

/// The options of the model `name` ("SCHEME:MODEL"); the url is the base, without a slash at its end, still to be completed.
/// errors  invalid: no usable model name or address. denied: no key
Result<RemoteModelOptions> remote_options(const RemoteSpec& spec, std::string name, const ModelEnvironment& environment);

/// Puts what the user set for the provider into the options: headers, the idle timeout, streaming.
void apply_settings(RemoteModelOptions& options, std::string_view scheme, const ModelEnvironment& environment);

/// The environment's variable without blanks around it, or "".
std::string environment_value(const ModelEnvironment& environment, std::string_view name);

/// `base` + `path`, before the query if there is one: "https://host/v1?x=y" and "/messages" -> "https://host/v1/messages?x=y".
Result<HttpUrl> endpoint_url(const HttpUrl& base, std::string_view path);

/// Whose signed reasoning a model takes back (Replay::provider): its name and the server.
std::string replay_id(const RemoteModelOptions& options);

/// errors  invalid: empty, or with bytes that no server's name has
Result<void> check_model_name(const std::string& model, const std::string& whole);

}  // namespace deed
