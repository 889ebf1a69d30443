// The `probe` of http.request: a second request, by GET and to the same server, that tells whether the first one was carried out.
// It confirms on what it was told to expect, refutes only if the server was named the authority, and else decides nothing.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/net/http.hpp"
#include "deed/tools/tool.hpp"

#include <chrono>
#include <string>

namespace deed {

struct HttpProbe {
  HttpUrl url;
  std::string contains;          ///< what the body has if it happened; empty: any answer with a status of 2xx will do
  bool is_authoritative = false;  ///< 404, 410, or a 2xx without `contains`, proves that it did not happen
  std::chrono::milliseconds settle{0};  ///< the server may need so long to show it: absence before that proves nothing
};

/// The JSON Schema of the argument.
Json http_probe_schema();

/// "{key}" in `url` and `contains` stands for the effect key, which the request has as its Idempotency-Key.
/// errors  invalid: no URL, or one of another origin than `request`
Result<HttpProbe> parse_http_probe(const Json& probe, const HttpUrl& request, const std::string& effect_key);

/// Asks. `arguments` are those of http.request. Waits for the settle time before it asks a second time.
asio::awaitable<ProbeResult> probe_by_http(HttpClient& client, const EgressGuard& guard, Json arguments, std::string effect_key);

/// What an answer says. Pure.
/// is_settled  whether the settle time has passed
ProbeResult verdict_of(const HttpProbe& probe, const HttpExchange& exchange, bool is_settled);

}  // namespace deed
