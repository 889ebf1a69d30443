// What is decided about a proposed call before it may run: does the tool exist, do the arguments fit, was it made before, what would
// it do, where do its destinations come from, and what do the user's rules say.
#pragma once

#include <functional>
#include <string>

#include "deed/agent/policy.hpp"
#include "deed/agent/state.hpp"
#include "deed/tools/registry.hpp"

namespace deed {

/// Reads local files where the tool's preview does; changes nothing.
/// context     what the tool would be run with
/// arguments   those of the call with secrets in place of their marks
/// on_preview  gets the preview whole; may be empty
PolicyDecided judge_call(const State& state, const std::string& call_id, const Registry& tools, const Policy& policy,
                         const ToolContext& context, const Json& arguments,
                         const std::function<void(const std::string& call, const Preview& preview)>& on_preview = {});

/// The preview as it goes into the journal.
PreviewRecord record_of(Preview preview);

}  // namespace deed
