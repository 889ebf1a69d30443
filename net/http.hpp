// HTTP(S) on the loop thread, over libcurl's multi interface (curl_multi_socket_action driven by
// Asio). Requests of tools pass the egress guard; requests to endpoints that the user configured do
// not. Source: https://curl.se/libcurl/c/libcurl-multi.html
#pragma once

#include "deed/core/async.hpp"
#include "deed/core/checked.hpp"
#include "deed/net/egress.hpp"
#include "deed/net/trust.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace deed {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";  ///< a token (RFC 9110) but not CONNECT; refused otherwise
  HttpUrl url;
  /// Control characters in a name or value are refused before anything is sent, and so are the
  /// headers that frame the message or choose its receiver: Host, Content-Length,
  /// Transfer-Encoding, Connection, Upgrade, Expect, TE, Trailer, Keep-Alive, Proxy-*.
  HttpHeaders headers = {};
  std::string body = {};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{60'000};  ///< no byte for so long ends it
  std::chrono::milliseconds timeout{300'000};      ///< the whole exchange
  std::size_t max_response_bytes = 16u << 20;
  /// nullptr: an endpoint that the user configured, no guard. Otherwise borrowed until the exchange
  /// has ended.
  const EgressGuard* guard = nullptr;
  /// Awaited at the commit point: everything is checked, and connecting and sending come next. An
  /// error stops it unsent. A request with a commit point never leaves on a kept connection, since
  /// a server may close that at the instant the request is sent.
  std::function<Async<void>()> before_send = {};
  /// Gets the body of a 2xx response piece by piece on the loop thread; then HttpResponse::body
  /// stays empty. An error ends the exchange.
  std::function<Result<void>(std::string_view)> on_body = {};
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;  ///< names in lower case, in the order of arrival
  std::string body;
  std::string peer;  ///< address dialled, "93.184.216.34:443"

  /// The first value of `name` (lower case), or "".
  std::string_view header(std::string_view name) const;
};

/// There is no whole response. `may_have_acted` is false only when the request provably did not
/// reach the server whole.
struct HttpFailure {
  Error error;
  bool may_have_acted = true;
};

using HttpExchange = std::variant<HttpResponse, HttpFailure>;

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  /// One exchange; redirects are not followed, no cookies, nothing is retried (save by libcurl a
  /// GET, HEAD or OPTIONS without a commit point whose kept connection turns out dead before any
  /// reply). Any status is a response. Cancelling the coroutine ends it.
  ///
  /// failures  timeout: connecting, idle, or the whole
  ///           unavailable: no DNS, no connection, or it broke
  ///           denied: guard, certificate
  ///           limit: response too large
  ///           corrupt: not HTTP, or a wrong encoding
  ///           invalid: header, method or host
  ///           cancelled; whatever before_send or on_body gave back
  virtual asio::awaitable<HttpExchange> send(HttpRequest request) = 0;
};

/// What the machine's owner set for all programs.
struct HttpSettings {
  /// URL of the proxy for http://, "" for none. Addresses of this machine never go through one
  std::string http_proxy = {};
  std::string https_proxy = {};  ///< the same for https://
  std::string no_proxy = {};     ///< hosts and domains without a proxy, by commas; "*" is all
  TrustStore trust = {};
  /// "HOST:PORT:ADDRESS", which go before DNS (CURLOPT_RESOLVE); the guard judges the address as
  /// ever.
  std::vector<std::string> resolve = {};

  /// http_proxy, https_proxy, all_proxy and no_proxy in lower or upper case (lower first), and
  /// TrustStore's variables.
  static HttpSettings from_environment();
};

/// The executor's thread is the loop thread. Nothing is started before the first request. Outlives
/// its exchanges.
std::unique_ptr<HttpClient> make_http_client(
    asio::any_io_executor executor, HttpSettings settings = HttpSettings::from_environment());

/// The request as HTTP/1.1 sends it, to the byte (over HTTP/2 the same fields go in another form).
/// Precondition: the request is one that `send` takes.
std::string request_bytes(const HttpRequest& request);

}  // namespace deed
