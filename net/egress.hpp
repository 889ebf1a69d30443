// The egress guard: which addresses a tool may dial. Judged at the address really dialled (after
// DNS, on every redirect), so that neither a rebinding name nor an odd spelling of 127.0.0.1 gets
// through. Source: RFC 6890 and the IANA special-purpose registries.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr;

namespace deed {

/// HOST or HOST:PORT that the user allowed by name, whatever address it has.
struct AllowedHost {
  std::string host;        ///< lower case; IPv6 without brackets
  std::uint16_t port = 0;  ///< 0: any

  /// errors  invalid: no host, a bad port
  static Result<AllowedHost> parse(std::string_view text);
};

class EgressGuard {
 public:
  /// Refuses every address that is not public.
  EgressGuard() = default;
  explicit EgressGuard(std::vector<AllowedHost> allowed) : allowed_(std::move(allowed)) {}

  /// Whether the user allowed the URL's host and port by name.
  bool is_allowed_by_name(const HttpUrl& url) const;

  /// errors  denied: loopback, private, link-local, shared, multicast, reserved or unspecified
  ///         (IPv4-mapped, NAT64 and 6to4 forms included), or neither IPv4 nor IPv6. `hint` names
  ///         --allow-host
  static Result<void> check_address(const sockaddr& address);

 private:
  std::vector<AllowedHost> allowed_;
};

}  // namespace deed
