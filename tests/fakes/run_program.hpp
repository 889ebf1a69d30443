// Runs another program from a test, and waits for it.
#pragma once

#include <string>
#include <vector>

namespace deed::tests {

struct ProgramEnd {
  int code = -1;       ///< 128 + signal; 127: it could not be started
  std::string output;  ///< standard output
  std::string errors;  ///< standard error
};

/// `command` is found by PATH; it reads `input`.
ProgramEnd run_program(const std::vector<std::string>& command, const std::string& input = {},
                       const std::string& folder = ".");

}  // namespace deed::tests
