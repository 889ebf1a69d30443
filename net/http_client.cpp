#include "deed/net/http_exchange.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <string>
#include <unordered_map>

namespace deed {
namespace {

// Runs before_send under the caller's own rules for cancellation; whatever comes of it, nothing has
// been sent.
Async<void> await_commit(const HttpRequest& request) {
  if (!request.before_send) co_return Result<void>();
  Result<void> allowed;
  try {
    Result<void> answer = co_await request.before_send();
    allowed = std::move(answer);
  } catch (const boost::system::system_error& e) {
    allowed = e.code() == asio::error::operation_aborted
                  ? fail(ErrorKind::cancelled, "the request was cancelled before it was sent")
                  : fail(ErrorKind::internal, std::string("before sending: ") + e.what());
  } catch (const std::exception& e) {
    allowed = fail(ErrorKind::internal, std::string("before sending: ") + e.what());
  }
  co_return allowed;
}

// Debian 12's libcurl and nghttp2 lose a stream with a framing error after about 1,000 of them on
// one connection, so that a connection is left in time.
class ConnectionWear {
 public:
  /// Whether the connection of this request is not to be used again.
  bool is_worn_out_by(const HttpUrl& url) {
    if (url.scheme() != "https") return false;
    if (counts_.size() > 1000) counts_.clear();
    int& count = counts_[url.origin()];
    count = (count + 1) % 500;
    return count == 0;
  }

 private:
  std::unordered_map<std::string, int> counts_;  // requests by origin
};

HttpExchange unsent(Error error) { return HttpFailure{std::move(error), false}; }

class CurlHttpClient final : public HttpClient {
 public:
  CurlHttpClient(asio::any_io_executor executor, HttpSettings settings)
      : executor_(std::move(executor)), settings_(std::move(settings)) {}

  asio::awaitable<HttpExchange> send(HttpRequest request) override {
    Exchange exchange(request, settings_);
    Result<void> ready = exchange.prepare();
    if (!ready) co_return unsent(std::move(ready).error());
    Result<std::shared_ptr<CurlLoop>> loop = open_loop();
    if (!loop) co_return unsent(std::move(loop).error());
    Result<void> allowed = co_await await_commit(request);
    if (!allowed) co_return unsent(std::move(allowed).error());

    // A failure has to say whether the request may have acted, so cancellation must not leave as an
    // exception here.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    if (wear_.is_worn_out_by(request.url)) exchange.leave_connection();
    IdleWatch watch = exchange.idle_watch();
    const TransferEnd end = co_await (*loop)->perform(exchange.easy(), std::move(watch));
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return exchange.result(end);
  }

 private:
  Result<std::shared_ptr<CurlLoop>> open_loop() {
    if (loop_) return loop_;
    DEED_TRY(loop_, CurlLoop::open(executor_));
    return loop_;
  }

  asio::any_io_executor executor_;
  HttpSettings settings_;
  ConnectionWear wear_;
  std::shared_ptr<CurlLoop> loop_;  // shared with the transfers under way
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(asio::any_io_executor executor,
                                             HttpSettings settings) {
  return std::make_unique<CurlHttpClient>(std::move(executor), std::move(settings));
}

}  // namespace deed
