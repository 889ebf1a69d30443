// libcurl's multi interface driven by Asio: curl says which sockets and which timeout it waits for,
// Asio waits, and curl_multi_socket_action carries on. Internal. Source:
// https://curl.se/libcurl/c/curl_multi_socket_action.html
#pragma once

#include "deed/core/async.hpp"
#include "deed/net/curl_runtime.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace deed {

/// Why a transfer ended.
struct TransferEnd {
  CURLcode code = CURLE_OK;  ///< of no meaning if one of the others is true
  bool is_cancelled = false;
  bool is_idle = false;
};

/// When a transfer counts as dead although its connection stands. Both outlive the transfer.
struct IdleWatch {
  std::chrono::milliseconds limit;
  /// The last instant at which something moved; asked when `limit` may have passed.
  std::function<std::chrono::steady_clock::time_point()> last_activity;
};

/// Loop thread only. A running transfer shares ownership, so the client that made the loop may go
/// first.
class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  static Result<std::shared_ptr<CurlLoop>> open(asio::any_io_executor executor);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// Runs `easy` (CURLOPT_PRIVATE is taken) until it has ended, is idle for too long, or the
  /// coroutine is cancelled; then it is out of the multi handle and no callback runs any more. The
  /// caller has set this_coro::throw_if_cancelled(false).
  asio::awaitable<TransferEnd> perform(CURL* easy, IdleWatch watch);

 private:
  struct Watch;
  struct Transfer;

  CurlLoop(asio::any_io_executor executor, CurlMulti multi);
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* watch) noexcept;
  static int on_timer(CURLM* multi, long timeout_ms, void* self) noexcept;
  int watch_socket(curl_socket_t fd, int what, Watch* watch);
  static void arm(const std::shared_ptr<Watch>& watch);
  static void wait_for(const std::shared_ptr<Watch>& watch, int direction);
  void act(curl_socket_t fd, int what);

  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  CurlMulti multi_;
};

}  // namespace deed
