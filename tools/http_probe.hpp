// What may be done about an http.request whose outcome is unknown, as the call itself says (`if_in_doubt`): send it again, because
// the receiver removes duplicates by the Idempotency-Key; or ask, by a GET to the same server, whether it was carried out. An answer
// confirms on what it was told to expect, refutes only if the server was named the authority, and else decides nothing.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/net/http.hpp"
#include "deed/tools/tool.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace deed {

struct HttpProbe {
  HttpUrl url;
  std::string contains;           ///< what the body has if it happened; empty: any 2xx will do
  bool is_authoritative = false;  ///< 404, 410, or a 2xx without `contains`, proves that it did not
  /// So long the server may not show it yet, as one that still reads a request whose sender was killed.
  std::chrono::milliseconds settle{2'000};
};

struct HttpDoubt {
  bool is_keyed = false;  ///< the receiver takes a second request with the same key for the first
  std::optional<HttpProbe> probe = {};
};

/// The JSON Schema of the argument.
Json http_doubt_schema();

/// {"keyed"} or {"url","contains","authoritative","settle_s"} or both. "{key}" in `url` and
/// `contains` stands for the effect key, which the request has as its Idempotency-Key.
/// errors  invalid: neither, a member that is not known, no URL, or one of another origin than
///         `request`
Result<HttpDoubt> parse_http_doubt(const Json& given, const HttpUrl& request,
                                   const std::string& effect_key);

/// Asks; with a settle time a second time behind it. `arguments` are those of http.request.
asio::awaitable<ProbeResult> probe_by_http(HttpClient& client, const EgressGuard& guard,
                                           Json arguments, std::string effect_key);

/// What an answer says. Pure.
/// is_settled  whether the settle time has passed
ProbeResult verdict_of(const HttpProbe& probe, const HttpExchange& exchange, bool is_settled);

}  // namespace deed
