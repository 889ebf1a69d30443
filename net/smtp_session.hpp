// A mail server as libcurl sees it: the kept connection and one delivery after the other over it.
// Internal. Lives on its worker's thread; cut() alone may be called from any thread. Source:
// https://curl.se/libcurl/c/CURLOPT_MAIL_RCPT.html; what 7.88.1 does was measured (docs and tests
// name it).
#pragma once

#include "deed/net/curl_runtime.hpp"
#include "deed/net/smtp_job.hpp"

#include <mutex>
#include <set>
#include <span>
#include <string>

namespace deed {

/// What the end of a transfer says about the mail. Pure.
///
/// is_handed_over  the end of the message was handed to libcurl, so that the final dot may have
/// left last_code       the last reply code, 0 if none
SmtpReceipt::Verdict smtp_verdict(bool is_ok, long last_code, bool is_handed_over);

/// A connection is used again only where this is equal.
std::string smtp_server_key(const SmtpServer& server);

class SmtpSession {
 public:
  explicit SmtpSession(TrustStore trust) : trust_(std::move(trust)) {}
  SmtpSession(const SmtpSession&) = delete;
  SmtpSession& operator=(const SmtpSession&) = delete;

  /// Blocks until there is a receipt.
  SmtpReceipt deliver(SmtpJob& job);

  /// Says QUIT to the server and waits for its answer, unless cut.
  void close();

  /// Ends whatever this session waits for, and its connection.
  void cut();

 private:
  struct Attempt;
  struct End {
    SmtpReceipt receipt;
    bool may_be_stale = false;
  };

  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
  static int on_close(void* self, curl_socket_t fd) noexcept;
  static Result<std::size_t> read_message(Attempt& attempt, std::span<char> out);
  static std::size_t on_read(char* out, std::size_t size, std::size_t n, void* attempt) noexcept;
  static std::size_t on_reply(char* line, std::size_t size, std::size_t n, void* attempt) noexcept;

  Result<void> use_server(const SmtpServer& server);
  End attempt(SmtpJob& job);
  Result<void> set_up(Attempt& attempt);
  void set_server(CURL* easy, const SmtpServer& server);
  CURLcode run(CURL* easy, SmtpJob& job);
  End judge(const Attempt& attempt, CURLcode code);

  TrustStore trust_;
  std::string key_;
  bool offers_smtputf8_ = false;  // the server, on the present connection
  std::mutex mutex_;              // guards multi_ (the pointer) and sockets_
  CurlMulti multi_;
  std::set<curl_socket_t> sockets_;
};

}  // namespace deed
