// One search on a thread of its own, as libcurl sees it. Internal.
#pragma once

#include "deed/net/curl_runtime.hpp"
#include "deed/net/imap.hpp"

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

namespace deed {

class ImapSearchThread {
 public:
  /// notify  called on the search's thread once there is a result
  /// Throws std::system_error if the system gives no thread.
  ImapSearchThread(ImapServer server, ImapSearch search, TrustStore trust,
                   std::function<void()> notify);
  /// Stops the search and waits for its thread: for a second at most, where a name is looked up.
  ~ImapSearchThread();
  ImapSearchThread(const ImapSearchThread&) = delete;
  ImapSearchThread& operator=(const ImapSearchThread&) = delete;

  std::optional<Result<std::size_t>> result() const;
  /// The search ends as soon as it can; result() comes soon.
  void stop();

 private:
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
  static int on_close(void* self, curl_socket_t fd) noexcept;
  static std::size_t on_reply(char* data, std::size_t size, std::size_t n, void* self) noexcept;
  static std::size_t on_line(char* data, std::size_t size, std::size_t n, void* self) noexcept;
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept;

  void work();
  Result<std::size_t> run();
  Result<std::size_t> attempt(const char* login_options);
  void set_up(CURL* easy, const char* login_options);
  Unexpected failure(CURLcode code) const;
  void cut();
  bool is_stopped() const;

  const ImapServer server_;
  const ImapSearch search_;
  const TrustStore trust_;
  const std::function<void()> notify_;
  // These: the search's thread only.
  std::string lines_;         // of the answer
  bool offers_auth_ = false;  // the server, AUTH=PLAIN or AUTH=LOGIN
  CurlErrorText error_text_{};
  mutable std::mutex mutex_;  // guards all below but thread_
  std::set<curl_socket_t> sockets_;
  bool is_stopped_ = false;
  std::optional<Result<std::size_t>> result_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace deed
