// The dispatcher with a clock and processes of the test's own, over a real store: what it begins, what it makes of each end, and that another
// one goes on from where it died.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "deed/agent/schedule/dispatcher.hpp"
#include "deed/agent/schedule/waker.hpp"
#include "deed/tests/agent/schedule_zero.hpp"
#include "deed/tests/core/walked_cron.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

class FakeClock final : public Clock {
 public:
  TimePoint now() const override { return time; }
  TimePoint time = zero;
};

class FakeLauncher final : public Launcher {
 public:
  Result<ProcessId> start(const std::vector<std::string>& arguments, const std::string& folder) override {
    if (failure) return fail(*failure);
    started.push_back(arguments);
    folders.push_back(folder);
    return next++;
  }
  Result<void> watch(ProcessId process) override {
    watched.push_back(process);
    return {};
  }
  void stop(ProcessId process) override { stopped.push_back(process); }

  std::vector<std::vector<std::string>> started;
  std::vector<std::string> folders;
  std::vector<ProcessId> watched, stopped;
  std::optional<Error> failure;
  ProcessId next = 1000;
};

// What the store knows of runs is told by the test.
class StoreWithRuns final : public ScheduleStore {
 public:
  explicit StoreWithRuns(ScheduleStore& store) : store_(store) {}
  Result<Schedule> add(NewSchedule schedule) override { return store_.add(std::move(schedule)); }
  Result<std::vector<Schedule>> schedules() override { return store_.schedules(); }
  Result<Schedule> find(const std::string& name) override { return store_.find(name); }
  Result<void> set_state(ScheduleId id, ScheduleState state, TimePoint now) override { return store_.set_state(id, state, now); }
  Result<void> record(const Schedule& seen, TimePoint until, const std::vector<NewFiring>& firings, TimePoint now) override {
    return store_.record(seen, until, firings, now);
  }
  Result<Firing> enqueue(ScheduleId id, NewFiring firing, TimePoint now) override { return store_.enqueue(id, std::move(firing), now); }
  Result<std::vector<Firing>> open_firings() override { return store_.open_firings(); }
  Result<std::vector<Firing>> history(ScheduleId id, std::size_t max) override { return store_.history(id, max); }
  Result<void> begin(FiringId id, TimePoint now) override { return store_.begin(id, now); }
  Result<void> end(FiringId id, const FiringEnd& end) override { return store_.end(id, end); }
  Result<RunStanding> standing(const RunId&) override { return run; }
  Result<std::vector<WaitingRun>> waiting_runs(std::size_t) override { return waiting; }

  RunStanding run;
  std::vector<WaitingRun> waiting;

 private:
  ScheduleStore& store_;
};

class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest() {
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() / ("deed-dispatcher-" + std::to_string(getpid()) + "-" + std::to_string(++count));
    auto opened = open_sqlite_schedules({.path = (folder_ / "journal.db").string()});
    EXPECT_OK(opened);
    file_ = std::move(opened).value();
    store_ = std::make_unique<StoreWithRuns>(*file_);
  }
  ~DispatcherTest() override {
    file_.reset();
    std::filesystem::remove_all(folder_);
  }

  ScheduleId add(std::string name = "hourly", Missed missed = Missed::once, Overlap overlap = Overlap::skip, std::string cron = "0 * * * *") {
    const auto added = file_->add({.name = std::move(name), .command = {"run", "--yes", "--", "do it"}, .folder = "/tmp", .cron = std::move(cron), .zone = "UTC",
                                   .missed = missed, .overlap = overlap, .created = clock_.time});
    EXPECT_OK(added);
    return added ? added->id : 0;
  }
  Dispatcher dispatcher(DispatcherOptions options = {}) {
    const auto zone = [](const std::string& name) -> Result<std::unique_ptr<TimeZone>> {
      if (name != "UTC") return fail(ErrorKind::invalid, "no such time zone", name);
      return std::unique_ptr<TimeZone>(std::make_unique<ZoneOfSpans>());
    };
    return Dispatcher({*store_, clock_, launcher_, zone, [this](const std::string& line) { said_ += line + "\n"; }}, options);
  }
  Firing newest() { return file_->history(0, 1)->front(); }
  void go_to(std::chrono::minutes minutes) { clock_.time = zero + minutes; }
  void stands(RunStanding::Kind kind, RunStatus status = RunStatus::running) { store_->run = {.kind = kind, .status = status, .owner = 77}; }

  std::filesystem::path folder_;
  std::unique_ptr<ScheduleStore> file_;
  std::unique_ptr<StoreWithRuns> store_;
  FakeClock clock_;
  FakeLauncher launcher_;
  std::string said_;
};

TEST_F(DispatcherTest, BeginsARunOfTheIdThatWasClaimedAtTheTimeAndNotBefore) {
  add();
  Dispatcher one = dispatcher();
  const auto wake = one.turn();
  ASSERT_OK(wake);
  EXPECT_EQ(*wake, zero + 60min);
  EXPECT_THAT(launcher_.started, IsEmpty());
  go_to(60min);
  ASSERT_OK(one.turn());
  EXPECT_THAT(launcher_.started, ElementsAre(ElementsAre("run", "--run-id", newest().run, "--quiet", "--yes", "--", "do it")));
  EXPECT_THAT(launcher_.folders, ElementsAre("/tmp"));
  EXPECT_EQ(newest().state, FiringState::running);
  ASSERT_OK(one.ended(1000, 0));
  EXPECT_EQ(newest().state, FiringState::done);
  EXPECT_TRUE(one.is_idle());
  ASSERT_OK(one.turn());
  EXPECT_THAT(launcher_.started, SizeIs(1)) << "once";
}

struct EndCase {
  int code;
  FiringState state;
  const char* reason;
};
TEST_F(DispatcherTest, EntersWhatEachExitCodeMeans) {
  const std::vector<EndCase> cases = {{0, FiringState::done, ""},
                                      {1, FiringState::failed, "exit code 1"},
                                      {2, FiringState::failed, "exit code 2"},
                                      {3, FiringState::paused, "deed approve"},
                                      {4, FiringState::paused, "deed reconcile"},
                                      {5, FiringState::failed, "exit code 5"},
                                      {6, FiringState::failed, "exit code 6"},
                                      {143, FiringState::paused, "deed resume"}};
  add();
  Dispatcher one = dispatcher();
  auto minutes = 0min;
  for (const EndCase& wanted : cases) {
    go_to(minutes += 60min);
    ASSERT_OK(one.turn());
    ASSERT_OK(one.ended(launcher_.next - 1, wanted.code));
    EXPECT_EQ(newest().state, wanted.state) << wanted.code;
    EXPECT_EQ(newest().exit_code, wanted.code);
    EXPECT_THAT(newest().reason, HasSubstr(wanted.reason));
  }
  EXPECT_THAT(launcher_.started, SizeIs(cases.size()));
}

TEST_F(DispatcherTest, TriesAgainLaterAndLaterAndThenLeavesItToAPerson) {
  add();
  Dispatcher one = dispatcher();
  go_to(60min);
  ASSERT_OK(one.turn());
  stands(RunStanding::Kind::paused, RunStatus::paused);
  for (const auto wait : {30s, 60s, 120s, 240s, 480s}) {
    ASSERT_OK(one.ended(launcher_.next - 1, 75));
    const auto wake = one.begin_queued();
    ASSERT_OK(wake);
    EXPECT_EQ(*wake, clock_.time + wait);
    clock_.time += wait - 1ms;
    ASSERT_OK(one.begin_queued());
    EXPECT_FALSE(one.is_idle());
    const std::size_t before = launcher_.started.size();
    clock_.time += 1ms;
    ASSERT_OK(one.begin_queued());
    EXPECT_EQ(launcher_.started.size(), before + 1);
    EXPECT_THAT(launcher_.started.back(), ElementsAre("resume", newest().run, "--quiet"));
  }
  ASSERT_OK(one.ended(launcher_.next - 1, 75));
  EXPECT_EQ(newest().state, FiringState::paused);
  EXPECT_THAT(newest().reason, HasSubstr("deed resume"));
  EXPECT_TRUE(one.is_idle());
}

TEST_F(DispatcherTest, GoesOnWithARunWhoseProcessDiedButNotForEver) {
  add();
  Dispatcher one = dispatcher();
  go_to(60min);
  ASSERT_OK(one.turn());
  stands(RunStanding::Kind::left_behind);
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(one.ended(launcher_.next - 1, 137));
    ASSERT_OK(one.begin_queued());
  }
  EXPECT_THAT(launcher_.started, SizeIs(3));
  ASSERT_OK(one.ended(launcher_.next - 1, 139));
  EXPECT_EQ(newest().state, FiringState::failed);
  EXPECT_THAT(newest().reason, HasSubstr("died 3 times, by signal 11"));
}

TEST_F(DispatcherTest, AnotherOneBeginsWhatWasClaimedAndNotBegun) {
  add();
  go_to(60min);
  {
    Dispatcher dies = dispatcher();
    ASSERT_OK(dies.turn());
  }
  Dispatcher one = dispatcher();
  ASSERT_OK(one.turn());
  EXPECT_THAT(launcher_.started, SizeIs(2)) << "the run was never entered";
  EXPECT_EQ(launcher_.started[0], launcher_.started[1]) << "of the same id";
  EXPECT_THAT(*file_->history(0, 10), SizeIs(1));
}

TEST_F(DispatcherTest, AnotherOneGoesOnWithARunThatWasLeftBehind) {
  add();
  go_to(60min);
  {
    Dispatcher dies = dispatcher();
    ASSERT_OK(dies.turn());
  }
  stands(RunStanding::Kind::left_behind);
  Dispatcher one = dispatcher();
  ASSERT_OK(one.turn());
  EXPECT_THAT(launcher_.started.back(), ElementsAre("resume", newest().run, "--quiet"));
}

TEST_F(DispatcherTest, AnotherOneWaitsForARunThatIsStillBeingDriven) {
  add();
  go_to(60min);
  {
    Dispatcher dies = dispatcher();
    ASSERT_OK(dies.turn());
  }
  stands(RunStanding::Kind::owned);
  Dispatcher one = dispatcher();
  ASSERT_OK(one.turn());
  EXPECT_THAT(launcher_.watched, ElementsAre(77));
  EXPECT_THAT(launcher_.started, SizeIs(1));
  stands(RunStanding::Kind::ended, RunStatus::done);
  ASSERT_OK(one.ended(77, std::nullopt));
  ASSERT_OK(one.begin_queued());
  EXPECT_EQ(newest().state, FiringState::done);
}

TEST_F(DispatcherTest, EntersTheEndThatARunHadWithoutIt) {
  add();
  go_to(60min);
  {
    Dispatcher dies = dispatcher();
    ASSERT_OK(dies.turn());
  }
  stands(RunStanding::Kind::ended, RunStatus::limit);
  Dispatcher one = dispatcher();
  ASSERT_OK(one.turn());
  EXPECT_EQ(newest().state, FiringState::failed);
  EXPECT_THAT(newest().reason, HasSubstr("limit"));
  EXPECT_THAT(launcher_.started, SizeIs(1));
}

TEST_F(DispatcherTest, DrainsByAskingItsRunsToStopAndLeavesThemOpen) {
  add();
  Dispatcher one = dispatcher();
  go_to(60min);
  ASSERT_OK(one.turn());
  one.drain();
  EXPECT_THAT(launcher_.stopped, ElementsAre(1000));
  EXPECT_FALSE(one.is_idle());
  ASSERT_OK(one.ended(1000, 143));
  EXPECT_TRUE(one.is_idle());
  EXPECT_EQ(newest().state, FiringState::running);
  go_to(120min);
  ASSERT_OK(one.turn());
  EXPECT_THAT(launcher_.started, SizeIs(1)) << "no new firings";
  stands(RunStanding::Kind::paused, RunStatus::paused);
  Dispatcher next = dispatcher();
  ASSERT_OK(next.turn());
  EXPECT_EQ(launcher_.started.back().front(), "resume");
}

TEST_F(DispatcherTest, ARunThatEndsWhileItDrainsHasEnded) {
  add();
  Dispatcher one = dispatcher();
  go_to(60min);
  ASSERT_OK(one.turn());
  one.drain();
  ASSERT_OK(one.ended(1000, 0));
  EXPECT_EQ(newest().state, FiringState::done);
}

TEST_F(DispatcherTest, RunsSoManyAtOnceAndOneOfASchedule) {
  for (const char* name : {"a", "b", "c"}) add(name, Missed::all);
  Dispatcher one = dispatcher({.max_running = 2});
  go_to(150min);
  ASSERT_OK(one.turn());
  EXPECT_THAT(launcher_.started, SizeIs(2));
  ASSERT_OK(one.ended(1000, 0));
  ASSERT_OK(one.turn());
  EXPECT_THAT(launcher_.started, SizeIs(3));
  EXPECT_THAT(*file_->open_firings(), SizeIs(5)) << "two times of three schedules, and one has ended";
}

TEST_F(DispatcherTest, ADamagedScheduleDoesNotStopTheOthers) {
  const auto broken = file_->add({.name = "a-broken", .command = {"run", "x"}, .folder = "/tmp", .cron = "0 * * * *", .zone = "Mars/Olympus", .created = zero});
  ASSERT_OK(broken);
  add();
  Dispatcher one = dispatcher();
  go_to(60min);
  ASSERT_OK(one.turn());
  ASSERT_OK(one.turn());
  EXPECT_THAT(launcher_.started, SizeIs(1));
  EXPECT_THAT(said_, HasSubstr("a-broken: it cannot fire: no such time zone"));
  EXPECT_EQ(said_.find("a-broken"), said_.rfind("a-broken")) << "said once";
}

TEST_F(DispatcherTest, SaysThatTheClockHasGoneBack) {
  add();
  go_to(60min);
  Dispatcher one = dispatcher();
  ASSERT_OK(one.turn());
  ASSERT_OK(one.ended(1000, 0));
  go_to(10min);
  const auto wake = one.turn();
  ASSERT_OK(wake);
  EXPECT_EQ(*wake, zero + 120min);
  EXPECT_THAT(said_, HasSubstr("the clock has gone back"));
  go_to(60min);
  ASSERT_OK(one.turn());
  EXPECT_THAT(launcher_.started, SizeIs(1)) << "the same time is not fired twice";
}

TEST_F(DispatcherTest, AFolderThatIsGoneFailsTheFiringWithAReason) {
  add();
  go_to(60min);
  launcher_.failure = Error{ErrorKind::invalid, "the schedule's folder is not there", "/tmp/x"};
  Dispatcher one = dispatcher();
  ASSERT_OK(one.turn());
  EXPECT_EQ(newest().state, FiringState::failed);
  EXPECT_THAT(newest().reason, HasSubstr("folder"));
}

TEST_F(DispatcherTest, ServesOneFiringOnlyIfItIsToldSo) {
  const ScheduleId id = add();
  const auto manual = file_->enqueue(id, {.nominal = zero + 5min, .run = make_run_id(zero), .manual = true}, zero + 5min);
  ASSERT_OK(manual);
  go_to(60min);
  Dispatcher one = dispatcher({.only = manual->id});
  ASSERT_OK(one.turn());
  EXPECT_THAT(launcher_.started, ElementsAre(testing::Contains(manual->run)));
  EXPECT_THAT(*file_->history(0, 10), SizeIs(1)) << "the time that is due is for a daemon";
}

class WakerTest : public DispatcherTest {
 protected:
  Waker waker() { return Waker({*store_, clock_, launcher_, {}, [this](const std::string& line) { said_ += line + "\n"; }}); }
  void waits(std::vector<WaitingRun> runs) { store_->waiting = std::move(runs); }
};

TEST_F(WakerTest, GoesOnWithARunWhenItsTimeHasCome) {
  Waker one = waker();
  waits({{"run-a", zero + 10min}, {"run-b", zero + 1h}});
  EXPECT_EQ(*one.turn(4), zero + 10min);
  EXPECT_THAT(launcher_.started, IsEmpty());
  go_to(10min);
  EXPECT_EQ(*one.turn(4), zero + 1h);
  EXPECT_THAT(launcher_.started, ElementsAre(ElementsAre("resume", "run-a", "--quiet")));
  EXPECT_EQ(one.going_on(), 1u);
  EXPECT_EQ(*one.turn(4), zero + 1h) << "it is going on";
  EXPECT_THAT(launcher_.started, SizeIs(1));
  EXPECT_FALSE(one.ended(1));
  EXPECT_TRUE(one.ended(1000));
  EXPECT_EQ(one.going_on(), 0u);
}

TEST_F(WakerTest, BeginsNoMoreThanThereIsRoomFor) {
  Waker one = waker();
  waits({{"run-a", zero}, {"run-b", zero}, {"run-c", zero}});
  EXPECT_EQ(*one.turn(2), std::nullopt) << "the end of a process is the next time to look";
  EXPECT_THAT(launcher_.started, SizeIs(2));
  waits({{"run-c", zero}});
  one.ended(1000);
  ASSERT_OK(one.turn(2));
  EXPECT_THAT(launcher_.started.back(), ElementsAre("resume", "run-c", "--quiet"));
}

TEST_F(WakerTest, TriesARunThatGetsNowhereLessAndLessOften) {
  Waker one = waker();
  waits({{"run-a", zero}});
  ASSERT_OK(one.turn(1));
  one.ended(1000);
  EXPECT_EQ(*one.turn(1), zero + 30s);
  clock_.time = zero + 30s;
  ASSERT_OK(one.turn(1));
  one.ended(1001);
  EXPECT_EQ(*one.turn(1), zero + 90s);
  EXPECT_THAT(launcher_.started, SizeIs(2));
  // It has got on, and waits for something else.
  waits({{"run-a", zero + 40s}});
  clock_.time = zero + 41s;
  ASSERT_OK(one.turn(1));
  EXPECT_THAT(launcher_.started, SizeIs(3));
}

TEST_F(WakerTest, StopsItsRunsWhenTheDaemonEnds) {
  Waker one = waker();
  waits({{"run-a", zero}, {"run-b", zero}});
  ASSERT_OK(one.turn(1));
  one.drain();
  EXPECT_THAT(launcher_.stopped, ElementsAre(1000));
  ASSERT_OK(one.turn(2));
  EXPECT_THAT(launcher_.started, SizeIs(1));
}

TEST_F(DispatcherTest, ARunThatWaitsForATimeEndsItsFiringAsPausedAndIsNotTriedAgain) {
  add();
  Dispatcher one = dispatcher();
  go_to(60min);
  ASSERT_OK(one.turn());
  stands(RunStanding::Kind::paused, RunStatus::paused);
  store_->run.wakes = zero + 5h;
  ASSERT_OK(one.ended(1000, 75));
  EXPECT_EQ(newest().state, FiringState::paused);
  EXPECT_THAT(newest().reason, HasSubstr("waits until 2026-11-02T05:00:00"));
  EXPECT_TRUE(one.is_idle());
}

}  // namespace
}  // namespace deed
