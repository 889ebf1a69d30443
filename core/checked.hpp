// Text that has been judged: an address, a URL, a path below a root. Only the parsers here can make
// one, so a function that takes EmailAddress cannot be given whatever a model said.
#pragma once

#include "deed/core/result.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace deed {

/// One mailbox without a display name: local@domain (RFC 5321, section 4.1.2; quoted local parts
/// and address literals are refused; non-ASCII is allowed as RFC 6531 has it). At most 254 bytes,
/// 64 of them before the @.
class EmailAddress {
 public:
  /// errors  invalid: control characters (a line break in an address injects commands), blanks,
  /// characters that cannot be
  ///         seen (zero width, reversed direction), a missing part, or a form that is not
  ///         supported; `where` shows the address with such characters escaped
  static Result<EmailAddress> parse(std::string_view text);

  const std::string& text() const { return text_; }
  std::string_view local() const;
  std::string_view domain() const;
  bool is_ascii() const;
  bool operator==(const EmailAddress&) const = default;

 private:
  explicit EmailAddress(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// An absolute http or https URL (RFC 3986) without credentials. At most 8,192 bytes.
class HttpUrl {
 public:
  /// errors  invalid: another scheme, no host, user:password@, control characters or blanks
  static Result<HttpUrl> parse(std::string_view text);

  const std::string& text() const { return text_; }      ///< without the fragment
  const std::string& scheme() const { return scheme_; }  ///< "http" or "https"
  const std::string& host() const { return host_; }      ///< lower case, IPv6 without brackets
  std::uint16_t port() const { return port_; }           ///< the scheme's own where none is given
  const std::string& target() const { return target_; }  ///< path and query, "/" at least
  std::string origin() const;                            ///< "https://host:port"

 private:
  HttpUrl() = default;
  std::string text_, scheme_, host_, target_;
  std::uint16_t port_ = 0;
};

/// A path below some root folder: relative, in normal form, with no "..", no NUL and no control
/// character. Links are not its business: whoever opens it asks the kernel to stay below the root
/// (openat2, RESOLVE_BENEATH).
class RelativePath {
 public:
  /// "a/./b//c/" becomes "a/b/c"; "", "." and "./" become ".".
  /// errors  denied: absolute, or leaves the root by "..". invalid: control characters, or over
  /// 4,096 bytes
  static Result<RelativePath> parse(std::string_view text);

  const std::string& text() const { return text_; }
  std::string_view name() const;  ///< the last part
  RelativePath parent() const;    ///< "." at the top
  bool is_root() const { return text_ == "."; }
  bool operator==(const RelativePath&) const = default;

 private:
  explicit RelativePath(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// `text` with control characters, bytes that are not UTF-8 and characters that cannot be seen made
/// visible (\r, \x1b, \u{202e}), cut to 200 bytes: for messages.
std::string escaped(std::string_view text);

}  // namespace deed
