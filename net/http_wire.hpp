// The parts of an HTTP exchange that need no network: what may be sent, what was received, which
// way it goes. Internal. Source: RFC 9110 (tokens, fields), RFC 9112 (messages).
#pragma once

#include "deed/net/http.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace deed {

/// errors  invalid: method, an international host name, a header's name or value, a header that
///         the client sets itself, a body with HEAD
Result<void> check_request(const HttpRequest& request);

/// Whether the method asks for no effect (RFC 9110, section 9.2.1).
bool is_safe_method(std::string_view method);

/// What every request says of itself, unless its own headers say it. Fixed, so that a request can be
/// shown to the byte before it is made.
inline constexpr const char* user_agent = "deed/0.1";
inline constexpr const char* accepted_encodings = "gzip, deflate";

bool has_header(const HttpHeaders& headers, std::string_view lower_name);

/// Whether the request has a body, be it an empty one.
bool sends_body(const HttpRequest& request);

/// `url` with bytes outside of ASCII percent-encoded in path and query, for libcurl.
std::string wire_url(const HttpUrl& url);

/// The proxy that `url` goes through, or "".
std::string proxy_for(const HttpUrl& url, const HttpSettings& settings);

/// Refuses a target whose text alone says that it is not public, in any spelling (localhost, 127.1,
/// 0x7f000001, [::1]), before anything is done for it. Behind a proxy this is the whole guard: the
/// dialled address is the proxy's, and other names are the proxy's to resolve. Elsewhere the
/// dialled address decides.
/// errors  denied; invalid: libcurl cannot read the host
Result<void> check_target(const HttpUrl& url);

/// Collects the lines of a response's head. A new status line (100 Continue before 200) starts
/// over.
class ResponseHead {
 public:
  explicit ResponseHead(std::size_t max_bytes = 256u << 10) : max_bytes_(max_bytes) {}

  /// One line with its line end, as libcurl's header callback gives it.
  /// errors  limit
  Result<void> add_line(std::string_view line);

  int status() const { return status_; }
  bool is_complete() const { return is_complete_; }  ///< the empty line at its end has come
  HttpHeaders take_headers() { return std::move(headers_); }

 private:
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  int status_ = 0;
  bool is_complete_ = false;
  HttpHeaders headers_;
};

}  // namespace deed
