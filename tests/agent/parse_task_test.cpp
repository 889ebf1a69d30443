// From the text of a task file to a Task: what each key becomes, and what is said about the wrong ones.
#include "deed/agent/task/parse_task.hpp"

#include "deed/tests/agent/task_text.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

std::string with_steps(const std::string& steps) { return "deed: 1\ninputs: {to: {type: string}}\nsteps:\n" + steps; }
// One step, which is the fourth line: "  - {id: a, …}".
std::vector<std::string> issues_of_step(const std::string& step) { return issues_of(with_steps("  - {" + step + "}\n"), full_files); }

TEST(ParseTask, ReadsEverythingThatTheFormatHas) {
  const ParsedTask parsed_task = parsed(full_task, full_files);
  ASSERT_THAT(issue_lines(parsed_task.issues), IsEmpty());
  const Task& task = *parsed_task.task;
  EXPECT_EQ(task.name, "digest");
  EXPECT_EQ(task.inputs.size(), 3u);
  EXPECT_EQ(task.inputs[0].schema, (Json{{"type", "string"}, {"format", "email"}, {"description", "Who gets it"}}));
  EXPECT_EQ(task.inputs[1].default_value, Json(10));
  EXPECT_EQ(task.inputs[0].default_value, std::nullopt);
  EXPECT_THAT(task.secrets, ElementsAre("api_token"));
  EXPECT_EQ(task.budget, (Limits{.max_steps = 30, .max_tokens = 100000, .max_cost_usd = 0.5, .max_time = 10min, .max_calls = 5000}));
  ASSERT_EQ(task.steps.size(), 13u);

  const Step& page = task.steps[0];
  EXPECT_EQ(std::get<ToolStep>(page.action).tool, "http.get");
  EXPECT_EQ(std::get<ToolStep>(page.action).with.source()["url"], "{{inputs.url}}");
  EXPECT_EQ(page.timeout, 30s);
  EXPECT_EQ(page.retry.max_attempts, 3);
  EXPECT_EQ(page.retry.wait, 10s);
  EXPECT_EQ(page.on_error, OnError::stop);
  EXPECT_EQ(page.pointer, "/steps/0");
  EXPECT_EQ(&page, task.find("page"));

  const auto& summary = std::get<LlmStep>(task.steps[1].action);
  EXPECT_EQ(summary.system.source(), "Be brief.");
  EXPECT_EQ((*summary.schema)["required"], Json{"text"});
  EXPECT_EQ(task.steps[1].model, "fast");
  EXPECT_EQ(task.steps[1].budget->max_tokens, 1000);
  EXPECT_THAT(std::get<AgentStep>(task.steps[2].action).tools, ElementsAre("http.get", "file.read"));

  const Step& mail = task.steps[3];
  const auto& people = std::get<RowFile>(mail.loop->over);
  EXPECT_EQ(people.format, RowFile::Format::csv);
  EXPECT_EQ(people.path.source(), "people.csv");
  EXPECT_EQ(people.encoding, "latin-1");
  EXPECT_EQ(people.separator, ';');
  EXPECT_EQ(mail.loop->key->text(), "row.email");
  EXPECT_EQ(mail.loop->max, 5000);
  EXPECT_EQ(mail.loop->concurrency, 4);
  EXPECT_EQ(mail.approve.first, 3);
  EXPECT_EQ(mail.approve.when->text(), "row.amount | number > 100");
  EXPECT_THAT(mail.needs, ElementsAre("page"));

  EXPECT_EQ(task.steps[4].on_unknown, OnUnknown::stop);
  EXPECT_EQ(task.steps[4].on_error, OnError::go_on);
  EXPECT_EQ(task.steps[4].retry.max_attempts, 2);
  EXPECT_EQ(std::get<RowFile>(task.steps[5].loop->over).query.source(), "select * from people");
  EXPECT_EQ(std::get<RowFile>(task.steps[6].loop->over).format, RowFile::Format::jsonl);
  EXPECT_EQ(std::get<Template>(task.steps[7].loop->over).source(), "{{steps.page.out.items}}");
  EXPECT_TRUE(task.steps[7].approve.always);
  EXPECT_EQ(std::get<Template>(task.steps[8].loop->over).source().size(), 2u);
  EXPECT_EQ(std::get<UseStep>(task.steps[9].action).task->inputs[0].name, "to");
  EXPECT_EQ(std::get<WaitStep>(task.steps[10].action).duration, 10min);
  EXPECT_EQ(std::get<WaitStep>(task.steps[11].action).until->source(), "2026-12-24T09:00:00Z");
  EXPECT_EQ(std::get<WaitStep>(task.steps[12].action).signal, "go");
  EXPECT_EQ(task.outputs.at("sent").source(), "{{steps.mail.count}}");
  EXPECT_EQ(task.text, full_task);
}

TEST(ParseTask, ReadsTheSameFromJson) {
  const ParsedTask yaml = parsed(full_task, full_files);
  const ParsedTask json = parsed(to_text(yaml.task->source.value, 1), full_files);
  ASSERT_THAT(issue_lines(json.issues), IsEmpty());
  EXPECT_EQ(json.task->source.value, yaml.task->source.value);
  EXPECT_EQ(json.task->steps.size(), yaml.task->steps.size());
}

TEST(ParseTask, CallsATaskWithoutANameAsItsFile) {
  EXPECT_EQ(parse_task("deed: 1\nsteps: [{id: a, tool: time.now}]", "tasks/daily.yaml", {}).task->name, "daily");
  EXPECT_EQ(parse_task("deed: 1\nsteps: [{id: a, tool: time.now}]", "", {}).task->name, "");
}

TEST(ParseTask, TellsUnknownKeysWithTheirPlaceAndTheNearestKnownOne) {
  EXPECT_THAT(issues_of("deed: 1\nstep: []\nsteps: [{id: a, tool: time.now}]\n"), ElementsAre("t.yaml:2:1: unknown key \"step\": did you mean \"steps\"?"));
  EXPECT_THAT(issues_of_step("id: a, tool: time.now, wth: {}"), ElementsAre("t.yaml:4:29: unknown key \"wth\": did you mean \"with\"?"));
  EXPECT_THAT(issues_of_step("id: a, tol: time.now"), ElementsAre("t.yaml:4:13: unknown key \"tol\": did you mean \"tool\"?"));
  EXPECT_THAT(issues_of_step("id: a, tool: time.now, for: {csv: a, seperator: ','}"), ElementsAre("t.yaml:4:43: unknown key \"seperator\": did you mean \"separator\"?"));
  EXPECT_THAT(issues_of_step("id: a, agent: x, tools: [], budget: {max_step: 1}"), ElementsAre("t.yaml:4:43: unknown key \"max_step\": did you mean \"max_steps\"?"));
  EXPECT_THAT(issues_of_step("id: a, tool: time.now, retry: {max: 2, pause: 1s}"), ElementsAre("t.yaml:4:45: unknown key \"pause\": known here: max, wait"));
  EXPECT_THAT(issues_of_step("id: a, tool: time.now, approve: {frist: 2}, for: [1]"), ElementsAre("t.yaml:4:39: unknown key \"frist\": did you mean \"first\"?"));
  EXPECT_THAT(issues_of_step("id: a, wait: {untill: x}"), ElementsAre(HasSubstr("4:13"), "t.yaml:4:20: unknown key \"untill\": did you mean \"until\"?"));
}

TEST(ParseTask, TellsKeysThatBelongToAnotherKindOfStep) {
  EXPECT_THAT(issues_of_step("id: a, tool: time.now, schema: {}"), ElementsAre("t.yaml:4:29: \"schema\" has no meaning in a step with tool: it belongs to a step with llm"));
  EXPECT_THAT(issues_of_step("id: a, llm: x, approve: always"), ElementsAre(HasSubstr("belongs to a step with tool")));
  EXPECT_THAT(issues_of_step("id: a, use: other.yaml, with: {to: x}, retry: 2"), ElementsAre(HasSubstr("belongs to a step with tool, llm")));
  EXPECT_THAT(issues_of_step("id: a, tool: time.now, for: {jsonl: x, separator: ','}"), ElementsAre(HasSubstr("unknown key \"separator\"")));
}

TEST(ParseTask, NeedsAVersion) {
  EXPECT_THAT(issues_of("steps: [{id: a, tool: time.now}]"), ElementsAre(AllOf(HasSubstr("t.yaml:1:1"), HasSubstr("\"deed\" is missing"))));
  EXPECT_THAT(issues_of("deed: 2\nnew_key: 1\n"), ElementsAre(AllOf(HasSubstr("t.yaml:1:1"), HasSubstr("version 2"))));
  EXPECT_THAT(issues_of("deed: '1'\nsteps: []"), ElementsAre(HasSubstr("version \"1\"")));
}

TEST(ParseTask, NeedsStepsThatDoOneThing) {
  EXPECT_THAT(issues_of("deed: 1\n"), ElementsAre(HasSubstr("\"steps\" is missing")));
  EXPECT_THAT(issues_of("deed: 1\nsteps: []\n"), ElementsAre(HasSubstr("2:1: \"steps\" must be a list of at least one step")));
  EXPECT_THAT(issues_of("deed: 1\nsteps: [x]\n"), ElementsAre(HasSubstr("2:9: a step must be a mapping")));
  EXPECT_THAT(issues_of_step("id: a"), ElementsAre(HasSubstr("4:5: the step does nothing")));
  EXPECT_THAT(issues_of_step("id: a, tool: time.now, llm: x"), ElementsAre(HasSubstr("4:29: the step does two things: tool and llm")));
  EXPECT_THAT(issues_of("hello"), ElementsAre(HasSubstr("not a text")));
  EXPECT_THAT(issues_of("# only a comment\n"), ElementsAre(HasSubstr("the file is empty")));
}

TEST(ParseTask, ChecksIds) {
  EXPECT_THAT(issues_of_step("tool: time.now"), ElementsAre(HasSubstr("4:5: the step has no \"id\"")));
  for (const char* id : {"A", "1a", "a-b", "'a b'", "''"}) EXPECT_THAT(issues_of_step("id: " + std::string(id) + ", tool: time.now"), ElementsAre(HasSubstr("cannot be the id of a step"))) << id;
  EXPECT_THAT(issues_of_step("id: a" + std::string(64, 'x') + ", tool: time.now"), ElementsAre(HasSubstr("cannot be the id")));
  EXPECT_THAT(issues_of(with_steps("  - {id: a, tool: time.now}\n  - {id: a, tool: time.now}\n")), ElementsAre("t.yaml:5:6: the id \"a\" is here twice: each step has its own"));
}

TEST(ParseTask, ChecksTypesOfAllKeys) {
  const std::pair<const char*, const char*> cases[] = {
      {"tool: 1", "\"tool\" must be a text, not a number"},
      {"tool: time.now, with: [1]", "\"with\" must be a mapping"},
      {"tool: time.now, timeout: 30", "\"timeout\" must be a time: such as"},
      {"tool: time.now, timeout: 30 s", "\"timeout\" must be a time"},
      {"tool: time.now, timeout: 1y", "\"timeout\" must be a time"},
      {"tool: time.now, timeout: -5s", "\"timeout\" must be a time"},
      {"tool: time.now, timeout: 99999d", "\"timeout\" must be a time"},
      {"tool: time.now, timeout: 0s", "\"timeout\" must be more"},
      {"tool: time.now, retry: 0", "\"retry\" must be a whole number from 1 to 100"},
      {"tool: time.now, retry: 1.5", "\"retry\" must be a whole number"},
      {"tool: time.now, retry: {wait: 1s}", "\"max\" is missing"},
      {"tool: time.now, on_unknown: maybe", "it is one of probe, stop, retry"},
      {"tool: time.now, on_error: go on", "it is one of stop, continue"},
      {"tool: time.now, needs: a", "\"needs\" must be a list"},
      {"tool: time.now, if: 1", "\"if\" must be an expression"},
      {"tool: time.now, if: 'inputs.to == '", "a value is missing"},
      {"tool: time.now, if: '{{inputs.to}}'", "without {{"},
      {"tool: time.now, if: inputs.to", ""},
      {"tool: time.now, if: \"'yes'\"", "a condition must be true or false"},
      {"tool: time.now, approve: sometimes", "never, always"},
      {"tool: time.now, approve: {}", "an empty \"approve\""},
      {"tool: time.now, approve: {first: 3}", "\"first\" counts items"},
      {"tool: time.now, for: 3", "\"for\" needs a list"},
      {"tool: time.now, for: people.csv", "\"for\" needs a list"},
      {"tool: time.now, for: 'x {{inputs.to}}'", "\"for\" needs a list"},
      {"tool: time.now, for: {max: 1}", "does not say where the items come from"},
      {"tool: time.now, for: {csv: a, jsonl: b}", "not from csv and jsonl"},
      {"tool: time.now, for: {sqlite: a}", "\"query\" is missing"},
      {"tool: time.now, for: {csv: a, encoding: utf-16}", "utf-8 or latin-1"},
      {"tool: time.now, for: {csv: a, separator: ab}", "one character"},
      {"tool: time.now, for: {csv: a, concurrency: 65}", "from 1 to 64"},
      {"tool: time.now, for: {list: a}", "\"list\" needs a list"},
      {"tool: time.now, for: {csv: a, key: '{{row.x}}'}", "without {{"},
      {"llm: [x]", "\"llm\" must be a text"},
      {"llm: x, schema: 1", "a schema must be a mapping"},
      {"llm: x, schema: {type: text}", "type"},
      {"llm: x, budget: {max_cost: -1}", "\"max_cost\" must be a number"},
      {"llm: x, budget: 3", "\"budget\" must be a mapping"},
      {"agent: x", "\"tools\" is missing"},
      {"agent: x, tools: [1]", "this list is of names of tools"},
      {"agent: x, tools: [a, a]", "here twice"},
      {"wait: 10", "\"wait\" must be a time"},
      {"wait: {until: tomorrow}", "must be a time such as"},
      {"wait: {until: '2026-12-24T09:00:00Z', signal: a}", "waits for one thing"},
      {"wait: {signal: 'a b'}", "no name for a signal"},
      {"use: ''", "must name a file"},
      {"use: missing.yaml", "cannot be read"},
  };
  for (const auto& [step, what] : cases) {
    const auto issues = issues_of_step("id: a, " + std::string(step));
    if (std::string_view(what).empty()) EXPECT_THAT(issues, IsEmpty()) << step;
    else EXPECT_THAT(issues, ElementsAre(AllOf(HasSubstr("t.yaml:4:"), HasSubstr(what)))) << step;
  }
}

TEST(ParseTask, ChecksInputs) {
  const auto issues = [](const char* inputs) { return issues_of("deed: 1\ninputs:\n  " + std::string(inputs) + "\nsteps: [{id: a, tool: time.now}]\n"); };
  EXPECT_THAT(issues("a-b: {type: string}"), ElementsAre(HasSubstr("3:3: \"a-b\" cannot be the name")));
  EXPECT_THAT(issues("a: string"), ElementsAre(HasSubstr("3:3: \"a\" must be a mapping")));
  EXPECT_THAT(issues("a: {type: text}"), ElementsAre(HasSubstr("t.yaml:3:7: ")));
  EXPECT_THAT(issues("a: {typ: string}"), ElementsAre(AllOf(HasSubstr("t.yaml:3:7: "), HasSubstr("typ"))));
  EXPECT_THAT(issues("a: {type: integer, default: ten}"), ElementsAre(AllOf(HasSubstr("t.yaml:3:22: "), HasSubstr("default does not fit"))));
  EXPECT_THAT(issues("a: {type: object, properties: {b: {type: string, maxLength: 1}}, default: {b: xx}}"), ElementsAre(HasSubstr("t.yaml:3:78: ")));
}

TEST(ParseTask, TellsReferencesThatLeadNowhere) {
  const std::pair<const char*, const char*> cases[] = {
      {"{{inputs.too}}", "no input \"too\": did you mean \"to\"?"},
      {"{{steps.pagee.out}}", "no step \"pagee\": did you mean \"page\"?"},
      {"{{steps.later.out}}", "\"later\" comes later"},
      {"{{steps.here.out}}", "\"here\" refers to itself"},
      {"{{steps.page}}", "say which part: steps.page.out"},
      {"{{steps.page.output}}", "no \"steps.page.output\""},
      {"{{steps.page.count}}", "no \"steps.page.count\""},
      {"{{steps.page.status.x}}", "nothing in it"},
      {"{{steps.loop.text}}", "no \"steps.loop.text\""},
      {"{{row.x}}", "read where there are no items"},
      {"{{index}}", "read where there are no items"},
      {"{{run.time}}", "no \"run.time\": there are id, started_at, date"},
      {"{{run.dat}}", "did you mean \"date\"?"},
      {"{{inputs}}", "say which: inputs.NAME"},
      {"{{secrets.other}}", "no secret \"other\""},
      {"{{secrets.key.x}}", "nothing in a secret"},
      {"{{exists inputs.too}}", "no input \"too\""},
      {"{{secrets.key}}", ""},
      {"{{steps.loop.out[0].x}}{{steps.loop.failures}}{{steps.page.out.a.b.c}}{{run.id}}", ""},
  };
  for (const auto& [text, what] : cases) {
    const auto issues = issues_of("deed: 1\ninputs: {to: {type: string}}\nsecrets: [key]\nsteps:\n  - {id: page, tool: time.now}\n  - {id: loop, for: [1], tool: time.now}\n"
                                  "  - id: here\n    tool: time.now\n    with:\n      a: [1, \"" + std::string(text) + "\"]\n  - {id: later, tool: time.now}\n");
    if (std::string_view(what).empty()) EXPECT_THAT(issues, IsEmpty()) << text;
    else EXPECT_THAT(issues, ElementsAre(AllOf(HasSubstr("t.yaml:10:14: "), HasSubstr(what)))) << text;
  }
}

TEST(ParseTask, LetsSecretsBeReadOnlyInCallsOfTools) {
  for (const char* step : {"llm: '{{secrets.k}}'", "agent: '{{secrets.k}}', tools: []", "use: other.yaml, with: {to: '{{secrets.k}}'}", "tool: time.now, if: secrets.k == 'x'", "tool: time.now, for: ['{{secrets.k}}']",
                           "tool: time.now, for: {csv: '{{secrets.k}}'}", "wait: {until: '{{secrets.k}}'}"}) {
    EXPECT_THAT(issues_of("deed: 1\nsecrets: [k]\nsteps:\n  - {id: a, " + std::string(step) + "}\n", full_files), ElementsAre(AllOf(HasSubstr("t.yaml:4:"), HasSubstr("a secret may not be read here")))) << step;
  }
  EXPECT_THAT(issues_of("deed: 1\nsecrets: [k]\nsteps: [{id: a, tool: time.now}]\noutputs:\n  x: '{{secrets.k}}'\n"), ElementsAre(HasSubstr("t.yaml:5:3: ")));
}

TEST(ParseTask, LetsItemsBeReadOnlyInsideOfTheLoop) {
  EXPECT_THAT(issues_of_step("id: a, for: '{{row.x}}', tool: time.now"), ElementsAre(HasSubstr("no items")));
  EXPECT_THAT(issues_of_step("id: a, for: [1], if: \"row == 1\", tool: time.now, with: {x: '{{item}}'}, approve: {when: 'index > 1'}"), IsEmpty());
  EXPECT_THAT(issues_of_step("id: a, for: [1], tool: time.now, with: {x: '{{index.y}}'}"), ElementsAre(HasSubstr("nothing in a number")));
}

TEST(ParseTask, ChecksWhatStepsNeed) {
  EXPECT_THAT(issues_of(with_steps("  - {id: a, tool: time.now, needs: [b]}\n  - {id: b, tool: time.now}\n")), ElementsAre(AllOf(HasSubstr("t.yaml:4:37: "), HasSubstr("\"b\" comes later"))));
  EXPECT_THAT(issues_of(with_steps("  - {id: a, tool: time.now, needs: [a]}\n")), ElementsAre(HasSubstr("needs itself")));
  EXPECT_THAT(issues_of(with_steps("  - {id: first, tool: time.now}\n  - {id: b, tool: time.now, needs: [frist]}\n")), ElementsAre(HasSubstr("did you mean \"first\"?")));
  EXPECT_THAT(issues_of(with_steps("  - {id: a, tool: time.now, needs: [b]}\n  - {id: b, tool: time.now, needs: [a]}\n")), ElementsAre(HasSubstr("comes later"))) << "a circle";
}

TEST(ParseTask, TellsStepsThatCanNeverRun) {
  EXPECT_THAT(issues_of(with_steps("  - {id: a, tool: time.now, if: false}\n  - {id: b, tool: time.now, needs: [a]}\n  - {id: c, tool: time.now, needs: [b]}\n")),
              ElementsAre(AllOf(HasSubstr("t.yaml:4:29"), HasSubstr("never holds")), AllOf(HasSubstr("t.yaml:5:29"), HasSubstr("needs \"a\"")), HasSubstr("needs \"b\"")));
  EXPECT_THAT(issues_of_step("id: a, tool: time.now, if: '1 == 2'"), ElementsAre(HasSubstr("never holds")));
  EXPECT_THAT(issues_of_step("id: a, tool: time.now, if: true"), IsEmpty());
}

TEST(ParseTask, KeepsToOneIssueForOneFault) {
  EXPECT_THAT(issues_of(with_steps("  - {id: page, tol: http.get}\n  - {id: b, tool: time.now, with: {x: '{{steps.page.out}}'}}\n")), ElementsAre(HasSubstr("\"tol\"")));
  EXPECT_THAT(issues_of("deed: 1\ninputs: {to: 3}\nsteps: [{id: b, tool: time.now, with: {x: '{{inputs.to}}'}}]\n"), ElementsAre(HasSubstr("2:10")));
}

TEST(ParseTask, TellsAllBadTextsOfAValueInTheOrderOfTheFile) {
  EXPECT_THAT(issues_of(with_steps("  - id: a\n    tool: time.now\n    with:\n      x: '{{inputs.to | uper}}'\n      y: ok\n      z: ['{{']\n    if: 1 +\n")),
              ElementsAre(HasSubstr("t.yaml:7:7: there is no filter \"uper\""), HasSubstr("t.yaml:9:11: \"{{\" without"), HasSubstr("t.yaml:10:5: ")));
}

TEST(ParseTask, StopsAtAHundredIssues) {
  std::string text = "deed: 1\nsteps:\n";
  for (int i = 0; i < 500; ++i) text += "  - {id: s" + std::to_string(i) + ", tool: time.now, x: 1}\n";
  EXPECT_EQ(parsed(text).issues.size(), 100u);
}

// ---- Files that use files

TEST(ParseTask, ReadsUsedFilesFromTheFolderOfTheUsingOneAndOnlyOnce) {
  int reads = 0;
  const TaskFileTexts files = {{"tasks/lib/b.yaml", "deed: 1\nsteps: [{id: a, use: ../c.yaml}]"}, {"tasks/c.yaml", "deed: 1\nsteps: [{id: a, tool: time.now}]"}};
  const auto read = [&](const std::string& path) -> Result<std::string> {
    ++reads;
    if (!files.contains(path)) return fail(ErrorKind::not_found, "no file " + path);
    return files.at(path);
  };
  const auto task = parse_task("deed: 1\nsteps: [{id: a, use: lib/b.yaml}, {id: b, use: ./c.yaml}, {id: c, use: lib/b.yaml}]", "tasks/a.yaml", read);
  ASSERT_THAT(issue_lines(task.issues), IsEmpty());
  EXPECT_EQ(reads, 2);
  const auto used = [&](std::size_t i) { return std::get<UseStep>(task.task->steps[i].action).task; };
  EXPECT_EQ(used(0), used(2));
  EXPECT_EQ(std::get<UseStep>(used(0)->steps[0].action).task, used(1));
}

TEST(ParseTask, TellsIssuesOfUsedFilesUnderTheirName) {
  EXPECT_THAT(issues_of(with_steps("  - {id: a, use: bad.yaml}\n  - {id: b, use: bad.yaml}\n"), {{"bad.yaml", "deed: 1\nsteps: [{id: a}]"}}), ElementsAre("bad.yaml:2:9: the step does nothing: a step has one of tool, llm, agent, use and wait"));
  EXPECT_THAT(issues_of(with_steps("  - {id: a, use: bad.yaml}\n"), {{"bad.yaml", "a: [\n"}}), ElementsAre(HasSubstr("bad.yaml:2:1: not valid YAML")));
}

TEST(ParseTask, RefusesFilesThatUseEachOther) {
  EXPECT_THAT(issues_of(with_steps("  - {id: a, use: b.yaml}\n"), {{"b.yaml", "deed: 1\nsteps: [{id: a, use: ./x/../t.yaml}]"}}), ElementsAre(HasSubstr("b.yaml:2:17: the files use each other in a circle: t.yaml -> b.yaml -> t.yaml")));
  EXPECT_THAT(issues_of(with_steps("  - {id: a, use: t.yaml}\n")), ElementsAre(HasSubstr("t.yaml:4:13: the files use each other in a circle: t.yaml -> t.yaml")));
}

TEST(ParseTask, RefusesFilesThatAreNestedTooDeep) {
  TaskFileTexts files;
  for (int i = 0; i < 12; ++i) files["f" + std::to_string(i)] = "deed: 1\nsteps: [{id: a, use: f" + std::to_string(i + 1) + "}]";
  files["f12"] = "deed: 1\nsteps: [{id: a, tool: time.now}]";
  EXPECT_THAT(issues_of(with_steps("  - {id: a, use: f0}\n"), files), ElementsAre(HasSubstr("more than 8 deep")));
  EXPECT_THAT(issues_of(with_steps("  - {id: a, use: f6}\n"), files), IsEmpty());
}

TEST(ParseTask, ReadsAtMostAHundredFiles) {
  TaskFileTexts files;
  std::string steps;
  for (int i = 0; i < 102; ++i) {
    files["f" + std::to_string(i)] = "deed: 1\nsteps: [{id: a, tool: time.now}]";
    steps += "  - {id: s" + std::to_string(i) + ", use: f" + std::to_string(i) + "}\n";
  }
  EXPECT_THAT(issues_of(with_steps(steps), files), ElementsAre(HasSubstr("more than 100 files"), HasSubstr("more than 100 files")));
}

TEST(ParseTask, ChecksWhatIsGivenToAUsedTask) {
  const TaskFileTexts files = {{"o.yaml", "deed: 1\ninputs: {to: {type: string}, n: {type: integer, default: 1}}\nsteps: [{id: a, tool: time.now}]"}};
  const auto issues = [&](const char* given) { return issues_of(with_steps("  - {id: a, use: o.yaml" + std::string(given) + "}\n"), files); };
  EXPECT_THAT(issues(""), ElementsAre(HasSubstr("input \"to\" of o.yaml is missing")));
  EXPECT_THAT(issues(", with: {too: x, to: y}"), ElementsAre(AllOf(HasSubstr("4:33"), HasSubstr("did you mean \"to\"?"))));
  EXPECT_THAT(issues(", with: {to: 3}"), ElementsAre(HasSubstr("4:33: the input \"to\" of o.yaml must be")));
  EXPECT_THAT(issues(", with: {to: '{{inputs.to}}', n: 3}"), IsEmpty());
}

}  // namespace
}  // namespace deed
