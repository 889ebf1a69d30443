#include "deed/core/text.hpp"

#include "deed/tests/fakes/matchers.hpp"

#include <random>

namespace deed {
namespace {

using testing::ElementsAre;

// ---- UTF-8

// RFC 3629 as a decoder: the code point of each form, and whether the form was the shortest. A
// second implementation.
bool decodes(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80         ? 1
                             : lead >> 5 == 0x6  ? 2
                             : lead >> 4 == 0xE  ? 3
                             : lead >> 3 == 0x1E ? 4
                                                 : 0;
    if (size == 0 || i + size > text.size()) return false;
    std::uint32_t code = size == 1 ? lead : lead & (0x7Fu >> size);
    for (std::size_t k = 1; k < size; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if (next >> 6 != 0x2) return false;
      code = code << 6 | (next & 0x3F);
    }
    const std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[size] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    i += size;
  }
  return true;
}

TEST(Text, AgreesWithADecoderOnEveryTextOfUpToThreeBytes) {
  std::string text;
  for (int a = 0; a < 256; ++a) {
    text.assign(1, static_cast<char>(a));
    ASSERT_EQ(is_utf8(text), decodes(text)) << a;
    for (int b = 0; b < 256; ++b) {
      text.assign({static_cast<char>(a), static_cast<char>(b)});
      ASSERT_EQ(is_utf8(text), decodes(text)) << a << " " << b;
      if (a < 0xE0) continue;
      for (int c = 0; c < 256; ++c) {
        text.assign({static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)});
        ASSERT_EQ(is_utf8(text), decodes(text)) << a << " " << b << " " << c;
      }
    }
  }
}

// Bytes that are often, but not always, well-formed: the places where a decoder goes wrong.
std::string mostly_utf8(std::mt19937& random) {
  static const std::vector<std::string> pieces = {
      "a",        "\n",   "\xC3\xA4",    "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
      "\x80",     "\xC3", "\xE2\x82",    "\xED\xA0\x80", "\xF4\x90\x80\x80",
      "\xC0\xAF", "\xFF", "\xF0\x9F\x98"};
  std::string text;
  for (auto n = random() % 12; n > 0; --n) text += pieces[random() % pieces.size()];
  return text;
}

TEST(Text, ToUtf8GivesGoodUtf8AndLeavesGoodTextAlone) {
  std::mt19937 random(1);
  int good = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = mostly_utf8(random);
    ASSERT_EQ(is_utf8(text), decodes(text)) << testing::PrintToString(text);
    const std::string mended = to_utf8(text);
    ASSERT_TRUE(decodes(mended)) << testing::PrintToString(text);
    ASSERT_EQ(mended == text, decodes(text)) << testing::PrintToString(text);
    ASSERT_EQ(to_utf8(mended), mended);
    good += decodes(text) ? 1 : 0;
  }
  EXPECT_GT(good, 1000) << "both kinds were tried";
}

TEST(Text, ReplacesEachBadByteAndNothingElse) {
  EXPECT_EQ(to_utf8("a\xFF\xC3\xA4\xE2\x82z"), "a\uFFFDä\uFFFD\uFFFDz");
}

TEST(Text, CutsAtTheLastWholeCharacterThatFits) {
  std::mt19937 random(2);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = to_utf8(mostly_utf8(random));
    const std::size_t limit = random() % 24;
    const std::string_view head = utf8_prefix(text, limit), tail = utf8_suffix(text, limit);
    ASSERT_TRUE(is_utf8(head)) << text << " at " << limit;
    ASSERT_TRUE(is_utf8(tail)) << text << " at " << limit;
    ASSERT_TRUE(text.starts_with(head) && text.ends_with(tail));
    ASSERT_LE(head.size(), limit);
    ASSERT_LE(tail.size(), limit);
    if (text.size() > limit) {
      ASSERT_GE(head.size() + 3, limit) << "no more than one character is given away";
      ASSERT_GE(tail.size() + 3, limit);
    } else {
      ASSERT_EQ(head, text);
      ASSERT_EQ(tail, text);
    }
  }
}

// ---- Control characters, trimming, splitting

TEST(Text, FindsEveryControlCharacterAndNoOther) {
  for (int c = 0; c < 256; ++c) {
    EXPECT_EQ(has_control_characters(std::string{'a', static_cast<char>(c)}), c < 0x20 || c == 0x7F)
        << c;
  }
}

TEST(Text, TrimsBlanksAtBothEndsOnly) {
  EXPECT_EQ(trim(" \t\r\n a b \n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, SplitsKeepingEmptyParts) {
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(Text, LowersAsciiAndLeavesOtherLettersAlone) { EXPECT_EQ(lower_ascii("ÄbC-Z[@"), "Äbc-z[@"); }

TEST(Text, WritesSizesForPeople) {
  EXPECT_EQ(human_bytes(0), "0 bytes");
  EXPECT_EQ(human_bytes(999), "999 bytes");
  EXPECT_EQ(human_bytes(1000), "1.0 kB");
  EXPECT_EQ(human_bytes(999'949), "999.9 kB");
  EXPECT_EQ(human_bytes(999'950), "1.0 MB") << "never 1000.0 kB";
  EXPECT_EQ(human_bytes(98'362'432), "98.4 MB");
}

// ---- Globs

// What the contract says, one character at a time; exponential, but plainly right.
bool matches_naively(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return matches_naively(pattern.substr(1), text) ||
           (!text.empty() && matches_naively(pattern, text.substr(1)));
  }
  return !text.empty() && lower_ascii(pattern.substr(0, 1)) == lower_ascii(text.substr(0, 1)) &&
         matches_naively(pattern.substr(1), text.substr(1));
}

// Every text over `letters` of at most `length` characters.
std::vector<std::string> all_texts(std::string_view letters, std::size_t length) {
  std::vector<std::string> out = {""};
  for (std::size_t begin = 0, round = 0; round < length; ++round) {
    const std::size_t end = out.size();
    for (; begin < end; ++begin) {
      for (const char c : letters) out.push_back(out[begin] + c);
    }
  }
  return out;
}

TEST(Text, GlobAgreesWithTheNaiveMatcherOnAllSmallInputs) {
  const auto texts = all_texts("aB*", 5);
  for (const std::string& pattern : all_texts("Ab*", 5)) {
    for (const std::string& text : texts) {
      ASSERT_EQ(glob_match(pattern, text), matches_naively(pattern, text))
          << pattern << " on " << text;
    }
  }
}

TEST(Text, GlobStaysFastOnAPatternMadeToBacktrack) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(glob_match(pattern + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace deed
