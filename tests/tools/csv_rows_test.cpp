#include "deed/tests/tools/row_doubles.hpp"
#include "deed/tools/csv_parser.hpp"

#include <malloc.h>

#include <fstream>
#include <random>

namespace deed {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

using CsvRows = RowsTest;

TEST_F(CsvRows, AreObjectsByTheNamesOfTheHeaderWithTextsAsValues) {
  EXPECT_THAT(rows("name,age\nAda,36\nBob,007\n"),
              ElementsAre(R"(2 {"name":"Ada","age":"36"})", R"(3 {"name":"Bob","age":"007"})"));
}

TEST_F(CsvRows, OfAFileWithAByteOrderMarkHaveItNotInTheFirstName) {
  EXPECT_THAT(rows("\xEF\xBB\xBFname\nAda\n"), ElementsAre(R"(2 {"name":"Ada"})"));
  EXPECT_THAT(rows("\xEF\xBB\xBF\"name\"\nAda\n"), ElementsAre(R"(2 {"name":"Ada"})"));
}

TEST_F(CsvRows, MayEndWithCrlfLfOrCrAndTheLastWithNothing) {
  for (const char* bytes : {"a,b\r\n1,2\r\n3,4\r\n", "a,b\n1,2\n3,4\n", "a,b\r1,2\r3,4\r",
                            "a,b\r\n1,2\r\n3,4", "a,b\n1,2\r\n3,4\r"}) {
    EXPECT_THAT(rows(bytes), ElementsAre(R"(2 {"a":"1","b":"2"})", R"(3 {"a":"3","b":"4"})"))
        << escaped(bytes);
  }
}

TEST_F(CsvRows, KeepWhatStandsInQuotesAsItStands) {
  EXPECT_THAT(
      rows("a,b\n\"x, y\",\"say \"\"hi\"\"\"\n\"two\r\nlines\",\"\"\n"),
      ElementsAre(R"(2 {"a":"x, y","b":"say \"hi\""})", R"(3 {"a":"two\r\nlines","b":""})"));
}

TEST_F(CsvRows, TakeAQuoteInsideACellThatDoesNotBeginWithOneForItself) {
  EXPECT_THAT(rows("a,b\n5\" pipe, \"x\"\n"), ElementsAre(R"(2 {"a":"5\" pipe","b":" \"x\""})"));
}

TEST_F(CsvRows, BeginInTheLineThatTheyNameBehindQuotedLineBreaksAndBlankLines) {
  EXPECT_THAT(rows("\n\"a\nb\"\n\n\"1\r\n2\r3\"\r\n\r\n4\n"),
              ElementsAre(R"(5 {"a\nb":"1\r\n2\r3"})", R"(9 {"a\nb":"4"})"));
}

TEST_F(CsvRows, OfOneColumnSkipBlankLinesButNotEmptyQuotes) {
  EXPECT_THAT(rows("a\n\n\"\"\n\nx\n\n"), ElementsAre(R"(3 {"a":""})", R"(5 {"a":"x"})"));
}

TEST_F(CsvRows, KeepEmptyCellsAtTheEnd) {
  EXPECT_THAT(rows("a,b,c\n1,,\n,,"),
              ElementsAre(R"(2 {"a":"1","b":"","c":""})", R"(3 {"a":"","b":"","c":""})"));
}

TEST_F(CsvRows, WithACellTooManyOrTooFewAreErrorsOfTheirOwnOnly) {
  const auto got = rows("a,b\n1\n1,2,3\n1,2\n");
  ASSERT_THAT(got, SizeIs(3));
  EXPECT_THAT(got[0], HasSubstr("2 ! invalid: the row has 1 cell, the header 2 columns (file:2)"));
  EXPECT_THAT(got[1], HasSubstr("3 ! invalid: the row has 3 cells, the header 2 columns (file:3)"));
  EXPECT_EQ(got[2], R"(4 {"a":"1","b":"2"})");
}

TEST_F(CsvRows, WithTextBehindAClosingQuoteAreErrorsOfTheirOwnOnly) {
  const auto got = rows("a,b\n\"say \"hi\" now\",1\n\"z\",3\n");
  ASSERT_THAT(got, SizeIs(2));
  EXPECT_THAT(got[0], HasSubstr("2 ! invalid: text follows a closing quote (file:2)"));
  EXPECT_EQ(got[1], R"(3 {"a":"z","b":"3"})");
}

TEST_F(CsvRows, BehindAQuoteThatIsNeverClosedAreAnErrorThatStays) {
  folder_.put("file", "a,b\n1,2\n3,\"4\n5,6\n");
  auto reader = open("file");
  ASSERT_OK(reader);
  ASSERT_OK((*reader)->next());
  for (int i = 0; i < 2; ++i)
    EXPECT_THAT((*reader)->next(), IsError(ErrorKind::corrupt, HasSubstr("file:3")));
}

TEST_F(CsvRows, ThatAreTooLongEndTheFileAndNameTheQuoteThatIsOpen) {
  const std::string longer(200, 'x');
  EXPECT_THAT(rows("a\n1\n" + longer + "\n2\n", {.max_row_bytes = 100}),
              ElementsAre(R"(2 {"a":"1"})",
                          HasSubstr("end: limit: the row is longer than 100 bytes (file:3)")));
  EXPECT_THAT(rows("a\n\"" + longer + "\n2\n", {.max_row_bytes = 100}),
              ElementsAre(HasSubstr("the quote that opens in line 2 is not closed")));
  EXPECT_THAT(rows("a\n" + std::string(100, 'x') + "\n", {.max_row_bytes = 101}),
              ElementsAre(Not(HasSubstr("end:"))));
}

TEST_F(CsvRows, WithMoreCellsThanAnyHeaderMayHaveTakeNoMemoryForThem) {
  const auto got = rows("a,b\n" + std::string(1000, ',') + "\n1,2\n", {.max_columns = 2});
  EXPECT_THAT(got, ElementsAre(HasSubstr("the row has 1001 cells"), R"(3 {"a":"1","b":"2"})"));
}

TEST_F(CsvRows, OfAFileWithoutAHeaderAreRefused) {
  for (const char* bytes : {"", "\n\r\n\n", "\xEF\xBB\xBF"}) {
    EXPECT_THAT(rows(bytes), ElementsAre(HasSubstr("invalid: the file has no header line (file)")));
  }
}

TEST_F(CsvRows, OfAHeaderAloneAreNone) {
  EXPECT_THAT(rows("a,b\n"), IsEmpty());
  EXPECT_THAT(rows("a,b"), IsEmpty());
}

TEST_F(CsvRows, OfAHeaderWithANameTwiceOrNoneOrTooManyAreRefused) {
  EXPECT_THAT(rows("a,b, a\n1,2,3\n"),
              ElementsAre(HasSubstr("invalid: two columns are named \"a\" (file:1)")));
  EXPECT_THAT(rows("\na, ,b\n"), ElementsAre(HasSubstr("invalid: column 2 has no name (file:2)")));
  EXPECT_THAT(rows("a,b,c\n", {.max_columns = 2}),
              ElementsAre(HasSubstr("limit: the header has 3 columns")));
}

TEST_F(CsvRows, HaveNamesWithoutTheBlanksAroundThem) {
  EXPECT_THAT(rows("name , mail\nAda , x\n"), ElementsAre(R"(2 {"name":"Ada ","mail":" x"})"));
}

TEST_F(CsvRows, AreSeparatedByWhatIsAskedFor) {
  EXPECT_THAT(rows("a;b\n1,5;2\n", {.separator = ';'}), ElementsAre(R"(2 {"a":"1,5","b":"2"})"));
  EXPECT_THAT(rows("a\tb\n\"x\ty\"\t\n", {.separator = '\t'}),
              ElementsAre(R"(2 {"a":"x\ty","b":""})"));
  for (const char c : {'"', '\n', '\r', '\0', '\xE9'}) {
    EXPECT_THAT(rows("a\n", {.separator = c}),
                ElementsAre(HasSubstr("invalid: this character cannot separate")));
  }
}

TEST_F(CsvRows, InLatin1BecomeUtf8WithTheSignsOfWindows) {
  for (const char* encoding : {"latin-1", "windows-1252", "Latin-1"}) {
    EXPECT_THAT(rows("n\xE4me,b\n\x80 5,\x93"
                     "Caf\xE9\x94\xFF\x81\n",
                     {.encoding = encoding}),
                ElementsAre("2 {\"näme\":\"€ 5\",\"b\":\"“Café”ÿ\xC2\x81\"}"));
  }
}

TEST_F(CsvRows, ThatAreNotUtf8AreErrorsOfTheirOwnAndTheHeaderOneOfTheFile) {
  EXPECT_THAT(
      rows("a\ncaf\xE9\ncafé\n"),
      ElementsAre(HasSubstr("2 ! invalid: the row is not UTF-8 (file:2)"), R"(3 {"a":"café"})"));
  EXPECT_THAT(rows("caf\xE9\nx\n"),
              ElementsAre(HasSubstr("cannot open: invalid: the row is not UTF-8 (file:1)")));
}

TEST_F(CsvRows, OfAnotherEncodingThanTheFileSaysAreRefused) {
  EXPECT_THAT(rows("a\n", {.encoding = "utf-16"}),
              ElementsAre(HasSubstr("invalid: no such encoding")));
  EXPECT_THAT(rows("\xEF\xBB\xBF"
                   "a\n",
                   {.encoding = "latin-1"}),
              ElementsAre(HasSubstr("invalid: the file says that it is UTF-8")));
  EXPECT_THAT(rows(std::string_view("\xFF\xFE"
                                    "a\0\n\0",
                                    6)),
              ElementsAre(HasSubstr("invalid: the file is UTF-16")));
  EXPECT_THAT(rows(std::string_view("\xFE\xFF\0a\0\n", 6)),
              ElementsAre(HasSubstr("invalid: the file is UTF-16")));
}

TEST_F(CsvRows, WithNulBytesAreErrors) {
  EXPECT_THAT(rows(std::string_view("a\nx\0y\nz\n", 8)),
              ElementsAre(HasSubstr("2 ! invalid: the row holds NUL"), R"(3 {"a":"z"})"));
}

TEST_F(CsvRows, AreTheSameHoweverTheBytesFallIntoPieces) {
  const std::string odd =
      "\xEF\xBB\xBF"
      "a,\"b\r\nc\"\r\n\r\n1,\"x\"\"y\r\n,\"\r\n\"bad\"er,\r\n1\r\"é€🙂\",\"\"\n\xE9,2\rx,y";
  expect_same_when_cut(odd, {});
  expect_same_when_cut(odd, {.encoding = "latin-1"});
  expect_same_when_cut(odd + "\r\n1,\"open\r\n", {});
  expect_same_when_cut(odd, {.max_row_bytes = 11});
}

// A second, naive implementation over all small inputs: one of whole text, with look-ahead.
std::string naive(const std::string& text) {
  std::string out, cell;
  bool begun = false;
  const auto end_row = [&] { out += "<" + cell + ">/", cell.clear(), begun = false; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' || c == '\n') {
      if (begun) end_row();
    } else if (c == ',') {
      out += "<" + cell + ">", cell.clear(), begun = true;
    } else if (c == '"' && cell.empty() && (!begun || text[i - 1] == ',')) {
      begun = true;
      for (++i; i < text.size() && (text[i] != '"' || (i + 1 < text.size() && text[i + 1] == '"'));
           ++i)
        if (cell += text[i]; text[i] == '"') ++i;
      if (i >= text.size()) return out + "open";
      const char next = i + 1 < text.size() ? text[i + 1] : '\n';
      if (next == ',' || next == '\r' || next == '\n') continue;
      while (i + 1 < text.size() && text[i + 1] != '\r' && text[i + 1] != '\n') ++i;
      out += "fault/", cell.clear(), begun = false;
    } else {
      cell += c, begun = true;
    }
  }
  if (begun) end_row();
  return out;
}

std::string parsed(const std::string& text) {
  CsvParser parser(',', {.max_row_bytes = 100, .max_cells = 100});
  std::string out, row;
  const auto drain = [&] {
    if (!parser.has_record()) return;
    const CsvRecord record = parser.take();
    // A fault speaks for the row; what the naive one had said of the cells before it is left out.
    if (record.fault) {
      for (std::size_t i = 0; i + 1 < record.cells.size(); ++i) out += "<" + record.cells[i] + ">";
      out += "fault/";
      return;
    }
    for (const std::string& cell : record.cells) out += "<" + cell + ">";
    out += "/";
  };
  std::string_view rest = text;
  while (!rest.empty()) {
    rest.remove_prefix(*parser.feed(rest));
    drain();
  }
  if (!parser.finish()) {
    return "open";
  }
  drain();
  return out;
}

TEST(CsvParser, AgreesWithANaiveOneOnAllTextsOfSevenCharacters) {
  constexpr std::string_view alphabet = "a,\"\r\n";
  int compared = 0;
  for (int size = 0; size <= 7; ++size) {
    std::string text(static_cast<std::size_t>(size), alphabet[0]);
    std::vector<std::size_t> digits(text.size(), 0);
    for (bool more = true; more; ++compared) {
      const std::string expected = naive(text), got = parsed(text);
      if (expected.ends_with("open"))
        ASSERT_EQ(got, "open") << escaped(text);
      else
        ASSERT_EQ(got, expected) << escaped(text);
      more = false;
      for (std::size_t i = 0; i < digits.size() && !more; ++i) {
        digits[i] = (digits[i] + 1) % alphabet.size();
        text[i] = alphabet[digits[i]];
        more = digits[i] != 0;
      }
    }
  }
  EXPECT_EQ(compared, 97'656);  // 5^0 + … + 5^7
}

TEST_F(CsvRows, ThatPythonWroteAreReadAsPythonMeantThem) {
  auto data = *open_root_dir(DEED_SOURCE_DIR "/tests/data/rows");
  for (const std::string name :
       {"minimal-crlf", "minimal-lf", "minimal-cr", "all-lf", "semicolon", "tab", "one-column"}) {
    const char separator = name == "semicolon" ? ';' : name == "tab" ? '\t' : ',';
    auto got = open_rows(*data, path(name + ".csv"), {.separator = separator});
    auto expected = open_rows(*data, path(name + ".jsonl"), {.format = RowOptions::Format::jsonl});
    ASSERT_OK(got);
    ASSERT_OK(expected);
    int count = 0;
    for (bool more = true; more; ++count) {
      auto row = (*got)->next(), wanted = (*expected)->next();
      ASSERT_OK(row);
      ASSERT_OK(wanted);
      ASSERT_EQ(row->has_value(), wanted->has_value()) << name << ", row " << count;
      more = row->has_value();
      if (!more) break;
      ASSERT_FALSE((*row)->error) << name << ": " << to_string(*(*row)->error);
      ASSERT_EQ((*row)->value, (*wanted)->value) << name << ", row " << count;
    }
    EXPECT_GT(count, 30) << name;
  }
}

TEST_F(CsvRows, ThatWereWrittenWithQuotesComeBackWhateverTheyHold) {
  std::mt19937 random(4180);
  const std::vector<std::string> parts = {"",     "a", "\"", ",",    "\r", "\n",
                                          "\r\n", " ", "é",  "🙂", "\t"};
  const auto cell = [&] {
    std::string out;
    for (auto left = random() % 5; left > 0; --left) out += parts[random() % parts.size()];
    return out;
  };
  for (int round = 0; round < 300; ++round) {
    std::string text = "a,b\n";
    std::vector<Json> expected;
    for (int i = 0; i < 5; ++i) {
      Json row = Json::object();
      for (const char* name : {"a", "b"}) row[name] = cell();
      for (const char* name : {"a", "b"}) {
        std::string quoted;
        for (const char c : row[name].get<std::string>())
          quoted += c == '"' ? "\"\"" : std::string(1, c);
        text += "\"" + quoted + (*name == 'a' ? "\"," : round % 2 ? "\"\r\n" : "\"\n");
      }
      expected.push_back(std::move(row));
    }
    folder_.put("file", text);
    auto reader = open("file");
    ASSERT_OK(reader);
    for (const Json& wanted : expected) {
      auto row = (*reader)->next();
      ASSERT_OK(row);
      ASSERT_TRUE(*row && !(*row)->error) << escaped(text);
      ASSERT_EQ((*row)->value, wanted) << escaped(text);
    }
  }
}

// Memory that is in use now (mallinfo(3)). Not the resident set: it keeps what was freed, and under
// the address sanitizer, whose heap is another, all of it.
std::int64_t bytes_in_use() {
  const struct mallinfo2 heap = ::mallinfo2();
  return static_cast<std::int64_t>(heap.uordblks + heap.hblkhd);
}

TEST_F(CsvRows, ByTheMillionTakeNoMoreMemoryThanAFew) {
  {
    std::ofstream out(folder_.at("file"), std::ios::binary);
    out << "id,name,note\n";
    for (int i = 1; i <= 1'000'000; ++i)
      out << i << ",\"name, " << i << "\",some text that makes the row longer\n";
  }
  auto reader = open("file");
  ASSERT_OK(reader);
  const std::int64_t before = bytes_in_use();
  std::int64_t most = 0, count = 0;
  for (;; ++count) {
    auto row = (*reader)->next();
    ASSERT_OK(row);
    if (!*row) break;
    ASSERT_FALSE((*row)->error);
    if (count % 10'000 == 0) most = std::max(most, bytes_in_use() - before);
  }
  EXPECT_EQ(count, 1'000'000);
  EXPECT_LT(most, 8 << 20);
  RecordProperty("growth_bytes", std::to_string(most));
}

}  // namespace
}  // namespace deed
