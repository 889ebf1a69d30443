// What all formats have in common, and JSON Lines.
#include "deed/tools/rows.hpp"

#include "deed/tests/tools/row_doubles.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Format = RowOptions::Format;

using Rows = RowsTest;
using JsonLines = RowsTest;

const RowOptions jsonl{.format = Format::jsonl};

TEST_F(Rows, OfAFileOutsideTheRootAreDenied) {
  outside_.put("secret", "a\n1\n");
  ASSERT_EQ(::symlink(outside_.at("secret").c_str(), folder_.at("link").c_str()), 0);
  ASSERT_EQ(::symlink(outside_.path().c_str(), folder_.at("folder").c_str()), 0);
  for (const Format format : {Format::csv, Format::jsonl, Format::sqlite}) {
    for (const char* name : {"link", "folder/secret"}) {
      EXPECT_THAT(open(name, {.format = format, .query = "SELECT 1 AS a"}),
                  IsError(ErrorKind::denied, HasSubstr("leaves the working folder")));
    }
  }
}

TEST_F(Rows, OfWhatIsNoRegularFileAreRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo(folder_.at("pipe").c_str(), 0600), 0);
  std::filesystem::create_directory(folder_.at("folder"));
  for (const Format format : {Format::csv, Format::jsonl, Format::sqlite}) {
    const RowOptions options{.format = format, .query = "SELECT 1 AS a"};
    EXPECT_THAT(open("pipe", options), IsError(ErrorKind::invalid, HasSubstr("no regular file")));
    EXPECT_THAT(open("folder", options), IsError(ErrorKind::invalid, HasSubstr("folder")));
    EXPECT_THAT(open("none", options), IsError(ErrorKind::not_found, HasSubstr("none")));
  }
}

TEST_F(Rows, OfALinkThatStaysInsideAreRead) {
  folder_.put("sub/file", "a\n1\n");
  ASSERT_EQ(::symlink("sub/file", folder_.at("link").c_str()), 0);
  EXPECT_THAT(all_rows(open("link")), ElementsAre(R"(2 {"a":"1"})"));
}

// Longer than a piece, so that something is left to read.
std::string numbers(const std::string& line, int count) {
  std::string out = "a\n";
  for (int i = 0; i < count; ++i) out += line + "\n";
  return out;
}

TEST_F(Rows, OfAFileThatIsWrittenMeanwhileAreAConflictThatStays) {
  for (const auto mode : {std::ios::app, std::ios::trunc}) {
    folder_.put("file", numbers("some text", 20'000));
    auto reader = open("file");
    ASSERT_OK(reader);
    std::ofstream(folder_.at("file"), mode) << "other\n";
    Result<std::optional<Row>> row = (*reader)->next();
    while (row && *row) row = (*reader)->next();
    EXPECT_THAT(row, IsError(ErrorKind::conflict, HasSubstr("file")));
    EXPECT_THAT((*reader)->next(), IsError(ErrorKind::conflict));
  }
}

TEST_F(Rows, OfAFileThatIsReplacedUnderItsNameAreThoseOfTheOldOne) {
  folder_.put("file", numbers("old", 40'000));
  auto reader = open("file");
  ASSERT_OK(reader);
  folder_.put("new", numbers("new", 3));
  std::filesystem::rename(folder_.at("new"), folder_.at("file"));
  const auto got = all_rows(std::move(reader));
  EXPECT_THAT(got, SizeIs(40'000));
  EXPECT_EQ(got.back(), R"(40001 {"a":"old"})");
}

TEST_F(Rows, OutliveTheRoot) {
  folder_.put("file", numbers("x", 40'000));
  auto reader = open("file");
  root_.reset();
  EXPECT_THAT(all_rows(std::move(reader)), SizeIs(40'000));
}

TEST_F(Rows, HaveAnEndThatStays) {
  folder_.put("file", "a\n1\n");
  auto reader = open("file");
  ASSERT_OK(reader);
  ASSERT_OK((*reader)->next());
  for (int i = 0; i < 2; ++i) {
    auto row = (*reader)->next();
    ASSERT_OK(row);
    EXPECT_FALSE(*row);
  }
}

TEST_F(JsonLines, AreWhateverTheLineHolds) {
  EXPECT_THAT(rows("{\"b\":1,\"a\":null}\n[1]\n\"x\"\n-2.5", jsonl),
              ElementsAre(R"(1 {"b":1,"a":null})", "2 [1]", R"(3 "x")", "4 -2.5"));
}

TEST_F(JsonLines, SkipBlankLinesCrAndTheByteOrderMark) {
  EXPECT_THAT(rows("\xEF\xBB\xBF{}\r\n\r\n \t\n\n1\r\n", jsonl), ElementsAre("1 {}", "5 1"));
}

TEST_F(JsonLines, OfAnEmptyFileAreNone) {
  for (const char* bytes : {"", "\n", "\r\n\r\n", "\xEF\xBB\xBF", "  "})
    EXPECT_THAT(rows(bytes, jsonl), IsEmpty());
}

TEST_F(JsonLines, ThatAreNoJsonAreErrorsOfTheirOwnOnly) {
  const auto got = rows("{\"a\":}\n1 2\n\"caf\xE9\"\n" + std::string(200, '[') + "\n{}\n", jsonl);
  ASSERT_THAT(got, SizeIs(5));
  EXPECT_THAT(got[0], HasSubstr("1 ! invalid: not valid JSON at byte 6 (file:1)"));
  EXPECT_THAT(got[1], HasSubstr("2 ! invalid: not valid JSON at byte 3 (file:2)"));
  EXPECT_THAT(got[2], HasSubstr("3 ! invalid: not valid JSON"));
  EXPECT_THAT(got[3], HasSubstr("4 ! limit: JSON nested deeper than 128 (file:4)"));
  EXPECT_EQ(got[4], "5 {}");
}

TEST_F(JsonLines, ThatAreTooLongEndTheFile) {
  const RowOptions options{.format = Format::jsonl, .max_row_bytes = 10};
  EXPECT_THAT(rows("\"12345678\"\n\"123456789\"\n1\n", options),
              ElementsAre(R"(1 "12345678")",
                          HasSubstr("end: limit: the line is longer than 10 bytes (file:2)")));
  EXPECT_THAT(rows(std::string(100'000, ' ') + "1\n", options),
              ElementsAre(HasSubstr("end: limit")));
}

TEST_F(JsonLines, InUtf16AreRefused) {
  EXPECT_THAT(rows(std::string_view("\xFF\xFE{\0}\0", 6), jsonl),
              ElementsAre(HasSubstr("invalid: the file is UTF-16")));
}

TEST_F(JsonLines, AreTheSameHoweverTheBytesFallIntoPieces) {
  const std::string odd = "\xEF\xBB\xBF{\"a\":\"é\"}\r\n\n \n[1,\n{}\r\r\n\"\xE9\"\n12";
  expect_same_when_cut(odd, jsonl);
  expect_same_when_cut(odd, {.format = Format::jsonl, .max_row_bytes = 5});
}

}  // namespace
}  // namespace deed
