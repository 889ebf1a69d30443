// How providers name kinds of media.
#pragma once

#include "deed/llm/message.hpp"

#include <string>

namespace deed {

/// "audio/x-wav" -> "wav", "audio/mpeg" -> "mp3", else what stands behind the slash.
inline std::string audio_format(const Media& media) {
  const std::string kind = media.media_type.substr(media.media_type.find('/') + 1);
  if (kind == "mpeg" || kind == "mpeg3") return "mp3";
  if (kind == "x-wav" || kind == "wave" || kind == "vnd.wave") return "wav";
  return kind;
}

}  // namespace deed
