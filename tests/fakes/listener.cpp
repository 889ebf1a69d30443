#include "deed/tests/fakes/listener.hpp"

#include "deed/core/check.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace deed::fakes {
namespace {

int open_listener(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  DEED_CHECK(fd >= 0, "a test server gets no socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  DEED_CHECK(::bind(fd, plain, size) == 0, "a test server gets no port");
  DEED_CHECK(::listen(fd, 1024) == 0, "a test server cannot listen");
  DEED_CHECK(::getsockname(fd, plain, &size) == 0, "a test server has no port");
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

bool Connection::fill() {
  char bytes[65536];
  const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
  if (n <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(n));
  return true;
}

std::optional<std::string> Connection::read_line() {
  std::size_t searched = 0;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) return read_bytes(end + 1);
    searched = buffer_.size();
    if (!fill()) return std::nullopt;
  }
}

std::optional<std::string> Connection::read_bytes(std::size_t count) {
  while (buffer_.size() < count) {
    if (!fill()) return std::nullopt;
  }
  std::string out = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return out;
}

std::string Connection::read_some() {
  if (buffer_.empty()) fill();
  std::string out;
  out.swap(buffer_);
  return out;
}

bool Connection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool Connection::write_slowly(std::string_view bytes) {
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (!write(bytes.substr(i, 1))) return false;
  }
  return true;
}

void Connection::wait_for_close() {
  while (fill()) buffer_.clear();
}

void Connection::wait_for_hangup() {
  pollfd waiting{fd_, POLLRDHUP, 0};
  while (::poll(&waiting, 1, -1) < 0 && errno == EINTR) {
  }
}

void Connection::set_reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Listener::Listener(std::function<void(Connection&)> serve)
    : serve_(std::move(serve)),
      listener_(open_listener(port_)),
      acceptor_([this] { accept_all(); }) {}

Listener::~Listener() {
  stop();
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

void Listener::stop() {
  const std::lock_guard lock(mutex_);
  is_stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
}

std::size_t Listener::connections() const {
  const std::lock_guard lock(mutex_);
  return accepted_;
}

bool Listener::wait_until_closed(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return closed_ >= count; });
}

void Listener::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (fd < 0 || is_stopping_) {
      if (fd >= 0) ::close(fd);
      return;
    }
    open_.insert(fd);
    threads_.emplace_back([this, fd, number = accepted_++] { serve_one(fd, number); });
  }
}

void Listener::serve_one(int fd, std::size_t number) {
  Connection connection(fd, number);
  serve_(connection);
  const std::lock_guard lock(mutex_);
  open_.erase(fd);
  ::close(fd);
  ++closed_;
  changed_.notify_all();
}

std::uint16_t unused_port() {
  std::uint16_t port = 0;
  ::close(open_listener(port));
  return port;
}

std::optional<std::string> host_name() {
  char name[256] = "";
  addrinfo hints{};
  hints.ai_family = AF_INET;
  addrinfo* found = nullptr;
  if (gethostname(name, sizeof name - 1) != 0 || getaddrinfo(name, nullptr, &hints, &found) != 0) return std::nullopt;
  freeaddrinfo(found);
  return name;
}

}  // namespace deed::fakes
