#include "deed/core/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace deed {
namespace {

// EVP's blocks take an int; pieces of whole groups give the same text as one block.
constexpr std::size_t piece_bytes = 3u << 20;

const unsigned char* octets(const char* text) { return reinterpret_cast<const unsigned char*>(text); }
unsigned char* octets(char* text) { return reinterpret_cast<unsigned char*>(text); }

bool is_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP ends each block with a NUL
  std::size_t size = 0;
  for (std::size_t i = 0; i < bytes.size(); i += piece_bytes) {
    const std::string_view piece = bytes.substr(i, piece_bytes);
    size += static_cast<std::size_t>(EVP_EncodeBlock(octets(text.data() + size), octets(piece.data()), static_cast<int>(piece.size())));
  }
  text.resize(size);
  return text;
}

Result<std::string> parse_base64(std::string_view text) {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  const std::string_view digits = text.substr(0, text.size() - padding);
  if (text.size() % 4 != 0 || !std::all_of(digits.begin(), digits.end(), is_digit)) {
    return fail(ErrorKind::corrupt, "the text is not Base64");
  }
  std::string bytes(text.size() / 4 * 3, '\0');
  std::size_t size = 0;
  constexpr std::size_t piece_digits = piece_bytes / 3 * 4;
  for (std::size_t i = 0; i < text.size(); i += piece_digits) {
    const std::string_view piece = text.substr(i, piece_digits);
    const int made = EVP_DecodeBlock(octets(bytes.data() + size), octets(piece.data()), static_cast<int>(piece.size()));
    if (made < 0) return fail(ErrorKind::corrupt, "the text is not Base64");
    size += static_cast<std::size_t>(made);
  }
  bytes.resize(size - padding);  // EVP decodes the padding to zeros
  return bytes;
}

}  // namespace deed
