#include "deed/llm/ollama/open_ollama.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/ollama/ollama_server.hpp"
#include "deed/llm/ollama/ollama_stream.hpp"
#include "deed/llm/remote/open_remote.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace deed {
namespace {

class OllamaFormat final : public WireFormat {
 public:
  explicit OllamaFormat(OllamaWireOptions options) : options_(std::move(options)) {}

  std::string write(const ModelRequest& request) override { return to_ollama_wire(request, options_); }

  std::unique_ptr<ReplyReader> reader(ReplyReader::Options options) const override {
    return std::make_unique<OllamaStream>(std::move(options), options_.replay_to);
  }

 private:
  OllamaWireOptions options_;
};

// The table's own rows are about the models' makers: their windows and prices are not those of this server.
bool has_own_row(const std::vector<ModelRow>& rows, const RemoteModelOptions& options) {
  const std::string name = lower_ascii(options.info.name), bare = lower_ascii(options.model.substr(options.model.rfind('/') + 1));
  return std::any_of(rows.begin(), rows.end(), [&](const ModelRow& row) {
    const std::string prefix = lower_ascii(row.prefix);
    return name.starts_with(prefix) || bare.starts_with(prefix);
  });
}

// ollama.com's own, also where the server on this machine passes them on ("gpt-oss:120b-cloud").
bool is_in_the_cloud(const RemoteModelOptions& options) {
  return options.url.host() == "ollama.com" || options.model.ends_with("-cloud") || options.model.ends_with(":cloud");
}

std::int64_t window_of_server(const ModelEnvironment& environment) {
  const std::string text = environment_value(environment, "OLLAMA_CONTEXT_LENGTH");
  std::int64_t tokens = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), tokens);
  return failure == std::errc() && end == text.data() + text.size() && tokens > 0 ? tokens : ollama_window;
}

}  // namespace

std::unique_ptr<WireFormat> make_ollama_format(OllamaWireOptions options) { return std::make_unique<OllamaFormat>(std::move(options)); }

Result<std::unique_ptr<Model>> open_ollama(std::string name, const ModelEnvironment& environment) {
  DEED_TRY(RemoteModelOptions options, ollama_options(std::move(name), environment));
  DEED_TRY(options.url, ollama_url(options.url, "/chat"));
  OllamaWireOptions wire{.model = options.model, .replay_to = replay_id(options)};
  const bool is_cloud = is_in_the_cloud(options);
  if (!is_cloud && !has_own_row(environment.models, options)) {
    options.info = {.name = options.info.name, .context_window = window_of_server(environment), .takes_images = true};
  }
  // The API has neither; check_media says so before anything is sent.
  options.info.takes_audio = options.info.takes_documents = false;
  if (!is_cloud) wire.num_ctx = options.info.context_window;
  return make_remote_model(std::move(options), make_ollama_format(std::move(wire)), *environment.http);
}

}  // namespace deed
