#include "deed/agent/crashtest/crash_test.hpp"

#include <algorithm>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "deed/agent/crashtest/process.hpp"
#include "deed/core/text.hpp"

namespace deed::crashtest {
namespace {

namespace fs = std::filesystem;

constexpr int killed_by_itself = 128 + SIGKILL, code_asks = 4;

// One passing of one failpoint, perhaps in a resume that follows a first kill.
struct Kill {
  std::string name;
  int pass = 1;
  std::string in_resume = {};  // a failpoint at which the resume is killed as well
};

std::string order(const std::string& name, int pass) { return "kill:" + std::to_string(pass) + ":" + name; }

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string tail_of(const std::string& path) {
  std::string text;
  for (const std::string& line : lines_of(path)) text += line + "\n";
  constexpr std::size_t most = 600;
  return to_utf8(text.size() > most ? text.substr(text.size() - most) : text);
}

// Tool and success of each effect, sorted: keys differ from run to run.
std::vector<std::string> outcomes(const Ledger& ledger) {
  std::vector<std::string> out;
  for (const LedgerEffect& effect : ledger.effects) {
    out.push_back(effect.tool + (effect.succeeded > 0 ? " succeeded" : std::string(" ") + to_string(effect.phase)));
  }
  std::sort(out.begin(), out.end());
  return out;
}

// An effect of the class `once` behind its commit point: nobody but a person can know.
bool must_ask(const Ledger& ledger) {
  return std::any_of(ledger.effects.begin(), ledger.effects.end(),
                     [](const LedgerEffect& effect) { return effect.in_doubt && effect.effect_class == EffectClass::once; });
}

bool has_doubt(const Ledger& ledger) {
  return std::any_of(ledger.effects.begin(), ledger.effects.end(), [](const LedgerEffect& effect) { return effect.in_doubt; });
}

bool has_started_run(const Ledger& ledger) { return !ledger.runs.empty() && ledger.runs.front().is_started; }

class CrashTest {
 public:
  explicit CrashTest(const Options& options) : options_(options), random_(options.seed) {}

  Result<Report> run() {
    DEED_OK(learn());
    for (const Kill& kill : recorded_kills()) {
      for (int i = 0; i < options_.rounds; ++i) DEED_OK(kill_at(kill));
    }
    // Failpoints that a resume passes, each at the first kill that leads there with an effect in doubt, and without one.
    while (!in_resumes_.empty()) {
      const Kill kill = in_resumes_.front();
      in_resumes_.pop_front();
      for (int i = 0; i < options_.rounds; ++i) DEED_OK(kill_at(kill));
    }
    for (int i = 0; i < options_.random; ++i) DEED_OK(kill_at_random());
    std::error_code ec;
    if (report_.is_clean() && !options_.keep) fs::remove_all(options_.scratch, ec);
    return std::move(report_);
  }

 private:
  Result<Round> new_round(std::string where) {
    Round round{options_.scratch + "/" + std::to_string(++count_), std::move(where), {}, false};
    std::error_code ec;
    fs::create_directories(round.folder, ec);
    if (!ec) fs::copy(options_.folder, round.work(), fs::copy_options::recursive | fs::copy_options::copy_symlinks, ec);
    if (ec) return fail(ErrorKind::unavailable, "a round's folder cannot be made: " + ec.message(), round.folder);
    return round;
  }

  Result<Ended> start(const Round& round, const std::vector<std::string>& command, std::string failpoint,
                      std::optional<std::chrono::nanoseconds> kill_after = {}) const {
    return run_process({.command = command,
                        .folder = round.work(),
                        .output = round.folder + "/output",
                        .environment = {{"DEED_HOME", round.home()}, {"DEED_FAILPOINT", std::move(failpoint)}},
                        .kill_after = kill_after});
  }

  // What an undisturbed run passes and leaves; twice, since a task that leaves another world each time can be compared with nothing.
  Result<void> learn() {
    DEED_TRY(Round first, undisturbed());
    for (const std::string& name : lines_of(first.folder + "/passed")) ++passed_[name], order_.push_back(name);
    DEED_TRY(world_, look_at_world(first.work(), first.home() + "/outbox"));
    outcomes_ = outcomes(first.ledger);
    if (passed_.empty()) return fail(ErrorKind::invalid, "the task passes no failpoint", options_.run.front(),
        "name a command that runs a task: deed crashtest -- run \"…\"");
    DEED_TRY(const Round second, undisturbed());
    DEED_TRY(const World again, look_at_world(second.work(), second.home() + "/outbox"));
    const auto found = differences(world_, again);
    if (found.empty() && outcomes(second.ledger) == outcomes_) return {};
    return fail(ErrorKind::invalid, "the task does not leave the same world each time: " + (found.empty() ? "other effects"
        : found.front().text),
                second.folder, "test a task whose result depends on nothing but its input");
  }

  Result<Round> undisturbed() {
    DEED_TRY(Round round, new_round("undisturbed"));
    DEED_TRY(const Ended ended, start(round, options_.run, "record:" + round.folder + "/passed"));
    if (ended.code != 0) {
      return fail(ErrorKind::invalid,
          "the task fails without any crash (exit code " + std::to_string(ended.code) + "): " + tail_of(round.folder + "/output"),
                  round.folder, "mend it first; approvals have to be given beforehand: --yes or --allow");
    }
    took_ = ended.took;
    DEED_TRY(round.ledger, read_ledger(round.home()));
    if (options_.check) {
      DEED_OK(with_context(options_.check(round), "without any crash"));
    }
    return round;
  }

  std::vector<Kill> recorded_kills() const {
    std::vector<Kill> out;
    std::map<std::string, int> seen;
    for (const std::string& name : order_) out.push_back({name, ++seen[name]});
    return out;
  }

  Result<void> kill_at(const Kill& kill) {
    DEED_TRY(Round round, new_round(kill.in_resume.empty() ? kill.name : kill.in_resume + " (resuming)"));
    DEED_TRY(const Ended ended, start(round, options_.run, order(kill.name, kill.pass)));
    Row& row = row_of(round.where);
    if (ended.code == killed_by_itself) ++row.killed, ++report_.kills;
    else ++row.not_reached;
    if (!kill.in_resume.empty()) {
      DEED_TRY(const Ledger ledger, read_ledger(round.home()));
      DEED_TRY(const Ended again, start(round, has_started_run(ledger) ? options_.resume : options_.run, order(kill.in_resume, 1)));
      report_.kills += again.code == killed_by_itself;
    }
    return finish(std::move(round), row, kill);
  }

  Result<void> kill_at_random() {
    DEED_TRY(Round round, new_round("random instants"));
    Row& row = row_of(round.where);
    DEED_TRY(const Ended ended, start(round, options_.run, "", instant()));
    if (ended.code == killed_by_itself) ++row.killed, ++report_.kills;
    else ++row.not_reached;
    // Every other time the resume dies too, and so on.
    while (ended.code == killed_by_itself && std::bernoulli_distribution(0.5)(random_)) {
      DEED_TRY(const Ledger ledger, read_ledger(round.home()));
      DEED_TRY(const Ended again, start(round, has_started_run(ledger) ? options_.resume : options_.run, "", instant()));
      if (again.code == killed_by_itself) ++row.killed, ++report_.kills;
    }
    return finish(std::move(round), row, {});
  }

  std::chrono::nanoseconds instant() {
    return std::chrono::nanoseconds(std::uniform_int_distribution<std::int64_t>(0, took_.count() * 21 / 20)(random_));
  }

  // Goes on until the run has ended or asks, and judges what is there.
  Result<void> finish(Round round, Row& row, const Kill& kill) {
    DEED_TRY(round.ledger, read_ledger(round.home()));
    const bool asks = must_ask(round.ledger), is_doubtful = has_doubt(round.ledger);
    const std::string passed = round.folder + "/passed";
    // A process that died before its request was written has done nothing: its user gives the command again.
    DEED_TRY(const Ended ended, start(round, has_started_run(round.ledger) ? options_.resume : options_.run, "record:" + passed));
    if (kill.in_resume.empty() && !kill.name.empty()) note_resume(kill, passed, is_doubtful);
    DEED_TRY(round.ledger, read_ledger(round.home()));
    std::vector<Difference> wrong = wrong_end(ended.code, asks, round);
    round.is_asking = asks && ended.code == code_asks;
    if (wrong.empty()) {
      DEED_TRY(wrong, wrong_world(round));
    }
    if (wrong.empty()) ++(round.is_asking ? row.asked : row.done);
    for (const Difference& one : wrong) {
      ++(one.what == Wrong::twice ? row.twice : one.what == Wrong::lost ? row.lost : row.other);
      report_.faults.push_back(round.where + ": " + one.text + " (" + round.folder + ")");
    }
    std::error_code ec;
    if (wrong.empty() && !options_.keep) fs::remove_all(round.folder, ec);
    if (options_.progress) options_.progress(round.where + (wrong.empty() ? "" : ": " + wrong.front().text));
    return {};
  }

  void note_resume(const Kill& kill, const std::string& passed, bool is_doubtful) {
    for (const std::string& name : lines_of(passed)) {
      if (known_in_resumes_.insert({name, is_doubtful}).second) in_resumes_.push_back({kill.name, kill.pass, name});
    }
  }

  static std::vector<Difference> wrong_end(int code, bool asks, const Round& round) {
    const int wanted = asks ? code_asks : 0;
    if (!round.ledger.fault.empty()) return {{Wrong::other, "the journal does not add up: " + round.ledger.fault}};
    for (const LedgerEffect& effect : round.ledger.effects) {
      if (effect.succeeded > 1) return {{Wrong::twice, effect.tool + " of " + effect.call + " succeeded twice under one key"}};
    }
    if (code == wanted) return {};
    // A tool of the class `once` may have a probe all the same.
    const bool is_found_out = std::any_of(round.ledger.effects.begin(), round.ledger.effects.end(),
        [](const LedgerEffect& effect) { return effect.found_out > 0; });
    if (code == 0 && asks && is_found_out) return {};
    const std::string what = code == code_asks ? "a person was asked without need" : asks
        ? "nobody was asked about an effect in doubt" : "resuming failed";
    return {{Wrong::other, what + " (exit code " + std::to_string(code) + "): " + tail_of(round.folder + "/output")}};
  }

  Result<std::vector<Difference>> wrong_world(const Round& round) {
    DEED_TRY(const World now, look_at_world(round.work(), round.home() + "/outbox"));
    // Where a person has to say what happened, only repetition can be told.
    std::vector<Difference> wrong = round.is_asking ? repeated_mails(now) : differences(world_, now);
    if (!round.is_asking && outcomes(round.ledger) != outcomes_) wrong.push_back({Wrong::other,
        "the journal tells of other effects than without a crash"});
    if (!options_.check) return wrong;
    const Result<void> checked = options_.check(round);
    if (!checked) wrong.push_back({Wrong::other, to_string(checked.error())});
    return wrong;
  }

  Row& row_of(const std::string& where) {
    const auto found = std::find_if(report_.rows.begin(), report_.rows.end(), [&](const Row& row) { return row.where == where; });
    if (found != report_.rows.end()) return *found;
    report_.rows.push_back({.where = where});
    return report_.rows.back();
  }

  const Options& options_;
  std::mt19937_64 random_;
  Report report_;
  int count_ = 0;
  std::map<std::string, int> passed_;
  std::vector<std::string> order_;  // of passed_, each time
  std::deque<Kill> in_resumes_;
  std::set<std::pair<std::string, bool>> known_in_resumes_;
  World world_;
  std::vector<std::string> outcomes_;
  std::chrono::nanoseconds took_{0};
};

}  // namespace

std::string table_of(const Report& report) {
  std::string out;
  const auto add = [&](const std::string& where, const std::vector<std::string>& cells) {
    out += where + std::string(where.size() < 38 ? 38 - where.size() : 1, ' ');
    for (const std::string& cell : cells) out += std::string(cell.size() < 7 ? 7 - cell.size() : 1, ' ') + cell;
    out += "\n";
  };
  const auto add_row = [&](const Row& row) {
    std::vector<std::string> cells;
    for (const int count : {row.killed, row.done, row.asked, row.twice, row.lost,
        row.other}) cells.push_back(std::to_string(count));
    add(row.where, cells);
  };
  add("killed at", {"kills", "done", "asked", "twice", "lost", "other"});
  Row sum{.where = "together"};
  for (const Row& row : report.rows) {
    add_row(row);
    sum.killed += row.killed, sum.done += row.done, sum.asked += row.asked;
    sum.twice += row.twice, sum.lost += row.lost, sum.other += row.other;
  }
  add_row(sum);
  return out;
}

Result<Report> run_crash_test(const Options& options) {
  if ((options.scratch + "/").starts_with(options.folder + "/")) {
    return fail(ErrorKind::invalid, "the rounds would be copied into themselves", options.folder,
        "start in the task's own folder, not above the temporary one");
  }
  return CrashTest(options).run();
}

}  // namespace deed::crashtest
