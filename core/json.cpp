#include "deed/core/json.hpp"

#include <algorithm>
#include <vector>

namespace deed {
namespace {

// nlohmann's parser is iterative, but printing and destroying are recursive: refuse depth before a tree exists.
bool deeper_than(std::string_view text, int max_depth) {
  if (text.size() <= static_cast<std::size_t>(max_depth)) return false;  // each level has a bracket
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

// A value without what a std::map of it would cost: members are sorted by pointers to them.
void append_canonical(const Json& value, std::string& out) {
  if (value.is_array()) {
    out += '[';
    for (const Json& item : value) {
      if (&item != &value.front()) out += ',';
      append_canonical(item, out);
    }
    out += ']';
    return;
  }
  if (!value.is_object()) {
    out += to_text(value);
    return;
  }
  std::vector<const Json::object_t::value_type*> members;
  for (const auto& member : value.get_ref<const Json::object_t&>()) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  out += '{';
  for (const auto* member : members) {
    if (member != members.front()) out += ',';
    out += to_text(Json(member->first));
    out += ':';
    append_canonical(member->second, out);
  }
  out += '}';
}

}  // namespace

Result<void> check_json_limits(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.max_bytes) {
    return fail(ErrorKind::limit, "JSON text of " + std::to_string(text.size()) + " bytes; at most " +
                                      std::to_string(limits.max_bytes) + " are read");
  }
  if (deeper_than(text, limits.max_depth)) {
    return fail(ErrorKind::limit, "JSON nested deeper than " + std::to_string(limits.max_depth));
  }
  return {};
}

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
  DEED_OK(check_json_limits(text, limits));
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& e) {
    return fail(ErrorKind::invalid, "not valid JSON", "byte " + std::to_string(e.byte));
  } catch (const Json::exception& e) {
    return fail(ErrorKind::invalid, std::string("not valid JSON: ") + e.what());
  }
}

std::string to_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string canonical_text(const Json& value) {
  std::string out;
  append_canonical(value, out);
  return out;
}

std::string string_at(const Json& object, std::string_view key, std::string_view other) {
  if (!object.is_object()) return std::string(other);
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string(other);
}

}  // namespace deed
