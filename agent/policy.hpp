// Whether a call may run: rules of the user and the origins of its destinations. Pure. No word of a model or a page can widen it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "deed/agent/event_types.hpp"
#include "deed/tools/tool.hpp"

namespace deed {

/// "email.send:*@example.org": a tool's name (with * as a wildcard) and a pattern that every destination of the call must match.
/// Without a colon every destination of the tool is meant.
struct AllowRule {
  std::string tool;
  std::string destination = "*";

  /// errors  invalid: empty, or control characters
  static Result<AllowRule> parse(std::string_view text);
};

struct Policy {
  std::vector<AllowRule> allow;
  /// --yes: approves effects whose destinations the user or a trusted tool gave. Not those that only a page, a mail or a model named.
  bool yes = false;

  /// Changes when the rules change: an approval is bound to it.
  std::string version() const;
};

struct PolicyInput {
  const ToolSpec& spec;
  bool needs_approval = false;                  ///< the effect leaves the machine or destroys something
  std::vector<std::string> destinations;        ///< of the preview
  const std::vector<ArgumentOrigin>& origins;
};

/// allow or ask, with the reason. A call that needs no approval is allowed. A rule that matches every destination allows.
/// With --yes a call is allowed if every destination argument has an origin of trust user or tool. Everything else is asked.
PolicyDecided apply_policy(const Policy& policy, const PolicyInput& input);

}  // namespace deed
