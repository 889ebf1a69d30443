#include "deed/agent/task/check_references.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "deed/core/checked.hpp"
#include "deed/core/schema_pointer.hpp"
#include "deed/core/spelling.hpp"

namespace deed {
namespace {

using Name = std::string_view;
constexpr std::array run_fields = {Name("id"), Name("started_at"), Name("date")};
constexpr std::array step_fields = {Name("out"), Name("text"), Name("status"), Name("error")};
constexpr std::array loop_fields = {Name("out"), Name("status"), Name("error"), Name("count"), Name("failed"), Name("skipped"), Name("failures")};

bool is_one_of(Name name, std::span<const Name> names) { return std::find(names.begin(), names.end(), name) != names.end(); }

// Where a reference stands decides what it may read.
struct ReadPlace {
  std::size_t steps_before = 0;  ///< the first so many steps are done by then
  bool in_loop = false;
  bool may_read_secrets = false;
};

class ReferenceCheck {
 public:
  ReferenceCheck(const Task& task, TaskIssues& issues) : task_(task), issues_(issues) {}

  void check(const Template& value, const std::string& pointer, ReadPlace place) {
    for (const Template::Use& use : value.uses()) check_one(use.reference, pointer + use.pointer, place);
  }
  void check(const std::optional<Expression>& expression, const std::string& pointer, ReadPlace place) {
    if (!expression) return;
    for (const Expression::Use& use : expression->uses()) check_one(use.reference, pointer, place);
  }

 private:
  void check_one(const Reference& reference, const std::string& pointer, ReadPlace place) {
    const std::string& root = reference[0];
    if (root == "row" || root == "item" || root == "index") return check_item(reference, pointer, place);
    if (reference.size() < 2) {
      return issues_.add(pointer, "\"" + root + "\" alone is no value", "say which: " + root + (root == "run" ? ".date" : root == "steps" ? ".ID.out" : ".NAME"));
    }
    if (root == "inputs") return check_input(reference, pointer);
    if (root == "secrets") return check_secret(reference, pointer, place);
    if (root == "run") return check_field(reference, 1, run_fields, pointer);
    check_step(reference, pointer, place);
  }

  void check_item(const Reference& reference, const std::string& pointer, ReadPlace place) {
    if (!place.in_loop) return issues_.add(pointer, to_string(reference) + " is read where there are no items", "only a step with \"for\" has " + reference[0]);
    if (reference[0] == "index" && reference.size() > 1) issues_.add(pointer, "there is nothing in a number: " + to_string(reference));
  }

  void check_input(const Reference& reference, const std::string& pointer) {
    std::vector<Name> names;
    for (const Input& input : task_.inputs) names.push_back(input.name);
    if (!is_one_of(reference[1], names)) missing("there is no input", reference[1], names, pointer);
  }

  void check_secret(const Reference& reference, const std::string& pointer, ReadPlace place) {
    const std::vector<Name> names(task_.secrets.begin(), task_.secrets.end());
    if (!place.may_read_secrets) return issues_.add(pointer, "a secret may not be read here", "only below \"with\" of a step with tool: a model, a file and the journal never see one");
    if (reference.size() > 2) return issues_.add(pointer, "there is nothing in a secret: " + to_string(reference));
    if (!is_one_of(reference[1], names)) missing("there is no secret", reference[1], names, pointer, "name it in the list \"secrets\"");
  }

  // Part `at` of the reference is one of `names`, and nothing follows.
  void check_field(const Reference& reference, std::size_t at, std::span<const Name> names, const std::string& pointer) {
    if (!is_one_of(reference[at], names)) return missing("there is no", to_string(reference), {}, pointer, listed(reference[at], names));
    if (reference.size() > at + 1) issues_.add(pointer, "there is nothing in it: " + to_string(reference));
  }

  void check_step(const Reference& reference, const std::string& pointer, ReadPlace place) {
    const Step* step = task_.find(reference[1]);
    if (!step) {
      std::vector<Name> names;
      for (const Step& other : task_.steps) names.push_back(other.id);
      return missing("there is no step", reference[1], names, pointer);
    }
    const std::size_t number = task_.number_of(*step);
    if (number >= place.steps_before) {
      const bool is_self = number == place.steps_before;
      return issues_.add(pointer, is_self ? "the step \"" + step->id + "\" refers to itself" : "the step \"" + step->id + "\" comes later", "a step can read only what earlier steps made");
    }
    if (reference.size() < 3) return issues_.add(pointer, to_string(reference) + " is no value", "say which part: " + to_string(reference) + ".out");
    const std::span<const Name> fields = step->loop ? std::span<const Name>(loop_fields) : std::span<const Name>(step_fields);
    const bool is_deep = reference[2] == "out" || reference[2] == "failures";
    if (is_deep && is_one_of(reference[2], fields)) return;
    check_field(reference, 2, fields, pointer);
  }

  std::string listed(Name name, std::span<const Name> names) {
    std::string hint = did_you_mean(name, names);
    if (!hint.empty()) return hint;
    for (const Name known : names) hint += (hint.empty() ? "there are " : ", ") + std::string(known);
    return hint;
  }
  void missing(const std::string& what, const std::string& name, const std::vector<Name>& names, const std::string& pointer, std::string hint = {}) {
    const std::string meant = did_you_mean(name, names);
    issues_.add(pointer, what + " \"" + escaped(name) + "\"", meant.empty() ? std::move(hint) : meant);
  }

  const Task& task_;
  TaskIssues& issues_;
};

void check_action(const Step& step, ReadPlace place, ReferenceCheck& check) {
  const auto below = [&](const char* key) { return step.pointer + "/" + key; };
  if (const auto* tool = std::get_if<ToolStep>(&step.action)) {
    ReadPlace with = place;
    with.may_read_secrets = true;
    check.check(tool->with, below("with"), with);
  } else if (const auto* llm = std::get_if<LlmStep>(&step.action)) {
    check.check(llm->prompt, below("llm"), place);
    check.check(llm->system, below("system"), place);
  } else if (const auto* agent = std::get_if<AgentStep>(&step.action)) {
    check.check(agent->goal, below("agent"), place);
  } else if (const auto* use = std::get_if<UseStep>(&step.action)) {
    check.check(use->with, below("with"), place);
  } else if (const auto& until = std::get<WaitStep>(step.action).until) {
    check.check(*until, below("wait/until"), place);
  }
}

void check_loop(const Task& task, const Step& step, ReadPlace outside, ReferenceCheck& check) {
  const bool is_object = task.source.places.contains(step.pointer + "/for/list");
  if (const auto* list = std::get_if<Template>(&step.loop->over)) {
    check.check(*list, step.pointer + (is_object ? "/for/list" : "/for"), outside);
  } else {
    const RowFile& file = std::get<RowFile>(step.loop->over);
    const char* key = file.format == RowFile::Format::csv ? "/for/csv" : file.format == RowFile::Format::jsonl ? "/for/jsonl" : "/for/sqlite";
    check.check(file.path, step.pointer + key, outside);
    check.check(file.query, step.pointer + "/for/query", outside);
  }
  ReadPlace inside = outside;
  inside.in_loop = true;
  check.check(step.loop->key, step.pointer + "/for/key", inside);
}

void check_needs(const Task& task, const Step& step, TaskIssues& issues) {
  for (std::size_t i = 0; i < step.needs.size(); ++i) {
    const std::string pointer = step.pointer + "/needs/" + std::to_string(i);
    const Step* needed = task.find(step.needs[i]);
    if (!needed) {
      std::vector<Name> names;
      for (const Step& other : task.steps) names.push_back(other.id);
      issues.add(pointer, "there is no step \"" + step.needs[i] + "\"", did_you_mean(step.needs[i], names));
    } else if (needed == &step) {
      issues.add(pointer, "the step \"" + step.id + "\" needs itself");
    } else if (task.number_of(*needed) > task.number_of(step)) {
      issues.add(pointer, "the step \"" + needed->id + "\" comes later", "steps are done from top to bottom; move it up");
    }
  }
}

// A condition that never holds, and what needs such a step.
void check_reachable(const Task& task, TaskIssues& issues) {
  std::set<std::string_view> never;
  for (const Step& step : task.steps) {
    const auto constant = step.condition ? step.condition->constant() : std::nullopt;
    const auto needed = std::find_if(step.needs.begin(), step.needs.end(), [&](const std::string& id) { return never.contains(id); });
    if (constant && *constant == false) issues.add(step.pointer + "/if", "this step can never run: its condition never holds", "remove the step, or mend the condition");
    else if (constant && !constant->is_boolean()) issues.add(step.pointer + "/if", "a condition must be true or false", "compare with something: row.active == 'yes'");
    else if (needed != step.needs.end()) issues.add(step.pointer + "/needs", "this step can never run: it needs \"" + *needed + "\", which never does");
    else continue;
    never.insert(step.id);
  }
}

}  // namespace

void check_references(const Task& task, TaskIssues& issues) {
  ReferenceCheck check(task, issues);
  for (const Step& step : task.steps) {
    const ReadPlace outside{.steps_before = task.number_of(step)};
    ReadPlace inside = outside;
    inside.in_loop = step.loop.has_value();
    if (step.loop) check_loop(task, step, outside, check);
    check_needs(task, step, issues);
    check.check(step.condition, step.pointer + "/if", inside);
    check.check(step.approve.when, step.pointer + "/approve/when", inside);
    check_action(step, inside, check);
  }
  for (const auto& [name, value] : task.outputs) check.check(value, "/outputs/" + schema::pointer_part(name), {.steps_before = task.steps.size()});
  check_reachable(task, issues);
}

}  // namespace deed
