#include "deed/agent/effects.hpp"

#include <algorithm>

#include "deed/core/hash.hpp"
#include "deed/core/json_text.hpp"

namespace deed {

std::string effect_key(const RunId& run, int step, int ordinal, const std::string& tool) {
  return sha256_hex(json_array(run, std::int64_t{step}, std::int64_t{ordinal}, tool));
}

std::string effect_key(const RunId& run, const std::string& path, const std::string& tool) {
  return sha256_hex(json_array(run, path, tool));
}

std::string arguments_hash(const Json& arguments) { return sha256_hex(canonical_text(arguments)); }

bool is_approved(const CallState& call, std::string_view policy_version, std::string_view preview_sha256, TimePoint now) {
  if (!call.approval || !call.approval->approved) return false;
  const ApprovalDecided& given = *call.approval;
  return given.effect_key == call.effect_key && given.arguments_hash == call.arguments_hash &&
         given.policy_version == policy_version && given.preview_sha256 == preview_sha256 &&
         now - call.approved_at <= approval_lifetime;
}

namespace {

TimePoint in_doubt_since(const CallState& call, TimePoint now) {
  TimePoint since = call.in_doubt ? call.first_dispatched_at : now;
  for (const auto& [name, part] : call.parts) {
    if (part.phase == PartPhase::in_doubt) since = std::min(since, part.dispatched_at);
  }
  return since;
}

}  // namespace

bool may_repeat(const CallState& call, EffectClass effect, std::chrono::milliseconds key_window, TimePoint now) {
  switch (effect) {
    case EffectClass::pure:
    case EffectClass::read:
    case EffectClass::idempotent:
    case EffectClass::local: return true;  // local: what it enters is there only together with its outcome
    case EffectClass::keyed: return now - in_doubt_since(call, now) <= key_window;
    case EffectClass::probeable:
    case EffectClass::once: return false;
  }
  return false;
}

}  // namespace deed
