#include "deed/agent/task/task_fields.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "deed/agent/task/expression_filters.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/schema_pointer.hpp"
#include "deed/core/spelling.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

bool all_of(std::string_view text, bool (*is_right)(char)) { return std::all_of(text.begin(), text.end(), is_right); }

// Every text of the value that is no template, each with its own pointer.
void note_bad_templates(const Json& value, const std::string& pointer, TaskIssues& issues) {
  if (value.is_string()) {
    if (const auto made = Template::compile(value); !made) issues.add(pointer, made.error());
  }
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) note_bad_templates(value[i], pointer + "/" + std::to_string(i), issues);
  }
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.items()) {
    const std::string below = pointer + "/" + schema::pointer_part(key);
    if (key.find("{{") != std::string::npos) issues.add(below, "nothing is put into a key", "only into values");
    note_bad_templates(member, below, issues);
  }
}

}  // namespace

bool TaskIssues::is_full() const { return found_.size() >= max_task_issues; }

void TaskIssues::add(std::string pointer, std::string what, std::string hint) {
  if (is_full()) return;
  const SourcePlace place = source_.place_of(pointer);
  found_.push_back({file_, place, std::move(pointer), std::move(what), std::move(hint)});
}

void TaskIssues::add(std::string pointer, const Error& error) {
  add(std::move(pointer), error.what + (error.where.empty() ? "" : " (" + error.where + ")"), error.hint);
}

void TaskIssues::add_schema_error(const std::string& pointer, const Json& schema, const Error& error) {
  const Json* at = schema::referred(schema, "#" + error.where);
  const std::string shown = at && !error.where.empty() ? ": " + escaped(to_text(*at)) : "";
  add(pointer + error.where, "a schema that is not understood: " + error.what + shown, error.hint);
}

std::vector<TaskIssue> TaskIssues::take() {
  std::stable_sort(found_.begin(), found_.end(), [](const TaskIssue& a, const TaskIssue& b) {
    return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
  });
  return std::move(found_);
}

std::optional<std::chrono::milliseconds> parse_task_duration(std::string_view text) {
  using std::chrono::milliseconds;
  constexpr std::pair<std::string_view, std::int64_t> units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  constexpr std::int64_t most = 3650LL * 86'400'000;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 0) return std::nullopt;
  for (const auto& [unit, size] : units) {
    if (std::string_view(end, text.data() + text.size()) == unit && count <= most / size) return milliseconds(count * size);
  }
  return std::nullopt;
}

bool is_step_id(std::string_view text) {
  const auto is_part = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text.size() <= 64 && text[0] >= 'a' && text[0] <= 'z' && all_of(text, is_part);
}

bool is_name(std::string_view text) {
  const auto is_part = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text.size() <= 64 && !(text[0] >= '0' && text[0] <= '9') && all_of(text, is_part);
}

bool TaskFields::check_keys(std::initializer_list<TaskKeys> places) const {
  std::vector<std::string_view> known;
  for (const TaskKeys place : places) {
    for (const std::string_view key : known_keys(place)) known.push_back(key);
  }
  bool good = true;
  for (const auto& [key, member] : object_.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    good = false;
    if (issues_.is_full()) break;
    std::string hint = did_you_mean(key, known);
    if (hint.empty()) {
      for (const std::string_view name : known) hint += (hint.empty() ? "known here: " : ", ") + std::string(name);
    }
    wrong(key, "unknown key \"" + escaped(key) + "\"", std::move(hint));
  }
  return good;
}

const Json* TaskFields::find(std::string_view key) const {
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

std::string TaskFields::pointer(std::string_view key) const { return pointer_ + "/" + schema::pointer_part(key); }

std::optional<std::string> TaskFields::text(std::string_view key, std::size_t max_bytes) const {
  const Json* value = find(key);
  if (!value) return std::nullopt;
  if (!value->is_string()) return wrong(key, "\"" + std::string(key) + "\" must be a text, not " + kind_of(*value)), std::nullopt;
  std::string out = value->get<std::string>();
  if (out.size() > max_bytes) return wrong(key, "\"" + std::string(key) + "\" is longer than " + human_bytes(max_bytes)), std::nullopt;
  return out;
}

std::optional<std::int64_t> TaskFields::integer(std::string_view key, std::int64_t least, std::int64_t most) const {
  const Json* value = find(key);
  if (!value) return std::nullopt;
  const bool fits = value->is_number_integer() && !(value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX));
  if (fits && value->get<std::int64_t>() >= least && value->get<std::int64_t>() <= most) return value->get<std::int64_t>();
  wrong(key, "\"" + std::string(key) + "\" must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> TaskFields::duration(std::string_view key) const {
  const Json* value = find(key);
  if (!value) return std::nullopt;
  const auto parsed = value->is_string() ? parse_task_duration(value->get_ref<const std::string&>()) : std::nullopt;
  if (parsed) return parsed;
  wrong(key, "\"" + std::string(key) + "\" must be a time", "such as 500ms, 30s, 10m, 2h or 3d");
  return std::nullopt;
}

std::optional<Expression> TaskFields::expression(std::string_view key) const {
  const Json* value = find(key);
  if (!value) return std::nullopt;
  const std::string text = value->is_boolean() ? to_text(*value) : value->is_string() ? value->get<std::string>() : "";
  if (!value->is_boolean() && !value->is_string()) {
    return wrong(key, "\"" + std::string(key) + "\" must be an expression, not " + kind_of(*value), "such as \"row.active == 'yes'\""), std::nullopt;
  }
  auto parsed = Expression::parse(text);
  if (parsed) return *std::move(parsed);
  issues_.add(pointer(key), parsed.error());
  return std::nullopt;
}

std::optional<Template> TaskFields::value(std::string_view key) const {
  const Json* found = find(key);
  if (!found) return std::nullopt;
  auto compiled = Template::compile(*found);
  if (compiled) return *std::move(compiled);
  note_bad_templates(*found, pointer(key), issues_);
  return std::nullopt;
}

std::optional<Template> TaskFields::text_value(std::string_view key) const { return text(key, 1u << 20) ? value(key) : std::nullopt; }

Template TaskFields::object_value(std::string_view key) const {
  const Json* found = find(key);
  if (found && !found->is_object()) wrong(key, "\"" + std::string(key) + "\" must be a mapping of names to values, not " + kind_of(*found));
  else if (auto compiled = value(key)) return *std::move(compiled);
  return *Template::compile(Json::object());
}

std::vector<std::string> TaskFields::names(std::string_view key, bool (*is_right)(std::string_view), std::string_view what) const {
  std::vector<std::string> out;
  const Json* list = find(key);
  if (!list) return out;
  if (!list->is_array()) return wrong(key, "\"" + std::string(key) + "\" must be a list of " + std::string(what) + ", not " + kind_of(*list)), out;
  constexpr std::size_t most = 1000;
  if (list->size() > most) return wrong(key, "\"" + std::string(key) + "\" has more than 1000 items"), out;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& item = (*list)[i];
    const std::string at = pointer(key) + "/" + std::to_string(i);
    if (!item.is_string() || !is_right(item.get_ref<const std::string&>())) {
      issues_.add(at, "this list is of " + std::string(what) + "; " + escaped(to_text(item)) + " is none");
    } else if (std::find(out.begin(), out.end(), item.get_ref<const std::string&>()) != out.end()) {
      issues_.add(at, "\"" + item.get<std::string>() + "\" is here twice");
    } else {
      out.push_back(item.get<std::string>());
    }
  }
  return out;
}

std::optional<Limits> TaskFields::limits(std::string_view key) const {
  const auto fields = object(key);
  if (!fields) return std::nullopt;
  fields->check_keys({TaskKeys::budget});
  constexpr std::int64_t most = 1'000'000'000'000;
  Limits out;
  if (const auto steps = fields->integer("max_steps", 0, most)) out.max_steps = *steps;
  if (const auto calls = fields->integer("max_calls", 0, most)) out.max_calls = *calls;
  if (const auto tokens = fields->integer("max_tokens", 0, most)) out.max_tokens = *tokens;
  if (const auto time = fields->duration("max_time")) out.max_time = *time;
  if (const Json* cost = fields->find("max_cost")) {
    if (cost->is_number() && cost->get<double>() >= 0 && std::isfinite(cost->get<double>())) out.max_cost_usd = cost->get<double>();
    else fields->wrong("max_cost", "\"max_cost\" must be a number of US dollars from 0");
  }
  return out;
}

std::optional<TaskFields> TaskFields::object(std::string_view key) const {
  const Json* value = find(key);
  if (!value) return std::nullopt;
  if (value->is_object()) return TaskFields(*value, pointer(key), issues_);
  wrong(key, "\"" + std::string(key) + "\" must be a mapping of names to values, not " + kind_of(*value));
  return std::nullopt;
}

}  // namespace deed
