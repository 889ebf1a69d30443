// Texts of task files as JSON with places: what YAML means, what is refused, and that nothing grows without end.
#include "deed/agent/task/source.hpp"

#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Json value_of(std::string_view text) {
  const auto source = parse_source(text);
  EXPECT_OK(source) << text;
  return source ? source->value : Json("refused");
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

SourcePlace place(std::string_view text, std::string_view pointer) {
  const auto source = parse_source(text);
  EXPECT_OK(source) << text;
  return source ? source->place_of(pointer) : SourcePlace{-1, -1};
}

// ---- Values

TEST(TaskSource, ReadsPlainScalarsByTheCoreSchema) {
  const std::pair<const char*, Json> cases[] = {
      {"~", nullptr},   {"null", nullptr}, {"Null", nullptr},     {"", nullptr},          {"true", true},     {"FALSE", false},  {"yes", "yes"},
      {"no", "no"},     {"on", "on"},      {"nULL", "nULL"},      {"12", 12},             {"-7", -7},         {"+7", 7},         {"007", 7},
      {"0x1F", 31},     {"0o17", 15},      {"1.5", 1.5},          {"1e3", 1000.0},        {".5", 0.5},        {"1.", 1.0},       {"-.5e-1", -0.05},
      {"1_000", "1_000"}, {"0x", "0x"},    {"1e", "1e"},          {"-", nullptr},         {"12:30:45", "12:30:45"}, {"2026-11-24", "2026-11-24"},
      {"9223372036854775807", INT64_MAX},  {"18446744073709551615", UINT64_MAX},          {"'12'", "12"},     {"\"true\"", "true"}, {"''", ""},
  };
  for (const auto& [text, meant] : cases) {
    if (std::string_view(text) == "-") continue;  // a list with an empty item; below
    EXPECT_EQ(value_of("a: " + std::string(text) + "\n")["a"], meant) << text;
  }
}

TEST(TaskSource, KeepsTheTypeOfNumbers) {
  EXPECT_TRUE(value_of("a: 1\n")["a"].is_number_integer());
  EXPECT_TRUE(value_of("a: 1.0\n")["a"].is_number_float());
  EXPECT_TRUE(value_of("a: 99999999999999999999\n")["a"].is_number_float());
}

TEST(TaskSource, ReadsTagsOfTheCoreSchemaAndNoOthers) {
  EXPECT_EQ(value_of("a: !!str 12\n")["a"], "12");
  EXPECT_EQ(value_of("a: ! 12\n")["a"], "12");
  EXPECT_EQ(value_of("a: !!int \"12\"\n")["a"], 12);
  EXPECT_EQ(value_of("a: !!map {b: 1}\nc: !!seq [1]\n"), (Json{{"a", {{"b", 1}}}, {"c", {1}}}));
  for (const char* text : {"a: !!int x\n", "a: !!binary aGk=\n", "a: !secret x\n", "a: !!python/object:x {}\n", "a: !!set {b: }\n", "a: !x [1]\n"}) {
    EXPECT_THAT(parse_source(text), IsError(ErrorKind::invalid, HasSubstr("line 1, column"))) << text;
  }
}

TEST(TaskSource, KeepsTheOrderOfKeys) {
  const Json value = value_of("z: 1\na: 2\nm: 3\n");
  EXPECT_EQ(to_text(value), R"({"z":1,"a":2,"m":3})");
}

TEST(TaskSource, ReadsBlockTextsAsYamlHasThem) {
  EXPECT_EQ(value_of("a: |\n  one\n  two\nb: >-\n  three\n  four\n"), (Json{{"a", "one\ntwo\n"}, {"b", "three four"}}));
}

TEST(TaskSource, GivesNullForAnEmptyFile) {
  for (const char* text : {"", "\n", "# nothing\n", "---\n"}) EXPECT_EQ(value_of(text), nullptr) << text;
  for (const char* text : {"", " ", "\n# x"}) EXPECT_EQ(place(text, "/a"), (SourcePlace{1, 1})) << "issues must have a place";
}

TEST(TaskSource, ReadsJsonWithItsOwnEscapes) {
  EXPECT_EQ(value_of(R"({"a":"\ud83d\ude00\/","b":[1,2.5,null,true,{"c":""}],"d":{}})"),
            (Json{{"a", "\U0001F600/"}, {"b", {1, 2.5, nullptr, true, {{"c", ""}}}}, {"d", Json::object()}}));
  EXPECT_EQ(value_of("{\n\t\"a\": 1,\n\t\"b\": \"yes\"\n}\n"), (Json{{"a", 1}, {"b", "yes"}}));
}

TEST(TaskSource, MeansTheSameWithEveryLineBreakAndWithAByteOrderMark) {
  const Json meant = value_of("a:\n  - x\n  - |\n    p\n    q\nb: 1\n");
  EXPECT_EQ(value_of("a:\r\n  - x\r\n  - |\r\n    p\r\n    q\r\nb: 1\r\n"), meant);
  EXPECT_EQ(value_of("a:\r  - x\r  - |\r    p\r    q\rb: 1\r"), meant);
  EXPECT_EQ(value_of("\xEF\xBB\xBF""a:\n  - x\n  - |\n    p\n    q\nb: 1\n"), meant);
}

// ---- Places

TEST(TaskSource, KnowsWhereEachValueStands) {
  const std::string text = "deed: 1\nsteps:\n  - id: a\n    with: {to: x, \"n/m\": [1, 2]}\n  - &x y\n";
  EXPECT_EQ(place(text, ""), (SourcePlace{1, 1}));
  EXPECT_EQ(place(text, "/deed"), (SourcePlace{1, 1}));
  EXPECT_EQ(place(text, "/steps"), (SourcePlace{2, 1}));
  EXPECT_EQ(place(text, "/steps/0"), (SourcePlace{3, 5}));
  EXPECT_EQ(place(text, "/steps/0/with"), (SourcePlace{4, 5}));
  EXPECT_EQ(place(text, "/steps/0/with/to"), (SourcePlace{4, 12}));
  EXPECT_EQ(place(text, "/steps/0/with/n~1m/1"), (SourcePlace{4, 30}));
  EXPECT_EQ(place(text, "/steps/0/with/to/deeper/0"), (SourcePlace{4, 12})) << "the nearest one around it";
  EXPECT_EQ(place(text, "/steps/1"), (SourcePlace{5, 5}));
}

TEST(TaskSource, KnowsPlacesInJsonToo) {
  const std::string text = "{\n  \"deed\": 1,\n  \"ste\\u0070s\": [\n    {\"id\": \"ü\", \"x\": [1, 2]}\n  ]\n}\n";
  EXPECT_EQ(place(text, "/deed"), (SourcePlace{2, 3}));
  EXPECT_EQ(place(text, "/steps"), (SourcePlace{3, 3}));
  EXPECT_EQ(place(text, "/steps/0"), (SourcePlace{4, 5}));
  EXPECT_EQ(place(text, "/steps/0/x/1"), (SourcePlace{4, 26}));
}

TEST(TaskSource, CountsCharactersNotBytes) {
  EXPECT_EQ(place("äöü: {ß: 1, b: 2}\n", "/äöü/b"), (SourcePlace{1, 13}));
}

TEST(TaskSource, TellsSamePlacesWithEveryLineBreak) {
  EXPECT_EQ(place("a: 1\r\nb:\r\n  - c: 2\r\n", "/b/0/c"), (SourcePlace{3, 5}));
  EXPECT_EQ(place("a: 1\rb:\r  - c: 2\r", "/b/0/c"), (SourcePlace{3, 5}));
}

// ---- What is refused

TEST(TaskSource, RefusesKeysThatAreThereTwice) {
  EXPECT_THAT(parse_source("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n"), IsError(ErrorKind::invalid, AllOf(HasSubstr("\"c\" is here twice"), HasSubstr("line 5, column 3"))));
  EXPECT_THAT(parse_source("{\"a\": {\"b\": 1,\n \"b\": 2}}"), IsError(ErrorKind::invalid, AllOf(HasSubstr("\"b\" is here twice"), HasSubstr("line 2, column 2"))));
  EXPECT_THAT(parse_source("a: 1\n\"a\": 2\n"), IsError(ErrorKind::invalid, HasSubstr("line 2, column 1")));
}

TEST(TaskSource, RefusesKeysThatAreNoText) {
  for (const char* text : {"1: x\n", "true: x\n", "~: x\n", "? [a]\n: x\n", "? {a: 1}\n: x\n", "&a k: 1\n"}) EXPECT_THAT(parse_source(text), IsError(ErrorKind::invalid, HasSubstr("line 1, column"))) << text;
  EXPECT_THAT(parse_source("a: 1\nb: {{inputs.to}}\n"), IsError(ErrorKind::invalid, AllOf(HasSubstr("line 2, column 5"), HasSubstr("in quotes"))));
}

// yaml-cpp itself lets these through.
TEST(TaskSource, RefusesWhatIsNeverClosedAndKeysWithoutAColon) {
  for (const char* text : {"a: 'x\n", "a: \"x\n", "a: [b, 'c\n", "a: !!str 'x''\n", "a: &n \"x\\\"\n", "a: '\n"}) EXPECT_THAT(parse_source(text), IsError(ErrorKind::invalid)) << text;
  EXPECT_THAT(parse_source("a: 1\nb\n"), IsError(ErrorKind::invalid, AllOf(HasSubstr("colon"), HasSubstr("line 2, column 1"))));
  EXPECT_EQ(value_of("a: 'it''s'\nb: \"q\\\"\"\n"), (Json{{"a", "it's"}, {"b", "q\""}}));
}

TEST(TaskSource, RefusesASecondDocumentAndWhatBelongsToNothing) {
  EXPECT_THAT(parse_source("a: 1\n---\nb: 2\n"), IsError(ErrorKind::invalid, AllOf(HasSubstr("second document"), HasSubstr("line 2, column 1"))));
  EXPECT_THAT(parse_source("- a\nb: 2\n"), IsError(ErrorKind::invalid, AllOf(HasSubstr("indentation"), HasSubstr("line 2, column 1"))));
  EXPECT_THAT(parse_source("{\"a\": 1} {\"b\": 2}"), IsError(ErrorKind::invalid, HasSubstr("line 1, column")));
  EXPECT_THAT(parse_source("a: 1\n]\n"), IsError(ErrorKind::invalid, HasSubstr("line 2, column 1")));
}

TEST(TaskSource, TellsWhatToDoAboutTabsAndColons) {
  EXPECT_THAT(parse_source("a:\n\tb: 1\n"), IsError(ErrorKind::invalid, AllOf(HasSubstr("tabs"), HasSubstr("line 2"))));
  EXPECT_THAT(parse_source("a: Re: hello\n"), IsError(ErrorKind::invalid, HasSubstr("quotes")));
  EXPECT_THAT(parse_source("a: @x\n"), IsError(ErrorKind::invalid, HasSubstr("quotes")));
}

TEST(TaskSource, RefusesNumbersThatJsonDoesNotHave) {
  for (const char* text : {".inf", "-.INF", ".nan", "1e999"}) EXPECT_THAT(parse_source("a: " + std::string(text) + "\n"), IsError(ErrorKind::invalid, HasSubstr("number"))) << text;
}

TEST(TaskSource, RefusesBytesThatAreNoText) {
  EXPECT_THAT(parse_source("a: 1\nb: \xFF\n"), IsError(ErrorKind::invalid, AllOf(HasSubstr("UTF-8"), HasSubstr("line 2, column 4"))));
  EXPECT_THAT(parse_source(std::string_view("a: 1\nb: \0\n", 10)), IsError(ErrorKind::invalid, HasSubstr("line 2, column 4")));
  EXPECT_THAT(parse_source("a: \x1b[31m\n"), IsError(ErrorKind::invalid, HasSubstr("control character")));
  EXPECT_THAT(parse_source(std::string_view("\xFF\xFE" "a\0:\0", 6)), IsError(ErrorKind::invalid, HasSubstr("line 1, column 1")));
}

// ---- Limits

TEST(TaskSource, RefusesAFileOfFiftyMegabytesBeforeItIsParsed) {
  EXPECT_THAT(parse_source(repeated("[", 50u << 20)), IsError(ErrorKind::limit, HasSubstr("52.4 MB")));
}

TEST(TaskSource, RefusesDepthWithoutUsingUpTheStack) {
  EXPECT_OK(parse_source(repeated("[", 32) + repeated("]", 32)));
  EXPECT_THAT(parse_source(repeated("[", 33) + repeated("]", 33)), IsError(ErrorKind::limit, HasSubstr("line 1, column 33")));
  for (const char* part : {"[", "{", "- ", "? ", "a: {", "[\n", ": ", "{\"a\":", "[a, "}) EXPECT_FALSE(parse_source(repeated(part, 100'000)).has_value()) << part;
  EXPECT_THAT(parse_source(repeated("- ", 100'000)), IsError(ErrorKind::limit, HasSubstr("deeper")));
}

TEST(TaskSource, CountsAliasesBeforeTheyAreExpanded) {
  std::string text = "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n";
  for (int i = 1; i <= 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + repeated(", " + before, 9) + "]\n";
  }
  EXPECT_THAT(parse_source(text), IsError(ErrorKind::limit, AllOf(HasSubstr("100000 values"), HasSubstr("line 5"))));
}

TEST(TaskSource, LimitsTheBytesThatAliasesRepeat) {
  const std::string text = "a: &a \"" + repeated("x", 500'000) + "\"\nb: [*a" + repeated(", *a", 99) + "]\n";
  EXPECT_THAT(parse_source(text), IsError(ErrorKind::limit, HasSubstr("aliases repeat")));
}

TEST(TaskSource, LimitsTheNamesThatPointersRepeat) {
  const std::string text = repeated("x", 1'000) + ": [1" + repeated(", 1", 20'000) + "]\n";
  EXPECT_THAT(parse_source(text), IsError(ErrorKind::limit));
}

TEST(TaskSource, CountsTheDepthOfWhatAnAliasStandsFor) {
  const std::string text = "a: &a " + repeated("[", 20) + repeated("]", 20) + "\nb: " + repeated("[", 20) + "*a" + repeated("]", 20) + "\n";
  EXPECT_THAT(parse_source(text), IsError(ErrorKind::limit, HasSubstr("deeper")));
}

TEST(TaskSource, ExpandsAliases) {
  EXPECT_EQ(value_of("a: &a {x: [1]}\nb: *a\nc: [*a, *a]\n"), (Json{{"a", {{"x", {1}}}}, {"b", {{"x", {1}}}}, {"c", {{{"x", {1}}}, {{"x", {1}}}}}}));
  EXPECT_THAT(parse_source("a: &a [*a]\n"), IsError(ErrorKind::invalid, HasSubstr("inside of what it stands for")));
  EXPECT_THAT(parse_source("a: *b\n"), IsError(ErrorKind::invalid, HasSubstr("line 1")));
}

// Text that is cut off anywhere is refused, or means something; it is never a crash, and errors have a place.
TEST(TaskSource, SurvivesBeingCutAtEveryByte) {
  const std::string text = "deed: 1\nsteps:\n  - &s {id: \"a\\u00e9\", 'b': [x, |y]}\n  - *s\n  - >-\n    folded\n  # comment\n  - ? k\n    : !!str v\n";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    const auto source = parse_source(std::string_view(text).substr(0, n));
    if (source) continue;
    EXPECT_THAT(source.error().where, HasSubstr("line ")) << n;
  }
}

}  // namespace
}  // namespace deed
