// Pictures, sounds and documents: what bytes are, and whether a model takes them.
#pragma once

#include "deed/core/result.hpp"
#include "deed/llm/model.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace deed {

inline constexpr std::size_t max_media_bytes = 20u << 20;

/// What the bytes are by their first ones, never by their name: PNG, JPEG, GIF, WebP, WAV, MP3, PDF. nullopt: none of these.
/// Source: WHATWG MIME Sniffing, section 6
std::optional<std::string> media_type_of(std::string_view bytes);

/// errors  unsupported: none of the types that models take. limit: more than max_media_bytes
Result<Media> make_media(std::string name, std::string bytes);

/// errors  unsupported: the model does not take such; the hint says what to do
Result<void> check_media(const Media& media, const ModelInfo& model);

}  // namespace deed
