// What both loopback servers stand on: a listening socket, a thread for each connection, and an end
// that waits for all of them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace deed::fakes {

/// One accepted connection; used by its own thread alone.
class Connection {
 public:
  Connection(int fd, std::size_t number) : fd_(fd), number_(number) {}

  std::size_t number() const { return number_; }  ///< from 0, in the order of arrival
  /// Up to and with the next '\n'; nothing once the peer has closed or the server stops.
  std::optional<std::string> read_line();
  /// Exactly `count` bytes, or nothing.
  std::optional<std::string> read_bytes(std::size_t count);
  /// What has arrived and was not read yet, or what arrives next; "" at the end.
  std::string read_some();
  /// False once the peer is gone.
  bool write(std::string_view bytes);
  /// One byte a packet.
  bool write_slowly(std::string_view bytes);
  /// Waits until the peer closes or the server stops.
  void wait_for_close();
  /// The same without reading, so that the peer cannot get rid of what it has to say.
  void wait_for_hangup();
  /// Closes with RST instead of FIN.
  void set_reset();

 private:
  bool fill();

  int fd_;
  std::size_t number_;
  std::string buffer_;
};

/// Listens on 127.0.0.1 on a port that the system chooses.
class Listener {
 public:
  explicit Listener(std::function<void(Connection&)> serve);
  /// Cuts every connection and waits for the threads.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port() const { return port_; }
  std::size_t connections() const;
  /// Waits until `count` connections have ended; false after 20 s.
  bool wait_until_closed(std::size_t count) const;
  /// Stops accepting and cuts every connection.
  void stop();

 private:
  void accept_all();
  void serve_one(int fd, std::size_t number);

  std::function<void(Connection&)> serve_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  mutable std::mutex mutex_;  // guards all below
  mutable std::condition_variable changed_;
  bool is_stopping_ = false;
  std::size_t accepted_ = 0;
  std::size_t closed_ = 0;
  std::set<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// A port of 127.0.0.1 on which nobody listens.
std::uint16_t unused_port();

/// This machine by a name that is not loopback by its text, as every other host: what a client does with those can only be seen
/// with one. nullopt: the name resolves to nothing.
std::optional<std::string> host_name();

}  // namespace deed::fakes
