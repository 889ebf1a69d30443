// docs/task.schema.json, for editors, against the parser: the same keys at the same places. What parses in other tests is checked
// against it there (task_text.hpp).
#include <set>

#include "deed/agent/task/expression_filters.hpp"
#include "deed/agent/task/task_keys.hpp"
#include "deed/tests/agent/task_text.hpp"

namespace deed {
namespace {

using Keys = std::set<std::string>;

Keys parser_keys(std::initializer_list<TaskKeys> places) {
  Keys out;
  for (const TaskKeys place : places) {
    for (const std::string_view key : known_keys(place)) out.emplace(key);
  }
  return out;
}

Keys schema_keys(const char* pointer) {
  Keys out;
  for (const auto& property : published_schema().at(Json::json_pointer(pointer)).items()) out.insert(property.key());
  return out;
}

TEST(PublishedTaskSchema, HasTheKeysOfTheParser) {
  EXPECT_EQ(schema_keys("/properties"), parser_keys({TaskKeys::task}));
  EXPECT_EQ(schema_keys("/$defs/input/properties"), parser_keys({TaskKeys::input}));
  EXPECT_EQ(schema_keys("/$defs/tool_step/properties"), parser_keys({TaskKeys::step, TaskKeys::tool_step}));
  EXPECT_EQ(schema_keys("/$defs/llm_step/properties"), parser_keys({TaskKeys::step, TaskKeys::llm_step}));
  EXPECT_EQ(schema_keys("/$defs/agent_step/properties"), parser_keys({TaskKeys::step, TaskKeys::agent_step}));
  EXPECT_EQ(schema_keys("/$defs/use_step/properties"), parser_keys({TaskKeys::step, TaskKeys::use_step}));
  EXPECT_EQ(schema_keys("/$defs/wait_step/properties"), parser_keys({TaskKeys::step, TaskKeys::wait_step}));
  EXPECT_EQ(schema_keys("/$defs/budget/properties"), parser_keys({TaskKeys::budget}));
  EXPECT_EQ(schema_keys("/$defs/retry/anyOf/1/properties"), parser_keys({TaskKeys::retry}));
  EXPECT_EQ(schema_keys("/$defs/approve/anyOf/1/properties"), parser_keys({TaskKeys::approve}));
  EXPECT_EQ(schema_keys("/$defs/wait/anyOf/1/properties"), parser_keys({TaskKeys::wait}));
  EXPECT_EQ(schema_keys("/$defs/csv_rows/properties"), parser_keys({TaskKeys::loop, TaskKeys::csv_rows}));
  EXPECT_EQ(schema_keys("/$defs/jsonl_rows/properties"), parser_keys({TaskKeys::loop, TaskKeys::jsonl_rows}));
  EXPECT_EQ(schema_keys("/$defs/sqlite_rows/properties"), parser_keys({TaskKeys::loop, TaskKeys::sqlite_rows}));
  EXPECT_EQ(schema_keys("/$defs/list_items/properties"), parser_keys({TaskKeys::loop, TaskKeys::list_items}));
}

TEST(TaskPage, NamesEveryKeyAndFilter) {
  std::ifstream in(std::string(DEED_SOURCE_DIR) + "/docs/tasks.md", std::ios::binary);
  const std::string page(std::istreambuf_iterator<char>(in), {});
  for (int place = 0; place <= static_cast<int>(TaskKeys::list_items); ++place) {
    for (const std::string_view key : known_keys(static_cast<TaskKeys>(place))) EXPECT_THAT(page, testing::ContainsRegex("[`{, ]" + std::string(key) + "[`:,( ]")) << key;
  }
  for (const FilterSpec& filter : filter_specs()) EXPECT_THAT(page, testing::ContainsRegex("`" + std::string(filter.name) + "[`(]")) << filter.name;
}

TEST(PublishedTaskSchema, RefusesWhatTheParserRefusesByItsShape) {
  const auto schema = Schema::compile(published_schema());
  ASSERT_OK(schema);
  for (const char* text : {R"({"deed": 2, "steps": [{"id": "a", "tool": "x"}]})", R"({"deed": 1})", R"({"deed": 1, "steps": []})", R"({"deed": 1, "steps": [{"id": "a"}]})", R"({"deed": 1, "steps": [{"id": "A", "tool": "x"}]})",
                           R"({"deed": 1, "steps": [{"id": "a", "tool": "x", "llm": "y"}]})", R"({"deed": 1, "steps": [{"id": "a", "tool": "x", "timeout": 30}]})", R"({"deed": 1, "steps": [{"id": "a", "tool": "x", "tols": 1}]})",
                           R"({"deed": 1, "steps": [{"id": "a", "wait": {"until": "x", "signal": "y"}}]})", R"({"deed": 1, "steps": [{"id": "a", "tool": "x", "for": {"jsonl": "a", "separator": ","}}]})"}) {
    EXPECT_FALSE(schema->check(*parse_json(text)).empty()) << text;
    EXPECT_FALSE(parse_task(text, "", {}).issues.empty()) << text;
  }
}

}  // namespace
}  // namespace deed
