#include "deed/llm/local/korean_forms.hpp"

#include <array>
#include <utility>

namespace deed {
namespace {

constexpr unsigned first_syllable = 0xAC00, last_syllable = 0xD7A3, vowels = 21, finals = 28;

// Numbers of letters within a syllable: medial vowels, and final consonants (0: none).
enum Vowel : unsigned { a = 0, ae = 1, eo = 4, e = 5, yeo = 6, o = 8, wa = 9, oe = 11, wae = 10, u = 13, wo = 14, eu = 18, i = 20 };
enum Final : unsigned { none = 0, n = 4, l = 8, m = 16, b = 17, ss = 20 };

struct Syllable {
  unsigned initial, vowel, final;
};

// The last three bytes as a syllable, if they are one.
bool take_syllable(std::string_view text, Syllable& syllable) {
  if (text.size() < 3) return false;
  const auto byte = [&](std::size_t back) { return static_cast<unsigned>(static_cast<unsigned char>(text[text.size() - back])); };
  if ((byte(3) & 0xF0) != 0xE0) return false;
  const unsigned code = (byte(3) & 0x0F) << 12 | (byte(2) & 0x3F) << 6 | (byte(1) & 0x3F);
  if (code < first_syllable || code > last_syllable) return false;
  const unsigned number = code - first_syllable;
  syllable = {number / (vowels * finals), number / finals % vowels, number % finals};
  return true;
}

std::string in_utf8(const Syllable& syllable) {
  const unsigned code = first_syllable + (syllable.initial * vowels + syllable.vowel) * finals + syllable.final;
  return {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)), static_cast<char>(0x80 | (code & 0x3F))};
}

// The vowel before 어 or 아, drawn together with it: 지우 and 어 are 지워.
unsigned contracted(unsigned vowel) {
  static constexpr std::array<std::pair<unsigned, unsigned>, 5> pairs = {{{o, wa}, {u, wo}, {i, yeo}, {eu, eo}, {oe, wae}}};
  for (const auto& [from, to] : pairs)
    if (from == vowel) return to;
  return vowel;
}

}  // namespace

std::vector<std::string> korean_forms(std::string_view stem) {
  std::vector<std::string> forms = {std::string(stem)};
  Syllable last{};
  if (!take_syllable(stem, last) || (last.final != none && last.final != l)) return forms;
  const std::string before(stem.substr(0, stem.size() - 3));
  const auto add = [&](unsigned vowel, unsigned final) { forms.push_back(before + in_utf8({last.initial, vowel, final})); };
  // ㄹ falls away before ㄴ, ㅂ and ㅅ: 열다, 여세요.
  if (last.final == l) add(last.vowel, none);
  for (const unsigned final : {n, l, m, b}) add(last.vowel, final);
  if (last.final == l) return forms;
  const unsigned vowel = contracted(last.vowel);
  add(vowel, none), add(vowel, ss);
  // 쓰다, 써; but 담그다, 담가 and 모으다, 모아.
  if (last.vowel == eu) add(a, none), add(a, ss);
  return forms;
}

}  // namespace deed
