// The crash test: runs a task again and again, kills its process at every failpoint that it passes and at random instants, resumes
// it, and compares the world with the journal and with what an undisturbed run leaves.
//
// An undisturbed run records which failpoints are passed and how often; so a task with tools of anybody's is tested where it really
// goes. Each round has a folder of its own: work/ (a copy of the task's folder), home/ (DEED_HOME: journal and outbox).
// What must hold after each round: nothing that the journal says succeeded is missing, nothing happened twice, and a person is asked
// only for an effect of the class `once` that was killed behind its commit point, and then always.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "deed/agent/crashtest/ledger.hpp"
#include "deed/agent/crashtest/world.hpp"

namespace deed::crashtest {

/// One round, as it is handed to who judges it.
struct Round {
  std::string folder;  ///< absolute; holds work/ and home/
  std::string where;   ///< "effect.intended/after", "random"
  Ledger ledger;
  bool is_asking = false;  ///< the run stopped for a person, rightly
  std::string work() const { return folder + "/work"; }
  std::string home() const { return folder + "/home"; }
};

struct Options {
  std::vector<std::string> run;     ///< program and arguments of the task
  std::vector<std::string> resume;  ///< program and arguments that go on with the newest run of DEED_HOME
  std::string folder;               ///< copied for each round; absolute
  std::string scratch;              ///< an absolute path that does not exist yet: the rounds go there
  int rounds = 1;                   ///< at each passing of each failpoint
  int random = 20;                  ///< kills at random instants
  std::uint64_t seed = 1;
  bool keep = false;                ///< keep the folders of good rounds too; those of bad ones always stay
  /// Judges the rest of the world: errors of kind conflict say what is wrong. Called for the undisturbed run first.
  std::function<Result<void>(const Round&)> check = {};
  std::function<void(const std::string&)> progress = {};
};

/// All kills at one failpoint.
struct Row {
  std::string where;
  int killed = 0;       ///< rounds in which the process died there
  int not_reached = 0;  ///< rounds that went another way and ended by themselves
  int done = 0;         ///< finished after resuming, without a person
  int asked = 0;        ///< stopped for a person, as an effect of the class `once` must
  int twice = 0, lost = 0, other = 0;  ///< what was wrong
};

struct Report {
  std::vector<Row> rows;
  std::vector<std::string> faults;  ///< "effect.settled/before, round 3: the file a.txt is missing (FOLDER)"
  int kills = 0;

  bool is_clean() const { return faults.empty(); }
};

/// A line a failpoint, and their sum.
std::string table_of(const Report& report);

/// errors  invalid: the undisturbed run fails, or leaves another world each time: there is nothing to compare with. unavailable: the
///         program or a folder
Result<Report> run_crash_test(const Options& options);

}  // namespace deed::crashtest
