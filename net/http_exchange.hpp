// One HTTP exchange as libcurl sees it: the options, the callbacks, and what the end of the
// transfer means. Internal.
#pragma once

#include "deed/net/curl_loop.hpp"
#include "deed/net/curl_runtime.hpp"
#include "deed/net/http.hpp"
#include "deed/net/http_wire.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace deed {

class Exchange {
 public:
  /// Both outlive the exchange.
  Exchange(const HttpRequest& request, const HttpSettings& settings)
      : request_(request), settings_(settings) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Checks the request and makes the handle. Errors as HttpClient::send has them; nothing has been
  /// sent.
  Result<void> prepare();

  CURL* easy() const { return easy_.get(); }
  /// The connection is closed after this exchange.
  void leave_connection() { curl_easy_setopt(easy(), CURLOPT_FORBID_REUSE, 1L); }
  IdleWatch idle_watch();
  HttpExchange result(const TransferEnd& end);

 private:
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
  static int on_ready(void* self, char* peer, char* local, int peer_port, int local_port) noexcept;
  static std::size_t on_header(char* data, std::size_t size, std::size_t n, void* self) noexcept;
  static std::size_t on_body(char* data, std::size_t size, std::size_t n, void* self) noexcept;

  static int on_trace(CURL* easy, curl_infotype what, char* data, std::size_t size,
                      void* self) noexcept;

  Result<void> set_headers();
  void set_method();
  void set_limits();
  Result<void> set_route();
  void set_callbacks();
  bool is_guarded() const;
  bool must_leave_once() const;
  Result<void> take_body(std::string_view piece);
  bool is_taken(Result<void> result);
  HttpFailure failure(const TransferEnd& end);
  Error transport_error(CURLcode code) const;
  bool may_have_acted() const;
  std::string peer() const;

  const HttpRequest& request_;
  const HttpSettings& settings_;
  CurlList headers_, resolve_;
  CurlErrorText error_text_{};
  CurlEasy easy_;
  std::string proxy_;

  ResponseHead head_;
  std::string body_;
  std::size_t received_ = 0;
  std::optional<Error> error_;  // ours, which explains what libcurl reports as an aborted callback
  std::optional<Error> refusal_;  // the guard's, for the last address refused
  int dialled_ = 0;               // addresses that passed the guard
  int times_sent_ = 0;
  bool has_body_begun_ = false;
  std::chrono::steady_clock::time_point last_activity_ = std::chrono::steady_clock::now();
  curl_off_t uploaded_ = 0;
  std::size_t traced_body_ = 0;  // of the request, handed to the system; counted for failpoints only
};

}  // namespace deed
