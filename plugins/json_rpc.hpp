// JSON-RPC 2.0, one message a line: what deed and a program of tools say to each other. Pure.
// Source: https://www.jsonrpc.org/specification; https://modelcontextprotocol.io/specification/2025-06-18/basic/transports, stdio
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "deed/core/json.hpp"

namespace deed::rpc {

inline constexpr std::size_t max_line_bytes = 48u << 20;

/// Cuts a stream of bytes into lines, of which none is longer than the limit.
class Lines {
 public:
  explicit Lines(std::size_t max_bytes = max_line_bytes) : max_bytes_(max_bytes) {}
  /// errors  limit: a line that is too long; nothing more comes out of it
  Result<std::vector<std::string>> feed(std::string_view bytes);

 private:
  std::size_t max_bytes_;
  std::string rest_;
};

struct Request {
  Json id;  ///< a text or a whole number
  std::string method;
  Json params = Json::object();
};
struct Notification {
  std::string method;
  Json params = Json::object();
};
struct Fault {
  std::int64_t code = 0;
  std::string message;
};
struct Response {
  Json id;
  std::variant<Json, Fault> result;
};
using Message = std::variant<Request, Notification, Response>;

// Codes of the specification.
inline constexpr std::int64_t parse_error = -32700, invalid_request = -32600, method_not_found = -32601, invalid_params = -32602,
                              internal_error = -32603;

/// errors  invalid: not JSON, or no message of JSON-RPC 2.0
Result<Message> parse(std::string_view line);

/// One line with its end.
std::string line_of(const Message& message);

/// The member, or null where it or its object is not there.
const Json& member(const Json& object, std::string_view key);

}  // namespace deed::rpc
