#include "deed/agent/task/parse_step.hpp"

#include <algorithm>
#include <array>

#include "deed/agent/task/expression_filters.hpp"
#include "deed/agent/task/parse_loop.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/schema.hpp"
#include "deed/core/time_text.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

struct StepKind {
  std::string_view key;
  TaskKeys keys;
};
constexpr std::array<StepKind, 5> kinds = {{{"tool", TaskKeys::tool_step}, {"llm", TaskKeys::llm_step}, {"agent", TaskKeys::agent_step}, {"use", TaskKeys::use_step}, {"wait", TaskKeys::wait_step}}};

std::string listed_kinds() { return "a step has one of tool, llm, agent, use and wait"; }

// What the step does; nullptr: nothing or several things.
const StepKind* kind_of_step(const TaskFields& fields) {
  const StepKind* found = nullptr;
  for (const auto& [key, value] : fields.json().items()) {
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [name = std::string_view(key)](const StepKind& one) { return one.key == name; });
    if (kind == kinds.end()) continue;
    if (found) {
      fields.wrong(key, "the step does two things: " + std::string(found->key) + " and " + key, listed_kinds());
      return nullptr;
    }
    found = &*kind;
  }
  if (found) return found;
  const bool is_clear = fields.check_keys({TaskKeys::step, TaskKeys::tool_step, TaskKeys::llm_step, TaskKeys::agent_step, TaskKeys::use_step, TaskKeys::wait_step});
  if (is_clear) fields.issues().add(fields.pointer(), "the step does nothing", listed_kinds());
  return nullptr;
}

// A key that is known, but for another kind of step, is said to be that.
void check_step_keys(const TaskFields& fields, const Json& step, const StepKind& kind) {
  const auto has = [](TaskKeys place, std::string_view key) {
    const auto keys = known_keys(place);
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  Json own = Json::object();
  for (const auto& [key, value] : step.items()) {
    std::string others;
    for (const StepKind& other : kinds) {
      if (has(other.keys, key)) others += (others.empty() ? "" : ", ") + std::string(other.key);
    }
    const bool is_foreign = !others.empty() && !has(TaskKeys::step, key) && !has(kind.keys, key);
    if (is_foreign) fields.wrong(key, "\"" + key + "\" has no meaning in a step with " + std::string(kind.key), "it belongs to a step with " + others);
    else own[key] = nullptr;
  }
  TaskFields(own, fields.pointer(), fields.issues()).check_keys({TaskKeys::step, kind.keys});
}

ToolStep tool_step(const TaskFields& fields) {
  ToolStep out{.tool = fields.text("tool", 64).value_or("")};
  out.with = fields.object_value("with");
  return out;
}

void check_schema(const TaskFields& fields, std::string_view key, const Json& schema) {
  if (!schema.is_object()) return fields.wrong(key, std::string("a schema must be a mapping of names to values, not ") + kind_of(schema));
  const auto compiled = Schema::compile(schema);
  if (!compiled) fields.issues().add_schema_error(fields.pointer(key), schema, compiled.error());
}

LlmStep llm_step(const TaskFields& fields) {
  LlmStep out;
  out.prompt = fields.text_value("llm").value_or(Template());
  out.system = fields.text_value("system").value_or(Template());
  if (const Json* schema = fields.find("schema")) {
    check_schema(fields, "schema", *schema);
    out.schema = *schema;
  }
  return out;
}

AgentStep agent_step(const TaskFields& fields) {
  AgentStep out;
  out.goal = fields.text_value("agent").value_or(Template());
  const auto is_any = [](std::string_view name) { return !name.empty() && name.size() <= 64; };
  out.tools = fields.names("tools", is_any, "names of tools");
  if (!fields.find("tools")) fields.issues().add(fields.pointer(), "\"tools\" is missing: an agent has only the tools that are named", "tools: [http.get, file.read]");
  return out;
}

UseStep use_step(const TaskFields& fields, const LoadUsed& load) {
  UseStep out{.path = fields.text("use", 4096).value_or("")};
  out.with = fields.object_value("with");
  if (!out.path.empty()) out.task = load(out.path, fields.pointer("use"));
  else if (fields.find("use") && fields.find("use")->is_string()) fields.wrong("use", "\"use\" must name a file");
  return out;
}

WaitStep wait_step(const TaskFields& fields) {
  WaitStep out;
  const Json& value = *fields.find("wait");
  if (!value.is_object()) {
    out.duration = fields.duration("wait");
    return out;
  }
  const TaskFields inner = *fields.object("wait");
  inner.check_keys({TaskKeys::wait});
  out.until = inner.text_value("until");
  if (out.until && out.until->is_constant()) {
    if (const auto time = parse_iso8601(out.until->source().get<std::string>()); !time) inner.wrong("until", time.error().what);
  }
  if (const auto signal = inner.text("signal")) {
    out.signal = *signal;
    if (!is_name(*signal)) inner.wrong("signal", "\"" + escaped(*signal) + "\" is no name for a signal", "letters, digits and _, at most 64");
  }
  const bool has_until = inner.find("until"), has_signal = inner.find("signal");
  if (has_until == has_signal) fields.wrong("wait", "a step waits for one thing", "wait: 10m, or {until: TIME}, or {signal: NAME}");
  return out;
}

Retry retry_of(const TaskFields& fields) {
  constexpr int most = 100;
  Retry out;
  const Json* value = fields.find("retry");
  if (!value) return out;
  if (!value->is_object()) {
    out.max_attempts = static_cast<int>(fields.integer("retry", 1, most).value_or(1));
    return out;
  }
  const TaskFields inner = *fields.object("retry");
  inner.check_keys({TaskKeys::retry});
  if (!inner.find("max")) fields.wrong("retry", "\"max\" is missing: how many attempts there may be", "retry: {max: 3, wait: 10s}");
  out.max_attempts = static_cast<int>(inner.integer("max", 1, most).value_or(1));
  if (const auto wait = inner.duration("wait")) out.wait = *wait;
  return out;
}

Approve approve_of(const TaskFields& fields) {
  Approve out;
  const Json* value = fields.find("approve");
  if (!value) return out;
  if (value->is_object()) {
    const TaskFields inner = *fields.object("approve");
    inner.check_keys({TaskKeys::approve});
    out.first = inner.integer("first", 1, 1'000'000).value_or(0);
    out.when = inner.expression("when");
    if (value->empty()) fields.wrong("approve", "an empty \"approve\"", "never, always, {first: 3} or {when: CONDITION}");
    if (inner.find("first") && !fields.find("for")) inner.wrong("first", "\"first\" counts items, and this step has no \"for\"", "approve: always");
    return out;
  }
  out.always = *value == "always";
  if (!out.always && *value != "never") fields.wrong("approve", "\"approve\" must be never, always, {first: NUMBER} or {when: CONDITION}");
  return out;
}

template <class Choice, std::size_t N>
std::optional<Choice> choice_of(const TaskFields& fields, std::string_view key, const std::pair<std::string_view, Choice> (&choices)[N]) {
  const auto text = fields.text(key);
  if (!text) return std::nullopt;
  std::vector<std::string_view> names;
  for (const auto& [name, choice] : choices) {
    if (*text == name) return choice;
    names.push_back(name);
  }
  std::string listed;
  for (const std::string_view name : names) listed += (listed.empty() ? "" : ", ") + std::string(name);
  fields.wrong(key, "\"" + std::string(key) + "\" cannot be \"" + escaped(*text) + "\"", "it is one of " + listed);
  return std::nullopt;
}

void read_common(const TaskFields& fields, Step& step) {
  constexpr std::pair<std::string_view, OnUnknown> on_unknown[] = {{"probe", OnUnknown::probe}, {"stop", OnUnknown::stop}, {"retry", OnUnknown::retry}};
  constexpr std::pair<std::string_view, OnError> on_error[] = {{"stop", OnError::stop}, {"continue", OnError::go_on}};
  step.needs = fields.names("needs", is_step_id, "ids of steps");
  step.loop = parse_loop(fields);
  step.condition = fields.expression("if");
  step.on_unknown = choice_of(fields, "on_unknown", on_unknown).value_or(OnUnknown::probe);
  step.on_error = choice_of(fields, "on_error", on_error);
  step.timeout = fields.duration("timeout");
  if (step.timeout && step.timeout->count() == 0) fields.wrong("timeout", "\"timeout\" must be more than nothing");
  step.retry = retry_of(fields);
  step.approve = approve_of(fields);
  step.model = fields.text("model", 4096).value_or("");
  step.budget = fields.limits("budget");
}

void read_id(const TaskFields& fields, Step& step) {
  const auto id = fields.text("id");
  if (id && !is_step_id(*id)) fields.wrong("id", "\"" + escaped(*id) + "\" cannot be the id of a step", "a small letter, then small letters, digits and _, at most 64");
  else if (id) step.id = *id;
  else if (!fields.find("id")) fields.issues().add(fields.pointer(), "the step has no \"id\"", "a name that other steps can refer to: id: fetch");
}

}  // namespace

Step parse_step(const TaskFields& fields, const LoadUsed& load) {
  Step step;
  step.pointer = fields.pointer();
  read_id(fields, step);
  const StepKind* kind = kind_of_step(fields);
  if (kind) check_step_keys(fields, fields.json(), *kind);
  switch (kind ? kind->keys : TaskKeys::step) {
    case TaskKeys::tool_step: step.action = tool_step(fields); break;
    case TaskKeys::llm_step: step.action = llm_step(fields); break;
    case TaskKeys::agent_step: step.action = agent_step(fields); break;
    case TaskKeys::use_step: step.action = use_step(fields, load); break;
    case TaskKeys::wait_step: step.action = wait_step(fields); break;
    default: break;
  }
  read_common(fields, step);
  return step;
}

}  // namespace deed
