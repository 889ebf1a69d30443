#include "deed/agent/task/letter_case.hpp"

#include <cstdint>

namespace deed {
namespace {

// From `first` to `last` are small letters. step 1: the capital stands `distance` before each. step 2: every second is small, and
// its capital is the one before it. Source: Unicode's UnicodeData.txt, simple mappings of these blocks.
struct Block {
  char32_t first, last, distance, step;
};
constexpr Block blocks[] = {
    {'a', 'z', 0x20, 1},        {0xE0, 0xF6, 0x20, 1},      {0xF8, 0xFE, 0x20, 1},   {0x101, 0x12F, 1, 2}, {0x133, 0x137, 1, 2},   {0x13A, 0x148, 1, 2},
    {0x14B, 0x177, 1, 2},       {0x17A, 0x17E, 1, 2},       {0x3AD, 0x3AF, 0x25, 1}, {0x3B1, 0x3C1, 0x20, 1}, {0x3C3, 0x3CB, 0x20, 1}, {0x430, 0x44F, 0x20, 1},
    {0x450, 0x45F, 0x50, 1},
};

char32_t upper(char32_t c) {
  for (const Block& block : blocks) {
    if (c >= block.first && c <= block.last && (c - block.first) % block.step == 0) return c - block.distance;
  }
  return c;
}
char32_t lower(char32_t c) {
  for (const Block& block : blocks) {
    const char32_t small = c + block.distance;
    if (small >= block.first && small <= block.last && (small - block.first) % block.step == 0) return small;
  }
  return c;
}

// All of these are written in one or two bytes, and so is their other form; longer characters and damaged bytes are copied.
template <char32_t (*change)(char32_t)>
std::string changed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    if (byte(i) < 0x80) {
      out += static_cast<char>(change(byte(i)));
    } else if (byte(i) >= 0xC2 && byte(i) <= 0xDF && i + 1 < text.size()) {
      const char32_t c = change(static_cast<char32_t>((byte(i) & 0x1F) << 6 | (byte(i + 1) & 0x3F)));
      out += static_cast<char>(0xC0 | c >> 6);
      out += static_cast<char>(0x80 | (c & 0x3F));
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string upper_case(std::string_view text) { return changed<upper>(text); }
std::string lower_case(std::string_view text) { return changed<lower>(text); }

}  // namespace deed
