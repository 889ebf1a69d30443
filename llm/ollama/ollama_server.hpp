// Where the Ollama server is, as its own client finds it.
#pragma once

#include "deed/llm/remote/remote_model.hpp"

#include <string>
#include <string_view>

namespace deed {

/// The address that OLLAMA_HOST means: "" is http://127.0.0.1:11434; "host", "host:port", "[::1]:port", with "http://" or "https://" in
/// front (then the port is 80 or 443 where none is given) and with or without a path. An address to listen on at all interfaces
/// ("0.0.0.0") means this machine. Pure; whether it is an address at all, HttpUrl::parse says.
/// source  https://github.com/ollama/ollama, envconfig/config.go (Host)
std::string ollama_address(std::string_view host);

/// How the server is reached: OLLAMA_HOST, else what is set for the provider "ollama", else this machine; key from OLLAMA_API_KEY, which
/// only ollama.com wants. `name` is "ollama:MODEL"; the url is the base. errors  invalid: no usable model name or address
Result<RemoteModelOptions> ollama_options(std::string name, const ModelEnvironment& environment);

/// `path` ("/chat") below the API of a server: "http://host:11434" -> "http://host:11434/api/chat". A base that ends with /api has it.
Result<HttpUrl> ollama_url(const HttpUrl& base, std::string_view path);

}  // namespace deed
