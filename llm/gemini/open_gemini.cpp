#include "deed/llm/gemini/open_gemini.hpp"

#include "deed/llm/gemini/gemini_format.hpp"
#include "deed/llm/remote/open_remote.hpp"

#include <string_view>

namespace deed {
namespace {

// A model's name inside a path. "tunedModels/x" names its own collection.
std::string encoded(std::string_view model) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : model) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_plain = is_letter || (c >= '0' && c <= '9') || std::string_view("-._~/").find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    out += is_plain ? std::string(1, c) : std::string{'%', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

// The base is given without a version, as in Google's client; one that has it is understood.
Result<HttpUrl> content_url(const HttpUrl& base, const std::string& model, bool stream) {
  std::string path = base.text().substr(0, base.text().find('?'));
  while (path.ends_with('/')) path.pop_back();
  const bool has_version = path.ends_with("/v1beta") || path.ends_with("/v1") || path.ends_with("/v1alpha");
  const std::string collection = model.find('/') == std::string::npos ? "/models/" : "/";
  return endpoint_url(base, (has_version ? "" : "/v1beta") + collection + encoded(model) +
                                (stream ? ":streamGenerateContent?alt=sse" : ":generateContent"));
}

}  // namespace

Result<std::unique_ptr<Model>> open_gemini(std::string name, const ModelEnvironment& environment) {
  const RemoteSpec spec{.scheme = "gemini",
                        .title = "Gemini",
                        .base_url = "https://generativelanguage.googleapis.com",
                        .base_url_variable = "GOOGLE_GEMINI_BASE_URL",
                        .key_variables = {"GOOGLE_API_KEY", "GEMINI_API_KEY"},
                        .key_header = {.name = "x-goog-api-key", .prefix = ""}};
  DEED_TRY(RemoteModelOptions options, remote_options(spec, std::move(name), environment));
  GeminiWireOptions wire{.model = options.model, .replay_to = replay_id(options)};
  DEED_TRY(options.url, content_url(options.url, options.model, options.stream));
  return make_remote_model(std::move(options), make_gemini_format(std::move(wire)), *environment.http);
}

}  // namespace deed
