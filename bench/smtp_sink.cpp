#include "smtp_sink.hpp"

#include "deed/core/check.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace deed::bench {
namespace {

// One client: what it said and was not yet read.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}

  bool say(std::string_view line) const { return ::send(fd_, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size()); }
  /// Up to and without `end`; false when the client has gone.
  bool read_until(std::string_view end, std::string& out) {
    std::size_t looked = 0;
    for (;;) {
      const std::size_t at = read_.find(end, looked);
      if (at != std::string::npos) {
        out = read_.substr(0, at);
        read_.erase(0, at + end.size());
        return true;
      }
      looked = read_.size() < end.size() ? 0 : read_.size() - end.size();
      char piece[65536];
      const ssize_t count = ::recv(fd_, piece, sizeof piece, 0);
      if (count <= 0) return false;
      read_.append(piece, static_cast<std::size_t>(count));
    }
  }

 private:
  int fd_;
  std::string read_;
};

std::string unstuffed(std::string text) {
  if (text.starts_with('.')) text.erase(0, 1);
  for (std::size_t at = 0; (at = text.find("\r\n.", at)) != std::string::npos; at += 2) text.erase(at + 2, 1);
  return text;
}

std::string path_of(std::string_view command) {
  const std::size_t begin = command.find('<'), end = command.find('>');
  return begin == std::string_view::npos || end == std::string_view::npos ? "" : std::string(command.substr(begin, end - begin + 1));
}

}  // namespace

SmtpSink::SmtpSink(std::chrono::milliseconds pause) : pause_(pause) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  DEED_CHECK(::bind(listener_, generic, size) == 0 && ::listen(listener_, 64) == 0, "no port for the mail server");
  DEED_CHECK(::getsockname(listener_, generic, &size) == 0, "no port for the mail server");
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

SmtpSink::~SmtpSink() {
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

std::vector<SunkMail> SmtpSink::take() {
  keeps_ = false;
  const std::lock_guard lock(mutex_);
  return std::exchange(kept_, {});
}

void SmtpSink::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd] {
      serve(fd);
      const std::lock_guard guard(mutex_);
      std::erase(open_, fd);
      ::close(fd);
    });
  }
}

void SmtpSink::serve(int fd) {
  Peer peer(fd);
  SunkMail mail;
  std::string line;
  bool goes_on = peer.say("220 sink\r\n");
  while (goes_on && peer.read_until("\r\n", line)) {
    const std::string verb = line.substr(0, 4);
    if (verb == "QUIT") {
      peer.say("221 bye\r\n");
      return;
    }
    if (verb == "EHLO") {
      goes_on = peer.say("250-sink\r\n250-SIZE 60000000\r\n250 8BITMIME\r\n");
      continue;
    }
    if (verb == "MAIL") mail.from = path_of(line);
    if (verb == "RCPT") mail.to = path_of(line);
    if (verb != "DATA") {
      goes_on = peer.say("250 ok\r\n");
      continue;
    }
    goes_on = peer.say("354 go\r\n") && peer.read_until("\r\n.\r\n", line);
    if (!goes_on) return;
    if (keeps_) {
      mail.message = unstuffed(std::move(line)) + "\r\n";
      const std::lock_guard lock(mutex_);
      kept_.push_back(mail);
    }
    ++count_;
    if (pause_.count() > 0) std::this_thread::sleep_for(pause_);
    goes_on = peer.say("250 taken\r\n");
  }
}

}  // namespace deed::bench
