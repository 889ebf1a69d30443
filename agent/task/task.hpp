// A task file, version 1, as a value: inputs, steps and what is around them. docs/tasks.md describes the file; parse_task reads it.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "deed/agent/limits.hpp"
#include "deed/agent/task/expression.hpp"
#include "deed/agent/task/source.hpp"

namespace deed {

struct Task;

/// One call of a tool.
struct ToolStep {
  std::string tool;
  Template with = {};  ///< an object
};
/// One typed reply of a model: a child run without tools.
struct LlmStep {
  Template prompt;             ///< a text
  Template system = {};        ///< a text, or null
  std::optional<Json> schema = {};  ///< the reply is JSON of this; without: text
};
/// A bounded loop of a model with the tools that it may use: a child run.
struct AgentStep {
  Template goal;                    ///< a text
  std::vector<std::string> tools;   ///< names of registered tools; only these
};
/// Another task file: a child run.
struct UseStep {
  std::string path;  ///< as written, from the folder of the file that uses it
  std::shared_ptr<const Task> task;  ///< shared by all steps that use the file; never changed
  Template with = {};                ///< its inputs, an object
};
/// A time or a signal.
struct WaitStep {
  std::optional<std::chrono::milliseconds> duration = {};
  std::optional<Template> until = {};  ///< a text: date-time (RFC 3339)
  std::string signal = {};             ///< a name: `deed signal RUN NAME`
};

/// Rows of a file, read as a stream.
struct RowFile {
  enum class Format { csv, jsonl, sqlite } format = Format::csv;
  Template path;           ///< a text: below the root
  Template query = {};     ///< sqlite: one SELECT, as text
  std::string encoding = "utf-8";  ///< csv: utf-8 or latin-1
  char separator = ',';            ///< csv
};
/// The step is done once for each item. Inside of it the item is `row` (or `item`), its number from 0 `index`.
struct Loop {
  std::variant<Template, RowFile> over;  ///< a list, or rows
  std::optional<Expression> key = {};    ///< a text or number that names an item; absent: its number. Effect keys are made from it
  std::int64_t max = 0;                  ///< more items are an error; 0: no limit
  int concurrency = 1;                   ///< 1 to 64 at a time
};

struct Retry {
  int max_attempts = 1;                    ///< all together
  std::chrono::milliseconds wait{1000};    ///< before the second; doubled each time, at most an hour
};
/// What is done about an effect whose outcome is not known.
enum class OnUnknown {
  probe,  ///< asks the world where the tool can, else a person
  stop,   ///< asks a person
  retry,  ///< does it again; refused for tools of class once
};
enum class OnError { stop, go_on };
/// Asks a person besides what the policy asks; it can only ask for more.
struct Approve {
  bool always = false;
  std::int64_t first = 0;                  ///< the first N items
  std::optional<Expression> when = {};     ///< items for which it holds: "row.amount > 100"
};

struct Step {
  std::string id;
  std::variant<ToolStep, LlmStep, AgentStep, UseStep, WaitStep> action;
  std::optional<Loop> loop = {};
  std::optional<Expression> condition = {};  ///< `if`; inside of a loop it is about each item
  std::vector<std::string> needs = {};       ///< earlier steps that must be done, else this one is skipped
  Retry retry = {};
  OnUnknown on_unknown = OnUnknown::probe;
  std::optional<OnError> on_error = {};  ///< absent: stop; of a loop: the other items go on, and so does the task, but it has failed
  std::optional<std::chrono::milliseconds> timeout = {};  ///< of each attempt
  Approve approve = {};
  std::string model = {};              ///< of llm and agent; empty: the task's
  std::optional<Limits> budget = {};   ///< of agent, llm and use: of each child run
  std::string pointer;                 ///< in the file: "/steps/2"
};

struct Input {
  std::string name;
  Json schema;                        ///< JSON Schema of its value
  std::optional<Json> default_value = {};  ///< absent: it is required
  std::string description = {};
};

struct Task {
  std::string name;
  std::string description = {};
  std::vector<Input> inputs = {};
  std::vector<std::string> secrets = {};  ///< by name
  std::string model = {};
  std::optional<Limits> budget = {};
  std::vector<Step> steps;
  std::map<std::string, Template> outputs = {};
  std::string path = {};      ///< of the file; empty: none
  std::string text = {};      ///< of the file, as it was read
  Source source = {};         ///< places of all of it

  /// nullptr: no such step.
  const Step* find(std::string_view id) const;
  /// The step's number from 0.
  std::size_t number_of(const Step& step) const { return static_cast<std::size_t>(&step - steps.data()); }
};

}  // namespace deed
