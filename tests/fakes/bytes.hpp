// Bytes that the product reads in pieces, as the text that a test compares.
#pragma once

#include "deed/core/byte_source.hpp"

#include <memory>
#include <string>

namespace deed {

/// All of them; "cannot be read: …" where they cannot.
inline std::string all_of(const ByteSource& source) {
  auto bytes = read_all(source, std::uint64_t{1} << 30);
  return bytes ? *std::move(bytes) : "cannot be read: " + bytes.error().what;
}
inline std::string all_of(const std::shared_ptr<const ByteSource>& source) { return source ? all_of(*source) : "no bytes"; }

}  // namespace deed
