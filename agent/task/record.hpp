// A run that was made from words as a task file: its calls as exact steps, what one gave to another as references. No model is needed
// to do it again.
#pragma once

#include <string>

#include "deed/agent/state.hpp"

namespace deed {

/// The text of a task file (YAML) that makes the calls of the run that succeeded, in their order. What a call was given that is a
/// field of an earlier result, or holds one of at least 8 bytes, is read from there again; an answer of the user is an input with
/// that answer as its default; everything else is as it was.
/// errors  invalid: no call of the run succeeded. conflict: the run is a task's already, or has not ended
Result<std::string> task_text_of(const State& state);

}  // namespace deed
