#include "deed/core/media.hpp"

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

struct Signature {
  std::string_view begins, media_type;
};
constexpr Signature signatures[] = {
    {"\x89PNG\r\n\x1A\n", "image/png"}, {"\xFF\xD8\xFF", "image/jpeg"}, {"GIF87a", "image/gif"},
    {"GIF89a", "image/gif"},            {"%PDF-", "application/pdf"},   {"ID3", "audio/mpeg"},
};

// "RIFF", four bytes of length, then what it is.
std::optional<std::string> riff_type(std::string_view bytes) {
  if (bytes.size() < 12 || !bytes.starts_with("RIFF")) return std::nullopt;
  const std::string_view form = bytes.substr(8, 4);
  if (form == "WEBP") return "image/webp";
  if (form == "WAVE") return "audio/wav";
  return std::nullopt;
}

// An MPEG frame without a tag before it: eleven bits of sync, a version and a layer that exist.
bool is_mpeg_audio(std::string_view bytes) {
  if (bytes.size() < 3) return false;
  const auto first = static_cast<unsigned char>(bytes[0]), second = static_cast<unsigned char>(bytes[1]);
  const auto third = static_cast<unsigned char>(bytes[2]);
  const bool is_sync = first == 0xFF && (second & 0xE0) == 0xE0;
  return is_sync && (second & 0x18) != 0x08 && (second & 0x06) == 0x02 && (third & 0xF0) != 0xF0 && (third & 0x0C) != 0x0C;
}

}  // namespace

std::optional<std::string> media_type_of(std::string_view bytes) {
  for (const Signature& known : signatures) {
    if (bytes.starts_with(known.begins)) return std::string(known.media_type);
  }
  if (auto type = riff_type(bytes)) return type;
  if (is_mpeg_audio(bytes)) return "audio/mpeg";
  return std::nullopt;
}

Result<Media> make_media(std::string name, std::string bytes) {
  const std::optional<std::string> type = media_type_of(bytes);
  if (!type) {
    return fail(ErrorKind::unsupported, "the file is no picture, sound or document that models take", escaped(name),
                "PNG, JPEG, GIF, WebP, WAV, MP3 and PDF are");
  }
  if (bytes.size() > max_media_bytes) {
    return fail(ErrorKind::limit, "the file has " + human_bytes(bytes.size()), escaped(name),
                "models get at most " + human_bytes(max_media_bytes) + "; make it smaller");
  }
  return Media{*type, std::move(name), std::make_shared<const std::string>(std::move(bytes))};
}

}  // namespace deed
