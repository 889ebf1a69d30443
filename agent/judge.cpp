#include "deed/agent/judge.hpp"

#include "deed/agent/effects.hpp"
#include "deed/agent/origin.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

PolicyDecided ended(Verdict verdict, std::string why) {
  PolicyDecided decided;
  decided.verdict = verdict;
  decided.why = std::move(why);
  return decided;
}

std::string no_such_tool(const std::string& name, const Registry& tools) {
  std::string text = "There is no tool \"" + escaped(name) + "\". The tools are:";
  for (const RegisteredTool& entry : tools.tools()) text += " " + entry.tool.spec.name;
  return text;
}

std::string listed(const std::vector<SchemaIssue>& issues) {
  std::string text = "The arguments do not fit the tool:";
  for (const SchemaIssue& issue : issues) {
    text += "\n" + (issue.path.empty() ? std::string("arguments") : issue.path) + ": " + issue.what;
  }
  return text;
}

// An effect is not done a second time by a model that forgot it; a reading tool may look again, not for ever.
const CallState* earlier_same_call(const State& state, const std::string& call_id, bool changes) {
  const CallState& call = state.calls.at(call_id);
  const auto alike = state.calls_of_this_turn.find({call.call.name, call.arguments_hash});
  if (alike == state.calls_of_this_turn.end()) return nullptr;
  const CallState* found = nullptr;
  int same = 0;
  for (const std::string& id : alike->second) {
    const CallState& other = state.calls.at(id);
    if (id == call_id || !other.outcome || other.outcome->status != OutcomeStatus::succeeded) continue;
    found = &other;
    ++same;
  }
  constexpr int looks_allowed = 3;
  return changes || same >= looks_allowed ? found : nullptr;
}

}  // namespace

PreviewRecord record_of(Preview preview) {
  constexpr std::size_t kept_bytes = 1u << 20;
  // Whoever agreed to a change agreed to what is lost by it, too.
  std::string hash = preview.diff.empty() ? sha256_hex(preview.bytes) : sha256_hex(preview.bytes + '\0' + preview.diff);
  PreviewRecord record{std::move(preview.media_type), std::move(preview.summary), {}, std::move(hash),
                       std::move(preview.destinations), {}};
  record.bytes = std::string(utf8_prefix(preview.bytes, kept_bytes));
  record.diff = std::string(utf8_prefix(preview.diff, kept_bytes));
  return record;
}

std::optional<PolicyDecided> refusal_of(const State& state, const std::string& call_id, const Registry& tools) {
  const CallState& call = state.calls.at(call_id);
  const RegisteredTool* entry = tools.find(call.call.name);
  if (!entry) return ended(Verdict::invalid, no_such_tool(call.call.name, tools));
  if (!call.bad_arguments.empty()) {
    return ended(Verdict::invalid, "The arguments are not a JSON object: " + escaped(call.bad_arguments));
  }
  // A secret in them is blacked out in the journal: whoever takes the run over has other arguments than those of the key.
  if (arguments_hash(call.call.arguments) != call.arguments_hash) {
    return ended(Verdict::invalid, "The arguments are not whole any more: a secret in them is not kept. Make the call again.");
  }
  const auto issues = entry->arguments.check(call.call.arguments);
  if (!issues.empty()) return ended(Verdict::invalid, listed(issues));
  const bool changes = changes_world(effect_of(entry->tool, call.call.arguments));
  // The items of a task are told apart by their keys, not by what is done for them.
  const CallState* earlier = call.item ? nullptr : earlier_same_call(state, call_id, changes);
  if (!earlier) return std::nullopt;
  return ended(Verdict::repeat, "This call was already made with the same arguments; it is not made again. Its result was: " +
                                    std::string(utf8_prefix(earlier->outcome->text, 2000)));
}

bool has_preview(const Tool& tool, const Json& arguments) {
  return (tool.preview || tool.asked_preview) && changes_world(effect_of(tool, arguments));
}

PolicyDecided judge_call(const State& state, const std::string& call_id, const Registry& tools, const Policy& policy,
                         std::optional<Result<Preview>> preview) {
  const CallState& call = state.calls.at(call_id);
  const Tool& tool = tools.find(call.call.name)->tool;
  if (preview && !*preview) return ended(Verdict::invalid, "The call cannot be made: " + to_string(preview->error()));
  const bool changes = changes_world(effect_of(tool, call.call.arguments));
  const auto origins = call.item ? origins_of_task(call, tool.spec) : find_origins(state, call.call.arguments, tool.spec);
  PolicyDecided decided =
      apply_policy(policy, {.spec = tool.spec,
                            .needs_approval = changes && !tool.spec.asks_user && needs_approval(tool, call.call.arguments),
                            .destinations = preview ? (*preview)->destinations : std::vector<std::string>(),
                            .origins = origins});
  if (preview) decided.preview = record_of(**std::move(preview));
  return decided;
}

}  // namespace deed
