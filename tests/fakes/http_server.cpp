#include "deed/tests/fakes/http_server.hpp"

#include "deed/core/text.hpp"

#include <chrono>
#include <cstdlib>

namespace deed::fakes {
namespace {

std::string head(int code, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(code) + " Said So\r\n" + headers + "\r\n";
}

std::optional<SeenRequest> read_head(Connection& connection) {
  const std::optional<std::string> first = connection.read_line();
  if (!first) return std::nullopt;
  SeenRequest request;
  const auto words = split(trim(*first), ' ');
  if (words.size() != 3) return std::nullopt;
  request.method = words[0];
  request.target = words[1];
  request.connection = connection.number();
  for (;;) {
    const std::optional<std::string> line = connection.read_line();
    if (!line) return std::nullopt;
    const std::string_view text = trim(*line);
    if (text.empty()) return request;
    const std::size_t colon = text.find(':');
    request.headers.emplace_back(lower_ascii(text.substr(0, colon)),
                                 std::string(trim(text.substr(colon + 1))));
  }
}

std::optional<std::string> read_chunks(Connection& connection) {
  std::string body;
  for (;;) {
    const std::optional<std::string> size = connection.read_line();
    if (!size) return std::nullopt;
    const std::size_t count = std::strtoul(size->c_str(), nullptr, 16);
    const std::optional<std::string> piece = connection.read_bytes(count + 2);
    if (!piece) return std::nullopt;
    if (count == 0) return body;
    body += piece->substr(0, count);
  }
}

std::optional<std::string> read_body(Connection& connection, const SeenRequest& request) {
  if (request.header("transfer-encoding") == "chunked") return read_chunks(connection);
  return connection.read_bytes(std::strtoul(request.header("content-length").c_str(), nullptr, 10));
}

// False: the connection is over.
bool suffer(const HttpFault& fault, Connection& connection) {
  switch (fault.action) {
    case HttpAction::close:
      return false;
    case HttpAction::reset:
      connection.set_reset();
      return false;
    case HttpAction::hang:
      connection.wait_for_hangup();
      return false;
    case HttpAction::garbage:
      connection.write(std::string_view("\x00\x01\xFF garbage\n\n\r\n\xFE", 16));
      return false;
    case HttpAction::slow:
      return true;
    case HttpAction::status:
      connection.write(head(fault.status, "Content-Length: 2\r\n") + "no");
      return fault.stage == HttpStage::reply;
  }
  return false;
}

std::string bytes_of(const HttpReply& reply) {
  std::string bytes;
  for (const HttpReply::Step& step : reply.steps()) {
    if (const auto* piece = std::get_if<HttpReply::Bytes>(&step)) bytes += piece->bytes;
  }
  return bytes;
}

HttpReply slowly(const HttpReply& reply) { return HttpReply().send_slowly(bytes_of(reply)); }

// Where the reply is broken off: inside of what the stage names.
std::size_t cut_at(HttpStage stage, const std::string& bytes) {
  if (stage == HttpStage::status_line) return 9;
  const std::size_t body = bytes.find("\r\n\r\n") + 4;
  return stage == HttpStage::headers ? body - 6 : body + (bytes.size() - body) / 2;
}

}  // namespace

const char* to_string(HttpStage stage) {
  constexpr const char* names[] = {"connect",     "head",    "body",      "reply",
                                   "status_line", "headers", "reply_body"};
  return names[static_cast<int>(stage)];
}
const char* to_string(HttpAction action) {
  constexpr const char* names[] = {"close", "reset", "hang", "garbage", "slow", "status"};
  return names[static_cast<int>(action)];
}

std::string SeenRequest::header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return {};
}

HttpReply HttpReply::ok(std::string body, std::string type) {
  return status(200, std::move(body), "Content-Type: " + type + "\r\n");
}
HttpReply HttpReply::status(int code, std::string body, std::string extra_headers) {
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return HttpReply().send(head(code, extra_headers + length) + body);
}
HttpReply HttpReply::redirect(std::string location) {
  return status(302, "", "Location: " + location + "\r\n");
}
HttpReply HttpReply::chunked(std::vector<std::string> pieces, std::string type) {
  HttpReply reply;
  reply.send(head(200, "Content-Type: " + type + "\r\nTransfer-Encoding: chunked\r\n"));
  for (const std::string& piece : pieces) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    reply.send(size + piece + "\r\n");
  }
  return reply.send("0\r\n\r\n");
}
HttpReply HttpReply::cut_headers() {
  return HttpReply().send("HTTP/1.1 200 OK\r\nContent-Le").close();
}
HttpReply HttpReply::cut_body() {
  return HttpReply().send(head(200, "Content-Length: 100\r\n") + "0123456789").close();
}
HttpReply HttpReply::cut_chunk() {
  return HttpReply().send(head(200, "Transfer-Encoding: chunked\r\n") + "20\r\n0123456789").close();
}
HttpReply HttpReply::stall_in_body() {
  return HttpReply().send(head(200, "Content-Length: 100\r\n") + "0123456789").hang();
}
HttpReply HttpReply::garbage() {
  return HttpReply().send(std::string("\x00\x01\xFF garbage\n\n\r\n\xFE", 16)).close();
}
HttpReply HttpReply::huge_header_line(std::size_t bytes) {
  return HttpReply()
      .send("HTTP/1.1 200 OK\r\nX-Long: " + std::string(bytes, 'x') + "\r\n\r\n")
      .close();
}

HttpServer::HttpServer(Handler handler,
                       std::function<std::optional<HttpReply>(const SeenRequest&)> on_head)
    : handler_(std::move(handler)),
      on_head_(std::move(on_head)),
      listener_([this](Connection& connection) { serve(connection); }) {}

HttpServer::HttpServer(std::vector<HttpFault> faults, Handler handler)
    : handler_(std::move(handler)),
      faults_(std::move(faults)),
      listener_([this](Connection& connection) { serve(connection); }) {}

std::string HttpServer::url(std::string_view target) const {
  return url_with_host("127.0.0.1", target);
}
std::string HttpServer::url_with_host(std::string_view host, std::string_view target) const {
  return "http://" + std::string(host) + ":" + std::to_string(port()) + std::string(target);
}

std::vector<SeenRequest> HttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

bool HttpServer::wait_for_requests(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20),
                           [&] { return requests_.size() >= count; });
}

void HttpServer::serve(Connection& connection) {
  if (const auto fault = fault_at(HttpStage::connect, "")) {
    if (!suffer(*fault, connection)) return;
  }
  while (serve_request(connection)) {
  }
}

bool HttpServer::serve_request(Connection& connection) {
  std::optional<SeenRequest> request = read_head(connection);
  if (!request) return false;
  if (on_head_) {
    if (const std::optional<HttpReply> early = on_head_(*request)) {
      return carry_out(*early, connection);
    }
  }
  if (const auto fault = fault_at(HttpStage::head, request->target)) {
    if (!suffer(*fault, connection)) return false;
  }
  if (!read_body_of(*request, connection)) return false;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(*request);
    changed_.notify_all();
  }
  return reply_with_fault(handler_(*request), *request, connection);
}

bool HttpServer::read_body_of(SeenRequest& request, Connection& connection) {
  const std::string length = request.header("content-length");
  const std::size_t half = std::strtoul(length.c_str(), nullptr, 10) / 2;
  if (half > 0) {
    if (const auto fault = fault_at(HttpStage::body, request.target)) {
      if (!connection.read_bytes(half) || !suffer(*fault, connection)) return false;
    }
  }
  std::optional<std::string> body = read_body(connection, request);
  if (body) request.body = std::move(*body);
  return body.has_value();
}

std::optional<HttpFault> HttpServer::fault_at(HttpStage stage, const std::string& target) {
  const std::lock_guard lock(mutex_);
  for (HttpFault& fault : faults_) {
    if (fault.stage != stage || fault.times == 0) continue;
    if (!fault.target.empty() && fault.target != target) continue;
    --fault.times;
    return fault;
  }
  return std::nullopt;
}

bool HttpServer::reply_with_fault(const HttpReply& reply, const SeenRequest& request,
                                  Connection& connection) {
  if (const auto fault = fault_at(HttpStage::reply, request.target)) {
    if (fault->action == HttpAction::slow) return carry_out(slowly(reply), connection);
    return suffer(*fault, connection);
  }
  for (const HttpStage stage :
       {HttpStage::status_line, HttpStage::headers, HttpStage::reply_body}) {
    const auto fault = fault_at(stage, request.target);
    if (!fault) continue;
    const std::string bytes = bytes_of(reply);
    const std::size_t cut = cut_at(stage, bytes);
    if (!connection.write(bytes.substr(0, cut))) return false;
    if (fault->action == HttpAction::slow) return connection.write_slowly(bytes.substr(cut));
    return suffer(*fault, connection);
  }
  return carry_out(reply, connection);
}

bool HttpServer::carry_out(const HttpReply& reply, Connection& connection) {
  for (const HttpReply::Step& step : reply.steps()) {
    if (const auto* bytes = std::get_if<HttpReply::Bytes>(&step)) {
      const bool is_sent =
          bytes->is_slow ? connection.write_slowly(bytes->bytes) : connection.write(bytes->bytes);
      if (!is_sent) return false;
    } else if (const auto* close = std::get_if<HttpReply::Close>(&step)) {
      if (close->is_reset) connection.set_reset();
      return false;
    } else if (const auto* wait = std::get_if<HttpReply::Await>(&step)) {
      wait->call();
    } else {
      connection.wait_for_close();
      return false;
    }
  }
  return true;
}

}  // namespace deed::fakes
