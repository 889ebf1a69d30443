#include "deed/agent/origin.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <optional>

#include "deed/core/text.hpp"

namespace deed {
namespace {

bool continues_word(char c) {
  const auto u = static_cast<unsigned char>(c);
  return std::isalnum(u) || u >= 0x80 || c == '_' || c == '-' || c == '@' || c == '+' || c == '/' || c == '%';
}

// Korean, Chinese and Japanese put their particles and verbs right behind a word of Latin letters, and a verb right before an address
// ("ann@example.org로", "给ann@example.org写信"): U+3000 to U+D7FF, by their first bytes.
bool is_east_asian_lead(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u >= 0xE3 && u <= 0xED;
}
bool ends_in_ascii(std::string_view text, std::size_t end) { return end > 0 && static_cast<unsigned char>(text[end - 1]) < 0x80; }
bool follows_east_asian(std::string_view text, std::size_t at) {
  return at >= 3 && is_east_asian_lead(text[at - 3]) && static_cast<unsigned char>(text[at - 2]) >= 0x80 && static_cast<unsigned char>(text[at - 1]) >= 0x80;
}
bool is_address(std::string_view text) { return text.find('@') != std::string_view::npos || text.find("://") != std::string_view::npos; }

// A dot or colon ends a word where a sentence may end, and is part of it before a letter or digit ("a.b", "host:80").
bool continues_right(std::string_view text, std::size_t at) {
  if (at >= text.size()) return false;
  if (text[at] == '.' || text[at] == ':') return at + 1 < text.size() && continues_word(text[at + 1]);
  return continues_word(text[at]);
}
bool continues_left(std::string_view text, std::size_t at) {
  if (at == 0) return false;
  if (text[at - 1] == '.') return at >= 2 && continues_word(text[at - 2]);
  return continues_word(text[at - 1]);
}

bool stands_whole_in(std::string_view needle, std::string_view text) {
  if (needle.empty()) return false;
  for (std::size_t at = text.find(needle); at != std::string_view::npos; at = text.find(needle, at + 1)) {
    const std::size_t end = at + needle.size();
    const bool begins = !continues_left(text, at) || (is_address(needle) && static_cast<unsigned char>(needle[0]) < 0x80 && follows_east_asian(text, at));
    const bool ends = !continues_right(text, end) || (ends_in_ascii(text, end) && is_east_asian_lead(text[end]));
    if (begins && ends) return true;
  }
  return false;
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : to_text(value); }

// The JSON pointer of a field that is exactly `value`.
std::optional<std::string> field_equal_to(const Json& tree, const Json& value, int depth = 0) {
  if (depth > 32) return std::nullopt;
  if (tree == value) return std::string();
  if (!tree.is_structured()) return std::nullopt;
  for (auto it = tree.begin(); it != tree.end(); ++it) {
    const auto below = field_equal_to(*it, value, depth + 1);
    if (!below) continue;
    return "/" + (tree.is_object() ? it.key() : std::to_string(it - tree.begin())) + *below;
  }
  return std::nullopt;
}

// The request of a step of a task: words of the task's writer, and words that were put in and keep their own trust.
std::optional<ArgumentOrigin> origin_in_parts(const State& state, const std::string& pointer, const std::string& text) {
  std::optional<ArgumentOrigin> best;
  for (const RequestPart& part : state.start.parts) {
    if (!stands_whole_in(text, part.text)) continue;
    if (!best || part.trust < best->trust) best = ArgumentOrigin{pointer, "request, from " + part.origin, part.trust};
  }
  return best;
}

void visit_leaves(const Json& value, const std::string& pointer,
                  const std::function<void(const std::string&, const Json&)>& leaf) {
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) visit_leaves(item, pointer + "/" + key, leaf);
  } else if (value.is_array()) {
    std::size_t index = 0;
    for (const Json& item : value) visit_leaves(item, pointer + "/" + std::to_string(index++), leaf);
  } else if (value.is_string() || value.is_number()) {
    leaf(pointer, value);
  }
}

// A result that repeats what the call was given says nothing new about it: it is trusted no more than that was.
Trust trust_of_result(const CallState& call, const std::string& text) {
  Trust trust = call.result_trust;
  visit_leaves(call.call.arguments, "", [&](const std::string& pointer, const Json& leaf) {
    if (!stands_whole_in(text, text_of(leaf))) return;
    Trust given = Trust::untrusted;  // in free text it was not traced
    for (const ArgumentOrigin& origin : call.policy ? call.policy->origins : std::vector<ArgumentOrigin>()) {
      if (origin.pointer == pointer) given = origin.trust;
    }
    trust = std::max(trust, given);
  });
  return trust;
}

ArgumentOrigin origin_of(const State& state, const std::string& pointer, const Json& value, ArgumentRole role) {
  const std::string text = text_of(value);
  const auto in_parts = origin_in_parts(state, pointer, text);
  if (in_parts && in_parts->trust <= Trust::user) return *in_parts;
  for (const Entry& entry : state.entries) {
    const auto* words = std::get_if<UserWords>(&entry);
    const bool has_parts = words && &entry == &state.entries.front() && !state.start.parts.empty();
    if (words && !has_parts && stands_whole_in(text, words->text)) return {pointer, "request", Trust::user};
  }
  for (const std::string& path : state.start.attachments) {
    if (text == path) return {pointer, "attachment", Trust::user};
  }
  ArgumentOrigin best = in_parts.value_or(ArgumentOrigin{pointer, "none", Trust::untrusted});
  for (const auto& [id, call] : state.calls) {
    if (call.answer && stands_whole_in(text, *call.answer)) return {pointer, "answer to " + id, Trust::user};
    if (!call.outcome || call.outcome->status != OutcomeStatus::succeeded) continue;
    const Trust trust = trust_of_result(call, text);
    if (best.origin != "none" && best.trust <= trust) continue;
    if (const auto field = field_equal_to(call.outcome->result, value)) {
      best = {pointer, "result of " + id + " at " + (field->empty() ? "/" : *field), trust};
    } else if (role != ArgumentRole::id &&
               (stands_whole_in(text, call.outcome->text) ||
                stands_whole_in(text, call.outcome->result.is_object() ? to_text(call.outcome->result)
                                                                       : text_of(call.outcome->result)))) {
      best = {pointer, "text of " + id, trust};
    }
  }
  return best;
}

}  // namespace

std::vector<ArgumentOrigin> origins_of_task(const CallState& call, const ToolSpec& spec) {
  std::vector<ArgumentOrigin> origins;
  if (!call.call.arguments.is_object()) return origins;
  for (const auto& [name, value] : call.call.arguments.items()) {
    const auto role = spec.roles.find(name);
    if (role == spec.roles.end() || role->second == ArgumentRole::text) continue;
    visit_leaves(value, "/" + name, [&](const std::string& pointer, const Json&) {
      ArgumentOrigin origin{pointer, "task", Trust::user};
      for (const ArgumentOrigin& known : call.origins) {
        // A text that is exactly one reference may have become a list or an object: what is in it came with it.
        if (pointer == known.pointer || pointer.starts_with(known.pointer + "/")) origin = {pointer, known.origin, known.trust};
      }
      origins.push_back(std::move(origin));
    });
  }
  return origins;
}

std::vector<ArgumentOrigin> find_origins(const State& state, const Json& arguments, const ToolSpec& spec) {
  std::vector<ArgumentOrigin> origins;
  if (!arguments.is_object()) return origins;
  for (const auto& [name, value] : arguments.items()) {
    const auto role = spec.roles.find(name);
    if (role == spec.roles.end() || role->second == ArgumentRole::text) continue;
    visit_leaves(value, "/" + name, [&, kind = role->second](const std::string& pointer, const Json& leaf) {
      origins.push_back(origin_of(state, pointer, leaf, kind));
    });
  }
  return origins;
}

}  // namespace deed
