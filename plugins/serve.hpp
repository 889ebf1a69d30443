// A library of tools as a program: the other end of process_host.hpp. `deed plugin serve` is this, and so is a program of a plugin's
// author that links deed.
#pragma once

#include <memory>

#include "deed/plugins/c_library.hpp"

namespace deed {

/// Speaks on the two descriptors until the input ends; then gives up what is under way, and returns. Blocks; no loop is needed.
/// library  was loaded with a log that writes to standard error
/// errors   unavailable: the output is closed; limit, corrupt: what comes in is no message
Result<void> serve_library(std::shared_ptr<CLibrary> library, int input_fd, int output_fd);

/// Descriptors for the above from this process's own streams: whatever else writes to standard output afterwards reaches standard error.
struct ServeStreams {
  int input_fd = -1, output_fd = -1;
};
Result<ServeStreams> take_standard_streams();

}  // namespace deed
