#include "deed/llm/ollama/ollama_models.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/ollama/ollama_server.hpp"
#include "deed/llm/remote/provider_errors.hpp"
#include "deed/llm/remote/reply_reader.hpp"

#include <algorithm>
#include <utility>

namespace deed::ollama {
namespace {

constexpr std::size_t max_line_bytes = 1u << 20;
// Some hundred bytes sixteen times a second, for the hours that a large model may take.
constexpr std::size_t max_progress_bytes = 256u << 20;
// The server is silent while it computes the digest of what it has fetched.
constexpr std::chrono::minutes longest_silence{15};
constexpr std::chrono::hours longest_pull{48};

struct Exchange {
  HttpRequest request;
  Endpoint endpoint;
};

bool may_have_key(const HttpUrl& url) {
  return url.scheme() == "https" || url.host() == "127.0.0.1" || url.host() == "localhost" || url.host() == "::1";
}

Result<Exchange> make_exchange(const ModelEnvironment& environment, const std::string& model, const std::string& method, std::string_view path) {
  DEED_TRY(const RemoteModelOptions options, ollama_options("ollama:" + model, environment));
  DEED_TRY(HttpUrl url, ollama_url(options.url, path));
  Endpoint endpoint{.where = url.text().substr(0, url.text().find('?'))};
  endpoint.redactor.add(options.key);
  HttpRequest request{.method = method, .url = std::move(url)};
  request.headers = options.headers;
  if (!options.key.empty() && may_have_key(request.url)) {
    request.headers.emplace_back(options.key_header.name, options.key_header.prefix + options.key.reveal());
  }
  return Exchange{std::move(request), std::move(endpoint)};
}

Result<HttpResponse> judged(HttpExchange exchange, const Endpoint& endpoint) {
  if (auto* failure = std::get_if<HttpFailure>(&exchange)) {
    Error error = std::move(failure->error);
    error.what = endpoint.redactor.redact(std::move(error.what));
    if (error.where.empty()) error.where = endpoint.where;
    if (error.kind == ErrorKind::unavailable) error.hint = "is Ollama running there? `ollama serve` starts it; OLLAMA_HOST says where it is";
    return fail(std::move(error));
  }
  HttpResponse response = std::get<HttpResponse>(std::move(exchange));
  if (response.status < 200 || response.status > 299) return fail(to_error(response, endpoint));
  return response;
}

}  // namespace

Result<std::vector<OllamaModel>> parse_models(std::string_view body) {
  const auto document = parse_json(body);
  const Json& list = document ? member(*document, "models") : member(Json(), "");
  // A server without models has said null.
  const bool is_empty = document && document->is_object() && document->contains("models") && list.is_null();
  if (!list.is_array() && !is_empty) return fail(ErrorKind::corrupt, "the answer is no list of models", "", "check the address: it is to be an Ollama server's");
  std::vector<OllamaModel> models;
  for (const Json& entry : list) {
    const Json& details = member(entry, "details");
    OllamaModel model{.name = first_text(entry, {"name", "model"}), .size_bytes = count_at(entry, "size")};
    if (model.name.empty()) continue;
    model.modified_at = string_at(entry, "modified_at");
    model.family = string_at(details, "family");
    model.parameters = string_at(details, "parameter_size");
    model.quantization = string_at(details, "quantization_level");
    models.push_back(std::move(model));
  }
  return models;
}

Result<void> PullReader::take(const std::string& line, std::vector<PullProgress>& out) {
  if (trim(line).empty()) return {};
  const auto value = parse_json(is_utf8(line) ? line : to_utf8(line));
  if (!value || !value->is_object()) return fail(ErrorKind::corrupt, "the server sent a line that is not a JSON object: " + escaped(line));
  if (const auto complaint = find_complaint(*value)) {
    // "pull model manifest: file does not exist" is how the registry's 404 arrives.
    const bool is_absent = complaint->message.find("file does not exist") != std::string::npos;
    Error error = to_error(*complaint, Endpoint{});
    if (is_absent) error = {ErrorKind::not_found, error.what, "", "https://ollama.com/library lists the models that there are"};
    return fail(std::move(error));
  }
  PullProgress progress{.status = string_at(*value, "status"), .digest = string_at(*value, "digest")};
  progress.total_bytes = count_at(*value, "total");
  progress.completed_bytes = count_at(*value, "completed");
  has_succeeded_ = has_succeeded_ || progress.status == "success";
  out.push_back(std::move(progress));
  return {};
}

Result<std::vector<PullProgress>> PullReader::feed(std::string_view bytes) {
  std::vector<PullProgress> out;
  for (;;) {
    const std::size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (line_.size() > max_line_bytes) return fail(ErrorKind::corrupt, "the server sent a line of more than " + human_bytes(max_line_bytes));
    if (end == std::string_view::npos) return out;
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    DEED_OK(take(line, out));
  }
}

Result<std::vector<PullProgress>> PullReader::finish() {
  std::vector<PullProgress> out;
  const std::string line = std::exchange(line_, {});
  const Result<void> tail = has_succeeded_ ? Result<void>() : take(line, out);
  if (!tail && tail.error().kind != ErrorKind::corrupt) return fail(tail.error());
  if (has_succeeded_) return out;
  return fail(ErrorKind::corrupt, "the stream ended early", "", "the model is not complete; asking again goes on where it was");
}

Async<std::vector<OllamaModel>> list(const ModelEnvironment& environment) {
  // No model is meant; the name is only what the options are asked with.
  DEED_CO_TRY(Exchange exchange, make_exchange(environment, "any", "GET", "/tags"));
  HttpExchange answer = co_await environment.http->send(std::move(exchange.request));
  DEED_CO_TRY(const HttpResponse response, judged(std::move(answer), exchange.endpoint));
  co_return with_context(parse_models(response.body), exchange.endpoint.where);
}

Async<void> pull(const ModelEnvironment& environment, std::string model, std::function<void(const PullProgress&)> progress) {
  DEED_CO_TRY(Exchange exchange, make_exchange(environment, model, "POST", "/pull"));
  const Json body = {{"model", model}, {"stream", true}};
  PullReader reader;
  const auto tell = [&](const std::vector<PullProgress>& steps) {
    for (const PullProgress& step : steps) {
      if (progress) progress(step);
    }
  };
  exchange.request.body = to_text(body);
  exchange.request.headers.emplace_back("Content-Type", "application/json");
  exchange.request.timeout = longest_pull;
  exchange.request.idle_timeout = longest_silence;
  exchange.request.max_response_bytes = max_progress_bytes;
  exchange.request.on_body = [&](std::string_view bytes) -> Result<void> {
    DEED_TRY(const auto steps, reader.feed(bytes));
    return tell(steps), Result<void>();
  };
  HttpExchange answer = co_await environment.http->send(std::move(exchange.request));
  Result<HttpResponse> response = judged(std::move(answer), exchange.endpoint);
  DEED_CO_OK(std::move(response));
  Result<std::vector<PullProgress>> rest = reader.finish();
  rest = with_context(std::move(rest), exchange.endpoint.where);
  DEED_CO_TRY(const auto steps, std::move(rest));
  tell(steps);
  co_return Result<void>();
}

}  // namespace deed::ollama
