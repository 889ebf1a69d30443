// A run's events as a story for people: what was offered, what was chosen and how surely, where each argument came from, what happened.
#pragma once

#include <string>
#include <vector>

#include "deed/memory/journal.hpp"

namespace deed {

/// full  the whole of results and previews instead of their first lines
std::string explain_run(const RunRecord& run, const std::vector<Event>& events, bool full);

/// One event of the story; empty for a kind that this version does not know.
std::string explain_event(const Event& event, bool full);

}  // namespace deed
