// References and conditions: what they mean, what is refused and where, and that they stay within their bounds.
#include "deed/agent/task/expression.hpp"

#include "deed/tests/agent/task_scope.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class TaskExpressionTest : public testing::Test {
 protected:
  TaskExpressionTest() {
    scope_.values = *parse_json(R"({
      "inputs": {"to": "ann@example.org", "n": 10, "list": ["b", "a"], "none": null, "no": false},
      "row": {"email": "bob@example.org", "amount": "12.50", "e-mail": "x", "Straße": "Ring", "active": "yes", "2024": "old"},
      "steps": {"page": {"out": {"items": [{"t": "eins"}, {"t": "zwei"}], "text": "  Hallo\nWelt  "}}},
      "run": {"started_at": "2026-11-24T21:35:38.123Z"}, "index": 3})");
  }
  Result<Json> evaluate(std::string_view text) {
    auto expression = Expression::parse(text);
    if (!expression) return fail(expression.error());
    auto value = expression->evaluate(scope_);
    if (!value) return fail(value.error());
    return value->value;
  }
  Json value(std::string_view text) {
    auto found = evaluate(text);
    EXPECT_OK(found) << text;
    return found.value_or(Json("failed"));
  }

  ScopeOfTest scope_;
};

TEST_F(TaskExpressionTest, FollowsReferences) {
  EXPECT_EQ(value("inputs.to"), "ann@example.org");
  EXPECT_EQ(value("steps.page.out.items[1].t"), "zwei");
  EXPECT_EQ(value("steps.page.out.items.0.t"), "eins");
  EXPECT_EQ(value("row['e-mail']"), "x");
  EXPECT_EQ(value("row.e-mail"), "x");
  EXPECT_EQ(value("row.Straße"), "Ring");
  EXPECT_EQ(value("row.2024"), "old");
  EXPECT_EQ(value(" row [ \"amount\" ] "), "12.50");
  EXPECT_THAT(evaluate("row.nothing"), IsError(ErrorKind::not_found, HasSubstr("row.nothing")));
}

TEST_F(TaskExpressionTest, FiltersBindTighterThanComparisonsAndThoseTighterThanWords) {
  EXPECT_EQ(value("row.active == 'yes' and row.amount | number > 10"), true);
  EXPECT_EQ(value("true or false and false"), true);
  EXPECT_EQ(value("(true or false) and false"), false);
  EXPECT_EQ(value("not true or true"), true);
  EXPECT_EQ(value("not (true or true)"), false);
  EXPECT_EQ(value("not 1 == 2"), true);
  EXPECT_EQ(value("10 < row.amount | number"), true);
}

TEST_F(TaskExpressionTest, Compares) {
  const std::pair<const char*, bool> cases[] = {
      {"1 == 1.0", true},       {"1 != 2", true},        {"'a' < 'b'", true},        {"2 <= 2", true},        {"3 > 2.5", true},
      {"'a' >= 'b'", false},    {"null == null", true},  {"inputs.none == null", true}, {"inputs.to == null", false}, {"[1, 'a'] == [1, 'a']", true},
      {"'a' in inputs.list", true}, {"'c' in inputs.list", false}, {"'c' not in inputs.list", true}, {"'@' in inputs.to", true}, {"2 in [1, 2]", true},
      {"'email' in row", true}, {"-3 < -2", true},       {"'10' in ['10', 10]", true}, {"true == false", false}, {"1e3 == 1000", true},
  };
  for (const auto& [text, meant] : cases) EXPECT_EQ(value(text), meant) << text;
}

TEST_F(TaskExpressionTest, RefusesComparisonsThatWouldQuietlyBeFalse) {
  EXPECT_THAT(evaluate("row.amount == 12.5"), IsError(ErrorKind::invalid, HasSubstr("filter number")));
  EXPECT_THAT(evaluate("'a' < 3"), IsError(ErrorKind::invalid));
  EXPECT_THAT(evaluate("true < false"), IsError(ErrorKind::invalid));
  EXPECT_THAT(evaluate("row.active == true"), IsError(ErrorKind::invalid));
  EXPECT_THAT(evaluate("1 in 2"), IsError(ErrorKind::invalid));
  EXPECT_THAT(evaluate("not 1"), IsError(ErrorKind::invalid, HasSubstr("true or false")));
  EXPECT_THAT(evaluate("inputs.to and true"), IsError(ErrorKind::invalid));
}

TEST_F(TaskExpressionTest, DoesNotReadWhatIsDecided) {
  EXPECT_EQ(value("exists row.x and row.x > 3"), false);
  EXPECT_EQ(value("not exists row.x or row.x > 3"), true);
  EXPECT_EQ(value("exists row.email"), true);
  EXPECT_EQ(value("exists inputs.none"), true);
}

TEST_F(TaskExpressionTest, DefaultStandsForWhatIsMissingOrNull) {
  EXPECT_EQ(value("row.x | default('d')"), "d");
  EXPECT_EQ(value("row.x | trim | upper | default('d') | upper"), "D");
  EXPECT_EQ(value("inputs.none | default(1)"), 1);
  EXPECT_EQ(value("inputs.no | default(1)"), false);
  EXPECT_EQ(value("row.x | default(row.y) | default(row.email)"), "bob@example.org");
  EXPECT_EQ(value("[] | first | default('none')"), "none");
  EXPECT_THAT(evaluate("row.active | number | default(1)"), IsError(ErrorKind::invalid)) << "a wrong value is not a missing one";
}

TEST_F(TaskExpressionTest, Filters) {
  const std::pair<const char*, Json> cases[] = {
      {"run.started_at | date('%d.%m.%Y %H:%M:%S')", "24.11.2026 21:35:38"},
      {"run.started_at | date", "2026-11-24"},
      {"0 | date('%F %T %A %B %j %y %s %%')", "1970-01-01 00:00:00 Thursday January 001 70 0 %"},
      {"'2026-03-01T00:30:00+01:00' | date('%F %a %b')", "2026-02-28 Sat Feb"},
      {"'2024-12-31' | date('%j')", "366"},
      {"-1 | date('%T')", "23:59:59"},
      {"' 12 ' | number", 12},
      {"'-1.5e2' | number", -150.0},
      {"'+7' | number", 7},
      {"3 | number", 3},
      {"'Äpfel für Ёжик, ΑΒΓς' | upper", "ÄPFEL FÜR ЁЖИК, ΑΒΓς"},
      {"'ÄPFEL ŠKODA' | lower", "äpfel škoda"},
      {"steps.page.out.text | trim", "Hallo\nWelt"},
      {"inputs.list | join", "b, a"},
      {"[1, 'x', true] | join('-')", "1-x-true"},
      {"inputs.list | json", R"(["b","a"])"},
      {"'{\"a\": [1]}' | parse", {{"a", {1}}}},
      {"inputs.list | json | parse", {"b", "a"}},
      {"'a b/ü&' | urlescape", "a%20b%2F%C3%BC%26"},
      {"'üä' | length", 2},
      {"inputs.list | length", 2},
      {"row | length", 6},
      {"inputs.list | first", "b"},
      {"inputs.list | last", "a"},
      {"[1, 2, 3] | first(2)", {1, 2}},
      {"[1, 2, 3] | last(2)", {2, 3}},
      {"[1] | last(5)", {1}},
      {"'äöü' | first(2)", "äö"},
      {"'äöü' | last(1)", "ü"},
      {"'äöü' | last(0)", ""},
      {"'a\\r\\nb\\n\\nc' | lines", {"a", "b", "", "c"}},
      {"'aXbX' | replace('X', 'YX')", "aYXbYX"},
      {"'' | lines", Json::array()},
  };
  for (const auto& [text, meant] : cases) EXPECT_EQ(value(text), meant) << text;
}

TEST_F(TaskExpressionTest, FiltersRefuseWhatTheyCannotDo) {
  for (const char* text : {"'x' | number", "'inf' | number", "'0x10' | number", "'12 apples' | number", "'' | number", "[1] | number", "1 | upper", "'a' | join", "[[1]] | join", "'x' | date", "1e15 | date",
                           "run.started_at | date('%Q')", "run.started_at | date('%')", "1 | length", "'abc' | first", "[1] | first(-1)", "[1] | first('a')", "'a' | replace('', 'x')", "null | urlescape", "'{' | parse", "1 | parse", "1 | markdown"}) {
    EXPECT_THAT(evaluate(text), IsError(ErrorKind::invalid, HasSubstr("the filter"))) << text;
  }
  EXPECT_THAT(evaluate("[] | first"), IsError(ErrorKind::not_found));
}

TEST_F(TaskExpressionTest, MarkdownBecomesHtmlWithoutAnybodysScripts) {
  EXPECT_EQ(value("'# Hi\\n\\n*a* **b** `c`\\n\\n- x\\n- y' | markdown"), "<h1>Hi</h1>\n<p><em>a</em> <strong>b</strong> <code>c</code></p>\n<ul>\n<li>x</li>\n<li>y</li>\n</ul>\n");
  EXPECT_EQ(value("'[a](https://example.org) [m](mailto:a@b.c)' | markdown"), "<p><a href=\"https://example.org\">a</a> <a href=\"mailto:a@b.c\">m</a></p>\n");
  for (const char* url : {"javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "file:///etc/passwd", "//example.org", "/x", "vbscript:x", "ftp://x"}) {
    EXPECT_EQ(value("'[a](" + std::string(url) + ")' | markdown"), "<p>a</p>\n") << url;
  }
  EXPECT_EQ(value("'![alt](https://example.org/p.png)' | markdown"), "<p>alt</p>\n");
  EXPECT_EQ(value("'a <script>x</script> & <b onclick=y>' | markdown"), "<p>a &lt;script&gt;x&lt;/script&gt; &amp; &lt;b onclick=y&gt;</p>\n");
  EXPECT_EQ(value("'<div>\\n<script>' | markdown"), "<p>&lt;div&gt;\n&lt;script&gt;\n</p>\n");
}

TEST_F(TaskExpressionTest, TellsWhereAndWhatIsWrong) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"", "character 1", "a value is missing"},
      {"inputs.to ==", "character 13", "a value is missing before the end"},
      {"inputs.to = 'a'", "character 11", "=="},
      {"a and b", "character 1", "nothing called \"a\""},
      {"true && false", "character 6", "and"},
      {"true || false", "character 6", "or"},
      {"!true", "character 1", "not"},
      {"step.page.out", "character 1", "did you mean \"steps\"?"},
      {"inputs.to | uper", "character 13", "did you mean \"upper\"?"},
      {"inputs.to | ", "character 13", "filter is missing"},
      {"inputs.to | replace('a')", "character 13", "takes 2 values"},
      {"inputs.to | trim('a')", "character 13", "takes 0 values"},
      {"inputs..to", "character 8", "a name is missing"},
      {"inputs.", "character 8", "a name is missing"},
      {"row[1.5]", "character 5", "a number from 0"},
      {"row[-1]", "character 5", "a number from 0"},
      {"row['a'", "character 8", "\"]\" is missing"},
      {"(true", "character 6", "\")\" is missing"},
      {"'abc", "character 1", "never closed"},
      {"'ü' 'abc", "character 5", "never closed"},
      {"'\\x'", "character 2", "escape"},
      {"12abc", "character 1", "neither a number nor a name"},
      {"true true", "character 6", "operator"},
      {"{{inputs.to}}", "character 1", "without {{"},
      {"exists 'a'", "character 8", "a value is missing"},
      {"1 < 2 < 3", "character 7", "nothing more"},
      {"inputs.to # x", "character 11", "no meaning"},
      {"and", "character 1", "a value is missing"},
  };
  for (const auto& [text, where, what] : cases) EXPECT_THAT(evaluate(text), IsError(ErrorKind::invalid, AllOf(HasSubstr(where), HasSubstr(what)))) << text;
}

TEST_F(TaskExpressionTest, IsBoundedInLengthAndDepth) {
  EXPECT_OK(Expression::parse(std::string(31, '(') + "1" + std::string(31, ')')));
  EXPECT_THAT(Expression::parse(std::string(32, '(') + "1" + std::string(32, ')')), IsError(ErrorKind::limit));
  EXPECT_THAT(Expression::parse(std::string(4000, '[')), IsError(ErrorKind::limit));
  EXPECT_THAT(Expression::parse(std::string(4097, ' ') + "1"), IsError(ErrorKind::limit));
  std::string chain = "1";
  while (chain.size() < 4000) chain += "|json";
  EXPECT_OK(Expression::parse(chain)) << "a chain is long, not deep";
}

TEST_F(TaskExpressionTest, MakesNoTextWithoutEnd) {
  std::string text = "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'";
  for (int i = 0; i < 20; ++i) text += " | replace('a', 'aaaaaaaaaa')";
  EXPECT_THAT(evaluate(text), IsError(ErrorKind::limit));
  scope_.values["row"]["big"] = std::string(1u << 20, 'x');
  std::string list = "[row.big";
  for (int i = 0; i < 300; ++i) list += ", row.big";
  EXPECT_THAT(evaluate(list + "]"), IsError(ErrorKind::limit));
}

// With std::string::find this would take hours.
TEST_F(TaskExpressionTest, LooksForTextsInLinearTime) {
  scope_.values["row"]["whole"] = std::string(8u << 20, 'a');
  scope_.values["row"]["part"] = std::string(4u << 20, 'a') + "b";
  EXPECT_EQ(value("row.part in row.whole"), false);
  EXPECT_EQ(value("row.whole | replace(row.part, '') | length"), 8u << 20);
  EXPECT_EQ(value("'' in 'a'"), true);
}

TEST_F(TaskExpressionTest, TakesTheLeastTrustedOriginOfWhatItRead) {
  scope_.trusts = {{"row", Trust::tool}, {"steps", Trust::untrusted}, {"run", Trust::system}};
  const auto sourced = [&](const char* text) {
    const auto found = Expression::parse(text)->evaluate(scope_);
    EXPECT_OK(found) << text;
    return found ? std::pair(found->origin, found->trust) : std::pair(std::string(), Trust::system);
  };
  EXPECT_EQ(sourced("'a'"), std::pair(std::string("task"), Trust::user));
  EXPECT_EQ(sourced("run.started_at"), std::pair(std::string("run.started_at"), Trust::system));
  EXPECT_EQ(sourced("[inputs.to, row.email, inputs.n]"), std::pair(std::string("row.email"), Trust::tool));
  EXPECT_EQ(sourced("inputs.to | replace('@', steps.page.out.items[0].t)"), std::pair(std::string("steps.page.out.items[0].t"), Trust::untrusted));
  EXPECT_EQ(sourced("row.x | default(inputs.to)"), std::pair(std::string("inputs.to"), Trust::user));
  EXPECT_EQ(sourced("exists steps.page and true").second, Trust::untrusted) << "what decides counts, too";
}

TEST_F(TaskExpressionTest, ListsWhatItReads) {
  const auto uses = [](const char* text) {
    std::vector<std::string> out;
    for (const auto& use : Expression::parse(text)->uses()) out.push_back(to_string(use.reference) + (use.optional ? "?" : ""));
    return out;
  };
  EXPECT_THAT(uses("1 == 2"), ElementsAre());
  EXPECT_THAT(uses("inputs.a == row['b c'][0] and inputs.a in steps.s.out"), ElementsAre("inputs.a", "row[\"b c\"][0]", "steps.s.out"));
  EXPECT_THAT(uses("row.x | trim | default(row.y) | upper"), ElementsAre("row.x?", "row.y"));
  EXPECT_THAT(uses("row.x | default(row.y) | replace('a', row.z) | default(1)"), ElementsAre("row.x?", "row.y?", "row.z?"));
  EXPECT_THAT(uses("exists row.x and row.x > 1"), ElementsAre("row.x"));
  EXPECT_THAT(uses("exists row.x or (not exists row.y)"), ElementsAre("row.x?", "row.y?"));
}

TEST_F(TaskExpressionTest, KnowsConstants) {
  EXPECT_EQ(Expression::parse("1 == 2")->constant(), Json(false));
  EXPECT_EQ(Expression::parse("false")->constant(), Json(false));
  EXPECT_EQ(Expression::parse("inputs.a")->constant(), std::nullopt);
  EXPECT_EQ(Expression::parse("1 < 'a'")->constant(), std::nullopt);
}

TEST_F(TaskExpressionTest, HoldsOnlyWhatIsTrueOrFalse) {
  EXPECT_EQ(*Expression::parse("inputs.n > 3")->holds(scope_), true);
  EXPECT_THAT(Expression::parse("inputs.to")->holds(scope_), IsError(ErrorKind::invalid, HasSubstr("true or false, not a text")));
}

// A reference that was written by to_string is read as the same.
TEST_F(TaskExpressionTest, ReferencesSurviveBeingWritten) {
  for (const Reference& reference : std::vector<Reference>{{"row", "a"}, {"row", "0", "x"}, {"row", "a b", "c\"d", ""}, {"steps", "x", "out", "e-mail"}, {"row", "ß", "and"}}) {
    const auto parsed = Expression::parse(to_string(reference));
    ASSERT_OK(parsed) << to_string(reference);
    EXPECT_EQ(parsed->uses().at(0).reference, reference);
  }
}

}  // namespace
}  // namespace deed
