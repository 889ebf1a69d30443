// The `deed` command as a function, so that tests and the binary run the same code.
#pragma once

namespace deed {

/// Parses, calls the agent, prints. Returns the process's exit code (docs/using.md has the table).
int run_command(int argc, const char* const* argv);

}  // namespace deed
