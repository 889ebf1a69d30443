// One record of a run. A run is its list of events; nothing else is state.
#pragma once

#include "deed/core/clock.hpp"
#include "deed/core/ids.hpp"
#include "deed/core/json_text.hpp"

#include <cstdint>
#include <string>

namespace deed {

/// Counts a run's events from 1 without gaps. 0 means none.
using EventNumber = std::int64_t;

/// Where a text came from; the lowest label of what went into it.
enum class Trust {
  system,     ///< deed itself
  user,       ///< the user's words and configuration
  tool,       ///< a tool's own data: ids, sizes, the user's own files
  untrusted,  ///< a page, a mail, a model
};
const char* to_string(Trust trust);
/// errors  corrupt: no such label
Result<Trust> parse_trust(std::string_view text);

/// `kind` and `body` are the agent's affair (agent/event_types.hpp); the journal stores them as
/// they are.
struct Event {
  EventNumber number = 0;  ///< given by the journal
  TimePoint time = {};
  std::string kind;       ///< "model.replied", "effect.intended", …
  int version = 1;        ///< of the body's shape
  int step = 0;           ///< 1 for the first model request; 0 before it
  std::string call;       ///< id of the tool call that it is about, or empty
  EventNumber cause = 0;  ///< the event that led to it
  Trust trust = Trust::system;
  JsonText body;
  std::string search_text;  ///< goes into the full-text index, not into the record; not given back
                            ///< by `read`
};

}  // namespace deed
