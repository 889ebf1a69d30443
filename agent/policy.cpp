#include "deed/agent/policy.hpp"

#include <algorithm>

#include "deed/core/checked.hpp"
#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

bool matches(const AllowRule& rule, const PolicyInput& input) {
  if (!glob_match(rule.tool, input.spec.name)) return false;
  if (input.destinations.empty()) return rule.destination == "*";
  return std::all_of(input.destinations.begin(), input.destinations.end(),
                     [&](const std::string& destination) { return glob_match(rule.destination, destination); });
}

// The first destination argument that neither the user nor a trusted tool gave.
const ArgumentOrigin* doubtful(const PolicyInput& input) {
  for (const ArgumentOrigin& origin : input.origins) {
    const std::string name = origin.pointer.substr(1, origin.pointer.find('/', 1) - 1);
    const auto role = input.spec.roles.find(name);
    if (role != input.spec.roles.end() && role->second == ArgumentRole::destination &&
        origin.trust == Trust::untrusted) {
      return &origin;
    }
  }
  return nullptr;
}

}  // namespace

Result<AllowRule> AllowRule::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  AllowRule rule{std::string(trim(text.substr(0, colon)))};
  if (colon != std::string_view::npos) rule.destination = std::string(trim(text.substr(colon + 1)));
  if (rule.tool.empty() || rule.destination.empty() || has_control_characters(text)) {
    return fail(ErrorKind::invalid, "not a rule", "\"" + escaped(text) + "\"",
                "write TOOL:DESTINATION, for example email.send:*@example.org");
  }
  return rule;
}

std::string Policy::version() const {
  Json rules = Json::array({yes});
  for (const AllowRule& rule : allow) rules.push_back(rule.tool + ":" + rule.destination);
  return sha256_hex(to_text(rules)).substr(0, 16);
}

PolicyDecided apply_policy(const Policy& policy, const PolicyInput& input) {
  PolicyDecided decided;
  decided.policy_version = policy.version();
  decided.origins = input.origins;
  if (!input.needs_approval) {
    decided.verdict = Verdict::allow;
    decided.why = "needs no approval";
    return decided;
  }
  for (const AllowRule& rule : policy.allow) {
    if (!matches(rule, input)) continue;
    decided.verdict = Verdict::allow;
    decided.why = "allowed by the rule " + rule.tool + ":" + rule.destination;
    return decided;
  }
  const ArgumentOrigin* origin = doubtful(input);
  decided.verdict = Verdict::ask;
  if (origin && origin->origin == "none") {
    decided.why = origin->pointer + " was given by nobody: the model made it up";
  } else if (origin) {
    decided.why = origin->pointer + " comes only from untrusted text (" + origin->origin + ")";
  } else if (policy.yes) {
    decided.verdict = Verdict::allow;
    decided.why = "allowed by --yes; every destination was given by the user or a trusted tool";
  } else {
    decided.why = "it leaves this machine or destroys something";
  }
  return decided;
}

}  // namespace deed
