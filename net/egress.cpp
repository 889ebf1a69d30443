#include "deed/net/egress.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "deed/core/text.hpp"

namespace deed {
namespace {

struct Range4 {
  std::uint32_t first;
  int bits;
  const char* what;
};

constexpr std::uint32_t ip(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// IANA IPv4 Special-Purpose Address Registry, and multicast.
constexpr Range4 refused4[] = {
    {ip(0, 0, 0, 0), 8, "unspecified"},         {ip(10, 0, 0, 0), 8, "private"},
    {ip(100, 64, 0, 0), 10, "shared"},          {ip(127, 0, 0, 0), 8, "loopback"},
    {ip(169, 254, 0, 0), 16, "link-local"},     {ip(172, 16, 0, 0), 12, "private"},
    {ip(192, 0, 0, 0), 24, "reserved"},         {ip(192, 0, 2, 0), 24, "for documentation"},
    {ip(192, 88, 99, 0), 24, "reserved"},       {ip(192, 168, 0, 0), 16, "private"},
    {ip(198, 18, 0, 0), 15, "for benchmarks"},  {ip(198, 51, 100, 0), 24, "for documentation"},
    {ip(203, 0, 113, 0), 24, "for documentation"}, {ip(224, 0, 0, 0), 4, "multicast"},
    {ip(240, 0, 0, 0), 4, "reserved"},
};

using Bytes6 = std::array<unsigned char, 16>;

struct Range6 {
  Bytes6 first;
  int bits;
  const char* what;
};

// IANA IPv6 Special-Purpose Address Registry; what is not global unicast (2000::/3) is refused below as a whole.
constexpr Range6 refused6[] = {
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "for documentation"},
    {{0x20, 0x01, 0x00}, 23, "reserved"},
    {{0x3f, 0xff, 0x00}, 20, "for documentation"},
};

const char* refused(std::uint32_t address) {
  for (const Range4& range : refused4) {
    const std::uint32_t mask = ~std::uint32_t{0} << (32 - range.bits);
    if ((address & mask) == range.first) return range.what;
  }
  return nullptr;
}

bool starts_with(const Bytes6& address, const Bytes6& prefix, int bits) {
  for (int i = 0; i < bits; ++i) {
    const int shift = 7 - i % 8;
    if ((address[static_cast<std::size_t>(i / 8)] >> shift & 1) != (prefix[static_cast<std::size_t>(i / 8)] >> shift & 1)) {
      return false;
    }
  }
  return true;
}

std::uint32_t v4_at(const Bytes6& address, std::size_t at) {
  return ip(address[at], address[at + 1], address[at + 2], address[at + 3]);
}

const char* refused(const Bytes6& address) {
  constexpr Bytes6 mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr Bytes6 nat64 = {0x00, 0x64, 0xff, 0x9b};
  constexpr Bytes6 six_to_four = {0x20, 0x02};
  constexpr Bytes6 loopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  constexpr Bytes6 global = {0x20};
  if (address == loopback) return "loopback";
  if (starts_with(address, mapped, 96)) return refused(v4_at(address, 12));
  if (starts_with(address, nat64, 96)) return refused(v4_at(address, 12));
  if (starts_with(address, six_to_four, 16)) return refused(v4_at(address, 2));
  for (const Range6& range : refused6) {
    if (starts_with(address, range.first, range.bits)) return range.what;
  }
  if ((address[0] & 0xfe) == 0xfc) return "private";
  if (address[0] == 0xfe && (address[1] & 0xc0) == 0x80) return "link-local";
  if (address[0] == 0xff) return "multicast";
  return starts_with(address, global, 3) ? nullptr : "reserved";
}

}  // namespace

Result<AllowedHost> AllowedHost::parse(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return fail(ErrorKind::invalid, std::string("not a host: ") + why, "\"" + escaped(text) + "\"", "write HOST or HOST:PORT");
  };
  AllowedHost allowed;
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return refuse("] is missing");
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port.front() != ':') return refuse("the port is wrong");
    if (!port.empty()) port.remove_prefix(1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':') + 1);
    if (port.empty()) return refuse("the port is missing");
  }
  const std::string_view allowed_characters = "abcdefghijklmnopqrstuvwxyz0123456789-._:";
  allowed.host = lower_ascii(host);
  if (host.empty() || allowed.host.find_first_not_of(allowed_characters) != std::string::npos) return refuse("the name is wrong");
  if (!port.empty()) {
    unsigned value = 0;
    const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), value);
    if (ec != std::errc() || end != port.data() + port.size() || value == 0 || value > 65535) return refuse("the port is wrong");
    allowed.port = static_cast<std::uint16_t>(value);
  }
  return allowed;
}

bool EgressGuard::is_allowed_by_name(const HttpUrl& url) const {
  return std::any_of(allowed_.begin(), allowed_.end(), [&](const AllowedHost& allowed) {
    return allowed.host == url.host() && (allowed.port == 0 || allowed.port == url.port());
  });
}

Result<void> EgressGuard::check_address(const sockaddr& address) {
  const char* what = "of an unknown family";
  char text[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    what = refused(ntohl(v4.sin_addr.s_addr));
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    Bytes6 bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    what = refused(bytes);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  if (!what) return {};
  return fail(ErrorKind::denied, std::string("the address is not public (") + what + ")", text,
              "if you trust it, allow its host by name: --allow-host HOST:PORT");
}

}  // namespace deed
