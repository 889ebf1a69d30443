#include "deed/tools/registry.hpp"

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr std::size_t max_name_bytes = 64;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; }

// ^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$
bool is_tool_name(std::string_view name) {
  if (name.empty() || name.size() > max_name_bytes || !is_letter(name.front())) return false;
  const auto parts = split(name, '.');
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), is_word);
  });
}

Result<void> check_roles(const ToolSpec& spec) {
  const auto properties = spec.arguments.find("properties");
  for (const auto& [name, role] : spec.roles) {
    if (properties == spec.arguments.end() || !properties->contains(name)) {
      return fail(ErrorKind::invalid, "a role for \"" + escaped(name) + "\", which is no argument",
                  spec.name, "name a property of the arguments' schema");
    }
  }
  return {};
}

// The loop puts the argument "question" to the user; without it there is nothing to ask.
Result<void> check_asks_user(const ToolSpec& spec) {
  const auto properties = spec.arguments.find("properties");
  if (properties != spec.arguments.end() && properties->contains("question")) return {};
  return fail(ErrorKind::invalid, "a tool that asks the user needs an argument \"question\"",
              spec.name);
}

Result<Schema> check(const Tool& tool) {
  const ToolSpec& spec = tool.spec;
  if (!is_tool_name(spec.name)) {
    return fail(ErrorKind::invalid, "not a name for a tool", "\"" + escaped(spec.name) + "\"",
                "give a dotted name such as weather.get: letters, digits and _, at most 64 bytes");
  }
  if (!is_utf8(spec.description))
    return fail(ErrorKind::invalid, "the description is not UTF-8", spec.name);
  constexpr std::size_t most_examples = 16, longest_example = 200;
  if (spec.examples.size() > most_examples)
    return fail(ErrorKind::invalid, "more than 16 examples", spec.name);
  for (const std::string& example : spec.examples)
    if (!is_utf8(example) || example.size() > longest_example)
      return fail(ErrorKind::invalid, "an example that is not UTF-8, or longer than 200 bytes",
                  spec.name);
  if (!spec.arguments.is_object() || string_at(spec.arguments, "type") != "object") {
    return fail(ErrorKind::invalid, "the arguments' schema is not that of an object", spec.name,
                R"(begin it with {"type":"object","properties":{…}})");
  }
  // The schema's own `where` is a pointer into it; the tool's name in front says into which.
  auto compiled = Schema::compile(spec.arguments);
  if (!compiled) {
    Error error = std::move(compiled).error();
    error.where = spec.name + " at " + (error.where.empty() ? "/" : error.where);
    return fail(std::move(error));
  }
  DEED_OK(check_roles(spec));
  if (spec.asks_user) {
    DEED_OK(check_asks_user(spec));
  } else if (!tool.run) {
    return fail(ErrorKind::invalid, "the tool has no function `run`", spec.name);
  }
  if (spec.effect == EffectClass::probeable && !tool.probe) {
    return fail(ErrorKind::invalid, "a probeable tool has no function `probe`", spec.name,
                "give it one, or declare its effect `once`");
  }
  return compiled;
}

}  // namespace

Result<void> Registry::add(Tool tool) {
  DEED_TRY(Schema arguments, check(tool));
  if (find(tool.spec.name)) {
    return fail(ErrorKind::conflict, "there is a tool of this name already", tool.spec.name,
                "give the new one another name");
  }
  tools_.push_back({std::move(tool), std::move(arguments)});
  return {};
}

bool Registry::remove(std::string_view name) {
  return std::erase_if(tools_, [&](const RegisteredTool& entry) { return entry.tool.spec.name == name; }) > 0;
}

const RegisteredTool* Registry::find(std::string_view name) const {
  const auto it = std::find_if(tools_.begin(), tools_.end(), [&](const RegisteredTool& entry) {
    return entry.tool.spec.name == name;
  });
  return it == tools_.end() ? nullptr : &*it;
}

}  // namespace deed
