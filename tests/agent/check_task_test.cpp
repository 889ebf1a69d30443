// A task in the place where it is to run: its calls against the tools' schemas, blind retries, secrets; and the inputs of a run.
#include "deed/agent/task/check_task.hpp"

#include "deed/tests/agent/task_text.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckTaskTest : public testing::Test {
 protected:
  CheckTaskTest() {
    const char* mail = R"({"type": "object", "required": ["to", "subject"], "additionalProperties": false, "properties": {
      "to": {"type": "array", "items": {"type": "string", "format": "email"}, "minItems": 1}, "subject": {"type": "string", "maxLength": 20},
      "priority": {"type": "integer", "minimum": 1}, "options": {"type": "object", "required": ["a"], "additionalProperties": false, "properties": {"a": {"type": "boolean"}, "b": {"type": "string"}}}}})";
    EXPECT_OK(tools_.add(tool("mail.send", EffectClass::once, mail)));
    Tool keyed = tool("order.place", EffectClass::once, R"({"type": "object", "properties": {"keyed": {"type": "boolean"}}})");
    keyed.classify = [](const Json& arguments) { return arguments.value("keyed", false) ? EffectClass::keyed : EffectClass::once; };
    EXPECT_OK(tools_.add(std::move(keyed)));
    EXPECT_OK(tools_.add(tool("time.now", EffectClass::read, R"({"type": "object", "properties": {}, "additionalProperties": false})")));
  }
  std::vector<std::string> check(const std::string& text, const TaskFileTexts& files = {}, std::function<bool(std::string_view)> has_secret = {}) {
    const ParsedTask found = parsed(text, files);
    EXPECT_THAT(issue_lines(found.issues), IsEmpty()) << text;
    return found.task ? issue_lines(check_task(*found.task, {tools_, std::move(has_secret)})) : std::vector<std::string>{"not parsed"};
  }
  // The call's arguments are the sixth line, from column 11.
  std::vector<std::string> check_call(const std::string& with, const std::string& more = "") {
    return check("deed: 1\ninputs: {to: {type: string}, n: {type: integer}}\nsteps:\n  - id: a\n    tool: mail.send\n    with: " + with + "\n" + more);
  }

  Registry tools_;
};

TEST_F(CheckTaskTest, LetsGoodCallsPass) {
  EXPECT_THAT(check_call("{to: [ann@example.org], subject: Hi, priority: 2, options: {a: true}}"), IsEmpty());
  EXPECT_THAT(check_call("{to: ['{{inputs.to}}'], subject: 'Hi {{inputs.to}}, this is long', priority: '{{inputs.n}}', options: {a: '{{inputs.n == 1}}'}}"), IsEmpty());
  EXPECT_THAT(check_call("{to: '{{inputs.to | lines}}', subject: '{{inputs.n}}'}"), IsEmpty());
}

TEST_F(CheckTaskTest, ChecksConstantArgumentsInFull) {
  EXPECT_THAT(check_call("{to: [nobody], subject: Hi}"), ElementsAre(AllOf(HasSubstr("t.yaml:6:17: the argument \"to/0\""), HasSubstr("nobody"))));
  EXPECT_THAT(check_call("{to: [], subject: Hi}"), ElementsAre(HasSubstr("t.yaml:6:12: ")));
  EXPECT_THAT(check_call("{to: [a@b.org], subject: 'This subject is much too long'}"), ElementsAre(HasSubstr("t.yaml:6:27: the argument \"subject\"")));
  EXPECT_THAT(check_call("{to: ['{{inputs.to}}'], subject: Hi, priority: 0}"), ElementsAre(HasSubstr("t.yaml:6:48: the argument \"priority\"")));
  EXPECT_THAT(check_call("{to: ['{{inputs.to}}', x], subject: Hi}"), ElementsAre(HasSubstr("t.yaml:6:34: the argument \"to/1\"")));
}

TEST_F(CheckTaskTest, ChecksNamesAroundReferences) {
  EXPECT_THAT(check_call("{to: ['{{inputs.to}}'], subjct: '{{inputs.to}}', subject: x}"), ElementsAre("t.yaml:6:35: there is no argument \"subjct\": did you mean \"subject\"?"));
  EXPECT_THAT(check_call("{to: ['{{inputs.to}}']}"), ElementsAre("t.yaml:6:5: the argument \"subject\" is missing"));
  EXPECT_THAT(check_call("{to: ['{{inputs.to}}'], subject: x, options: {c: '{{inputs.to}}'}}"), ElementsAre(HasSubstr("\"options/a\" is missing"), HasSubstr("there is no argument \"options/c\": there are a, b")));
  EXPECT_THAT(check_call("{}"), ElementsAre(HasSubstr("\"to\" is missing"), HasSubstr("\"subject\" is missing")));
}

TEST_F(CheckTaskTest, TellsTextsThatStandForAnotherType) {
  EXPECT_THAT(check_call("{to: ['{{inputs.to}}'], subject: x, priority: ' {{inputs.n}}'}"), ElementsAre(AllOf(HasSubstr("t.yaml:6:47: the argument \"priority\" must be of type integer"), HasSubstr("nothing but {{reference}}"))));
  EXPECT_THAT(check_call("{to: 'x {{inputs.to}}', subject: x}"), ElementsAre(HasSubstr("must be of type array")));
  EXPECT_THAT(check_call("{to: ['{{inputs.to}}'], subject: x, options: {a: 'x{{inputs.to}}'}}"), ElementsAre(HasSubstr("\"options/a\" must be of type boolean")));
}

TEST_F(CheckTaskTest, RefusesABlindRetryOnlyOfWhatMayHappenTwice) {
  const auto step = [](const char* text) { return "deed: 1\nsteps:\n  - id: a\n    " + std::string(text) + "\n"; };
  EXPECT_THAT(check(step("tool: order.place\n    on_unknown: retry")), ElementsAre(AllOf(HasSubstr("t.yaml:5:5: "), HasSubstr("might do it twice"), HasSubstr("on_unknown: stop"))));
  EXPECT_THAT(check(step("tool: order.place\n    with: {keyed: true}\n    on_unknown: retry")), IsEmpty());
  EXPECT_THAT(check(step("tool: time.now\n    on_unknown: retry")), IsEmpty());
  EXPECT_THAT(check(step("tool: order.place\n    on_unknown: stop\n    retry: 3")), IsEmpty()) << "only what provably did nothing is tried again";
}

TEST_F(CheckTaskTest, TellsUnknownToolsWithTheNearestName) {
  EXPECT_THAT(check("deed: 1\nsteps:\n  - {id: a, tool: mail.sent}\n"), ElementsAre("t.yaml:3:13: there is no tool \"mail.sent\": did you mean \"mail.send\"?"));
  EXPECT_THAT(check("deed: 1\nsteps:\n  - {id: a, agent: x, tools: [time.now, web.surf]}\n"), ElementsAre("t.yaml:3:41: there is no tool \"web.surf\": deed tools list"));
}

TEST_F(CheckTaskTest, TellsSecretsThatAreNotThere) {
  const auto has = [](std::string_view name) { return name == "here"; };
  const std::string text = "deed: 1\nsecrets: [here, gone]\nsteps:\n  - {id: a, tool: time.now}\n";
  EXPECT_THAT(check(text, {}, has), ElementsAre(AllOf(HasSubstr("t.yaml:2:17: "), HasSubstr("\"gone\" is not set"))));
  EXPECT_THAT(check(text), IsEmpty()) << "who cannot ask does not know";
}

TEST_F(CheckTaskTest, ChecksUsedTasksOnceUnderTheirName) {
  EXPECT_THAT(check("deed: 1\nsteps: [{id: a, use: b.yaml}, {id: b, use: b.yaml}, {id: c, tool: nope}]", {{"b.yaml", "deed: 1\nsteps:\n  - {id: a, tool: tim.now}"}}),
              ElementsAre(HasSubstr("t.yaml:2:61: there is no tool \"nope\""), HasSubstr("b.yaml:3:13: there is no tool \"tim.now\"")));
}

// ---- Inputs of a run

class CompleteInputsTest : public testing::Test {
 protected:
  ParsedTask task_ = parsed("deed: 1\ninputs:\n  to: {type: string, format: email, description: Who gets it}\n  max: {type: integer, default: 10}\n  tags: {type: array, default: []}\n  any: {default: null}\nsteps: [{id: a, tool: time.now}]\n");
  Result<Json> complete(Json given) { return complete_inputs(*task_.task, std::move(given)); }
};

TEST_F(CompleteInputsTest, FillsInDefaultsInTheOrderOfTheTask) {
  EXPECT_EQ(to_text(*complete({{"to", "a@b.org"}})), R"({"to":"a@b.org","max":10,"tags":[],"any":null})");
}

TEST_F(CompleteInputsTest, ReadsTextsAsWhatTheyAreMeantToBe) {
  EXPECT_EQ(*complete({{"tags", "[\"a\"]"}, {"max", "3"}, {"to", "a@b.org"}, {"any", "3"}}), (Json{{"to", "a@b.org"}, {"max", 3}, {"tags", {"a"}}, {"any", "3"}}));
  EXPECT_THAT(complete({{"to", "a@b.org"}, {"max", "three"}}), IsError(ErrorKind::invalid, AllOf(HasSubstr("\"max\""), HasSubstr("integer"))));
}

TEST_F(CompleteInputsTest, TellsWhatIsWrong) {
  EXPECT_THAT(complete({}), IsError(ErrorKind::invalid, AllOf(HasSubstr("\"to\" is missing"), HasSubstr("Who gets it"))));
  EXPECT_THAT(complete({{"to", "a@b.org"}, {"mx", 1}}), IsError(ErrorKind::invalid, AllOf(HasSubstr("no input \"mx\""), HasSubstr("did you mean \"max\"?"))));
  EXPECT_THAT(complete({{"to", "nobody"}}), IsError(ErrorKind::invalid, HasSubstr("\"to\"")));
  EXPECT_THAT(complete(Json::array()), IsError(ErrorKind::invalid));
}

}  // namespace
}  // namespace deed
