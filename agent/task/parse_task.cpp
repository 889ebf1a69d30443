#include "deed/agent/task/parse_task.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "deed/agent/task/check_references.hpp"
#include "deed/agent/task/expression_filters.hpp"
#include "deed/agent/task/parse_step.hpp"
#include "deed/agent/task/task_fields.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/schema.hpp"
#include "deed/core/schema_pointer.hpp"
#include "deed/core/spelling.hpp"

namespace deed {
namespace {

constexpr std::size_t max_steps = 1000, max_files = 100;
constexpr int max_open_files = 8;

// Of the file and all files that it uses.
class TaskLoader {
 public:
  explicit TaskLoader(const ReadTaskFile& read) : read_(read) {}

  std::shared_ptr<const Task> load(std::string_view text, const std::string& path);
  std::vector<TaskIssue> take_issues() {
    if (issues_.size() > max_task_issues) issues_.resize(max_task_issues);
    return std::move(issues_);
  }

 private:
  std::shared_ptr<const Task> load_used(const std::string& written, const std::string& pointer, TaskIssues& issues);
  std::string problem_of(const std::string& path) const;

  const ReadTaskFile& read_;
  std::vector<TaskIssue> issues_;
  std::vector<std::string> open_;  // files that are being read, each used by the one before it
  std::map<std::string, std::shared_ptr<const Task>> loaded_;
};

std::string normal_path(const std::string& path) { return std::filesystem::path(path).lexically_normal().string(); }

// "line 3, column 7" of an Error as numbers.
SourcePlace place_in(const std::string& where) {
  SourcePlace place{1, 1};
  std::sscanf(where.c_str(), "line %d, column %d", &place.line, &place.column);
  return place;
}

// The schema is what is left without the keys that are the task file's own.
Input parse_input(const std::string& name, const TaskFields& fields) {
  Input out{.name = name, .schema = Json::object()};
  for (const auto& [key, value] : fields.json().items()) {
    if (key != "default") out.schema[key] = value;
  }
  out.description = fields.text("description").value_or("");
  if (const Json* value = fields.find("default")) out.default_value = *value;
  const auto schema = Schema::compile(out.schema);
  if (!schema) {
    fields.issues().add_schema_error(fields.pointer(), out.schema, schema.error());
  } else if (out.default_value) {
    for (const SchemaIssue& issue : schema->check(*out.default_value)) {
      fields.issues().add(fields.pointer("default") + issue.path, "the default does not fit its own input: " + issue.what);
    }
  }
  return out;
}

void parse_inputs(const TaskFields& file, Task& task) {
  const auto inputs = file.object("inputs");
  if (!inputs) return;
  for (const auto& [name, value] : inputs->json().items()) {
    if (!is_name(name)) inputs->wrong(name, "\"" + escaped(name) + "\" cannot be the name of an input", "letters, digits and _, at most 64");
    const auto fields = inputs->object(name);
    task.inputs.push_back(fields ? parse_input(name, *fields) : Input{.name = name, .schema = Json::object()});
    if (file.issues().is_full()) return;
  }
}

void parse_steps(const TaskFields& file, const LoadUsed& load, Task& task) {
  const Json* steps = file.find("steps");
  if (!steps) return file.issues().add("", "\"steps\" is missing: what the task does", "steps: [{id: now, tool: time.now}]");
  if (!steps->is_array() || steps->empty()) return file.wrong("steps", "\"steps\" must be a list of at least one step");
  if (steps->size() > max_steps) return file.wrong("steps", "more than 1000 steps", "go through many items with \"for\"");
  std::set<std::string> ids;
  for (std::size_t i = 0; i < steps->size(); ++i) {
    const std::string pointer = file.pointer("steps") + "/" + std::to_string(i);
    if (!(*steps)[i].is_object()) {
      file.issues().add(pointer, std::string("a step must be a mapping of names to values, not ") + kind_of((*steps)[i]));
      continue;
    }
    task.steps.push_back(parse_step(TaskFields((*steps)[i], pointer, file.issues()), load));
    const std::string& id = task.steps.back().id;
    if (!id.empty() && !ids.insert(id).second) file.issues().add(pointer + "/id", "the id \"" + id + "\" is here twice", "each step has its own");
  }
}

void parse_outputs(const TaskFields& file, Task& task) {
  const auto outputs = file.object("outputs");
  if (!outputs) return;
  for (const auto& [name, value] : outputs->json().items()) {
    if (auto compiled = outputs->value(name)) task.outputs.emplace(name, *std::move(compiled));
  }
}

// False: the file is not of a version that can be read, and nothing more is to be said about it.
bool is_known_version(const TaskFields& file) {
  const Json* version = file.find("deed");
  if (!version) file.issues().add("", "\"deed\" is missing: the version of the file's format", "a task file begins with: deed: 1");
  else if (*version != 1) file.wrong("deed", "version " + escaped(to_text(*version)) + " of task files is not known", "this deed reads version 1");
  return !version || *version == 1;
}

void parse_file(const TaskFields& file, const LoadUsed& load, Task& task) {
  if (!is_known_version(file)) return;
  file.check_keys({TaskKeys::task});
  constexpr std::size_t max_name_bytes = 200;
  task.name = file.text("name", max_name_bytes).value_or(std::filesystem::path(task.path).stem().string());
  task.description = file.text("description").value_or("");
  task.secrets = file.names("secrets", is_name, "names");
  task.model = file.text("model", 4096).value_or("");
  task.budget = file.limits("budget");
  parse_inputs(file, task);
  parse_steps(file, load, task);
  parse_outputs(file, task);
  check_references(task, file.issues());
}

// What a step gives to the task that it uses, against that task's inputs.
void check_used_inputs(const Task& task, TaskIssues& issues) {
  for (const Step& step : task.steps) {
    const auto* use = std::get_if<UseStep>(&step.action);
    if (!use || !use->task) continue;
    const std::string pointer = step.pointer + "/with";
    std::vector<std::string_view> names;
    for (const Input& input : use->task->inputs) names.push_back(input.name);
    const Json& given = use->with.source();
    for (const auto& [name, value] : given.items()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        issues.add(pointer + "/" + schema::pointer_part(name), use->path + " has no input \"" + escaped(name) + "\"", did_you_mean(name, names));
      }
    }
    for (const Input& input : use->task->inputs) {
      if (!given.contains(input.name)) {
        if (!input.default_value) issues.add(pointer, "the input \"" + input.name + "\" of " + use->path + " is missing");
        continue;
      }
      const auto schema = Schema::compile(input.schema);
      const auto value = Template::compile(given[input.name]);
      if (!schema || !value || !value->is_constant()) continue;
      for (const SchemaIssue& issue : schema->check(value->source())) {
        issues.add(pointer + "/" + input.name + issue.path, "the input \"" + input.name + "\" of " + use->path + " " + issue.what);
      }
    }
  }
}

std::shared_ptr<const Task> TaskLoader::load(std::string_view text, const std::string& path) {
  auto source = parse_source(text);
  if (!source) {
    issues_.push_back({path, place_in(source.error().where), "", source.error().what, source.error().hint});
    return nullptr;
  }
  auto task = std::make_shared<Task>();
  task->path = path;
  task->text = std::string(text);
  task->source = *std::move(source);
  TaskIssues issues(path, task->source);
  open_.push_back(normal_path(path));
  const std::size_t before = issues_.size();
  if (task->source.value.is_object()) {
    const TaskFields file(task->source.value, "", issues);
    parse_file(file, [&](const std::string& written, const std::string& pointer) { return load_used(written, pointer, issues); }, *task);
    check_used_inputs(*task, issues);
  } else {
    issues.add("", task->source.value.is_null() ? "the file is empty" : std::string("a task file is a mapping of names to values, not ") + kind_of(task->source.value),
               "it begins with: deed: 1");
  }
  open_.pop_back();
  auto own = issues.take();
  const bool is_good = own.empty() && issues_.size() == before;
  issues_.insert(issues_.begin() + static_cast<std::ptrdiff_t>(before), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  return is_good ? task : nullptr;
}

// Why a file cannot be used here; empty: it can.
std::string TaskLoader::problem_of(const std::string& path) const {
  const auto begin = std::find(open_.begin(), open_.end(), path);
  if (begin != open_.end()) {
    std::string circle;
    for (auto file = begin; file != open_.end(); ++file) circle += *file + " -> ";
    return "the files use each other in a circle: " + escaped(circle + path);
  }
  if (open_.size() >= static_cast<std::size_t>(max_open_files)) return "files use each other more than 8 deep";
  if (loaded_.size() >= max_files) return "more than 100 files are used";
  return read_ ? "" : "no other files can be read here";
}

std::shared_ptr<const Task> TaskLoader::load_used(const std::string& written, const std::string& pointer, TaskIssues& issues) {
  const std::string path = normal_path((std::filesystem::path(open_.back()).parent_path() / written).string());
  if (const std::string problem = problem_of(path); !problem.empty()) return issues.add(pointer, problem), nullptr;
  if (const auto found = loaded_.find(path); found != loaded_.end()) return found->second;
  const auto text = read_(path);
  std::shared_ptr<const Task> task;
  if (!text) issues.add(pointer, "the file \"" + escaped(path) + "\" cannot be read: " + text.error().what, text.error().hint);
  else task = load(*text, path);
  return loaded_[path] = task;
}

}  // namespace

std::string to_string(const TaskIssue& issue) {
  std::string out = issue.file.empty() ? "" : issue.file + ":";
  if (issue.place.line > 0) out += std::to_string(issue.place.line) + ":" + std::to_string(issue.place.column) + ":";
  if (!out.empty()) out += " ";
  return out + issue.what + (issue.hint.empty() ? "" : ": " + issue.hint);
}

const Step* Task::find(std::string_view id) const {
  const auto found = std::find_if(steps.begin(), steps.end(), [id](const Step& step) { return step.id == id; });
  return found == steps.end() ? nullptr : &*found;
}

ParsedTask parse_task(std::string_view text, std::string path, const ReadTaskFile& read) {
  TaskLoader loader(read);
  ParsedTask out;
  out.task = loader.load(text, path);
  out.issues = loader.take_issues();
  if (!out.issues.empty()) out.task = nullptr;
  return out;
}

}  // namespace deed
