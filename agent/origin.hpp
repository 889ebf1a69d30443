// Where the arguments of a call came from. Pure: found in the run's own events, never told by a model.
#pragma once

#include <string>
#include <vector>

#include "deed/agent/state.hpp"
#include "deed/tools/tool.hpp"

namespace deed {

/// One entry per text or number among the arguments whose role is destination, id, value or secret.
///
/// A value counts as given if it stands in the user's words (whole: not as part of a longer word, address or path), in an
/// answer or an attachment's path, as a whole field of a tool's structured result, or as a whole word of a result's text. The
/// most trusted place wins. "none" with Trust::untrusted means that nobody gave it. Ids count
/// only as a whole field of a structured result or in the user's words.
std::vector<ArgumentOrigin> find_origins(const State& state, const Json& arguments, const ToolSpec& spec);

/// The same for a call that a task made: what was put into a text is recorded with the call, the rest stands in the task.
std::vector<ArgumentOrigin> origins_of_task(const CallState& call, const ToolSpec& spec);

}  // namespace deed
