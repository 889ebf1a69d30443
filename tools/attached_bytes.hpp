// What is attached to a mail: known by its size and SHA-256, read when the mail is sent, and checked against them then. Internal.
#pragma once

#include "deed/core/byte_source.hpp"
#include "deed/core/hash.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace deed {

struct ByteDigest {
  std::uint64_t size = 0;
  std::string sha256;
  bool is_text = true;  ///< UTF-8 without a NUL

  bool operator==(const ByteDigest&) const = default;
};

/// The digest of bytes that come in pieces.
class ByteDigester {
 public:
  void update(std::string_view piece);
  /// Call once, at the end.
  ByteDigest finish();

 private:
  Sha256 hash_;
  std::uint64_t size_ = 0;
  bool is_text_ = true;
  std::string unfinished_;  // the beginning of a character that goes on in the next piece
};

class AttachedBytes final : public ByteSource {
 public:
  /// In memory; implicit, for these are the bytes themselves.
  AttachedBytes(std::string bytes);  // NOLINT(google-explicit-constructor)
  AttachedBytes(const char* bytes) : AttachedBytes(std::string(bytes)) {}  // NOLINT(google-explicit-constructor)
  /// digest  of what was there when the mail was judged
  AttachedBytes(std::shared_ptr<const ByteSource> source, ByteDigest digest) : source_(std::move(source)), digest_(std::move(digest)) {}

  const ByteDigest& digest() const { return digest_; }
  std::uint64_t size() const override { return digest_.size; }
  /// errors  those of the source; conflict: it has other bytes by now
  Result<std::unique_ptr<ByteReader>> open() const override;

  /// Whether the bytes are the same, wherever they come from.
  bool operator==(const AttachedBytes& other) const { return digest_ == other.digest_; }

 private:
  std::shared_ptr<const ByteSource> source_;
  ByteDigest digest_;
};

}  // namespace deed
