// The disk under a run fails at each of its writes in turn. Whatever fails: the run ends with an error that says so, the file is whole,
// and when the disk is well again the run goes on to its end, with no effect lost and none done twice. So it does from the file as a
// kill at that very instant would have left it.
#include <filesystem>
#include <map>

#include "deed/agent/report.hpp"
#include "deed/agent/runner.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/fakes/scripted_model.hpp"
#include "deed/tests/memory/faulty_disk.hpp"
#include "deed/tests/memory/sqlite_fixture.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

// By effect key, counted outside of the journal.
using DoneTimes = std::map<std::string, int>;

asio::awaitable<Outcome> act(ToolContext& context, DoneTimes& done) {
  auto ready = co_await context.dispatching();
  if (!ready) co_return Outcome::failed_without_effect(ready.error());
  ++done[context.effect_key()];
  // Too large for the event itself: a blob is written too.
  Json result = {{"page", std::string(6000, 'p')}};
  co_return Outcome::succeeded(std::move(result), "did it");
}
asio::awaitable<Outcome> note(ToolContext& context) {
  Outcome out = Outcome::succeeded({{"ok", true}}, "noted");
  out.facts.push_back({.key = context.effect_key(), .value = "noted", .run = context.run()});
  co_return out;
}
asio::awaitable<ProbeResult> look(ToolContext& context, DoneTimes& done) {
  const bool is_done = done.contains(context.effect_key());
  co_return ProbeResult{is_done ? ProbeResult::Verdict::confirmed : ProbeResult::Verdict::refuted, "looked"};
}

struct Kind {
  const char* name;
  FaultyDisk::Fault fault;
  bool at_sync = false;
  bool is_mended_before_closing = true;
};

class StorageFaults : public testing::Test {
 protected:
  StorageFaults() {
    for (const EffectClass effect : {EffectClass::idempotent, EffectClass::probeable, EffectClass::local,
        EffectClass::once}) add(effect);
  }

  void add(EffectClass effect) {
    Tool tool;
    tool.spec.name = to_string(effect);
    tool.spec.description = "Test.";
    tool.spec.effect = effect;
    tool.spec.approval = ApprovalNeed::never;
    tool.spec.dispatches = true;
    tool.run = [this](Json, ToolContext& context) { return act(context, done_); };
    if (effect == EffectClass::local) tool.run = [](Json, ToolContext& context) { return note(context); };
    if (effect == EffectClass::probeable) tool.probe = [this](Json, ToolContext& context) { return look(context, done_); };
    EXPECT_OK(tools_.add(std::move(tool)));
  }

  Result<RunReport> start(Journal& journal, const std::string& tool) {
    script(tool, 0);
    Runner runner({journal, model_, tools_, system_clock(), no_interaction(), observer_, {}});
    return run_async(io_, runner.start({.request = "act with words that are looked for"}));
  }

  // Goes on with the newest run, or begins one if the fault let none come into being.
  Result<RunReport> go_on(Journal& journal, const std::string& tool) {
    const auto run = run_async(io_, journal.find_run("last"));
    if (!run || run->last_event == 0) return start(journal, tool);
    const auto events = run_async(io_, journal.read(run->id, 0, 1000));
    if (!events) return fail(events.error());
    std::size_t replies = 0;
    for (const Event& event : *events) replies += event.kind == "model.replied";
    script(tool, replies);
    Runner runner({journal, model_, tools_, system_clock(), no_interaction(), observer_, {}});
    return run_async(io_, runner.resume(run->id));
  }

  void script(const std::string& tool, std::size_t replied) {
    std::vector<Result<Reply>> replies = {ScriptedModel::calls(tool, Json::object()), ScriptedModel::says("done")};
    replies.erase(replies.begin(), replies.begin() + static_cast<std::ptrdiff_t>(replied));
    model_ = ScriptedModel(std::move(replies));
  }

  static void expect_sound(const std::string& file) {
    RawDatabase raw(file);
    EXPECT_EQ(raw.value("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(raw.value("PRAGMA foreign_key_check"), "");
    EXPECT_EQ(raw.execute("INSERT INTO events_fts (events_fts, rank) VALUES ('integrity-check', 1)"), "");
  }

  // The run of this file is driven to its end, and every effect is there once, whatever the fault was.
  void expect_end(const std::string& file, const std::string& tool) {
    expect_sound(file);
    auto journal = open_sqlite_journal({.path = file});
    ASSERT_OK(journal);
    const auto report = go_on(**journal, tool);
    ASSERT_OK(report);
    ASSERT_EQ(report->state.calls.size(), 1u);
    const std::string key = report->state.calls.begin()->second.effect_key;
    const bool is_doubtful = report->status == RunStatus::unknown;
    EXPECT_TRUE(report->status == RunStatus::done || (is_doubtful && tool == "once")) << to_string(report->status)
        << report->reason;
    if (tool == "local") {
      EXPECT_EQ(run_async(io_, (*journal)->recall("", 10))->size(), 1u);
    } else if (tool == "idempotent") {
      EXPECT_GE(done_[key], 1);
    } else {
      EXPECT_LE(done_[key], 1) << "twice";
      EXPECT_TRUE(is_doubtful || done_[key] == 1) << "lost";
    }
    EXPECT_EQ(run_async(io_, (*journal)->search("looked", 10))->size() > 0, true);
  }

  // The file and its log as they are now, with nobody holding the run: what a kill would have left.
  static std::string copy_of_now(const std::string& file, const TemporaryFolder& folder) {
    const std::string copy = (folder.path() / "journal.db").string();
    for (const char* suffix : {"", "-wal"}) {
      std::error_code absent;
      std::filesystem::copy_file(file + suffix, copy + suffix, absent);
    }
    free_run(copy);
    return copy;
  }
  static void free_run(const std::string& file) {
    RawDatabase raw(file);
    EXPECT_EQ(raw.execute("UPDATE leases SET pid = 0"), "");
  }

  // One run with a fault behind `good` operations. False: it needed no more than these.
  bool survives(const Kind& kind, const std::string& tool, int good) {
    SCOPED_TRACE(std::string(kind.name) + ", " + tool + ", operation " + std::to_string(good));
    done_.clear();
    const SqliteOnCaller backend;  // as the command has it
    auto journal = backend.open();
    if (kind.at_sync) disk_.fail_syncs(good, kind.fault);
    else disk_.fail_writes(good, kind.fault);
    const auto report = start(*journal, tool);
    const bool has_failed = disk_.failed() > 0;
    if (kind.is_mended_before_closing) disk_.mend();
    if (has_failed && !report) {
      EXPECT_THAT(exit_code(report.error()), testing::AnyOf(75, 1)) << to_string(report.error());
      EXPECT_THAT(to_string(report.error()), HasSubstr("journal.db"));
    }
    const DoneTimes done_then = done_;
    const TemporaryFolder folder;
    disk_.mend_while([&] {
      const std::string killed = copy_of_now(backend.file(), folder);
      // Nobody is told of a fault of the full-text index, which is written behind the run; of any other.
      if (report) EXPECT_EQ(RawDatabase(killed).value("SELECT status FROM runs"), to_string(report->status));
      else EXPECT_TRUE(has_failed) << to_string(report.error());
      expect_end(killed, tool);
    });
    done_ = done_then;
    journal.reset();
    disk_.mend();
    // A lease that could not be given back is free when its process has ended, which this one has not.
    if (!kind.is_mended_before_closing) free_run(backend.file());
    expect_end(backend.file(), tool);
    return has_failed && !HasFailure();
  }

  void survives_each(const Kind& kind, const std::string& tool, int at_least) {
    int good = 0;
    while (good < 400 && survives(kind, tool, good)) ++good;
    EXPECT_GE(good, at_least) << "the faults hit the run";
    EXPECT_LT(good, 400) << "and it came through in the end";
  }

  FaultyDisk disk_;
  asio::io_context io_;
  Registry tools_;
  ScriptedModel model_;
  Observer observer_;
  DoneTimes done_;
};

TEST_F(StorageFaults, AFullDiskAtAnyWriteLosesNoEffectAndDoesNoneTwice) {
  for (const char* tool : {"idempotent", "probeable", "local", "once"}) survives_each({.name = "full",
      .fault = {.code = SQLITE_FULL}}, tool, 20);
}

TEST_F(StorageFaults, AWriteThatFailsOnceIsAnErrorAndNotForgotten) {
  for (const char* tool : {"probeable", "local"}) survives_each({.name = "EIO once", .fault = {.code = SQLITE_IOERR_WRITE,
      .times = 1}}, tool, 20);
}

TEST_F(StorageFaults, AShortWriteLeavesNoHalfOfAnEvent) {
  for (const int times : {1, FaultyDisk::for_ever}) {
    survives_each({.name = "short", .fault = {.code = SQLITE_FULL, .times = times, .is_short = true}}, "probeable", 20);
  }
}

TEST_F(StorageFaults, AFailingFsyncIsNeverTakenForADurableIntent) {
  for (const int times : {1, FaultyDisk::for_ever}) {
    for (const char* tool : {"probeable", "once"}) {
      survives_each({.name = "fsync", .fault = {.code = SQLITE_IOERR_FSYNC, .times = times}, .at_sync = true}, tool, 2);
    }
  }
}

TEST_F(StorageFaults, ADiskThatStaysFullWhileTheProcessEndsLeavesWhatTheNextOneGoesOnFrom) {
  survives_each({.name = "full to the end", .fault = {.code = SQLITE_FULL}, .is_mended_before_closing = false}, "probeable", 20);
}

}  // namespace
}  // namespace deed
