#include "deed/net/http_wire.hpp"

#include "deed/core/text.hpp"
#include "deed/net/curl_runtime.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

namespace deed {
namespace {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const bool is_alnum =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_alnum || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// Headers that frame the message or choose its receiver. Two opinions about the length are how
// requests are smuggled.
bool is_set_by_client(const std::string& lower_name) {
  constexpr std::string_view names[] = {"host",   "content-length", "transfer-encoding",
                                        "expect", "connection",     "upgrade",
                                        "te",     "trailer",        "keep-alive"};
  return lower_name.starts_with("proxy-") ||
         std::find(std::begin(names), std::end(names), lower_name) != std::end(names);
}

std::string environment(const char* lower, const char* upper) {
  const char* value = std::getenv(lower);
  if (!value) value = std::getenv(upper);
  return value ? value : "";
}

bool is_no_proxy(const std::string& host, std::string_view no_proxy) {
  for (const std::string_view part : split(no_proxy, ',')) {
    std::string entry = lower_ascii(trim(part));
    if (entry == "*") return true;
    if (entry.starts_with('[') && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
    const std::size_t begin = entry.find_first_not_of('.');
    if (begin == std::string::npos) continue;
    entry.erase(0, begin);
    if (host == entry || host.ends_with("." + entry)) return true;
  }
  return false;
}

struct CurlUrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// The host as libcurl will understand it: odd spellings of IPv4 made plain, international names in
// ASCII.
std::optional<std::string> host_as_curl_reads_it(const HttpUrl& url) {
  std::unique_ptr<CURLU, CurlUrlDeleter> parsed(curl_url());
  if (!parsed) return std::nullopt;
  if (curl_url_set(parsed.get(), CURLUPART_URL, wire_url(url).c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  char* host = nullptr;
  if (curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) {
    return std::nullopt;
  }
  std::string out = lower_ascii(host);
  curl_free(host);
  if (out.starts_with('[') && out.ends_with(']')) out = out.substr(1, out.size() - 2);
  while (out.ends_with('.')) out.pop_back();
  return out;
}

Result<void> check_ipv4(in_addr address) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr = address;
  sockaddr plain{};
  std::memcpy(&plain, &in, sizeof plain);
  return EgressGuard::check_address(plain);
}

Result<void> check_ipv6(in6_addr address) {
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_addr = address;
  return EgressGuard::check_address(reinterpret_cast<const sockaddr&>(in));
}

}  // namespace

HttpSettings HttpSettings::from_environment() {
  const std::string all = environment("all_proxy", "ALL_PROXY");
  // A CGI server puts a request's "Proxy:" header into HTTP_PROXY (httpoxy), so there it is not the
  // owner's word.
  const bool is_cgi = std::getenv("REQUEST_METHOD") != nullptr;
  HttpSettings out{.http_proxy = environment("http_proxy", is_cgi ? "http_proxy" : "HTTP_PROXY"),
                   .https_proxy = environment("https_proxy", "HTTPS_PROXY"),
                   .no_proxy = environment("no_proxy", "NO_PROXY"),
                   .trust = TrustStore::from_environment()};
  if (out.http_proxy.empty()) out.http_proxy = all;
  if (out.https_proxy.empty()) out.https_proxy = all;
  return out;
}

Result<void> check_request(const HttpRequest& request) {
  const auto refuse = [&](std::string what, std::string where = {}, std::string hint = {}) {
    return fail(ErrorKind::invalid, std::move(what), std::move(where), std::move(hint));
  };
  if (!is_token(request.method) || request.method.size() > 32 || request.method == "CONNECT") {
    return refuse("not a usable HTTP method", "\"" + escaped(request.method) + "\"",
                  "use GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS");
  }
  // libcurl turns such a name into ASCII only under a UTF-8 locale, so that it would work on one
  // machine and not on the next.
  const std::string& host = request.url.host();
  const bool is_ascii = std::all_of(host.begin(), host.end(), [](char c) { return c > 0; });
  if (!is_ascii) {
    return refuse("an international host name is not supported", request.url.origin(),
                  "write it in its ASCII form, xn--…");
  }
  if (request.method == "HEAD" && !request.body.empty()) {
    return refuse("a HEAD request has no body");
  }
  std::size_t bytes = 0;
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return refuse("not a header name", "\"" + escaped(name) + "\"");
    if (has_control_characters(value)) {
      return refuse("the header's value holds a control character",
                    name + ": \"" + escaped(value) + "\"", "a header is one line of text");
    }
    if (is_set_by_client(lower_ascii(name))) {
      return refuse("this header is set by the client itself", name, "leave it out");
    }
    bytes += name.size() + value.size() + 4;
  }
  if (bytes > 64u << 10) return refuse("the headers are over 64 KiB");
  return {};
}

bool is_safe_method(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

std::string wire_url(const HttpUrl& url) {
  std::string out = url.text().substr(0, url.text().size() - url.target().size());
  for (const char c : url.target()) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x80) {
      out += c;
    } else {
      out += {'%', "0123456789ABCDEF"[u >> 4], "0123456789ABCDEF"[u & 15]};
    }
  }
  return out;
}

// This machine, by its name or its address, however it is spelled.
bool is_this_machine(const HttpUrl& url) {
  const std::optional<std::string> host = host_as_curl_reads_it(url);
  if (!host) return false;
  if (*host == "localhost" || host->ends_with(".localhost")) return true;
  in_addr four{};
  if (inet_pton(AF_INET, host->c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  return inet_pton(AF_INET6, host->c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

std::string proxy_for(const HttpUrl& url, const HttpSettings& settings) {
  const std::string& proxy = url.scheme() == "https" ? settings.https_proxy : settings.http_proxy;
  if (proxy.empty() || is_no_proxy(url.host(), settings.no_proxy)) return {};
  // A proxy elsewhere would dial itself, and would see what was meant for a server here, keys
  // included.
  if (is_this_machine(url)) return {};
  return proxy;
}

Result<void> check_target(const HttpUrl& url) {
  const std::optional<std::string> host = host_as_curl_reads_it(url);
  if (!host) return fail(ErrorKind::invalid, "the host cannot be understood", url.origin());
  if (*host == "localhost" || host->ends_with(".localhost")) {
    return fail(ErrorKind::denied, "localhost is not dialled", url.origin(),
                "if this host is meant, allow it by name: --allow-host HOST[:PORT]");
  }
  in6_addr six{};
  if (inet_pton(AF_INET6, host->c_str(), &six) == 1) {
    return with_context(check_ipv6(six), url.origin());
  }
  // inet_aton and not inet_pton: the proxy may accept the odd spellings too.
  in_addr four{};
  if (inet_aton(host->c_str(), &four) != 0) return with_context(check_ipv4(four), url.origin());
  return {};
}

Result<void> ResponseHead::add_line(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    headers_.clear();
    const std::size_t blank = line.find(' ');
    status_ = 0;
    if (blank != std::string_view::npos) {
      std::from_chars(line.data() + blank + 1, line.data() + line.size(), status_);
    }
  }
  bytes_ += line.size() + 2;
  if (bytes_ > max_bytes_) {
    return fail(ErrorKind::limit, "the response's headers are over " + human_bytes(max_bytes_));
  }
  is_complete_ = line.empty();
  if (line.starts_with("HTTP/") || line.empty()) return {};
  const bool is_folded = line.front() == ' ' || line.front() == '\t';
  if (is_folded && !headers_.empty()) {
    (headers_.back().second += ' ') += trim(line);
    return {};
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  headers_.emplace_back(lower_ascii(trim(line.substr(0, colon))),
                        std::string(trim(line.substr(colon + 1))));
  return {};
}

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

bool has_header(const HttpHeaders& headers, std::string_view lower_name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return lower_ascii(header.first) == lower_name; });
}

bool sends_body(const HttpRequest& request) {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
         request.method == "PATCH";
}

// The order is libcurl's: its own fields, those of the request, the length.
std::string request_bytes(const HttpRequest& request) {
  const std::string url = wire_url(request.url);
  const std::size_t path = url.find('/', url.find("//") + 2);
  const std::string target = path == std::string::npos ? "/" : url.substr(path);
  const std::string origin = request.url.origin();
  std::string host = origin.substr(origin.find("//") + 2);
  const bool is_usual = request.url.port() == (request.url.scheme() == "https" ? 443 : 80);
  if (is_usual) host.resize(host.rfind(':'));
  std::string out = request.method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n";
  const auto add_own = [&](const char* lower_name, const char* name, const char* value) {
    if (!has_header(request.headers, lower_name)) out += std::string(name) + ": " + value + "\r\n";
  };
  add_own("user-agent", "User-Agent", user_agent);
  add_own("accept", "Accept", "*/*");
  if (!request.on_body) add_own("accept-encoding", "Accept-Encoding", accepted_encodings);
  for (const auto& [name, value] : request.headers) out += name + ":" + (value.empty() ? "" : " " + value) + "\r\n";
  if (sends_body(request)) out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return out + "\r\n" + request.body;
}

}  // namespace deed
