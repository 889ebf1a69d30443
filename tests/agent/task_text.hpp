// Reading task files in tests: files by name, issues as lines.
#pragma once

#include <fstream>
#include <iterator>
#include <map>

#include "deed/agent/task/parse_task.hpp"
#include "deed/core/schema.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tools/tool.hpp"

namespace deed {

using TaskFileTexts = std::map<std::string, std::string>;

/// It succeeds, whatever it is asked; `arguments` is their schema.
inline Tool tool(const char* name, EffectClass effect, const char* arguments) {
  return {.spec = {.name = name, .description = "A tool.", .arguments = *parse_json(arguments), .effect = effect},
          .run = [](Json, ToolContext&) -> asio::awaitable<Outcome> { co_return Outcome::succeeded(Json::object()); }};
}

/// docs/task.schema.json.
inline const Json& published_schema() {
  static const Json schema = [] {
    std::ifstream in(std::string(DEED_SOURCE_DIR) + "/docs/task.schema.json", std::ios::binary);
    return parse_json(std::string(std::istreambuf_iterator<char>(in), {})).value_or(Json());
  }();
  return schema;
}

/// Whatever a test finds good must be good for editors, too.
inline void expect_fits_published_schema(const Task& task) {
  static const Result<Schema> schema = Schema::compile(published_schema());
  ASSERT_OK(schema);
  for (const SchemaIssue& issue : schema->check(task.source.value)) ADD_FAILURE() << "docs/task.schema.json: " << issue.path << " " << issue.what << "\n" << task.text;
}

inline ParsedTask parsed(const std::string& text, const TaskFileTexts& files = {}) {
  const auto read = [files](const std::string& path) -> Result<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return fail(ErrorKind::not_found, "there is no such file");
    return found->second;
  };
  ParsedTask out = parse_task(text, "t.yaml", read);
  if (out.task) expect_fits_published_schema(*out.task);
  return out;
}

inline std::vector<std::string> issue_lines(const std::vector<TaskIssue>& issues) {
  std::vector<std::string> out;
  for (const TaskIssue& issue : issues) out.push_back(to_string(issue));
  return out;
}
inline std::vector<std::string> issues_of(const std::string& text, const TaskFileTexts& files = {}) { return issue_lines(parsed(text, files).issues); }

/// Everything that the format has.
inline const std::string full_task = [] {
  std::ifstream in(std::string(DEED_SOURCE_DIR) + "/tests/data/tasks/full.yaml", std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}();
inline const TaskFileTexts full_files = {{"other.yaml", "deed: 1\ninputs: {to: {type: string}}\nsteps: [{id: now, tool: time.now}]\n"}};

}  // namespace deed
