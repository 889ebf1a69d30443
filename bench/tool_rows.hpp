// Tools as the data of the planner has them: function objects with "changes_world" and "asks_user".
#pragma once

#include "deed/llm/message.hpp"

#include <string>
#include <vector>

namespace deed::bench {

/// Of `list`, whose entries may be the functions themselves. Throws where one has no name.
inline ToolList tools_of(const Json& list) {
  ToolList tools;
  for (const Json& entry : list) {
    const Json& function = entry.contains("function") ? entry["function"] : entry;
    tools.push_back({.name = function.at("name"),
                     .description = string_at(function, "description"),
                     .examples = function.value("examples", std::vector<std::string>()),
                     .parameters = function.value("parameters", Json::object()),
                     .changes_world = entry.value("changes_world", false),
                     .asks_user = entry.value("asks_user", false)});
  }
  return tools;
}

}  // namespace deed::bench
