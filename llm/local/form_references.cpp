// What "it" and "the same" stand for: the result of an earlier step, the text that it was given, the file that it wrote.
#include "deed/core/text.hpp"
#include "deed/llm/local/form.hpp"
#include "deed/llm/local/segments.hpp"

#include <algorithm>

namespace deed {
namespace {

// "the server's answer", "the result": what a call gave back, not what it was given.
bool speaks_of_result(const Material& material) {
  for (const std::string& word : identifier_words(without_quotes(material.in_english)))
    if (is_one_of(word, {"result", "results", "response", "answer", "reply", "output", "returns", "returned", "comes", "back"})) return true;
  return false;
}

}  // namespace

// "the same to bob@…": the text that the last call with one was given.
std::optional<Form::Value> Form::same_text() const {
  for (auto call = step_.past.rbegin(); call != step_.past.rend(); ++call) {
    const std::string* best = nullptr;
    bool best_is_text = false;
    for (const auto& [name, argument] : call->arguments.items()) {
      if (!argument.is_string() || !find_places(argument.get_ref<const std::string&>()).empty()) continue;
      const std::string& text = argument.get_ref<const std::string&>();
      const bool is_text = slot_kind(name, Json::object()) == SlotKind::free_text;
      if (best == nullptr || (is_text && !best_is_text) || (is_text == best_is_text && text.size() > best->size()))
        best = &text, best_is_text = is_text;
    }
    if (best == nullptr || best->empty()) continue;
    Value value{.json = *best, .shown = std::string(utf8_prefix(*best, 200)), .is_certain = true};
    value.choice = make_choice("", {value.shown}, {0.0}, "argument of " + call->tool);
    return value;
  }
  return std::nullopt;
}

std::optional<Form::Value> Form::referred_text() {
  if (material_.says_same && !used_reference_ && !step_.past.empty() && step_.past.back().changes_world)
    if (auto value = same_text()) return value;
  if (!material_.refers_back || used_reference_ || referred_file()) return std::nullopt;
  // What was read, rather than the report of something done.
  const PastCall* source = nullptr;
  for (const PastCall& call : step_.past)
    if (source == nullptr || !call.changes_world || source->changes_world) source = &call;
  if (source == nullptr || source->result.empty()) return std::nullopt;
  // "remember that, and mail it to ann@…": what was done with a text says less than the text.
  if (source->changes_world && !speaks_of_result(material_))
    if (auto value = same_text()) return value;
  if (source->is_cut) {
    cut_result_of_ = source->tool;
    return std::nullopt;
  }
  Value value{.json = source->result,
              .shown = std::string(utf8_prefix(source->result, 200)),
              .is_certain = true};
  value.choice = make_choice("", {value.shown}, {0.0}, "result of " + source->tool);
  return value;
}

// "make hello.txt and send it to …": what "it" is was written by an earlier step, into a file that
// this tool can carry.
std::optional<Form::WrittenFile> Form::referred_file() const {
  if (!material_.refers_back || !tool_.changes_world || step_.past.empty() || step_.uses_last_result)
    return std::nullopt;
  const std::vector<Property> all = properties_of(tool_.parameters);
  if (std::none_of(all.begin(), all.end(), [](const Property& property) {
        return property.is_list && property.is_critical_string() && property.kind == SlotKind::path;
      }))
    return std::nullopt;
  const PastCall& last = step_.past.back();
  if (const auto found = found_file()) return WrittenFile{*found, last.tool};
  const std::vector<std::string> words = identifier_words(without_quotes(material_.in_english));
  const bool attaches = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word.starts_with("attach");
  });
  if (!last.changes_world && !attaches) return std::nullopt;
  for (const auto& [name, argument] : last.arguments.items()) {
    if (!argument.is_string()) continue;
    const std::string& text = argument.get_ref<const std::string&>();
    const std::vector<Span> spans = find_kind(SlotKind::path, text);
    if (spans.size() != 1 || spans[0].size() != text.size()) continue;
    return WrittenFile{text, last.tool};
  }
  return std::nullopt;
}

bool Form::carries_files() const {
  if (referred_file()) return true;
  for (const Property& property : properties_of(tool_.parameters))
    if (property.is_list && property.is_critical_string() && property.kind == SlotKind::path)
      return material_.has(SlotKind::path) || !step_.attachments.empty();
  return false;
}

}  // namespace deed
