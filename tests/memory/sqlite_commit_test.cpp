// When a commit reaches the disk, how many appends share one, and what is left when any write or
// sync of it fails.
#include "deed/tests/memory/faulty_disk.hpp"
#include "deed/tests/memory/sqlite_fixture.hpp"

#include <boost/asio/detached.hpp>

#include <thread>

namespace deed {
namespace {

constexpr AppendOptions full{.durability = Durability::full};

class SqliteCommit : public testing::Test {
 protected:
  FaultyDisk disk_;
  SqliteBackend backend_;
};

TEST_F(SqliteCommit, IsForcedOntoTheDiskBeforeItsResultOnlyWhereDurabilityIsFull) {
  BlockingJournal journal(backend_.open());
  const Lease lease = *journal.create(new_run());
  const int before = disk_.log_syncs();
  ASSERT_OK(journal.append(lease, event_saying(1)));
  EXPECT_EQ(disk_.log_syncs(), before);
  ASSERT_OK(journal.append(lease, event_saying(2), full));
  EXPECT_EQ(disk_.log_syncs(), before + 1);
  ASSERT_OK(journal.append(lease, event_saying(3)));
  EXPECT_EQ(disk_.log_syncs(), before + 1) << "and the next one is not";
  ASSERT_OK(journal.append(lease, event_saying(4), full));
  EXPECT_EQ(disk_.log_syncs(), before + 2) << "nor is it forgotten after that";
  ASSERT_OK(journal.remember({.key = "ann", .value = "ann@example.org"}));
  EXPECT_EQ(disk_.log_syncs(), before + 3);
}

asio::awaitable<void> append_one(Journal& journal, Lease lease, int n, Durability durability,
                                 Result<EventNumber>& out) {
  std::vector<Event> events;
  events.push_back(event_with(Json{{"n", n}}, "words"));
  const AppendOptions options{.durability = durability};
  auto last = co_await journal.append(std::move(lease), std::move(events), options);
  out = std::move(last);
}

TEST_F(SqliteCommit, IsSharedByAppendsThatWaitAtTheSameTime) {
  BlockingJournal journal(backend_.open());
  std::vector<Lease> leases;
  for (int i = 0; i < 30; ++i) leases.push_back(*journal.create(new_run()));
  ASSERT_OK(journal.append(leases[0], event_saying(0), full));
  leases[11].fence = 9;  // fails inside of the shared transaction
  std::vector<Result<EventNumber>> results(leases.size(), Result<EventNumber>(0));
  RawDatabase other(backend_.file());
  ASSERT_EQ(other.execute("BEGIN IMMEDIATE"), "");
  const int before = disk_.log_syncs();
  for (std::size_t i = 0; i < leases.size(); ++i) {
    // Each of the full ones would need a sync of its own if it were alone.
    const Durability durability = i % 2 == 0 ? Durability::full : Durability::normal;
    asio::co_spawn(
        journal.io(),
        append_one(journal.journal(), leases[i], static_cast<int>(i), durability, results[i]),
        asio::detached);
  }
  journal.io().restart();
  journal.io().poll();  // every append is queued, and the first of them waits for the lock
  ASSERT_EQ(other.execute("ROLLBACK"), "");
  journal.io().run();
  EXPECT_LE(disk_.log_syncs() - before, 2)
      << "what the worker had taken when the lock was held, and the rest";
  EXPECT_GE(disk_.log_syncs() - before, 1);
  for (std::size_t i = 0; i < leases.size(); ++i) {
    if (i == 11) {
      EXPECT_THAT(results[i], IsError(ErrorKind::conflict));
    } else {
      EXPECT_OK(results[i]) << i;
    }
  }
  EXPECT_EQ(journal.search("words", 100)->size(), 29u);
}

asio::awaitable<void> append_alone(Journal& journal, Lease lease, bool is_alone, std::optional<EventNumber>& out) {
  std::vector<Event> events;
  events.push_back(event_saying(1));
  const AppendOptions options{.durability = Durability::full, .is_alone = is_alone};
  auto last = co_await journal.append(std::move(lease), std::move(events), options);
  out = last.value_or(-1);
}

class SqliteCommitOnCaller : public SqliteCommit {
 protected:
  // Begun and as far as it comes without any other thread.
  void begin(bool is_alone, std::optional<EventNumber>& out) {
    asio::co_spawn(journal_.io(), append_alone(journal_.journal(), lease_, is_alone, out), asio::detached);
    journal_.io().restart();
    journal_.io().poll();
  }

  SqliteBackend allowed_{true};
  BlockingJournal journal_{allowed_.open()};
  Lease lease_ = *journal_.create(new_run());
};

TEST_F(SqliteCommitOnCaller, IsOverWhenSomebodyAloneHasAskedForIt) {
  for (EventNumber n = 1; n <= 20; ++n) {
    std::optional<EventNumber> last;
    begin(true, last);
    EXPECT_EQ(last, n) << "no other thread had to do anything";
  }
}

TEST_F(SqliteCommitOnCaller, HoldsNobodyUpBehindAnotherThatWaits) {
  RawDatabase other(allowed_.file());
  ASSERT_EQ(other.execute("BEGIN IMMEDIATE"), "");
  std::optional<EventNumber> first, second;
  begin(false, first);
  begin(true, second);  // would wait here for the lock that `other` has, and fail
  EXPECT_EQ(second, std::nullopt);
  ASSERT_EQ(other.execute("ROLLBACK"), "");
  journal_.io().restart();
  journal_.io().run();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 2);
}

TEST_F(SqliteCommitOnCaller, TakesTurnsWithTheThread) {
  constexpr int rounds = 200;
  std::vector<std::optional<EventNumber>> numbers(rounds);
  for (int i = 0; i < rounds; ++i) begin(i % 3 != 0, numbers[static_cast<std::size_t>(i)]);
  journal_.io().restart();
  journal_.io().run();
  for (int i = 0; i < rounds; ++i) EXPECT_EQ(numbers[static_cast<std::size_t>(i)], i + 1);
}

// Each on a thread and a loop of its own: one of them does its work itself, and what the others ask meanwhile waits for it.
TEST_F(SqliteCommitOnCaller, TakesTurnsWithOtherCallers) {
  constexpr int callers = 3, rounds = 60;
  std::vector<Lease> leases;
  for (int i = 0; i < callers; ++i) leases.push_back(*journal_.create(new_run()));
  std::vector<asio::io_context> loops(callers);
  std::vector<std::thread> threads;
  std::vector<std::vector<EventNumber>> numbers(callers);
  for (int i = 0; i < callers; ++i) {
    const auto at = static_cast<std::size_t>(i);
    threads.emplace_back([this, lease = leases[at], &io = loops[at], &out = numbers[at]] {
      for (int n = 0; n < rounds; ++n) out.push_back(*run_async(io, journal_.journal().append(lease, {event_saying(n)}, {.is_alone = n % 4 != 0})));
    });
  }
  for (std::thread& thread : threads) thread.join();
  journal_.close();  // before the loops go
  for (const std::vector<EventNumber>& one : numbers) {
    for (int n = 0; n < rounds; ++n) EXPECT_EQ(one[static_cast<std::size_t>(n)], n + 1);
  }
}

// One append that touches every table and index, on a disk that fails after `good` operations; then
// the disk is well again. True: the append needed no more operations than that.
bool survives_failure(FaultyDisk& disk, int good, bool at_sync, int code, bool may_hold_up_caller) {
  const SqliteBackend backend(may_hold_up_caller);
  RunId run;
  bool needed_no_more = false;
  {
    BlockingJournal journal(backend.open());
    const Lease lease = *journal.create(new_run());
    run = lease.run;
    EXPECT_OK(journal.append(lease, event_saying(1), full));
    if (at_sync)
      disk.fail_syncs(good, code);
    else
      disk.fail_writes(good, code);
    const auto last = journal.append(lease,
                                     {event_with(Json{{"n", 2}}, "some words"),
                                      event_with(Json{{"n", 3}, {"t", std::string(9000, 'x')}})},
                                     full);
    disk.mend();
    needed_no_more = last.has_value();
    if (!last) {
      EXPECT_THAT(last, IsError(ErrorKind::unavailable)) << good;
    }
    const std::size_t expected = last ? 3 : 1;
    EXPECT_EQ(journal.read(run)->size(), expected) << good;
    EXPECT_EQ(journal.search("some words")->size(), last ? 1u : 0u) << good;
    const auto next = journal.append(lease, event_saying(4), full);
    EXPECT_OK(next) << good;
    EXPECT_EQ(next.value_or(0), static_cast<EventNumber>(expected + 1)) << good;
  }
  BlockingJournal again(backend.open());
  EXPECT_EQ(again.read(run)->back().body.value()["n"], 4) << good;
  RawDatabase raw(backend.file());
  EXPECT_EQ(raw.value("PRAGMA integrity_check"), "ok") << good;
  EXPECT_EQ(raw.execute("INSERT INTO events_fts (events_fts, rank) VALUES ('integrity-check', 1)"),
            "")
      << good;
  return needed_no_more;
}

TEST_F(SqliteCommit, WritesAllOrNothingWhicheverWriteFails) {
  for (const auto& [code, may_hold_up_caller] : {std::pair(SQLITE_FULL, false), std::pair(SQLITE_IOERR_WRITE, true)}) {
    int good = 0;
    while (good < 200 && !survives_failure(disk_, good, false, code, may_hold_up_caller)) ++good;
    EXPECT_GT(good, 5) << "the failures hit the append";
    EXPECT_LT(good, 200) << "and it came through in the end";
  }
}

TEST_F(SqliteCommit, WritesAllOrNothingWhicheverSyncFails) {
  for (const bool may_hold_up_caller : {false, true}) {
    int good = 0;
    while (good < 50 && !survives_failure(disk_, good, true, SQLITE_IOERR_FSYNC, may_hold_up_caller)) ++good;
    EXPECT_GT(good, 0);
    EXPECT_LT(good, 50);
  }
}

TEST_F(SqliteCommit, LeavesAFileThatTheNextOneCanFinishWhicheverWriteOfTheFirstOpeningFails) {
  int good = 0;
  for (bool opened = false; !opened && good < 300; ++good) {
    const SqliteBackend backend;
    disk_.fail_writes(good, SQLITE_FULL);
    const auto journal = backend.try_open();
    opened = journal.has_value();
    disk_.mend();
    if (!opened) {
      ASSERT_THAT(journal, IsError(ErrorKind::unavailable)) << good;
    }
    BlockingJournal again(backend.open());
    ASSERT_OK(again.create(new_run())) << good;
  }
  EXPECT_GT(good, 5);
  EXPECT_LT(good, 300);
}

}  // namespace
}  // namespace deed
