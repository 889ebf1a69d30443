#include "deed/tools/http_text.hpp"

#include "deed/core/text.hpp"

namespace deed {
namespace {

constexpr std::size_t max_error_body_bytes = 2'000;

bool is_text(const std::string& body) {
  return is_utf8(body) && body.find('\0') == std::string::npos;
}

std::string content_type(const HttpResponse& response) {
  return to_utf8(response.header("content-type"));
}

std::string status_name(int status) {
  switch (status) {
    case 400:
      return "400 Bad Request";
    case 401:
      return "401 Unauthorized";
    case 403:
      return "403 Forbidden";
    case 404:
      return "404 Not Found";
    case 405:
      return "405 Method Not Allowed";
    case 409:
      return "409 Conflict";
    case 410:
      return "410 Gone";
    case 422:
      return "422 Unprocessable Content";
    case 429:
      return "429 Too Many Requests";
    case 500:
      return "500 Internal Server Error";
    case 502:
      return "502 Bad Gateway";
    case 503:
      return "503 Service Unavailable";
    case 504:
      return "504 Gateway Timeout";
    default:
      return std::to_string(status);
  }
}

const char* advice(int status) {
  if (status == 404 || status == 410) return "there is no such page: check the URL";
  if (status == 401 || status == 403)
    return "the server wants a permission that the request did not have";
  if (status == 429) return "too many requests: wait before the next one";
  if (status >= 500) return "the server has a fault: try again later";
  return "the server does not take the request as it is: mend it";
}

// A scheme and a colon before any slash (RFC 3986, section 3.1).
bool has_scheme(std::string_view reference) {
  const std::size_t colon = reference.find(':');
  return colon != std::string_view::npos && colon > 0 && reference.find_first_of("/?#") > colon;
}

}  // namespace

Json response_fields(const HttpUrl& url, const HttpResponse& response) {
  Json out = {
      {"status", response.status}, {"url", url.text()}, {"content_type", content_type(response)}};
  if (is_text(response.body)) {
    out["body"] = response.body;
  } else {
    out["binary"] = true;
    out["size"] = response.body.size();
  }
  return out;
}

std::string response_text(const HttpResponse& response) {
  if (response.body.empty()) return "[status " + std::to_string(response.status) + ", no content]";
  if (is_text(response.body)) return response.body;
  const std::string type = content_type(response);
  return "[" + human_bytes(response.body.size()) + (type.empty() ? "" : " of " + escaped(type)) +
         ", not text in UTF-8; it is not shown]";
}

Outcome refused_by_server(const HttpUrl& url, const HttpResponse& response) {
  Outcome out = Outcome::rejected(
      "the server answered " + status_name(response.status) + " (" + url.text() + ")",
      advice(response.status));
  out.result["status"] = response.status;
  if (!response.body.empty() && is_text(response.body)) {
    out.result["body"] = utf8_prefix(response.body, max_error_body_bytes);
  }
  return out;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<HttpUrl> resolve_location(const HttpUrl& base, std::string_view location) {
  const std::string_view reference = trim(location);
  const std::string scheme = base.scheme() + ":";
  const std::string text = base.text();
  const std::string authority = text.substr(0, text.find('/', scheme.size() + 2));
  const std::string path = base.target().substr(0, base.target().find('?'));
  if (reference.empty())
    return fail(ErrorKind::invalid, "the server redirects, but does not say where to", base.text());
  if (has_scheme(reference)) return HttpUrl::parse(reference);
  if (reference.starts_with("//")) return HttpUrl::parse(scheme + std::string(reference));
  if (reference.starts_with('/')) return HttpUrl::parse(authority + std::string(reference));
  if (reference.starts_with('?')) return HttpUrl::parse(authority + path + std::string(reference));
  if (reference.starts_with('#')) return base;
  // libcurl takes "." and ".." out of the path.
  return HttpUrl::parse(authority + path.substr(0, path.rfind('/') + 1) + std::string(reference));
}

}  // namespace deed
