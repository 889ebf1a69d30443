// A run's result for programs: one versioned JSON document, and the exit code.
#pragma once

#include "deed/agent/runner.hpp"

namespace deed {

/// 0 done · 1 failed · 2 usage or invalid input · 3 paused for approval or an answer · 4 outcome unknown · 5 budget or limit ·
/// 6 refused by policy · 75 try again later
int exit_code(const RunReport& report);
int exit_code(const Error& error);

/// {"version":1,"run","status","text",…,"calls":[…],"usage":{…}}: docs/using.md has all of it.
Json to_json(const RunReport& report);

/// One event as `--events` and `show --json` print it.
Json to_json(const RunId& run, const Event& event);

}  // namespace deed
