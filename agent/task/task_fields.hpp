// Reading one object of a task file: each value by its key and type, and what is wrong noted with its place.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deed/agent/task/parse_task.hpp"
#include "deed/agent/task/task_keys.hpp"

namespace deed {

/// What is said of a task at most, all its files together.
inline constexpr std::size_t max_task_issues = 100;

/// Collects what is wrong with one file.
class TaskIssues {
 public:
  TaskIssues(std::string file, const Source& source) : file_(std::move(file)), source_(source) {}

  void add(std::string pointer, std::string what, std::string hint = {});
  /// Of a template or expression: what it says of the place within the text goes into the words.
  void add(std::string pointer, const Error& error);
  /// Of Schema::compile; `pointer` is that of the schema.
  void add_schema_error(const std::string& pointer, const Json& schema, const Error& error);
  bool empty() const { return found_.empty(); }
  /// Nothing more is kept: what only looks for more may stop.
  bool is_full() const;
  std::size_t size() const { return found_.size(); }
  /// In the order of the file.
  std::vector<TaskIssue> take();

 private:
  std::string file_;
  const Source& source_;
  std::vector<TaskIssue> found_;
};

/// "500ms", "30s", "10m", "2h", "3d"; at most 3650 days.
std::optional<std::chrono::milliseconds> parse_task_duration(std::string_view text);

/// [a-z][a-z0-9_]{0,63}: ids of steps.
bool is_step_id(std::string_view text);
/// [A-Za-z_][A-Za-z0-9_]{0,63}: inputs, secrets, signals.
bool is_name(std::string_view text);

/// One object at a pointer. Every reader gives what is there in the right shape; what is absent or wrong gives nullopt, and the
/// wrong is an issue. Borrowed: the object and the issues.
class TaskFields {
 public:
  TaskFields(const Json& object, std::string pointer, TaskIssues& issues) : object_(object), pointer_(std::move(pointer)), issues_(issues) {}

  /// Unknown keys are issues. False: there were some.
  bool check_keys(std::initializer_list<TaskKeys> places) const;
  const Json* find(std::string_view key) const;
  std::string pointer(std::string_view key) const;
  const std::string& pointer() const { return pointer_; }
  const Json& json() const { return object_; }
  TaskIssues& issues() const { return issues_; }
  void wrong(std::string_view key, std::string what, std::string hint = {}) const { issues_.add(pointer(key), std::move(what), std::move(hint)); }

  std::optional<std::string> text(std::string_view key, std::size_t max_bytes = 65536) const;
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most) const;
  std::optional<std::chrono::milliseconds> duration(std::string_view key) const;
  /// A condition, or the key of a loop; true and false are also conditions.
  std::optional<Expression> expression(std::string_view key) const;
  /// A template of any shape.
  std::optional<Template> value(std::string_view key) const;
  /// A template that is a text.
  std::optional<Template> text_value(std::string_view key) const;
  /// A template that is an object; absent: empty.
  Template object_value(std::string_view key) const;
  /// A list of texts, each once.
  std::vector<std::string> names(std::string_view key, bool (*is_right)(std::string_view), std::string_view what) const;
  std::optional<Limits> limits(std::string_view key) const;
  /// The object behind the key.
  std::optional<TaskFields> object(std::string_view key) const;

 private:
  const Json& object_;
  std::string pointer_;
  TaskIssues& issues_;
};

}  // namespace deed
