// Names of effects: the key that is the same for every attempt at a call and for no other, and the hash of what it does.
#pragma once

#include <string>

#include "deed/core/ids.hpp"
#include "deed/core/json.hpp"

namespace deed {

/// SHA-256 of run, step, ordinal of the call in the step (from 0), and tool. Never of time, never of the arguments.
std::string effect_key(const RunId& run, int step, int ordinal, const std::string& tool);

/// SHA-256 of the canonical form of the arguments.
std::string arguments_hash(const Json& arguments);

}  // namespace deed
