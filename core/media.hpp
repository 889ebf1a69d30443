// Pictures, sounds and documents: bytes that a model can look at or listen to, and what they are.
#pragma once

#include "deed/core/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace deed {

/// Copies share the bytes.
struct Media {
  std::string media_type;  ///< "image/png", "audio/wav", "application/pdf"
  std::string name = {};   ///< of the file, for people and for providers that show it to the model
  std::shared_ptr<const std::string> bytes = {};  ///< never null in a request

  bool operator==(const Media& other) const {
    return media_type == other.media_type && name == other.name &&
           (bytes == other.bytes || (bytes && other.bytes && *bytes == *other.bytes));
  }
};

inline constexpr std::size_t max_media_bytes = 20u << 20;

/// What the bytes are by their first ones, never by their name: PNG, JPEG, GIF, WebP, WAV, MP3, PDF. nullopt: none of these.
/// Source: WHATWG MIME Sniffing, section 6
std::optional<std::string> media_type_of(std::string_view bytes);

/// errors  unsupported: none of the types that models take. limit: more than max_media_bytes
Result<Media> make_media(std::string name, std::string bytes);

}  // namespace deed
