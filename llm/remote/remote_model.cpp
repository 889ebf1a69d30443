#include "deed/llm/remote/remote_model.hpp"

#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/media.hpp"
#include "deed/llm/transcript.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <random>

namespace deed {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// An event stream spends some 300 bytes on a token, so this is far more than the longest reply;
// nothing of it is buffered.
constexpr std::size_t max_response_bytes = 256u << 20;

// One try: the reply, or why there is none and whether asking again can help.
struct Attempt {
  Result<Reply> reply;
  bool may_retry = false;
  std::optional<milliseconds> asked_wait = {};
  bool has_told = false;  // the sink has heard some of it
};

// Whether the same request may fare better: the server was out of order, or its reply was damaged, in the middle or at its end.
bool may_pass(ErrorKind kind) { return kind == ErrorKind::unavailable || kind == ErrorKind::corrupt; }

bool is_loopback(const HttpUrl& url) {
  const std::string& host = url.host();
  // "127.example.org" is somebody else's.
  const bool is_number = host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host == "::1" || (is_number && host.starts_with("127."));
}

// Some servers take a key in the query.
std::string without_query(const HttpUrl& url) { return url.text().substr(0, url.text().find('?')); }

Async<void> wait_by_timer(milliseconds duration) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, duration);
  const auto ended = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (std::get<0>(ended))
    co_return fail(ErrorKind::cancelled, "cancelled while waiting to ask again");
  co_return Result<void>();
}

double random_fraction() {
  std::random_device source;
  return std::uniform_real_distribution<double>(0, 1)(source);
}

ReplyReader::Options reader_options(const ModelRequest& request, const std::string& body,
                                   const Endpoint& endpoint) {
  ReplyReader::Options options{.endpoint = endpoint, .max_tokens = request.max_tokens};
  options.calls.names = ToolNames(request.tools);
  options.calls.transcript = request.messages;
  // Ids that the server leaves out: the same request gives the same ids, a later one of the run
  // gives others.
  options.calls.id_seed = [&body] { return sha256_hex(body).substr(0, 12); };
  return options;
}

class RemoteModel final : public Model {
 public:
  RemoteModel(RemoteModelOptions options, std::unique_ptr<WireFormat> format, HttpClient& http)
      : options_(std::move(options)),
        format_(std::move(format)),
        http_(http),
        endpoint_{.where = without_query(options_.url)} {
    endpoint_.redactor.add(options_.key);
    for (const Secret& secret : options_.secrets) endpoint_.redactor.add(secret);
    if (!options_.retry.wait) options_.retry.wait = wait_by_timer;
    if (!options_.retry.random) options_.retry.random = random_fraction;
  }

  const ModelInfo& info() const override { return options_.info; }

  // No common tokenizer makes more tokens of a text than a third of its bytes; the constant is for
  // markers.
  std::int64_t count_tokens(std::string_view text) const override {
    return static_cast<std::int64_t>(text.size() + 2) / 3 + 4;
  }

  Async<Reply> generate(ModelRequest request, StreamSink sink) override;

 private:
  HttpRequest http_request(const std::string& body, milliseconds timeout) const;
  asio::awaitable<Attempt> attempt(const ModelRequest& request, const std::string& body,
                                   const StreamSink& sink, steady_clock::time_point deadline);
  Attempt judge(const HttpExchange& exchange, ReplyReader& reader, const StreamSink& sink) const;
  std::optional<milliseconds> wait_before(int next_try, const Attempt& failed) const;
  double cost_usd(const TokenUsage& usage) const;

  RemoteModelOptions options_;
  std::unique_ptr<WireFormat> format_;
  HttpClient& http_;
  Endpoint endpoint_;
};

HttpRequest RemoteModel::http_request(const std::string& body, milliseconds timeout) const {
  HttpRequest request{.method = "POST", .url = options_.url};
  request.headers = {{"Content-Type", "application/json"},
                     {"Accept", "text/event-stream, application/json"}};
  for (auto& header : format_->headers()) request.headers.push_back(std::move(header));
  const bool is_safe = options_.url.scheme() == "https" || is_loopback(options_.url);
  for (const auto& header : options_.headers) {
    const bool is_secret = std::any_of(options_.secrets.begin(), options_.secrets.end(),
                                       [&](const Secret& secret) { return header.second == secret.reveal(); });
    if (is_safe || !is_secret) request.headers.push_back(header);
  }
  if (is_safe && !options_.key.empty()) {
    request.headers.emplace_back(options_.key_header.name, options_.key_header.prefix + options_.key.reveal());
  }
  request.body = body;
  request.timeout = timeout;
  request.idle_timeout = std::min(timeout, options_.idle_timeout);
  request.max_response_bytes = max_response_bytes;
  return request;
}

// What the exchange and the stream come to together. After the terminal marker a broken connection
// is no failure.
Attempt RemoteModel::judge(const HttpExchange& exchange, ReplyReader& reader,
                               const StreamSink& sink) const {
  std::string_view content_type = "text/event-stream";
  if (const auto* response = std::get_if<HttpResponse>(&exchange)) {
    if (response->status < 200 || response->status > 299) {
      Error error = to_error(*response, endpoint_);
      const bool may_retry = should_retry(*response).value_or(error.kind == ErrorKind::unavailable);
      return {fail(std::move(error)), may_retry,
              retry_after(*response, options_.retry.clock->now())};
    }
    content_type = response->header("content-type");
  } else if (!reader.is_complete()) {
    Error error = std::get<HttpFailure>(exchange).error;
    error.what = endpoint_.redactor.redact(std::move(error.what));
    if (error.where.empty()) error.where = endpoint_.where;
    const bool may_retry = may_pass(error.kind);
    return {fail(std::move(error)), may_retry};
  }
  Attempt result{reader.finish(content_type)};
  result.may_retry = !result.reply && may_pass(result.reply.error().kind);
  for (const StreamEvent& event : reader.take_events()) {
    result.has_told = true;
    if (sink) sink(event);
  }
  return result;
}

asio::awaitable<Attempt> RemoteModel::attempt(const ModelRequest& request,
                                                  const std::string& body, const StreamSink& sink,
                                                  steady_clock::time_point deadline) {
  const std::unique_ptr<ReplyReader> reader = format_->reader(reader_options(request, body, endpoint_));
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
  HttpRequest exchange_request = http_request(body, std::max(left, milliseconds(1)));
  bool has_told = false;
  exchange_request.on_body = [&](std::string_view bytes) -> Result<void> {
    DEED_TRY(const auto events, reader->feed(bytes));
    for (const StreamEvent& event : events) {
      has_told = true;
      if (sink) sink(event);
    }
    return {};
  };
  const HttpExchange exchange = co_await http_.send(std::move(exchange_request));
  Attempt result = judge(exchange, *reader, sink);
  result.has_told |= has_told;
  co_return result;
}

std::optional<milliseconds> RemoteModel::wait_before(int next_try,
                                                         const Attempt& failed) const {
  const RetryOptions& retry = options_.retry;
  if (!failed.may_retry || next_try > retry.max_tries) return std::nullopt;
  if (failed.asked_wait) {
    return *failed.asked_wait <= retry.longest_wait ? failed.asked_wait : std::nullopt;
  }
  const double factor =
      static_cast<double>(1 << std::min(next_try - 2, 16)) * (0.75 + 0.5 * retry.random());
  const auto wait =
      static_cast<std::int64_t>(static_cast<double>(retry.first_wait.count()) * factor);
  return std::min(milliseconds(wait), retry.longest_wait);
}

double RemoteModel::cost_usd(const TokenUsage& usage) const {
  const ModelInfo& info = options_.info;
  const std::int64_t cached = std::min(usage.cached, usage.input);
  const std::int64_t written = std::min(usage.cache_written, usage.input - cached);
  return (static_cast<double>(usage.input - cached - written) * info.usd_per_million_input +
          static_cast<double>(cached) * info.usd_per_million_cached.value_or(info.usd_per_million_input) +
          static_cast<double>(written) * info.usd_per_million_cache_write.value_or(info.usd_per_million_input) +
          static_cast<double>(usage.output) * info.usd_per_million_output) /
         1e6;
}

Async<Reply> RemoteModel::generate(ModelRequest request, StreamSink sink) {
  const steady_clock::time_point deadline = steady_clock::now() + request.timeout;
  request.messages = mended(request.messages);
  request.stream = request.stream && options_.stream;
  // Before anything is sent: a provider would refuse it with less to say.
  Result<void> taken = check_media(request, options_.info);
  DEED_CO_OK(std::move(taken));
  const std::string body = format_->write(request);
  for (int next_try = 2;; ++next_try) {
    Attempt result = co_await attempt(request, body, sink, deadline);
    if (result.reply) {
      result.reply->cost_usd = cost_usd(result.reply->usage);
      if (result.reply->model.empty()) result.reply->model = options_.model;
      co_return std::move(result.reply);
    }
    const std::optional<milliseconds> wait = wait_before(next_try, result);
    if (!wait || steady_clock::now() + *wait >= deadline) co_return std::move(result.reply);
    Result<void> waited = co_await options_.retry.wait(*wait);
    DEED_CO_OK(std::move(waited));
    if (result.has_told && sink) sink(ReplyRestarted{result.reply.error().what});
  }
}

}  // namespace

Result<std::unique_ptr<Model>> make_remote_model(RemoteModelOptions options, std::unique_ptr<WireFormat> format, HttpClient& http) {
  if (has_control_characters(options.key.reveal()) || !is_utf8(options.key.reveal())) {
    return fail(ErrorKind::invalid, "the API key has control characters or is not UTF-8", options.info.name,
                "check the environment variable or the file that it comes from");
  }
  return std::unique_ptr<Model>(std::make_unique<RemoteModel>(std::move(options), std::move(format), http));
}

}  // namespace deed
