// Transcripts as every provider accepts them.
#pragma once

#include "deed/llm/message.hpp"

namespace deed {

/// The same conversation in the form that all providers take: ids of calls are unique; each call of a message has exactly one result,
/// directly behind the message and in the order of the calls (one that is missing is said to be missing); results of no call and
/// assistant messages without text and calls are left out; a user speaks first. Messages that are right already are shared, not
/// copied. Pure.
Transcript mended(const Transcript& transcript);

}  // namespace deed
