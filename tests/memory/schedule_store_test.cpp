// Schedules and firings in the journal's file: each time once, each run fixed before it is begun, everything there after a restart.
#include "deed/core/failpoint.hpp"
#include "deed/memory/schedule_store.hpp"
#include "deed/tests/memory/faulty_disk.hpp"
#include "deed/tests/memory/sqlite_fixture.hpp"

namespace deed {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Schedules : public testing::Test {
 protected:
  std::unique_ptr<ScheduleStore> open(Redactor redactor = {}) {
    auto store = open_sqlite_schedules({.path = backend_.file(), .redactor = std::move(redactor)});
    EXPECT_OK(store);
    return std::move(store).value();
  }
  static NewSchedule weekly(std::string name = "weekly") {
    return {.name = std::move(name), .command = {"run", "--yes", "--", "Send the 'report'"}, .folder = "/srv/reports", .cron = "0 9 * * MON",
            .zone = "Europe/Berlin", .missed = Missed::all, .overlap = Overlap::queue, .max_catch_up = 7, .created = at_second(0)};
  }
  static NewFiring claim(int second) { return {.nominal = at_second(second), .run = make_run_id(system_clock().now())}; }

  SqliteBackend backend_;
};

TEST_F(Schedules, AreAllThereAfterARestart) {
  ASSERT_OK(open()->add(weekly()));
  const auto found = open()->find("weekly");
  ASSERT_OK(found);
  EXPECT_EQ(found->command, weekly().command);
  EXPECT_EQ(found->folder, "/srv/reports");
  EXPECT_EQ(found->cron, "0 9 * * MON");
  EXPECT_EQ(found->zone, "Europe/Berlin");
  EXPECT_EQ(found->missed, Missed::all);
  EXPECT_EQ(found->overlap, Overlap::queue);
  EXPECT_EQ(found->max_catch_up, 7);
  EXPECT_EQ(found->state, ScheduleState::active);
  EXPECT_EQ(found->handled_until, at_second(0));
}

TEST_F(Schedules, HaveOneNameEachAndGiveItBackWhenRemoved) {
  const auto store = open();
  const auto first = store->add(weekly());
  ASSERT_OK(first);
  EXPECT_THAT(store->add(weekly()), IsError(ErrorKind::conflict, HasSubstr("weekly")));
  EXPECT_OK(store->set_state(first->id, ScheduleState::removed, at_second(1)));
  EXPECT_THAT(store->find("weekly"), IsError(ErrorKind::not_found));
  const auto second = store->add(weekly());
  ASSERT_OK(second);
  EXPECT_NE(second->id, first->id);
  EXPECT_THAT(*store->schedules(), SizeIs(1));
  EXPECT_THAT(store->set_state(first->id, ScheduleState::active, at_second(1)), IsError(ErrorKind::not_found));
}

TEST_F(Schedules, RefuseNamesAndSecretsThatTheyMustNotKeep) {
  Redactor redactor;
  redactor.add(Secret("hunter22"));
  const auto store = open(redactor);
  for (const char* name : {"", "a b", "../x", "-x", "ä"}) EXPECT_THAT(store->add(weekly(name)), IsError(ErrorKind::invalid)) << name;
  NewSchedule leaking = weekly();
  leaking.command.back() = "log in with hunter22";
  EXPECT_THAT(store->add(leaking), IsError(ErrorKind::invalid, HasSubstr("secret")));
  EXPECT_THAT(backend_.stored_bytes(), testing::Not(HasSubstr("hunter22")));
}

TEST_F(Schedules, EnterATimeOnceWhoeverAsks) {
  const auto store = open(), other = open();
  const auto schedule = store->add(weekly());
  ASSERT_OK(schedule);
  ASSERT_OK(store->record(*schedule, at_second(60), {claim(60)}, at_second(60)));
  // One that has seen the schedule before that is refused.
  EXPECT_THAT(other->record(*schedule, at_second(60), {claim(60)}, at_second(60)), IsError(ErrorKind::conflict));
  const auto seen = other->find("weekly");
  ASSERT_OK(seen);
  EXPECT_EQ(seen->handled_until, at_second(60));
  // A time that was entered already stays as it was, with its run.
  ASSERT_OK(other->record(*seen, at_second(120), {claim(60), claim(120)}, at_second(120)));
  EXPECT_THAT(*store->history(schedule->id, 10), SizeIs(2));
  EXPECT_EQ(RawDatabase(backend_.file()).execute("INSERT INTO firings SELECT id + 10, schedule, nominal, manual, state, 'x', claimed, NULL, NULL, NULL, '' FROM firings"),
            "a time fires once");
}

TEST_F(Schedules, EnterAllOrNothing) {
  const auto store = open();
  const auto schedule = store->add(weekly());
  ASSERT_OK(schedule);
  NewFiring twin = claim(60), other = claim(120);
  other.run = twin.run;  // no two firings are one run
  EXPECT_FALSE(store->record(*schedule, at_second(120), {twin, other}, at_second(120)).has_value());
  EXPECT_THAT(*store->history(schedule->id, 10), IsEmpty());
  EXPECT_EQ(store->find("weekly")->handled_until, at_second(0));
  EXPECT_OK(store->record(*schedule, at_second(60), {twin}, at_second(60))) << "it may be tried again";
}

TEST_F(Schedules, NeverGoBackInTimeButWhenTheyAreResumed) {
  const auto store = open();
  const auto schedule = store->add(weekly());
  ASSERT_OK(schedule);
  ASSERT_OK(store->record(*schedule, at_second(600), {}, at_second(600)));
  EXPECT_FALSE(store->record(*store->find("weekly"), at_second(60), {}, at_second(60)).has_value());
  EXPECT_OK(store->set_state(schedule->id, ScheduleState::active, at_second(100)));
  EXPECT_EQ(store->find("weekly")->handled_until, at_second(600)) << "it was active before";
  EXPECT_OK(store->set_state(schedule->id, ScheduleState::paused, at_second(100)));
  EXPECT_OK(store->set_state(schedule->id, ScheduleState::active, at_second(100)));
  EXPECT_EQ(store->find("weekly")->handled_until, at_second(100));
}

TEST_F(Schedules, ARemovedOneHasNothingQueued) {
  const auto store = open();
  const auto schedule = store->add(weekly());
  ASSERT_OK(schedule);
  ASSERT_OK(store->record(*schedule, at_second(120), {claim(60), claim(120)}, at_second(120)));
  ASSERT_OK(store->begin(store->open_firings()->front().id, at_second(121)));
  ASSERT_OK(store->set_state(schedule->id, ScheduleState::removed, at_second(122)));
  const auto open_now = store->open_firings();
  ASSERT_EQ(open_now->size(), 1u);
  EXPECT_EQ(open_now->front().state, FiringState::running);
  EXPECT_EQ(store->history(schedule->id, 1)->front().reason, "the schedule was removed");
}

TEST_F(Schedules, AFiringBeginsOnceAndEndsOnce) {
  const auto store = open();
  const auto schedule = store->add(weekly());
  ASSERT_OK(schedule);
  const auto firing = store->enqueue(schedule->id, {.nominal = at_second(5), .run = claim(5).run, .manual = true}, at_second(5));
  ASSERT_OK(firing);
  EXPECT_OK(store->begin(firing->id, at_second(6)));
  EXPECT_THAT(store->begin(firing->id, at_second(6)), IsError(ErrorKind::conflict));
  EXPECT_OK(store->end(firing->id, {.state = FiringState::failed, .time = at_second(9), .exit_code = 5, .reason = "a limit"}));
  EXPECT_THAT(store->end(firing->id, {.time = at_second(10)}), IsError(ErrorKind::conflict));
  const Firing ended = store->history(schedule->id, 1)->front();
  EXPECT_EQ(ended.state, FiringState::failed);
  EXPECT_EQ(ended.started, at_second(6));
  EXPECT_EQ(ended.ended, at_second(9));
  EXPECT_EQ(ended.exit_code, 5);
  EXPECT_TRUE(ended.manual);
  EXPECT_THAT(*store->open_firings(), IsEmpty());
}

TEST_F(Schedules, ManualFiringsOfOneInstantBothHaveATime) {
  const auto store = open();
  const auto schedule = store->add(weekly());
  ASSERT_OK(schedule);
  for (int i = 0; i < 2; ++i) ASSERT_OK(store->enqueue(schedule->id, {.nominal = at_second(5), .run = claim(5).run, .manual = true}, at_second(5)));
  EXPECT_THAT(*store->history(0, 10), SizeIs(2));
}

TEST_F(Schedules, AManualFiringTakesNoTimeOfTheScheduleItself) {
  const auto store = open();
  const auto schedule = store->add(weekly());
  ASSERT_OK(schedule);
  const TimePoint minute = std::chrono::ceil<std::chrono::minutes>(at_second(60));
  ASSERT_OK(store->enqueue(schedule->id, {.nominal = minute, .run = claim(5).run, .manual = true}, minute));
  NewFiring due = claim(0);
  due.nominal = minute;
  ASSERT_OK(store->record(*schedule, minute, {due}, minute));
  const auto firings = store->history(schedule->id, 10);
  ASSERT_EQ(firings->size(), 2u);
  EXPECT_TRUE(firings->at(0).manual);
  EXPECT_EQ(firings->at(1).run, due.run);
}

TEST_F(Schedules, KnowWhereARunStands) {
  const auto store = open();
  const NewRun run = new_run();
  using Kind = RunStanding::Kind;
  EXPECT_EQ(store->standing(run.id)->kind, Kind::absent);
  {
    BlockingJournal journal(backend_.open());
    const auto lease = journal.create(run);
    ASSERT_OK(lease);
    EXPECT_EQ(store->standing(run.id)->kind, Kind::owned);
    EXPECT_EQ(store->standing(run.id)->owner, getpid());
    ASSERT_OK(journal.release(*lease));
    EXPECT_EQ(store->standing(run.id)->kind, Kind::absent) << "nothing of it was done";
  }
  BlockingJournal journal(backend_.open());
  const auto lease = journal.acquire(run.id);
  ASSERT_OK(lease);
  ASSERT_OK(journal.append(*lease, event_saying(1)));
  journal.close();
  EXPECT_EQ(store->standing(run.id)->kind, Kind::left_behind);
  for (const auto& [status, kind] : {std::pair(RunStatus::paused, Kind::paused), std::pair(RunStatus::unknown, Kind::paused), std::pair(RunStatus::done, Kind::ended),
                                     std::pair(RunStatus::refused, Kind::ended)}) {
    BlockingJournal again(backend_.open());
    const auto mine = again.acquire(run.id);
    ASSERT_OK(mine);
    ASSERT_OK(again.append(*mine, event_saying(2), {.status = status}));
    again.close();
    EXPECT_EQ(store->standing(run.id)->kind, kind);
    EXPECT_EQ(store->standing(run.id)->status, status);
  }
}

TEST_F(Schedules, WriteNothingOnAFullDiskAndAreWellAfterwards) {
  FaultyDisk disk;
  const auto store = open();
  const auto schedule = store->add(weekly());
  ASSERT_OK(schedule);
  disk.fail_writes(0, SQLITE_FULL);
  EXPECT_THAT(store->record(*schedule, at_second(60), {claim(60)}, at_second(60)), IsError(ErrorKind::unavailable));
  disk.mend();
  EXPECT_THAT(*store->open_firings(), IsEmpty());
  EXPECT_OK(store->record(*schedule, at_second(60), {claim(60)}, at_second(60)));
  EXPECT_THAT(*store->open_firings(), SizeIs(1));
}

TEST_F(Schedules, AreOnTheDiskBeforeACallReturns) {
  FaultyDisk disk;
  const auto store = open();
  const auto schedule = store->add(weekly());
  ASSERT_OK(schedule);
  const int before = disk.log_syncs();
  ASSERT_OK(store->record(*schedule, at_second(60), {claim(60)}, at_second(60)));
  EXPECT_GT(disk.log_syncs(), before);
}

TEST_F(Schedules, TellADamagedRowFromAnEmptyTable) {
  const auto store = open();
  ASSERT_OK(store->add(weekly()));
  EXPECT_NE(RawDatabase(backend_.file()).execute("DELETE FROM schedules"), "");
  EXPECT_NE(RawDatabase(backend_.file()).execute("UPDATE schedules SET cron = '* * * * *'"), "");
  ASSERT_EQ(RawDatabase(backend_.file()).execute("UPDATE schedules SET state = 'asleep'"), "");
  EXPECT_FALSE(store->schedules().has_value());
}

}  // namespace
}  // namespace deed
