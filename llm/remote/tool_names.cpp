#include "deed/llm/remote/tool_names.hpp"

#include "deed/core/hash.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr std::size_t max_wire_bytes = 64;
constexpr std::size_t hash_digits = 12;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}
bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

std::string readable(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '.')
      out += "__";
    else
      out += is_plain(c) ? c : '_';
  }
  return out;
}

std::string undo_readable(std::string_view wire) {
  std::string out;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    const bool is_dot = wire.substr(i, 2) == "__";
    out += is_dot ? '.' : wire[i];
    if (is_dot) ++i;
  }
  return out;
}

// A name of this form is hashed itself, lest it be the wire form of another.
bool ends_like_a_hash(std::string_view name) {
  if (name.size() < hash_digits + 1) return false;
  const std::string_view tail = name.substr(name.size() - hash_digits - 1);
  return tail[0] == '-' && std::all_of(tail.begin() + 1, tail.end(), is_hex);
}

}  // namespace

std::string wire_tool_name(std::string_view name) {
  std::string wire = readable(name);
  const bool comes_back = undo_readable(wire) == name && !ends_like_a_hash(name);
  if (!wire.empty() && wire.size() <= max_wire_bytes && comes_back) return wire;
  wire.resize(std::min(wire.size(), max_wire_bytes - hash_digits - 1));
  return wire + '-' + sha256_hex(name).substr(0, hash_digits);
}

ToolNames::ToolNames(const ToolList& tools) {
  for (const ToolDefinition& tool : tools) by_wire_.emplace(wire_tool_name(tool.name), tool.name);
}

std::string ToolNames::from_wire(std::string_view wire) const {
  const auto it = by_wire_.find(wire);
  return it != by_wire_.end() ? it->second : std::string(wire);
}

}  // namespace deed
