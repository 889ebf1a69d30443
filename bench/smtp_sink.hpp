// A mail server that takes everything and does nothing else, as quickly as a thread a connection can:
// both sides of a comparison send to it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace deed::bench {

struct SunkMail {
  std::string from, to;  ///< "<ann@example.org>"
  std::string message;   ///< CRLF line ends, dot-stuffing undone
};

class SmtpSink {
 public:
  /// pause  what each mail takes, as on a server that has it on its disk before it answers
  explicit SmtpSink(std::chrono::milliseconds pause = {});
  ~SmtpSink();
  SmtpSink(const SmtpSink&) = delete;
  SmtpSink& operator=(const SmtpSink&) = delete;

  std::uint16_t port() const { return port_; }
  std::size_t mails() const { return count_; }
  std::size_t connections() const { return connections_; }
  /// Keeps the mails from now on.
  void keep() { keeps_ = true; }
  /// Those kept since the last call; keeps no more.
  std::vector<SunkMail> take();

 private:
  void accept_all();
  void serve(int fd);

  const std::chrono::milliseconds pause_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> count_ = 0, connections_ = 0;
  std::atomic<bool> keeps_ = false;
  std::mutex mutex_;  // guards all below
  std::vector<SunkMail> kept_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

}  // namespace deed::bench
