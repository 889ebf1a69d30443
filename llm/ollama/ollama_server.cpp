#include "deed/llm/ollama/ollama_server.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/remote/open_remote.hpp"

#include <algorithm>

namespace deed {
namespace {

std::string_view unquoted(std::string_view text) {
  text = trim(text);
  while (!text.empty() && (text.front() == '"' || text.front() == '\'')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == '"' || text.back() == '\'')) text.remove_suffix(1);
  return trim(text);
}

struct HostAndPort {
  std::string host, port;
};

// "[::1]:8080", "::1" (an IPv6 address without a port), "host:8080", ":8080".
HostAndPort split_port(std::string_view text) {
  const std::size_t colon = text.rfind(':'), bracket = text.rfind(']');
  const bool is_bare_ipv6 = !text.starts_with('[') && std::count(text.begin(), text.end(), ':') > 1;
  const bool has_port = colon != std::string_view::npos && !is_bare_ipv6 && (bracket == std::string_view::npos || colon > bracket);
  std::string host(has_port ? text.substr(0, colon) : text);
  std::erase_if(host, [](char c) { return c == '[' || c == ']'; });
  return {std::move(host), std::string(has_port ? text.substr(colon + 1) : "")};
}

bool is_port(std::string_view text) {
  const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  return is_number && text.size() <= 5 && std::stoi(std::string(text)) <= 65535;
}

}  // namespace

std::string ollama_address(std::string_view host) {
  std::string_view rest = unquoted(host);
  std::string scheme = "http", port = "11434";
  if (const std::size_t end = rest.find("://"); end != std::string_view::npos) {
    scheme = std::string(rest.substr(0, end));
    rest.remove_prefix(end + 3);
    if (scheme == "http") port = "80";
    if (scheme == "https") port = "443";
  } else if (rest == "ollama.com") {
    scheme = "https", port = "443";
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string path(rest.substr(slash));
  HostAndPort parts = split_port(rest.substr(0, slash));
  if (parts.host.empty() || parts.host == "0.0.0.0") parts.host = "127.0.0.1";
  if (parts.host == "::") parts.host = "::1";
  // As its own client: a port that is none is not taken.
  if (is_port(parts.port)) port = parts.port;
  if (parts.host.find(':') != std::string::npos) parts.host = "[" + parts.host + "]";
  return scheme + "://" + parts.host + ":" + port + (path == "/" ? "" : path);
}

Result<RemoteModelOptions> ollama_options(std::string name, const ModelEnvironment& environment) {
  const RemoteSpec spec{.scheme = "ollama",
                        .title = "Ollama",
                        .base_url = ollama_address(""),
                        .base_url_variable = "",
                        .key_variables = {"OLLAMA_API_KEY"},
                        .needs_key = false};
  DEED_TRY(RemoteModelOptions options, remote_options(spec, std::move(name), environment));
  const std::string host = environment_value(environment, "OLLAMA_HOST");
  if (host.empty()) return options;
  DEED_TRY(options.url, HttpUrl::parse(ollama_address(host)));
  return options;
}

Result<HttpUrl> ollama_url(const HttpUrl& base, std::string_view path) {
  std::string address = base.text().substr(0, base.text().find('?'));
  while (address.ends_with('/')) address.pop_back();
  return endpoint_url(base, (address.ends_with("/api") ? "" : "/api") + std::string(path));
}

}  // namespace deed
