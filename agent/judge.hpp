// What is decided about a proposed call before it may run: does the tool exist, do the arguments fit, was it made before, what would
// it do, where do its destinations come from, and what do the user's rules say.
#pragma once

#include <optional>
#include <string>

#include "deed/agent/policy.hpp"
#include "deed/agent/state.hpp"
#include "deed/tools/registry.hpp"

namespace deed {

/// What refuses a call before anybody asks what it would do; nullopt: nothing does.
std::optional<PolicyDecided> refusal_of(const State& state, const std::string& call_id, const Registry& tools);

/// Whether the tool is to be asked for a preview of this call.
bool has_preview(const Tool& tool, const Json& arguments);

/// The verdict of the rules. Precondition: `refusal_of` has nothing against the call.
/// preview  what the tool said that it would do; nullopt: it was not asked
PolicyDecided judge_call(const State& state, const std::string& call_id, const Registry& tools, const Policy& policy,
                         std::optional<Result<Preview>> preview);

/// The preview as it goes into the journal.
PreviewRecord record_of(Preview preview);

}  // namespace deed
