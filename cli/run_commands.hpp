// Going on with a run, for other commands.
#pragma once

#include <string>

#include "deed/cli/flags.hpp"

namespace deed {

/// Goes on with a run as `deed resume` does; gives the exit code.
int resume_run(const Flags& flags, const std::string& run);

}  // namespace deed
