// The tools of a program, in the order in which they were added.
#pragma once

#include <deque>
#include <string_view>
#include <vector>

#include "deed/core/schema.hpp"
#include "deed/tools/tool.hpp"

namespace deed {

/// A tool whose schema has been compiled.
struct RegisteredTool {
  Tool tool;
  Schema arguments;
};

class Registry {
 public:
  /// errors  invalid: a name, schema or role that is wrong, no `run`, or a probeable tool without `probe`. unsupported: a keyword
  ///         of the schema. conflict: a second tool of the name
  Result<void> add(Tool tool);

  /// Takes a tool out, for one that is to take its place. Pointers to all tools are invalid afterwards: not while a run is driven.
  /// Gives back whether it was there.
  bool remove(std::string_view name);

  /// nullptr if there is none; valid until a tool is removed.
  const RegisteredTool* find(std::string_view name) const;
  /// In order of addition.
  const std::deque<RegisteredTool>& tools() const { return tools_; }

 private:
  std::deque<RegisteredTool> tools_;
};

}  // namespace deed
