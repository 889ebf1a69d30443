// Child processes of a crash test: begun, killed, waited for.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "deed/core/result.hpp"

namespace deed::crashtest {

struct ProcessOptions {
  std::vector<std::string> command;  ///< a program's path, and its arguments
  std::string folder;                ///< its working folder
  std::string output;                ///< file that gets its standard output and error
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< beside or instead of this process's own
  std::optional<std::chrono::nanoseconds> kill_after = {};            ///< SIGKILL at this instant of its life
};

struct Ended {
  int code = -1;  ///< exit code, or 128 + signal
  std::chrono::nanoseconds took{0};
};

/// Blocks until it has ended. Standard input is empty.
/// errors  unavailable: it cannot be begun
Result<Ended> run_process(const ProcessOptions& options);

}  // namespace deed::crashtest
