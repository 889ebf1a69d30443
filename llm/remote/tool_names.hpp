// Tool names as provider APIs accept them: 1 to 64 of a-z, A-Z, 0-9, "_" and "-" (OpenAI's rule,
// which the others took over). "email.send" goes out as "email__send". A name that this cannot
// bring back exactly goes out as its readable head and a hash, so two names never meet in one, and
// the same name gives the same bytes in every request.
#pragma once

#include "deed/llm/message.hpp"

#include <map>
#include <string>
#include <string_view>

namespace deed {

/// `name` in the form for the wire. Pure; different names give different texts.
std::string wire_tool_name(std::string_view name);

/// The way back, for the tools of one request.
class ToolNames {
 public:
  ToolNames() = default;
  explicit ToolNames(const ToolList& tools);

  /// The tool's own name. A name that no tool of the request has comes back as it is: the loop
  /// answers the call.
  std::string from_wire(std::string_view wire) const;

 private:
  std::map<std::string, std::string, std::less<>> by_wire_;
};

}  // namespace deed
