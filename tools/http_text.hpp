// What both HTTP tools say about a response, and where a redirect leads. No I/O.
// Source: RFC 9110, sections 10.2.2 and 15; RFC 3986, section 5.2.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/net/http.hpp"
#include "deed/tools/tool.hpp"

#include <string>
#include <string_view>

namespace deed {

/// Of a response; more ends the exchange.
inline constexpr std::size_t max_http_body_bytes = 8u << 20;

/// {"status","url","content_type","body"}; a body that is not text in UTF-8 is left out: "size" and
/// "binary" stand for it.
Json response_fields(const HttpUrl& url, const HttpResponse& response);
/// The body, or one line that describes it.
std::string response_text(const HttpResponse& response);
/// A status from 400 as an outcome: what the server said and what to do.
Outcome refused_by_server(const HttpUrl& url, const HttpResponse& response);

/// Whether the status is a redirect that a GET follows (301, 302, 303, 307, 308).
bool is_redirect(int status);

/// The target of a Location header, relative to the URL that answered with it.
/// errors  invalid: no URL of http or https; `where` shows it
Result<HttpUrl> resolve_location(const HttpUrl& base, std::string_view location);

}  // namespace deed
