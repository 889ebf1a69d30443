#include "deed/agent/task/record.hpp"

#include <algorithm>
#include <cctype>

#include "deed/core/text.hpp"

namespace deed {
namespace {

// A call of the run that becomes a step.
struct Recorded {
  const CallState* call;
  std::string id;
};

// A text of an earlier result, and how a task names it.
struct Known {
  std::string text, reference;
};

std::string plain_name(std::string_view text) {
  std::string out;
  for (const char c : text) out += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(static_cast<unsigned char>(c))) : '_';
  return out.empty() || !std::isalpha(static_cast<unsigned char>(out[0])) ? "step_" + out : out;
}

bool is_plain_member(const std::string& part) {
  return !part.empty() && !std::isdigit(static_cast<unsigned char>(part[0])) && std::all_of(part.begin(), part.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
}

void take_sources(const Json& value, const std::string& reference, std::vector<Known>& sources, int depth = 0) {
  constexpr int deepest = 8;
  if (depth > deepest) return;
  if (value.is_string()) sources.push_back({value.get<std::string>(), reference});
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) {
      take_sources(member, reference + (is_plain_member(name) ? "." + name : "[" + to_text(name) + "]"), sources, depth + 1);
    }
  }
  if (!value.is_array()) return;
  std::size_t index = 0;
  for (const Json& item : value) take_sources(item, reference + "[" + std::to_string(index++) + "]", sources, depth + 1);
}

std::string literal(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool opens = text.substr(i, 2) == "{{";
    out += opens ? "{{{{" : std::string(1, text[i]);
    i += opens;
  }
  return out;
}

// The text with what an earlier result gave in place of itself. The longest source wins: a whole page before a word of it.
std::string with_references(const std::string& text, const std::vector<Known>& sources) {
  for (const Known& source : sources) {
    if (source.text == text && !text.empty()) return "{{" + source.reference + "}}";
  }
  constexpr std::size_t shortest = 8;
  const Known* best = nullptr;
  for (const Known& source : sources) {
    const bool is_in = source.text.size() >= shortest && text.find(source.text) != std::string::npos;
    if (is_in && (!best || source.text.size() > best->text.size())) best = &source;
  }
  if (!best) return literal(text);
  const std::size_t at = text.find(best->text);
  return with_references(text.substr(0, at), sources) + "{{" + best->reference + "}}" +
         with_references(text.substr(at + best->text.size()), sources);
}

Json with_references(const Json& value, const std::vector<Known>& sources) {
  if (value.is_string()) return with_references(value.get<std::string>(), sources);
  if (!value.is_structured()) return value;
  Json out = value;
  for (Json& member : out) member = with_references(Json(member), sources);
  return out;
}

std::vector<Recorded> calls_of(const State& state) {
  std::vector<Recorded> out;
  std::map<std::string, int> names;
  for (const Entry& entry : state.entries) {
    const auto* step = std::get_if<StepState>(&entry);
    if (!step) continue;
    for (const std::string& id : step->calls) {
      const CallState& call = state.calls.at(id);
      if (!call.outcome || call.outcome->status != OutcomeStatus::succeeded) continue;
      std::string name = plain_name(call.call.name);
      const int count = ++names[name];
      if (count > 1) name += "_" + std::to_string(count);
      out.push_back({&call, std::move(name)});
    }
  }
  return out;
}

}  // namespace

Result<std::string> task_text_of(const State& state) {
  if (state.task) return fail(ErrorKind::conflict, "the run is a task's already", state.start.task ? state.start.task->path : "");
  if (!state.finished || state.finished->status != RunStatus::done) {
    return fail(ErrorKind::conflict, "only a run that is done can be recorded", "", "finish it first: deed resume");
  }
  std::string inputs, steps;
  std::vector<Known> sources;
  for (const Recorded& one : calls_of(state)) {
    const CallState& call = *one.call;
    if (call.answer) {
      inputs += "  " + one.id + ":\n    type: string\n    description: " + to_text(string_at(call.call.arguments, "question")) +
                "\n    default: " + to_text(literal(*call.answer)) + "\n";
      sources.push_back({*call.answer, "inputs." + one.id});
      continue;
    }
    steps += "  - id: " + one.id + "\n    tool: " + call.call.name + "\n";
    const Json with = with_references(call.call.arguments, sources);
    if (!with.empty()) steps += "    with:\n";
    for (const auto& [name, value] : with.items()) steps += "      " + (is_plain_member(name) ? name : to_text(name)) + ": " + to_text(value) + "\n";
    take_sources(call.outcome->result, "steps." + one.id + ".out", sources);
    sources.push_back({call.outcome->text, "steps." + one.id + ".text"});
  }
  if (steps.empty()) return fail(ErrorKind::invalid, "no call of the run succeeded: there is nothing to do again");
  std::string_view words = trim(state.start.request);
  words = utf8_prefix(words.substr(0, words.find('\n')), 120);
  return "deed: 1\nname: " + to_text(std::string(words)) + "\n" + (inputs.empty() ? "" : "inputs:\n" + inputs) + "steps:\n" + steps;
}

}  // namespace deed
