// deed validate and deed init, as a user calls them.
#include <fstream>

#include "deed/agent/task/parse_task.hpp"
#include "deed/cli/task_templates.hpp"
#include "deed/core/schema.hpp"
#include "deed/tests/cli/command_fixture.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class TaskCommandTest : public CommandTest {};

TEST_F(TaskCommandTest, ValidateTellsEveryIssueWithItsPlace) {
  put("work/a.yaml", "deed: 1\nsteps:\n  - id: a\n    tool: http.gett\n  - id: b\n    tool: email.send\n    with: {to: [nobody], subject: x, text: '{{steps.a.text}}'}\n    on_unknown: perhaps\n");
  const Ended broken = deed({"validate", "a.yaml"});
  EXPECT_EQ(broken.code, 2);
  EXPECT_EQ(broken.out, "a.yaml:8:5: \"on_unknown\" cannot be \"perhaps\": it is one of probe, stop, retry\n");

  put("work/a.yaml", "deed: 1\nsteps:\n  - id: a\n    tool: http.gett\n  - id: b\n    tool: email.send\n    with: {to: [nobody], subject: x, text: '{{steps.a.text}}'}\n");
  const Ended wrong = deed({"validate", "a.yaml"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.out, AllOf(HasSubstr("a.yaml:4:5: there is no tool \"http.gett\": did you mean \"http.get\"?\n"), HasSubstr("a.yaml:7:17: the argument \"to/0\"")));
}

TEST_F(TaskCommandTest, ValidateSaysWhatIsValid) {
  put("work/a.yaml", "deed: 1\nsteps: [{id: a, tool: time.now}]\n");
  put("work/sub.json", R"({"deed": 1, "steps": [{"id": "a", "use": "a.yaml"}]})");
  const Ended ended = deed({"validate", "a.yaml", "sub.json"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.out, "a.yaml: valid\nsub.json: valid\n");
}

TEST_F(TaskCommandTest, ValidateReadsStandardInput) {
  put("in.yaml", "deed: 1\nsteps: [{id: a, tool: time.now}]\n");
  EXPECT_EQ(deed({"validate", "-"}, file("in.yaml")).code, 0);
}

TEST_F(TaskCommandTest, ValidateGivesJson) {
  put("work/a.yaml", "deed: 1\nsteps: [{id: a, tool: time.now}]\n");
  put("work/b.yaml", "deed: 1\nsteps: [{id: a, tol: time.now}]\n");
  const Ended ended = deed({"validate", "--json", "a.yaml", "b.yaml", "missing.yaml"});
  EXPECT_EQ(ended.code, 2);
  const Json out = ended.json();
  EXPECT_EQ(out["version"], 1);
  EXPECT_EQ(out["valid"], false);
  EXPECT_EQ(out["files"][0], (Json{{"file", "a.yaml"}, {"valid", true}, {"issues", Json::array()}}));
  EXPECT_EQ(out["files"][1]["issues"][0], (Json{{"file", "b.yaml"}, {"line", 2}, {"column", 17}, {"pointer", "/steps/0/tol"}, {"what", "unknown key \"tol\""}, {"hint", "did you mean \"tool\"?"}}));
  EXPECT_THAT(out["files"][2]["issues"][0]["what"].get<std::string>(), HasSubstr("cannot be read"));
}

TEST_F(TaskCommandTest, ValidateRefusesFilesThatAreTooLargeOrNone) {
  put("work/large.yaml", std::string(2u << 20, '#'));
  EXPECT_THAT(deed({"validate", "large.yaml"}).out, HasSubstr("larger than"));
  EXPECT_EQ(deed({"validate", "."}).code, 2);
  EXPECT_EQ(deed({"validate"}).code, 2);
}

TEST_F(TaskCommandTest, InitListsTemplatesAndWritesOneOnlyWhereThereIsNone) {
  const Ended listed = deed({"init"});
  EXPECT_EQ(listed.code, 0);
  for (const char* name : {"digest", "watch", "json", "tidy", "merge"}) EXPECT_THAT(listed.out, HasSubstr(name));
  EXPECT_EQ(deed({"init", "merge", "--output", "m.yaml"}).code, 0);
  EXPECT_EQ(text("work/m.yaml"), deed({"init", "merge"}).out);
  const Ended again = deed({"init", "digest", "--output", "m.yaml"});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("already"));
  EXPECT_THAT(text("work/m.yaml"), HasSubstr("name: merge")) << "what is there stays";
  const Ended unknown = deed({"init", "digset"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean \"digest\"?"));
}

TEST_F(TaskCommandTest, EveryTemplateIsValidAgainstTheBuiltInTools) {
  for (const TaskTemplate& one : task_templates()) {
    const std::string name = std::string(one.name) + ".yaml";
    ASSERT_EQ(deed({"init", std::string(one.name), "--output", name}).code, 0);
    const Ended ended = wait(start({"validate", name}, "/dev/null", {"DEED_SECRET_API_TOKEN=x", "DEED_MAILDIR=/nowhere"}));
    EXPECT_EQ(ended.out, name + ": valid\n");
    EXPECT_EQ(ended.code, 0);
  }
}

TEST_F(TaskCommandTest, ValidateMissesASecretThatIsNowhere) {
  ASSERT_EQ(deed({"init", "json", "--output", "json.yaml"}).code, 0);
  const Ended ended = deed({"validate", "json.yaml"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.out, HasSubstr("api_token"));
}

TEST(TaskTemplates, FitThePublishedSchema) {
  std::ifstream in(std::string(DEED_SOURCE_DIR) + "/docs/task.schema.json", std::ios::binary);
  const auto schema = Schema::compile(*parse_json(std::string(std::istreambuf_iterator<char>(in), {})));
  ASSERT_OK(schema);
  for (const TaskTemplate& one : task_templates()) {
    EXPECT_THAT(schema->check(parse_source(one.text)->value), testing::IsEmpty()) << one.name;
    EXPECT_EQ(parse_source(one.text)->value["name"], std::string(one.name));
  }
}

}  // namespace
}  // namespace deed
