// deed schedule next: the times that a cron line names. Stores nothing, and is what the cron lines are tested by against other implementations.
#pragma once

#include "deed/cli/commands.hpp"

namespace deed {

void add_next_command(CLI::App& schedule, Chosen& chosen);

}  // namespace deed
