// Reading task files in tests: files by name, issues as lines.
#pragma once

#include <fstream>
#include <iterator>
#include <map>

#include "deed/agent/task/parse_task.hpp"
#include "deed/core/schema.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {

using TaskFileTexts = std::map<std::string, std::string>;

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
inline constexpr const char* full_task = R"yaml(deed: 1
name: digest
description: All that there is.
inputs:
  to: {type: string, format: email, description: "Who gets it"}
  max: {type: integer, default: 10}
  url:
    type: string
    format: uri
    default: https://example.org
secrets: [api_token]
model: "anthropic:claude-sonnet-4-5, local:smollm2"
budget: {max_cost: 0.5, max_steps: 30, max_calls: 5000, max_tokens: 100000, max_time: 10m}
steps:
  - id: page
    tool: http.get
    with: {url: "{{inputs.url}}", headers: {authorization: "Bearer {{secrets.api_token}}"}}
    timeout: 30s
    retry: {max: 3, wait: 10s}
    on_unknown: probe
    on_error: stop
  - id: summary
    llm: "Summarise in three sentences: {{steps.page.out.text}}"
    system: "Be brief."
    schema:
      type: object
      properties: {text: {type: string}}
      required: [text]
    model: fast
    budget: {max_tokens: 1000}
  - id: research
    agent: "Find the prices of {{inputs.to}}"
    tools: [http.get, file.read]
    budget: {max_steps: 10}
  - id: mail
    needs: [page]
    for: {csv: people.csv, key: row.email, max: 5000, concurrency: 4, encoding: latin-1, separator: ";"}
    if: "row.active == 'yes' and row.amount | number > 10"
    tool: email.send
    with: {to: ["{{row.email}}"], subject: "Hello {{row.name}} ({{index}})", text: "{{steps.summary.out.text}}"}
    approve: {first: 3, when: "row.amount | number > 100"}
  - id: each
    for: "{{steps.page.out.items}}"
    tool: file.write
    with: {path: "{{item.name}}", content: "{{row.text | default('')}}"}
    retry: 2
    on_unknown: stop
    on_error: continue
  - id: rows
    for: {sqlite: "{{run.date}}.db", query: "select * from people"}
    tool: time.now
  - id: lines
    for: {jsonl: rows.jsonl}
    tool: time.now
  - id: listed
    for: {list: "{{steps.page.out.items}}", key: item.id}
    tool: time.now
    approve: always
  - id: fixed
    for: [a, "{{inputs.to}}"]
    tool: time.now
    approve: never
  - id: child
    use: other.yaml
    with: {to: "{{inputs.to}}"}
  - id: pause
    wait: 10m
  - id: until
    wait: {until: "2026-12-24T09:00:00Z"}
  - id: go
    wait: {signal: go}
outputs:
  sent: "{{steps.mail.count}}"
  failures: ["{{steps.mail.failures}}", "{{steps.page.status}}"]
)yaml";
inline const TaskFileTexts full_files = {{"other.yaml", "deed: 1\ninputs: {to: {type: string}}\nsteps: [{id: now, tool: time.now}]\n"}};

}  // namespace deed
