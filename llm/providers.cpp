#include "deed/llm/providers.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/chat_completions.hpp"
#include "deed/llm/local/local_model.hpp"

namespace deed {
namespace {

constexpr std::string_view completions_path = "/chat/completions";
constexpr std::string_view openai_host = "api.openai.com";

// As the providers' model pages stood in 2025-11; the longest beginning that fits counts.
struct KnownWindow {
  std::string_view prefix;
  std::int64_t tokens;
};
constexpr std::int64_t default_window = 128'000;
constexpr KnownWindow known_windows[] = {
    {"gpt-3.5-turbo", 16'385},
    {"gpt-4", 8'192},
    {"gpt-4-turbo", 128'000},
    {"gpt-4o", 128'000},
    {"gpt-4.1", 1'047'576},
    {"gpt-5", 400'000},
    {"o1", 200'000},
    {"o3", 200'000},
    {"o4-mini", 200'000},
    {"deepseek-", 128'000},
    {"mistral-small", 128'000},
    {"mistral-large", 128'000},
};

std::string env(const ModelEnvironment& environment, std::string_view name) {
  if (!environment.getenv) return {};
  return std::string(trim(environment.getenv(name).value_or("")));
}

// "https://host/v1?x=y" -> "https://host/v1/chat/completions?x=y"; a bare host gets /v1, which is
// where nearly all have it.
std::string completions_url(std::string_view base) {
  const std::size_t query = base.find('?');
  std::string url(base.substr(0, query));
  while (url.ends_with('/')) url.pop_back();
  const std::size_t authority = url.find("://");
  const bool is_bare_host =
      authority != std::string::npos && url.find('/', authority + 3) == std::string::npos;
  if (is_bare_host) url += "/v1";
  if (!url.ends_with(completions_path)) url += completions_path;
  if (query != std::string_view::npos) url += base.substr(query);
  return url;
}

struct RemoteName {
  std::string whole;  ///< as the user gave it
  std::string base;   ///< the address
  std::string model;
  Secret key;
};

Result<std::unique_ptr<Model>> open_remote(RemoteName remote, const ModelEnvironment& environment) {
  DEED_CHECK(environment.http != nullptr, "a remote model needs an HttpClient");
  if (remote.model.empty() || has_control_characters(remote.model) || !is_utf8(remote.model)) {
    return fail(ErrorKind::invalid, "the model has no usable name", escaped(remote.whole),
                "write openai:NAME or https://host/v1#NAME; `curl https://host/v1/models` lists "
                "what a server has");
  }
  DEED_TRY(HttpUrl url, HttpUrl::parse(completions_url(remote.base)));
  const bool is_openai = url.host() == openai_host;
  ModelInfo info{.name = remote.whole, .context_window = remote_context_window(remote.model)};
  ChatCompletionsOptions options{.url = std::move(url),
                                 .model = std::move(remote.model),
                                 .key = std::move(remote.key),
                                 .info = std::move(info)};
  // OpenAI's own newer models refuse "max_tokens"; its older ones know both.
  if (is_openai) options.max_tokens_key = "max_completion_tokens";
  return make_chat_completions(std::move(options), *environment.http);
}

Result<std::unique_ptr<Model>> open_openai(std::string name, const ModelEnvironment& environment) {
  RemoteName remote{.whole = name, .base = env(environment, "OPENAI_BASE_URL")};
  remote.model = name.substr(name.find(':') + 1);
  remote.key = Secret(env(environment, "OPENAI_API_KEY"));
  if (remote.base.empty()) {
    if (remote.key.empty()) {
      return fail(ErrorKind::denied, "there is no API key for OpenAI", name,
                  "set OPENAI_API_KEY, or OPENAI_BASE_URL for a server that needs none");
    }
    remote.base = "https://api.openai.com/v1";
  }
  return open_remote(std::move(remote), environment);
}

Result<std::unique_ptr<Model>> open_url(std::string name, const ModelEnvironment& environment) {
  const std::size_t hash = name.find('#');
  RemoteName remote{.whole = name, .base = name.substr(0, hash)};
  if (hash != std::string::npos) remote.model = name.substr(hash + 1);
  std::string key = env(environment, "DEED_API_KEY");
  if (key.empty()) key = env(environment, "OPENAI_API_KEY");
  remote.key = Secret(std::move(key));
  return open_remote(std::move(remote), environment);
}

Result<std::unique_ptr<Model>> open_local(std::string name, const ModelEnvironment& environment) {
  return open_local_model(name.substr(name.find(':') + 1), environment);
}

constexpr Provider rows[] = {
    {"local", "local:NAME or local:/path/to/model.gguf", "runs inside this process", open_local},
    {"openai", "openai:NAME", "OpenAI, or OPENAI_BASE_URL; key from OPENAI_API_KEY", open_openai},
    {"https", "https://host/v1#NAME",
     "anything that speaks chat completions; key from DEED_API_KEY", open_url},
    {"http", "http://127.0.0.1:8080/v1#NAME",
     "the same on this machine or a trusted network; no key leaves it", open_url},
};

std::string all_forms() {
  std::string out;
  for (const Provider& row : rows) out += (out.empty() ? "" : ", ") + std::string(row.form);
  return out;
}

}  // namespace

std::span<const Provider> providers() { return rows; }

std::int64_t remote_context_window(std::string_view model) {
  // OpenRouter and others put the maker in front: "openai/gpt-4o".
  const std::string name = lower_ascii(model.substr(model.rfind('/') + 1));
  const KnownWindow* best = nullptr;
  for (const KnownWindow& known : known_windows) {
    const bool is_better = best == nullptr || known.prefix.size() > best->prefix.size();
    if (name.starts_with(known.prefix) && is_better) best = &known;
  }
  return best != nullptr ? best->tokens : default_window;
}

Result<std::unique_ptr<Model>> open_model(std::string name, const ModelEnvironment& environment) {
  const std::size_t colon = name.find(':');
  const std::string scheme = lower_ascii(std::string_view(name).substr(0, colon));
  for (const Provider& row : rows) {
    if (colon != std::string::npos && row.scheme == scheme) {
      return row.open(std::move(name), environment);
    }
  }
  return fail(ErrorKind::invalid, "no model is named like this", escaped(name),
              "write one of: " + all_forms());
}

}  // namespace deed
