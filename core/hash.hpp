// SHA-256 (FIPS 180-4) by libcrypto: effect keys, argument hashes, blob names, checksums of downloads.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace deed {

/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// The hash of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::string_view bytes);
  /// Ends the hash; call once.
  std::string hex();

 private:
  friend std::string sha256_hex(std::string_view bytes);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace deed
