// patch(1) is the judge of what a diff says: applied to the old text it must give the new one.
#include "deed/tools/text_diff.hpp"

#include <random>

#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/tools/tool_doubles.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

std::string patched(const std::string& before, const std::string& diff) {
  TempFolder folder;
  folder.put("notes.txt", before);
  folder.put("change.diff", diff);
  const std::string command = "cd '" + folder.path() + "' && patch --quiet --fuzz=0 -p1 < change.diff";
  EXPECT_EQ(std::system(command.c_str()), 0) << diff;
  return folder.get("notes.txt");
}

TEST(UnifiedDiff, ShowsTheChangedLinesWithSomeAround) {
  EXPECT_EQ(unified_diff("notes.txt", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"),
            "--- a/notes.txt\n+++ b/notes.txt\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-five\n+5\n 6\n 7\n 8\n");
}

TEST(UnifiedDiff, IsEmptyWhereNothingChanges) { EXPECT_EQ(unified_diff("a", "same\n", "same\n"), ""); }

TEST(UnifiedDiff, TellsALastLineWithoutLineFeed) {
  EXPECT_EQ(unified_diff("a", "end\n", "end"), "--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-end\n+end\n\\ No newline at end of file\n");
}

TEST(UnifiedDiff, OfWhatIsNoTextOrTooLargeSaysSo) {
  EXPECT_THAT(unified_diff("a", std::string("\xff\xfe"), "text"), HasSubstr("no text: 2 bytes"));
  EXPECT_THAT(unified_diff("a", std::string("a\0b", 3), "text"), HasSubstr("no text"));
  EXPECT_THAT(unified_diff("a", std::string(300'000, 'x'), "text"), HasSubstr("too large"));
  EXPECT_THAT(unified_diff("a", std::string(5'000, '\n'), "text"), HasSubstr("too many lines"));
  // Two of them are not taken for one another.
  EXPECT_NE(unified_diff("a", std::string(300'000, 'x'), "t"), unified_diff("a", std::string(300'000, 'y'), "t"));
}

TEST(UnifiedDiff, AppliedToTheOldTextGivesTheNewOneWhateverTheyAre) {
  std::mt19937 random(7);
  const auto line = [&] { return std::string(1, static_cast<char>('a' + random() % 4)) + (random() % 9 == 0 ? "\r" : ""); };
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> lines(1 + random() % 30);
    for (std::string& one : lines) one = line();
    const auto text = [&] {
      std::string out;
      for (const std::string& one : lines) out += one + "\n";
      if (random() % 4 == 0) out.pop_back();
      return out;
    };
    const std::string before = text();
    for (std::size_t edits = random() % 6 + 1; edits > 0; --edits) {
      const auto at = static_cast<std::ptrdiff_t>(random() % lines.size());
      if (random() % 3 == 0 && lines.size() > 1) lines.erase(lines.begin() + at);
      else if (random() % 2 == 0) lines.insert(lines.begin() + at, line());
      else lines[static_cast<std::size_t>(at)] = line();
    }
    const std::string after = text();
    if (before == after) continue;
    ASSERT_EQ(patched(before, unified_diff("notes.txt", before, after)), after) << "before:\n" << before;
  }
  for (const auto& [before, after] : {std::pair<std::string, std::string>{"a\nb\n", ""}, {"a", "b"}, {"a\n", "a\nb\nc"}, {"", "a\n"}, {"", "a"}}) {
    ASSERT_EQ(patched(before, unified_diff("notes.txt", before, after)), after);
  }
}

// Only a line feed ends a line; the whole comparison stays quick where nothing is alike.
TEST(UnifiedDiff, OfTwoThousandLinesThatAreAllDifferentIsWhole) {
  std::string before, after;
  for (int i = 0; i < 2'000; ++i) before += "old " + std::to_string(i) + "\n", after += "new " + std::to_string(i) + "\n";
  EXPECT_EQ(patched(before, unified_diff("notes.txt", before, after)), after);
}

}  // namespace
}  // namespace deed
