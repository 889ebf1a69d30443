// Secrets: values that reach no log, no journal and no model, and the one place that blacks them
// out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// A value that does not print. Read it only where it goes onto a wire.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  bool empty() const { return value_.empty(); }
  const std::string& reveal() const { return value_; }

 private:
  std::string value_;
};

/// Replaces every known secret by "[secret]": in plain form, as JSON writes it (also inside of JSON
/// that is a text in JSON), percent-encoded, and in Base64 at whatever place of the encoded bytes
/// it stands ("user:password").
class Redactor {
 public:
  /// Values under 6 bytes are not added: they would black out ordinary text.
  void add(const Secret& secret);
  std::string redact(std::string text) const;
  /// Whether `redact` would change `text`.
  bool finds(std::string_view text) const;
  bool empty() const { return needles_.empty(); }

 private:
  std::vector<std::string> needles_;  // longest first: a secret may be a part of another
};

}  // namespace deed
