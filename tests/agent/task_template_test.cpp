// Texts with {{expressions}} in JSON: what is put where, as what type, and from whom it came.
#include "deed/agent/task/expression.hpp"
#include "deed/tests/agent/task_scope.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class TaskTemplateTest : public testing::Test {
 protected:
  TaskTemplateTest() {
    scope_.values = *parse_json(R"({"inputs": {"to": "ann@example.org", "n": 10, "list": [1, 2], "evil": "{{secrets.key}}", "none": null, "yes": true},
                                    "row": {"name": "Bob"}, "steps": {"page": {"out": {"text": "T"}}}})");
    scope_.trusts = {{"row", Trust::tool}, {"steps", Trust::untrusted}};
  }
  Result<Json> render(Json value) {
    auto compiled = Template::compile(std::move(value));
    if (!compiled) return fail(compiled.error());
    auto rendered = compiled->render(scope_);
    if (!rendered) return fail(rendered.error());
    return rendered->value;
  }
  Json value(Json value) {
    auto rendered = render(value);
    EXPECT_OK(rendered) << to_text(value);
    return rendered.value_or(Json("failed"));
  }

  ScopeOfTest scope_;
};

TEST_F(TaskTemplateTest, KeepsTheTypeOfATextThatIsExactlyOneExpression) {
  EXPECT_EQ(value("{{inputs.n}}"), 10);
  EXPECT_EQ(value("{{ inputs.list }}"), (Json{1, 2}));
  EXPECT_EQ(value("{{inputs.none}}"), nullptr);
  EXPECT_EQ(value("{{inputs.n == 10}}"), true);
  EXPECT_EQ(value(Json{{"a", {"{{inputs.list}}", 1}}, {"b", "x"}}), (Json{{"a", {{1, 2}, 1}}, {"b", "x"}}));
}

TEST_F(TaskTemplateTest, PutsValuesIntoLongerTextsAsText) {
  EXPECT_EQ(value("Dear {{row.name}}, {{inputs.n}} times {{inputs.yes}}!"), "Dear Bob, 10 times true!");
  EXPECT_EQ(value(" {{inputs.n}}"), " 10");
  EXPECT_EQ(value("{{row.name}}{{row.name}}"), "BobBob");
  EXPECT_THAT(render("x {{inputs.list}}"), IsError(ErrorKind::invalid, AllOf(HasSubstr("a list"), HasSubstr("join"))));
  EXPECT_THAT(render(Json{{"a", {"x {{inputs.none}}"}}}), IsError(ErrorKind::invalid, AllOf(HasSubstr("/a/0"), HasSubstr("default"))));
  EXPECT_EQ(value("x {{inputs.list | json}} {{inputs.none | default('-')}}"), "x [1,2] -");
}

// A page or a row can say what it likes: it is put in once, and never read as a template.
TEST_F(TaskTemplateTest, NeverReadsWhatItPutInAsATemplate) {
  EXPECT_EQ(value("{{inputs.evil}}"), "{{secrets.key}}");
  EXPECT_EQ(value("a {{inputs.evil}} b {{inputs.n}}"), "a {{secrets.key}} b 10");
}

TEST_F(TaskTemplateTest, WritesBracesThatAreMeantAsSuch) {
  EXPECT_EQ(value("{{{{"), "{{");
  EXPECT_EQ(value("a {{{{x}} {{inputs.n}}"), "a {{x}} 10");
  EXPECT_EQ(value("}} { }"), "}} { }");
  EXPECT_EQ(value("{{'}}' | length}}"), 2);
  EXPECT_EQ(value("{{\"\\\"}}\"}}"), "\"}}");
}

TEST_F(TaskTemplateTest, TellsWhichTextIsWrong) {
  EXPECT_THAT(Template::compile(Json{{"a", {{"b/c", {"ok", "x {{ nope"}}}}}), IsError(ErrorKind::invalid, AllOf(HasSubstr("/a/b~1c/1"), HasSubstr("character 3"), HasSubstr("{{{{"))));
  EXPECT_THAT(Template::compile(Json{{"a", "é {{inputs.to | uper}}"}}), IsError(ErrorKind::invalid, AllOf(HasSubstr("/a in {{inputs.to | uper}}, character 13"), HasSubstr("upper"))));
  EXPECT_THAT(Template::compile(Json{{"x{{row.a}}", 1}}), IsError(ErrorKind::invalid, HasSubstr("key")));
  EXPECT_THAT(Template::compile("{{}}"), IsError(ErrorKind::invalid));
  EXPECT_THAT(render(Json{{"a", "{{row.nothing}}"}}), IsError(ErrorKind::not_found, HasSubstr("/a")));
}

TEST_F(TaskTemplateTest, TellsWhereEachTextCameFrom) {
  const auto rendered = Template::compile(Json{{"to", {"{{inputs.to}}", "fixed@example.org", "{{row.name}} {{inputs.to}}"}}, {"text", "{{steps.page.out.text}} {{row.name}}"}, {"c", "{{{{"}, {"d", "{{'x'}}"}})->render(scope_);
  ASSERT_OK(rendered);
  std::vector<std::string> leaves;
  for (const auto& leaf : rendered->leaves) leaves.push_back(leaf.pointer + " " + leaf.origin + " " + to_string(leaf.trust));
  EXPECT_THAT(leaves, ElementsAre("/to/0 inputs.to user", "/to/2 row.name tool", "/text steps.page.out.text untrusted", "/d task user"));
}

TEST_F(TaskTemplateTest, ListsWhatItReads) {
  std::vector<std::string> uses;
  for (const auto& use : Template::compile(Json{{"a", "{{inputs.to}} {{row.x | default('')}}"}, {"b", {"{{inputs.n}}"}}})->uses()) {
    uses.push_back(use.pointer + " " + to_string(use.reference) + (use.optional ? "?" : ""));
  }
  EXPECT_THAT(uses, ElementsAre("/a inputs.to", "/a row.x?", "/b/0 inputs.n"));
}

TEST_F(TaskTemplateTest, KnowsWhetherItIsConstant) {
  EXPECT_TRUE(Template::compile(Json{{"a", 1}})->is_constant());
  EXPECT_FALSE(Template::compile("{{row.x}}")->is_constant());
  EXPECT_TRUE(Template().is_constant());
}

TEST_F(TaskTemplateTest, PutsInNoMoreThanFits) {
  scope_.values["row"]["big"] = std::string(3u << 20, 'x');
  std::string six, list;
  for (int i = 0; i < 6; ++i) six += "{{row.big}}";
  EXPECT_THAT(render(six), IsError(ErrorKind::limit, HasSubstr("text of more than")));
  Json many = Json::array();
  for (int i = 0; i < 30; ++i) many.push_back("{{row.big}}");
  EXPECT_THAT(render(many), IsError(ErrorKind::limit, HasSubstr("/21")));
}

}  // namespace
}  // namespace deed
