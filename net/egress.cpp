// The tables follow the IANA special-purpose address registries (RFC 6890 and later entries). IPv6
// is judged the other way round: only global unicast (2000::/3) can be public, so a range that is
// assigned tomorrow is refused until it is known.
#include "deed/net/egress.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

namespace deed {
namespace {

using V6 = std::array<std::uint8_t, 16>;

struct V4Range {
  std::uint32_t network;
  int bits;
  const char* what;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

constexpr V4Range v4_ranges[] = {
    {v4(0, 0, 0, 0), 8, "an unspecified (this network)"},
    {v4(10, 0, 0, 0), 8, "a private"},
    {v4(100, 64, 0, 0), 10, "a shared (carrier-grade NAT)"},
    {v4(127, 0, 0, 0), 8, "a loopback"},
    {v4(169, 254, 0, 0), 16, "a link-local"},
    {v4(172, 16, 0, 0), 12, "a private"},
    {v4(192, 0, 0, 0), 24, "a reserved (protocol assignments)"},
    {v4(192, 0, 2, 0), 24, "a documentation"},
    {v4(192, 88, 99, 0), 24, "a reserved (6to4 relay)"},
    {v4(192, 168, 0, 0), 16, "a private"},
    {v4(198, 18, 0, 0), 15, "a benchmarking"},
    {v4(198, 51, 100, 0), 24, "a documentation"},
    {v4(203, 0, 113, 0), 24, "a documentation"},
    {v4(224, 0, 0, 0), 4, "a multicast"},
    {v4(240, 0, 0, 0), 4, "a reserved or broadcast"},
};

struct V6Range {
  V6 network;
  int bits;
  const char* what;
};

// The first that holds an address decides; missing bytes are zero.
constexpr V6Range v6_ranges[] = {
    {{}, 128, "an unspecified"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, "a loopback"},
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "a local translation"},
    {{0x01, 0x00}, 64, "a discard-only"},
    {{0x20, 0x01, 0x00, 0x00}, 23, "a reserved (protocol assignments)"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "a documentation"},
    {{0x3f, 0xff, 0x00}, 20, "a documentation"},
    {{0x5f, 0x00}, 16, "a segment routing"},
    {{0xfc, 0x00}, 7, "a private (unique local)"},
    {{0xfe, 0x80}, 10, "a link-local"},
    {{0xfe, 0xc0}, 10, "a site-local"},
    {{0xff, 0x00}, 8, "a multicast"},
};

// Where an IPv4 address sits inside an IPv6 one that only carries it.
struct Carrier {
  V6 network;
  int bits;
  std::size_t at;
};
constexpr Carrier carriers[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12},  // IPv4-mapped
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12},                    // NAT64
    {{0x20, 0x02}, 16, 2},                                 // 6to4
};

constexpr V6 global_unicast = {0x20};

bool is_within(const V6& address, const V6& network, int bits) {
  for (std::size_t i = 0; bits > 0; ++i, bits -= 8) {
    const int mask = bits >= 8 ? 0xFF : 0xFF << (8 - bits) & 0xFF;
    if (((address[i] ^ network[i]) & mask) != 0) return false;
  }
  return true;
}

// What makes the address not public, or null.
const char* why_not_public(std::uint32_t address) {
  for (const V4Range& range : v4_ranges) {
    if ((address ^ range.network) >> (32 - range.bits) == 0) return range.what;
  }
  return nullptr;
}

const char* why_not_public(const V6& address) {
  for (const Carrier& carrier : carriers) {
    if (!is_within(address, carrier.network, carrier.bits)) continue;
    const std::uint8_t* b = address.data() + carrier.at;
    return why_not_public(v4(b[0], b[1], b[2], b[3]));
  }
  for (const V6Range& range : v6_ranges) {
    if (is_within(address, range.network, range.bits)) return range.what;
  }
  return is_within(address, global_unicast, 3) ? nullptr : "a reserved";
}

std::string address_text(int family, const void* bytes) {
  char out[INET6_ADDRSTRLEN] = "";
  inet_ntop(family, bytes, out, sizeof out);
  return out;
}

// One spelling for one host: without the root's dot, IPv6 as inet_ntop prints it.
std::string canonical_host(std::string_view host) {
  std::string text = lower_ascii(host);
  V6 bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
    return address_text(AF_INET6, bytes.data());
  }
  if (text.size() > 1 && text.back() == '.') text.pop_back();
  return text;
}

bool is_ipv6(const std::string& host) {
  V6 bytes{};
  return inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    const bool is_alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    return is_alnum || c == '-' || c == '.' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  });
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = ec == std::errc() && end == text.data() + text.size();
  if (!is_whole || value == 0 || value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

Unexpected not_a_host(std::string_view text, const char* why) {
  return fail(ErrorKind::invalid, std::string("not a host to allow: ") + why,
              "\"" + escaped(text) + "\"",
              "give HOST or HOST:PORT, such as intranet.example.org, 127.0.0.1:8080 or [::1]:8080");
}

}  // namespace

Result<AllowedHost> AllowedHost::parse(std::string_view text) {
  std::string_view host = text;
  std::optional<std::string_view> port;
  const bool has_brackets = text.starts_with('[');
  if (has_brackets) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return not_a_host(text, "the bracket is not closed");
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (rest.starts_with(':'))
      port = rest.substr(1);
    else if (!rest.empty())
      return not_a_host(text, "there is something behind the bracket");
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':') + 1);
  }
  AllowedHost out{.host = canonical_host(host)};
  if (!is_ipv6(out.host) && (has_brackets || !is_name(out.host))) {
    return not_a_host(text, "there is no host, or it is wrong");
  }
  if (!port) return out;
  const std::optional<std::uint16_t> number = parse_port(*port);
  if (!number) return not_a_host(text, "the port is not a number from 1 to 65535");
  out.port = *number;
  return out;
}

bool EgressGuard::is_allowed_by_name(const HttpUrl& url) const {
  const std::string host = canonical_host(url.host());
  return std::any_of(allowed_.begin(), allowed_.end(), [&](const AllowedHost& allowed) {
    return canonical_host(allowed.host) == host &&
           (allowed.port == 0 || allowed.port == url.port());
  });
}

Result<void> EgressGuard::check_address(const sockaddr& address) {
  const char* what = nullptr;
  std::string text;
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    what = why_not_public(ntohl(in.sin_addr.s_addr));
    text = address_text(AF_INET, &in.sin_addr);
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    V6 bytes{};
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    what = why_not_public(bytes);
    text = address_text(AF_INET6, &in.sin6_addr);
  } else {
    return fail(ErrorKind::denied, "the address is neither IPv4 nor IPv6");
  }
  if (!what) return {};
  return fail(ErrorKind::denied, text + " is " + what + " address, which is not dialled", {},
              "if this host is meant, allow it by name: --allow-host HOST[:PORT]");
}

}  // namespace deed
