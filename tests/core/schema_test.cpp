// What the official suite does not say: which schemas are refused, what an issue tells, formats,
// limits.
#include "deed/core/schema.hpp"

#include "deed/core/schema_text.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using schema::Pattern;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Schema compiled(const char* text) {
  auto schema = Schema::compile(*parse_json(text));
  EXPECT_OK(schema) << text;
  return schema ? *schema : *Schema::compile(Json(true));
}

// "path: what" of every issue.
std::vector<std::string> issues(const Schema& schema, const char* value) {
  std::vector<std::string> out;
  for (const SchemaIssue& issue : schema.check(*parse_json(value)))
    out.push_back(issue.path + ": " + issue.what);
  return out;
}
std::vector<std::string> issues(const char* schema, const char* value) {
  return issues(compiled(schema), value);
}

// ---- What is refused before a tool can be offered

TEST(SchemaCompile, RefusesKeywordsThatNobodyWouldCheck) {
  for (const char* text :
       {R"({"unevaluatedProperties": false})", R"({"$dynamicRef": "#x"})",
        R"({"dependencies": {}})", R"({"requierd": ["a"]})", R"({"x-unit": "m"})",
        R"({"$ref": "https://example.org/schema"})", R"({"$ref": "other.json"})",
        R"({"$ref": "#anchor"})", R"({"properties": {"a": {"$id": "https://example.org/a"}}})",
        R"({"$vocabulary": {}})"}) {
    EXPECT_THAT(Schema::compile(*parse_json(text)), IsError(ErrorKind::unsupported)) << text;
  }
}

TEST(SchemaCompile, RefusesWhatIsNotASchemaAndSaysWhere) {
  const std::vector<std::pair<const char*, const char*>> wrong = {
      {R"(5)", ""},
      {R"({"type": "text"})", "/type"},
      {R"({"type": []})", "/type"},
      {R"({"type": ["string", 5]})", "/type"},
      {R"({"properties": {"a/b": {"type": "int"}}})", "/properties/a~1b/type"},
      {R"({"properties": [1]})", "/properties"},
      {R"({"items": [{"type": "string"}]})", "/items"},
      {R"({"required": "a"})", "/required"},
      {R"({"required": [1]})", "/required"},
      {R"({"enum": "a"})", "/enum"},
      {R"({"minLength": -1})", "/minLength"},
      {R"({"minItems": 1.5})", "/minItems"},
      {R"({"maxItems": "3"})", "/maxItems"},
      {R"({"multipleOf": 0})", "/multipleOf"},
      {R"({"minimum": "1"})", "/minimum"},
      {R"({"uniqueItems": 1})", "/uniqueItems"},
      {R"({"anyOf": []})", "/anyOf"},
      {R"({"allOf": [true, 3]})", "/allOf/1"},
      {R"({"$ref": "#/$defs/none"})", "/$ref"},
      {R"({"$ref": 3})", "/$ref"},
      {R"({"pattern": 3})", "/pattern"},
      {R"({"format": 3})", "/format"},
      {R"({"dependentRequired": {"a": "b"}})", "/dependentRequired/a"},
  };
  for (const auto& [text, where] : wrong) {
    const auto schema = Schema::compile(*parse_json(text));
    ASSERT_THAT(schema, IsError(ErrorKind::invalid)) << text;
    EXPECT_EQ(schema.error().where, where) << text;
  }
}

TEST(SchemaCompile, LooksAtWhatAReferenceLeadsToEvenWhereNoKeywordMakesItASchema) {
  EXPECT_THAT(Schema::compile(*parse_json(R"({"$ref": "#/default", "default": {"type": 5}})")),
              IsError(ErrorKind::invalid));
  EXPECT_THAT(Schema::compile(*parse_json(R"({"$ref": "#/default", "default": {"minimun": 5}})")),
              IsError(ErrorKind::unsupported));
  EXPECT_THAT(Schema::compile(*parse_json(R"({"$ref": "#/enum/0", "enum": [7]})")),
              IsError(ErrorKind::invalid));
  EXPECT_THAT(issues(R"({"$ref": "#/default", "default": {"type": "null"}})", "1"),
              ElementsAre(HasSubstr("null")));
}

TEST(SchemaCompile, RefusesNestingThatCheckingWouldNotSurvive) {
  std::string text = "true";
  for (int i = 0; i < 40; ++i) text = R"({"not": )" + text + "}";
  EXPECT_OK(Schema::compile(*parse_json(text)));
  for (int i = 0; i < 40; ++i) text = R"({"not": )" + text + "}";
  EXPECT_THAT(Schema::compile(*parse_json(text)),
              IsError(ErrorKind::invalid, HasSubstr("too deep")));
}

TEST(SchemaCompile, KeepsTheSchemaAsItWas) {
  const char* text = R"({"type":"object","properties":{"z":{"title":"Z"},"a":true}})";
  EXPECT_EQ(to_text(compiled(text).json()), text);
}

// ---- What an issue says

constexpr const char* mail = R"({
  "type": "object",
  "properties": {
    "to": {"type": "array", "items": {"type": "string", "format": "email"}, "minItems": 1},
    "subject": {"type": "string", "maxLength": 10},
    "priority": {"enum": ["low", "high"]},
    "copies": {"type": "integer", "minimum": 1, "maximum": 5}
  },
  "required": ["to", "subject"],
  "additionalProperties": false
})";

TEST(SchemaIssues, NamePlaceExpectationAndWhatWasGiven) {
  const Schema schema = compiled(mail);
  EXPECT_THAT(issues(schema, R"({"to": ["ann@example.org"], "subject": "Hi", "copies": 5.0})"),
              IsEmpty());
  EXPECT_THAT(issues(schema, R"({"to": ["ann@example.org"]})"),
              ElementsAre(": \"subject\" is missing"));
  EXPECT_THAT(issues(schema, R"({"to": "ann@example.org", "subject": "Hi"})"),
              ElementsAre("/to: must be of type array, not \"ann@example.org\""));
  EXPECT_THAT(issues(schema, R"({"to": ["Ann"], "subject": "Hi"})"),
              ElementsAre(testing::StartsWith("/to/0: not a mail address: there is no @")));
  EXPECT_THAT(issues(schema, R"({"to": [], "subject": "a long subject"})"),
              ElementsAre("/to: must have at least 1 items, not 0",
                          "/subject: must have at most 10 characters, not 14"));
  EXPECT_THAT(
      issues(schema, R"({"to": ["a@b"], "subject": "x", "priority": "urgent", "copies": "2"})"),
      ElementsAre("/priority: must be one of [\"low\",\"high\"], not \"urgent\"",
                  "/copies: must be of type integer, not \"2\""));
  EXPECT_THAT(issues(schema, R"({"to": ["a@b"], "subject": "x", "copies": 6})"),
              ElementsAre("/copies: must be at most 5, not 6"));
  EXPECT_THAT(
      issues(schema, R"({"to": ["a@b"], "subject": "x", "recipient": 1})"),
      ElementsAre("/recipient: there is no such argument; there are: to subject priority copies"));
}

TEST(SchemaIssues, GiveTheReasonOfTheNearestAlternative) {
  const char* schema = R"({"anyOf": [
    {"type": "object", "properties": {"path": {"type": "string"}, "size": {"type": "integer"}}, "required": ["path", "size"]},
    {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"], "additionalProperties": false}]})";
  EXPECT_THAT(
      issues(schema, R"({"path": "a", "size": "big"})"),
      ElementsAre("/size: must be of type integer, not \"big\" (nearest of 2 allowed shapes)"));
  EXPECT_THAT(issues(R"({"oneOf": [{"type": "number"}, {"minimum": 2}]})", "3"),
              ElementsAre(": fits 2 of the 2 shapes of which exactly one must fit"));
}

TEST(SchemaIssues, CutLongValuesWithoutCuttingACharacter) {
  std::string value = "\"";
  for (int i = 0; i < 100'000; ++i) value += "ä";
  const auto found = issues(R"({"type": "integer"})", (value + "\"").c_str());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_LT(found[0].size(), 120u);
  EXPECT_THAT(found[0], testing::EndsWith("ä…\""));
}

TEST(SchemaIssues, AreAtMostSixteen) {
  std::string value = "[0";
  for (int i = 0; i < 100; ++i) value += ",0";
  EXPECT_EQ(issues(R"({"items": {"type": "string"}})", (value + "]").c_str()).size(), 16u);
}

TEST(SchemaIssues, PointIntoTheValueWithEscapedNames) {
  EXPECT_THAT(
      issues(R"({"additionalProperties": {"items": {"type": "null"}}})", R"({"a/b~": [null, 1]})"),
      ElementsAre("/a~1b~0/1: must be of type null, not 1"));
}

// ---- Formats

TEST(SchemaFormats, AreAssertedForTextsAndIgnoredForOtherValues) {
  const std::vector<std::tuple<const char*, const char*, bool>> cases = {
      {"email", R"("ann@example.org")", true},
      {"email", R"("ann@example.org\nBcc: x@y.z")", false},
      {"email", "5", true},
      {"uri", R"("https://example.org/a?b")", true},
      {"uri", R"("example.org")", false},
      {"uri", R"("ftp://example.org")", false},
      {"path", R"("a/b.txt")", true},
      {"path", R"("../b.txt")", false},
      {"path", R"("")", false},
      {"path", R"("a\u0000b")", false},
      {"date", R"("2026-02-28")", true},
      {"date", R"("2026-02-29")", false},
      {"date", R"("2026-2-28")", false},
      {"date-time", R"("2026-11-24T21:35:00.5+01:00")", true},
      {"date-time", R"("2026-11-24 21:35:00Z")", false},
      {"date-time", R"("2026-11-24T24:00:00Z")", false},
      {"date-time", R"("2026-11-24T21:35:00")", false},
      {"color", R"("anything")", true},
  };
  for (const auto& [format, value, good] : cases) {
    const auto schema = Schema::compile(Json{{"format", format}});
    ASSERT_OK(schema);
    EXPECT_EQ(schema->check(*parse_json(value)).empty(), good) << format << " " << value;
  }
}

// ---- Numbers

TEST(SchemaNumbers, AreComparedExactlyUpTo64Bits) {
  EXPECT_THAT(issues(R"({"maximum": 9007199254740992})", "9007199254740993"), testing::SizeIs(1));
  EXPECT_THAT(issues(R"({"minimum": 18446744073709551615})", "18446744073709551614"),
              testing::SizeIs(1));
  EXPECT_THAT(issues(R"({"const": 9223372036854775807})", "9223372036854775806"),
              testing::SizeIs(1));
}

TEST(SchemaNumbers, TakeDecimalFractionsForMultiplesOfDecimalFractions) {
  for (const char* value : {"19.99", "0.07", "123456789012.34", "0", "-4.35"}) {
    EXPECT_THAT(issues(R"({"multipleOf": 0.01})", value), IsEmpty()) << value;
  }
  for (const char* value : {"19.995", "0.001", "1e-9"})
    EXPECT_THAT(issues(R"({"multipleOf": 0.01})", value), testing::SizeIs(1)) << value;
}

// ---- Limits

TEST(SchemaLimits, EndOnASchemaThatRefersToItself) {
  EXPECT_THAT(issues(R"({"$ref": "#"})", "1"), ElementsAre(HasSubstr("nested too deep")));
  EXPECT_THAT(issues(R"({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]})", "1"), testing::SizeIs(1));
  EXPECT_THAT(issues(R"({"allOf": [{"$ref": "#"}, {"$ref": "#"}, {"$ref": "#"}]})", "1"),
              Not(IsEmpty()));
}

TEST(SchemaLimits, DoNotLetAValueThroughThatWasNotChecked) {
  EXPECT_THAT(
      issues(R"({"not": {"$ref": "#/$defs/a"}, "$defs": {"a": {"$ref": "#/$defs/a"}}})", "1"),
      ElementsAre(HasSubstr("too deep")));
  EXPECT_THAT(
      issues(
          R"({"not": {"allOf": [{"$ref": "#/$defs/a"}]}, "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}}})",
          "1"),
      Not(IsEmpty()));
  EXPECT_THAT(issues(R"({"if": {"$ref": "#/if"}, "then": true})", "1"), Not(IsEmpty()));
}

TEST(SchemaLimits, CheckATreeAsDeepAsItsReferencesAllow) {
  const Schema tree = compiled(
      R"({"type": "object", "properties": {"child": {"$ref": "#"}}, "additionalProperties": false})");
  const auto nested = [](int depth) {
    std::string text = "{}";
    for (int i = 0; i < depth; ++i) text = R"({"child": )" + text + "}";
    return text;
  };
  EXPECT_THAT(issues(tree, nested(30).c_str()), IsEmpty());
  EXPECT_THAT(issues(tree, nested(60).c_str()), ElementsAre(HasSubstr("nested too deep")));
}

TEST(SchemaLimits, FindARepeatedItemAmongManyThousands) {
  Json value = Json::array();
  for (int i = 0; i < 50'000; ++i) value.push_back(Json{{"n", i}, {"s", "text"}});
  const Schema schema = compiled(R"({"uniqueItems": true})");
  EXPECT_THAT(schema.check(value), IsEmpty());
  value.push_back(*parse_json(R"({"s": "text", "n": 7.0})"));
  EXPECT_THAT(schema.check(value), testing::SizeIs(1))
      << "the order of members and 7.0 make no difference";
}

// ---- Patterns

TEST(SchemaPatterns, LookAtCharactersNotBytes) {
  EXPECT_TRUE(Pattern::compile("^.{3}$")->matches("äö€"));
  EXPECT_TRUE(Pattern::compile("^[ä-ü]+$")->matches("öü"));
  EXPECT_FALSE(Pattern::compile("^[ä-ü]+$")->matches("z"));
  EXPECT_TRUE(Pattern::compile("^.$")->matches("😀"));
}

TEST(SchemaPatterns, MatchAnyPartUnlessAnchoredToTheWholeText) {
  EXPECT_TRUE(Pattern::compile("b+")->matches("abbc\n"));
  EXPECT_TRUE(Pattern::compile("x|b")->matches("a\nb"));
  EXPECT_FALSE(Pattern::compile("^b")->matches("a\nb")) << "not a line";
  EXPECT_FALSE(Pattern::compile("^a$")->matches("a\nb"));
  EXPECT_TRUE(Pattern::compile("")->matches(""));
}

TEST(SchemaPatterns, AreRefusedWhereTheyAreNotUnderstoodOrCostTooMuch) {
  for (const std::string& pattern :
       {std::string("("), std::string("["), std::string("a)|(b"), std::string("\\p{L}"),
        std::string("(a)\\1"), std::string("a{3"), std::string(513, 'a'),
        std::string("((a{40}){40}){40}"), std::string("(a?){2000}"),
        std::string("a{99999999999999999999}"), std::string("a\xFF")}) {
    EXPECT_THAT(Pattern::compile(pattern), IsError(ErrorKind::unsupported)) << pattern;
  }
  for (const char* pattern :
       {"^[A-Z]{2}[0-9]{2}([A-Z0-9]{4}){1,7}$", "^[a-z]{1,64}@[a-z]{1,64}$", "[\\]{9999}]"}) {
    EXPECT_OK(Pattern::compile(pattern)) << pattern;
  }
}

TEST(SchemaPatterns, DoNotBacktrack) {
  const std::string text = std::string(4095, 'a') + "!";
  for (const char* pattern :
       {"^(a+)+$", "^(a|a)*$", "((a|b)*c|(a|ab)*c)*d$", "^(a?){1,60}a{60}$", "(.*)*x"}) {
    EXPECT_FALSE(Pattern::compile(pattern)->matches(text)) << pattern;
  }
}

TEST(SchemaPatterns, DoNotMatchATextThatIsTooLongToBeLookedAt) {
  EXPECT_TRUE(Pattern::compile("a")->matches(std::string(4096, 'a')));
  EXPECT_FALSE(Pattern::compile("a")->matches(std::string(4097, 'a')));
}

}  // namespace
}  // namespace deed
