// Names of effects: the key that is the same for every attempt at a call and for no other, and the hash of what it does. And what
// an approval covers: this effect, these arguments, these rules, these bytes, for a week.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "deed/agent/state.hpp"
#include "deed/core/ids.hpp"
#include "deed/core/json.hpp"

namespace deed {

/// SHA-256 of run, step, ordinal of the call in the step (from 0), and tool. Never of time, never of the arguments.
std::string effect_key(const RunId& run, int step, int ordinal, const std::string& tool);

/// Of a task's call: SHA-256 of run, its path in the task ("mail[ann@example.org]"), and tool. Never of the order of the items.
std::string effect_key(const RunId& run, const std::string& path, const std::string& tool);

/// SHA-256 of the canonical form of the arguments.
std::string arguments_hash(const Json& arguments);

/// An approval that nobody used for so long is asked for again.
inline constexpr std::chrono::hours approval_lifetime{24 * 7};

/// Whether the call holds an approval that covers running it now, under the rules of `policy_version` and with a preview of these
/// bytes. It is single-use because the key is: an effect that has an outcome is never run again.
bool is_approved(const CallState& call, std::string_view policy_version, std::string_view preview_sha256, TimePoint now);

/// Whether a call that may have happened may happen again, by its class alone. keyed: while the receiver still knows the key, counted from
/// the first dispatch of what is in doubt.
/// now  the run's own time, that of its last event, or the clock's
bool may_repeat(const CallState& call, EffectClass effect, std::chrono::milliseconds key_window, TimePoint now);

}  // namespace deed
