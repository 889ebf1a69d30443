// Good task files, each broken in one place by a seeded generator: every one is refused, in the line that was broken, for its reason.
#include <random>

#include "deed/agent/task/check_task.hpp"
#include "deed/tests/agent/task_text.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

const Registry& tools() {
  static const Registry& registry = *[] {
    static Registry made;
    EXPECT_OK(made.add(tool("mail.send", EffectClass::once,
                            R"({"type": "object", "required": ["to", "subject"], "additionalProperties": false, "properties": {"to": {"type": "array", "items": {"type": "string"}},
                                "subject": {"type": "string"}, "priority": {"type": "integer", "minimum": 1}}})")));
    EXPECT_OK(made.add(tool("time.now", EffectClass::read, R"({"type": "object", "properties": {}, "additionalProperties": false})")));
    return &made;
  }();
  return registry;
}

std::vector<TaskIssue> all_issues(const std::string& text) {
  ParsedTask found = parsed(text, {{"other.yaml", "deed: 1\nsteps: [{id: a, tool: time.now}]\n"}});
  return found.task ? check_task(*found.task, {tools()}) : found.issues;
}

/// A task as lines. Each line stands on its own, so that one can be changed without another.
class Draft {
 public:
  explicit Draft(unsigned seed) : random_(seed) {
    for (const char* line : {"deed: 1", "name: broken", "inputs:", "  to: {type: string}", "  n: {type: integer, default: 3}", "secrets: [token]", "steps:"}) add(line);
    add_tool_step("first");
    for (int i = 0, count = below(5); i < count; ++i) add_any_step("s" + std::to_string(i));
    add_llm_step("model");
    add_loop_step("loop");
    add_tool_step("last");
  }

  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  /// The line that begins so, behind the step's first line.
  std::size_t find(const std::string& begin, const std::string& step = "") const {
    std::size_t i = 0;
    while (!step.empty() && lines[i] != "  - id: " + step) ++i;
    while (!lines[i].starts_with(begin)) ++i;
    return i;
  }
  std::size_t replace(const std::string& begin, const std::string& step, std::string line) {
    const std::size_t at = find(begin, step);
    lines[at] = std::move(line);
    return at + 1;
  }
  std::size_t insert(const std::string& behind, const std::string& step, std::string line) {
    const std::size_t at = find(behind, step) + 1;
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), std::move(line));
    return at + 1;
  }
  std::string text() const {
    std::string out = has_mark ? "\xEF\xBB\xBF" : "";
    for (const std::string& line : lines) out += line + line_end;
    return out;
  }

  std::vector<std::string> lines;
  std::string line_end = below(2) == 0 ? "\n" : "\r\n";
  bool has_mark = below(4) == 0;

 private:
  void add(std::string line) {
    if (below(6) == 0) lines.push_back(below(2) == 0 ? "" : "# a comment: {not read}, 'nor this");
    lines.push_back(std::move(line));
  }
  void add_tool_step(const std::string& id) {
    for (const std::string& line : {"  - id: " + id, std::string("    tool: mail.send"), std::string("    timeout: 30s"), std::string("    with:"), std::string("      to: ['{{inputs.to}}', \"Zoë <zoe@example.org>\"]"), std::string("      subject: Grüße"), std::string("      priority: 2")}) add(line);
  }
  void add_llm_step(const std::string& id) {
    for (const std::string& line : {"  - id: " + id, std::string("    llm: 'Say {{inputs.to}}'"), std::string("    schema: {type: object}"), std::string("    budget: {max_tokens: 10}")}) add(line);
  }
  void add_loop_step(const std::string& id) {
    for (const std::string& line : {"  - id: " + id, std::string("    for: {csv: people.csv, key: row.email}"), std::string("    if: \"row.active == 'yes' and row.n | number > 3\""), std::string("    tool: mail.send"), std::string("    with: {to: ['{{row.email}}'], subject: 'No {{index}}'}")}) add(line);
  }
  void add_any_step(const std::string& id) {
    switch (below(4)) {
      case 0: return add_tool_step(id);
      case 1: return add_llm_step(id);
      case 2: return add_loop_step(id);
      default: add("  - id: " + id), add("    wait: 10m");
    }
  }

  std::mt19937 random_;
};

struct Fault {
  std::size_t line;  ///< from 1
  const char* reason;
};
using Break = Fault (*)(Draft&);

// One row a way to be wrong.
const std::vector<Break> breaks = {
    [](Draft& d) -> Fault { return {d.insert("name:", "", "descripton: x"), "unknown key \"descripton\""}; },
    [](Draft& d) -> Fault { return {d.insert("    tool:", "first", "    tmeout: 3s"), "unknown key \"tmeout\""}; },
    [](Draft& d) -> Fault { return {d.replace("    budget:", "model", "    budget: {max_token: 10}"), "unknown key \"max_token\""}; },
    [](Draft& d) -> Fault { return {d.replace("    for:", "loop", "    for: {csv: people.csv, kay: row.email}"), "unknown key \"kay\""}; },
    [](Draft& d) -> Fault { return {d.replace("    timeout:", "last", "    timeout: 30"), "must be a time"}; },
    [](Draft& d) -> Fault { return {d.replace("    timeout:", "first", "    timeout: 30 minutes"), "must be a time"}; },
    [](Draft& d) -> Fault { return {d.replace("    with:", "loop", "    with: [1, 2]"), "must be a mapping"}; },
    [](Draft& d) -> Fault { return {d.replace("    llm:", "model", "    llm: [a, b]"), "must be a text"}; },
    [](Draft& d) -> Fault { return {d.insert("    timeout:", "first", "    tool: time.now"), "\"tool\" is here twice"}; },
    [](Draft& d) -> Fault { return {d.insert("      subject:", "last", "      to: []"), "\"to\" is here twice"}; },
    [](Draft& d) -> Fault { return {d.insert("secrets:", "", "name: again"), "\"name\" is here twice"}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "last", "      subject: 'x {{steps.nowhere.out}}'"), "there is no step \"nowhere\""}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "first", "      subject: '{{inputs.tom}}'"), "there is no input \"tom\""}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "last", "      subject: '{{steps.first.output}}'"), "there is no \"steps.first.output\""}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "first", "      subject: '{{steps.last.text}}'"), "\"last\" comes later"}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "last", "      subject: '{{steps.last.text}}'"), "refers to itself"}; },
    [](Draft& d) -> Fault { return {d.insert("    tool:", "first", "    needs: [last]"), "\"last\" comes later"}; },
    [](Draft& d) -> Fault { return {d.insert("    tool:", "last", "    needs: [first, last]"), "needs itself"}; },
    [](Draft& d) -> Fault { return {d.insert("    tool:", "last", "    needs: [frist]"), "there is no step \"frist\""}; },
    [](Draft& d) -> Fault { return {d.insert("    tool:", "first", "    if: \"inputs.to == \""), "a value is missing"}; },
    [](Draft& d) -> Fault { return {d.replace("    if:", "loop", "    if: row.active = 'yes'"), "\"=\" alone"}; },
    [](Draft& d) -> Fault { return {d.replace("    if:", "loop", "    if: \"row.n | numbre > 3\""), "there is no filter \"numbre\""}; },
    [](Draft& d) -> Fault { return {d.replace("    if:", "loop", "    if: '{{row.active}}'"), "braces inside"}; },
    [](Draft& d) -> Fault { return {d.replace("    if:", "loop", "    if: false"), "can never run"}; },
    [](Draft& d) -> Fault { return {d.replace("  - id:", "last", "  - needs: [first]"), "has no \"id\""}; },
    [](Draft& d) -> Fault { return {d.replace("  - id:", "last", "  - id: first"), "\"first\" is here twice"}; },
    [](Draft& d) -> Fault { return {d.replace("  - id:", "last", "  - id: Last-One"), "cannot be the id"}; },
    [](Draft& d) -> Fault { return {d.replace("      priority:", "last", "      priority: 0"), "\"priority\""}; },
    [](Draft& d) -> Fault { return {d.replace("      priority:", "first", "      priority: high"), "must be of type integer"}; },
    [](Draft& d) -> Fault { return {d.replace("      priority:", "first", "      priority: 'no {{inputs.n}}'"), "must be of type integer"}; },
    [](Draft& d) -> Fault { return {d.insert("      to:", "last", "      subjcet: x"), "there is no argument \"subjcet\""}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "last", "      # nothing"), ""}; },  // the line of `with`; below
    [](Draft& d) -> Fault { return {d.replace("    tool:", "last", "    tool: mail.sent"), "there is no tool \"mail.sent\""}; },
    [](Draft& d) -> Fault { return {d.replace("    schema:", "model", "    schema: {type: objekt}"), "objekt"}; },
    [](Draft& d) -> Fault { return {d.replace("  n:", "", "  n: {type: integer, default: three}"), "the default does not fit"}; },
    [](Draft& d) -> Fault { return {d.replace("  n:", "", "  n: {typ: integer}"), "typ"}; },
    [](Draft& d) -> Fault { return {d.replace("    llm:", "model", "    llm: 'Say {{secrets.token}}'"), "a secret may not be read here"}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "last", "      subject: '{{secrets.tokn}}'"), "there is no secret \"tokn\""}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "first", "      subject: '{{row.name}}'"), "where there are no items"}; },
    [](Draft& d) -> Fault { return {d.insert("    tool:", "last", "    approve: {first: 3}"), "\"first\" counts items"}; },
    [](Draft& d) -> Fault { return {d.replace("deed:", "", "deed: 2"), "version 2"}; },
    [](Draft& d) -> Fault { return {d.replace("    timeout:", "first", "\ttimeout: 30s"), ""}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "last", "      subject: Gr\xFC\xDF" "e"), "not UTF-8"}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "last", "      subject: a\x01"), "control character"}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "last", "      subject: 'x {{inputs.to'"), "without \"}}\""}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "last", "      subject: {{inputs.to}}"), "a key must be a text"}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "last", "      subject: Re: hello"), "not valid YAML"}; },
    [](Draft& d) -> Fault { return {d.replace("      subject:", "first", "      subject: !!binary aGk="), "the tag"}; },
    [](Draft& d) -> Fault { return {d.replace("    wait:", "pause", "    wait: soon"), "must be a time"}; },
    [](Draft& d) -> Fault { return {d.replace("    wait:", "pause", "    wait: {until: tomorrow}"), "must be a time"}; },
    [](Draft& d) -> Fault { return {d.replace("    wait:", "pause", "    use: missing.yaml"), "cannot be read"}; },
    [](Draft& d) -> Fault { return {d.replace("    wait:", "pause", "    use: x/../t.yaml"), "in a circle"}; },
    [](Draft& d) -> Fault { return {d.insert("    wait:", "pause", "    use: other.yaml"), "does two things"}; },
    [](Draft& d) -> Fault { return {d.insert("    wait:", "pause", "    schema: {}"), "has no meaning in a step with wait"}; },
    [](Draft& d) -> Fault { return {d.insert("    tool:", "last", "    on_unknown: retry"), "might do it twice"}; },
    [](Draft& d) -> Fault { return {d.insert("    tool:", "last", "    on_unknown: perhaps"), "cannot be \"perhaps\""}; },
    [](Draft& d) -> Fault { return {d.insert("    tool:", "last", "    retry: {wait: 1s}"), "\"max\" is missing"}; },
    [](Draft& d) -> Fault { return {d.insert("    tool:", "last", "    retry: 0"), "from 1 to 100"}; },
    [](Draft& d) -> Fault { return {d.replace("    for:", "loop", "    for: {csv: people.csv, encoding: utf-16}"), "utf-16"}; },
    [](Draft& d) -> Fault { return {d.replace("    for:", "loop", "    for: people.csv"), "\"for\" needs a list"}; },
};

TEST(BrokenTaskFiles, AreGoodBeforeTheyAreBroken) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    const Draft draft(seed);
    EXPECT_THAT(issue_lines(all_issues(draft.text())), testing::IsEmpty()) << draft.text();
  }
}

TEST(BrokenTaskFiles, AreRefusedInTheRightLineForTheRightReason) {
  std::size_t refused = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    Draft draft(seed);
    draft.lines.push_back("  - id: pause");
    draft.lines.push_back("    wait: 10m");
    Fault fault = breaks[seed % breaks.size()](draft);
    if (draft.lines[fault.line - 1] == "      # nothing") fault = {draft.find("    with:", "last") + 1, "\"subject\" is missing"};
    const auto issues = all_issues(draft.text());
    ASSERT_FALSE(issues.empty()) << fault.reason << "\n" << draft.text();
    EXPECT_EQ(issues[0].place.line, static_cast<int>(fault.line)) << to_string(issues[0]) << "\n" << fault.reason << "\n" << draft.text();
    EXPECT_GE(issues[0].place.column, 1) << draft.text();
    EXPECT_THAT(to_string(issues[0]), HasSubstr(fault.reason)) << draft.text();
    EXPECT_EQ(issues.size(), 1u) << "one fault, one issue: " << testing::PrintToString(issue_lines(issues)) << draft.text();
    ++refused;
  }
  EXPECT_EQ(refused, 300u);
}

// ---- Input that is meant to hurt

TEST(BrokenTaskFiles, OfFiftyMegabytesAreRefusedUnread) {
  const auto issues = all_issues("deed: 1\nsteps: [" + std::string(50u << 20, '[') + "\n");
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_THAT(issues[0].what, HasSubstr("52.4 MB"));
}

TEST(BrokenTaskFiles, WithAnchorsThatExplodeAreRefusedUnbuilt) {
  std::string text = "deed: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + "," + before + "," + before + "," + before + "," + before + "," + before + "," + before + "," + before + "," + before + "]\n";
  }
  const auto issues = all_issues(text);
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_THAT(to_string(issues[0]), HasSubstr("values"));
}

TEST(BrokenTaskFiles, ThatAreDeepAreRefusedInEveryPlace) {
  const std::string deep(100'000, '[');
  for (const std::string& text : {deep, "deed: " + deep, "deed: 1\nsteps: " + deep, "{\"deed\": " + deep, "deed: 1\nsteps: [{id: a, tool: time.now, with: {a: " + deep}) {
    const auto issues = all_issues(text);
    ASSERT_EQ(issues.size(), 1u);
    EXPECT_GE(issues[0].place.line, 1);
  }
}

// Any bytes: refused or good, never a crash.
TEST(BrokenTaskFiles, OfRandomBytesAreNeverMoreThanIssues) {
  std::mt19937 random(1);
  const std::string good = Draft(3).text();
  for (int i = 0; i < 2000; ++i) {
    std::string text = good;
    for (int n = 0; n < 1 + i % 5; ++n) {
      const std::size_t at = random() % text.size();
      if (i % 3 == 0) text.erase(at, 1 + random() % 10);
      else if (i % 3 == 1) text[at] = static_cast<char>(random());
      else text.insert(at, text.substr(random() % text.size(), random() % 20));
      if (text.empty()) text = " ";
    }
    for (const TaskIssue& issue : all_issues(text)) EXPECT_GE(issue.place.line, 1) << to_string(issue) << "\n" << text;
  }
}

}  // namespace
}  // namespace deed
