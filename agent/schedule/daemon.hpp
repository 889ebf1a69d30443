// The daemon: a dispatcher, the system's ways to wait, and the order to stop.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "deed/core/clock.hpp"
#include "deed/core/result.hpp"
#include "deed/memory/schedule.hpp"

namespace deed {

struct DaemonOptions {
  std::string home;                  ///< of the journal; absolute
  std::string program;               ///< deed itself
  std::size_t max_running = 4;
  std::chrono::seconds drain_limit{90};  ///< what still runs so long after SIGTERM is killed; it is gone on with later
  bool once = false;                 ///< does what is due, waits for it, and ends
  std::optional<FiringId> only = {}; ///< with once: this firing and nothing else
  bool show_output = false;          ///< what the runs print goes to standard output
  std::function<void(const std::string&)> log;
};

/// Runs until SIGTERM or SIGINT (or, with `once`, until nothing is due or going on), then drains: begins nothing more, asks the runs to pause, waits.
/// A second signal does not wait. Returns normally after that.
/// errors  conflict: there is a daemon for this home already. Those of the store when it cannot be opened
Result<void> run_daemon(DaemonOptions options);

}  // namespace deed
