// What the journal says happened: every effect of every run, with how far it got. The other side of a crash test's comparison.
#pragma once

#include <string>
#include <vector>

#include "deed/agent/event_types.hpp"
#include "deed/agent/state.hpp"

namespace deed::crashtest {

struct LedgerEffect {
  RunId run;
  std::string call, tool, key;
  EffectClass effect_class = EffectClass::once;  ///< of the last attempt
  CallPhase phase = CallPhase::intended;
  bool in_doubt = false;
  int dispatched = 0;  ///< attempts that passed their commit point
  int found_out = 0;  ///< probes that confirmed or refuted it
  int succeeded = 0;   ///< outcomes that say so; more than one is a fault
};

struct LedgerRun {
  RunId run;
  RunStatus status = RunStatus::running;
  bool is_started = false;  ///< false: the process ended before the request was written
};

struct Ledger {
  std::vector<LedgerRun> runs;  ///< newest first
  std::vector<LedgerEffect> effects;
  std::string fault;  ///< not empty: a run's events do not add up
};

/// Reads a copy, so that whoever resumes finds the files as the crash left them. Without a journal: no runs.
/// errors  those of open_sqlite_journal and of Journal::read
Result<Ledger> read_ledger(const std::string& home);

}  // namespace deed::crashtest
