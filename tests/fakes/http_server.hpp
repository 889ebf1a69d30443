// An HTTP/1.1 server on loopback that does what a test tells it, right or wrong, and remembers what
// it was asked.
//   fakes::HttpServer server([](const fakes::SeenRequest&) { return fakes::HttpReply::ok("hello");
//   }); … send to server.url("/path") … server.requests().at(0).body
#pragma once

#include "deed/tests/fakes/listener.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace deed::fakes {

struct SeenRequest {
  std::string method, target;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  std::size_t connection = 0;  ///< number of the connection that it came on

  std::string header(std::string_view lower_name) const;
};

/// What a server does with one request, step by step. The connection is kept afterwards unless a
/// step ends it.
class HttpReply {
 public:
  struct Bytes {
    std::string bytes;
    bool is_slow = false;
  };
  struct Close {
    bool is_reset = false;
  };
  struct Hang {};  // until the client closes or the server stops
  struct Await {
    std::function<void()> call;
  };  // runs on the server's thread, may block
  using Step = std::variant<Bytes, Close, Hang, Await>;

  HttpReply& send(std::string bytes) { return add(Bytes{std::move(bytes)}); }
  HttpReply& send_slowly(std::string bytes) { return add(Bytes{std::move(bytes), true}); }
  HttpReply& close() { return add(Close{}); }
  HttpReply& reset() { return add(Close{true}); }
  HttpReply& hang() { return add(Hang{}); }
  HttpReply& await(std::function<void()> call) { return add(Await{std::move(call)}); }

  static HttpReply ok(std::string body, std::string type = "text/plain");
  static HttpReply status(int code, std::string body, std::string extra_headers = {});
  static HttpReply redirect(std::string location);
  /// Each piece is one chunk and one write.
  static HttpReply chunked(std::vector<std::string> pieces, std::string type = "text/plain");

  // Faults.
  static HttpReply close_before_reply() { return HttpReply().close(); }
  static HttpReply cut_headers();  ///< closes in the middle of a header line
  static HttpReply cut_body();     ///< announces 100 bytes, sends 10, closes
  static HttpReply cut_chunk();    ///< closes inside a chunk
  static HttpReply never_answer() { return HttpReply().hang(); }
  static HttpReply stall_in_body();  ///< announces 100 bytes, sends 10, and no more
  static HttpReply garbage();        ///< bytes that are not HTTP
  static HttpReply huge_header_line(std::size_t bytes);

  const std::vector<Step>& steps() const { return steps_; }

 private:
  // In place: g++ 12 warns of an uninitialised string where a temporary variant is moved.
  template <class T>
  HttpReply& add(T step) {
    return steps_.emplace_back(std::in_place_type<T>, std::move(step)), *this;
  }
  std::vector<Step> steps_;
};

/// The point of an exchange at which a fault strikes.
enum class HttpStage {
  connect,      ///< accepted, nothing was read
  head,         ///< the request's head was read, its body not
  body,         ///< half of the request's body was read
  reply,        ///< the whole request was read, nothing was answered
  status_line,  ///< in the middle of the reply's first line
  headers,      ///< in the middle of its headers
  reply_body,   ///< in the middle of its body
};
enum class HttpAction {
  close,    ///< ends the connection
  reset,    ///< ends it with RST
  hang,     ///< neither reads nor writes until the client gives up
  garbage,  ///< bytes that are not HTTP, then closes
  slow,     ///< goes on right, one byte a packet
  status,   ///< answers with `status`; at connect, head and body without reading on
};
const char* to_string(HttpStage stage);
const char* to_string(HttpAction action);

struct HttpFault {
  HttpStage stage = HttpStage::reply;
  HttpAction action = HttpAction::close;
  int status = 500;
  std::string target = {};                           ///< only requests for it; empty: all. Not at connect
  std::size_t times = static_cast<std::size_t>(-1);  ///< so often; later requests go well
};

class HttpServer {
 public:
  using Handler = std::function<HttpReply(const SeenRequest&)>;

  /// Both run on the connection's thread, and so at the same time for several connections.
  /// on_head  asked when the head is there and no byte of the body was read; a reply skips the body
  explicit HttpServer(Handler handler,
                      std::function<std::optional<HttpReply>(const SeenRequest&)> on_head = {});

  /// Does what `handler` says, except where a fault strikes. requests() has the whole ones, and so what was really received.
  HttpServer(std::vector<HttpFault> faults, Handler handler);

  std::uint16_t port() const { return listener_.port(); }
  std::string url(std::string_view target = "/") const;
  std::string url_with_host(std::string_view host, std::string_view target = "/") const;

  std::vector<SeenRequest> requests() const;  ///< whole requests only
  std::size_t connections() const { return listener_.connections(); }
  /// False after 20 s.
  bool wait_for_requests(std::size_t count) const;
  bool wait_until_closed(std::size_t connections) const {
    return listener_.wait_until_closed(connections);
  }
  void stop() { listener_.stop(); }

 private:
  void serve(Connection& connection);
  bool serve_request(Connection& connection);
  bool read_body_of(SeenRequest& request, Connection& connection);
  /// The fault that strikes here, which counts as one of its times.
  std::optional<HttpFault> fault_at(HttpStage stage, const std::string& target);
  bool reply_with_fault(const HttpReply& reply, const SeenRequest& request, Connection& connection);
  static bool carry_out(const HttpReply& reply, Connection& connection);

  Handler handler_;
  std::function<std::optional<HttpReply>(const SeenRequest&)> on_head_;
  std::vector<HttpFault> faults_;
  mutable std::mutex mutex_;  // guards requests_ and faults_
  mutable std::condition_variable changed_;
  std::vector<SeenRequest> requests_;
  Listener listener_;  // last: its threads use all of the above
};

}  // namespace deed::fakes
