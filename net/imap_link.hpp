// A logged-in connection to an IMAP server as bytes: libcurl's part of a session. Internal.
#pragma once

#include "deed/net/curl_runtime.hpp"
#include "deed/net/imap.hpp"

#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace deed {

class ImapLink {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  /// 0 behind it.
  static std::chrono::milliseconds left_until(Deadline deadline);

  explicit ImapLink(TrustStore trust) : trust_(std::move(trust)) {}
  ~ImapLink();
  ImapLink(const ImapLink&) = delete;
  ImapLink& operator=(const ImapLink&) = delete;

  /// errors  denied: user, password or certificate. unavailable, timeout, cancelled
  Result<void> connect(const ImapServer& server, Deadline deadline);
  /// errors  unavailable, timeout, cancelled: any part of it may have been sent
  Result<void> send(std::string_view bytes, Deadline deadline);
  /// What has come, at least one byte.
  /// errors  timeout: nothing came. unavailable: the server closed. cancelled
  Result<std::string> receive(Deadline deadline);
  /// Cuts the connection, now and in future. Any thread.
  void stop();

 private:
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
  static int on_close(void* self, curl_socket_t fd) noexcept;
  static std::size_t on_reply(char* data, std::size_t size, std::size_t n, void* self) noexcept;
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept;

  Result<void> attempt(const ImapServer& server, const char* login_options, Deadline deadline);
  void set_up(const ImapServer& server, const char* login_options, Deadline deadline);
  Result<void> wait(short events, Deadline deadline) const;
  void cut();
  bool is_stopped() const;

  const TrustStore trust_;
  // These: the session's thread only.
  CurlEasy easy_ = {};
  curl_socket_t socket_ = CURL_SOCKET_BAD;
  bool offers_auth_ = false;  // the server, AUTH=PLAIN or AUTH=LOGIN
  CurlErrorText error_text_{};
  mutable std::mutex mutex_;  // guards all below
  std::set<curl_socket_t> sockets_ = {};
  bool is_stopped_ = false;
};

}  // namespace deed
