// The crash test, for other commands.
#pragma once

#include <string>
#include <vector>

#include "deed/cli/flags.hpp"

namespace deed {

/// As `deed crashtest -- ARGUMENTS` does it, each round in a copy of `folder`; gives the exit code.
int crash_test(std::vector<std::string> arguments, std::string folder, const Flags& flags);

}  // namespace deed
