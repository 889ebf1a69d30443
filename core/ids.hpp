// Names of runs: UUID version 7 (RFC 9562, section 5.7), so that sorting by id is sorting by time.
#pragma once

#include <string>
#include <string_view>

#include "deed/core/clock.hpp"

namespace deed {

/// 36 characters, lower case: "01936a7c-…". Empty means none.
using RunId = std::string;

/// A new id; the random part comes from the system (getrandom).
RunId make_run_id(TimePoint now);

/// Whether `text` has the form of a run id.
bool is_run_id(std::string_view text);

}  // namespace deed
