// What the file holds after a process was killed, when two write at once, and when the disk is
// full.
#include "deed/tests/memory/sqlite_fixture.hpp"

#include <boost/asio/detached.hpp>

#include <sys/resource.h>

namespace deed {
namespace {

namespace fs = std::filesystem;

// A child appends to a run of its own until it is killed, telling every number that was
// acknowledged.
int append_for_ever(const SqliteBackend& backend, const RunId& run, int out) {
  BlockingJournal journal(backend.open());
  const auto lease = journal.create(run_named(run));
  if (!lease) return 2;
  for (int n = 1;; ++n) {
    const AppendOptions options{.durability = n % 3 == 0 ? Durability::full : Durability::normal};
    const auto last = journal.append(
        *lease,
        {event_saying(2 * n - 1),
         event_with(Json{{"n", 2 * n}, {"t", std::string(6000, 'a' + n % 26)}}, "words")},
        options);
    if (!last) return 3;
    tell(out, *last);
  }
}

class SqliteCrash : public testing::Test {
 protected:
  void expect_sound() {
    RawDatabase raw(backend_.file());
    EXPECT_EQ(raw.value("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(raw.value("PRAGMA foreign_key_check"), "");
    EXPECT_EQ(
        raw.execute("INSERT INTO events_fts (events_fts, rank) VALUES ('integrity-check', 1)"), "");
  }
  // The run has the numbers from 1 without gaps, an even count of them (appends are pairs), and at
  // least `acknowledged`.
  void expect_pairs(BlockingJournal& journal, const RunId& run, std::int64_t acknowledged) {
    const auto events = journal.read(run, 0, 1'000'000);
    ASSERT_OK(events);
    EXPECT_GE(static_cast<std::int64_t>(events->size()), acknowledged);
    EXPECT_EQ(events->size() % 2, 0u) << "half an append";
    for (std::size_t i = 0; i < events->size(); ++i) {
      ASSERT_EQ((*events)[i].number, static_cast<EventNumber>(i + 1));
      ASSERT_EQ((*events)[i].body.value()["n"], i + 1);
    }
    EXPECT_EQ(journal.find_run(run)->last_event, static_cast<EventNumber>(events->size()));
  }

  SqliteBackend backend_;
};

TEST_F(SqliteCrash, LosesNothingThatWasAcknowledgedWhenTheProcessIsKilled) {
  for (const int appends : {1, 7, 40, 200}) {
    const RunId run = make_run_id(system_clock().now());
    Child child([&](int out) { return append_for_ever(backend_, run, out); });
    std::int64_t acknowledged = 0;
    for (int i = 0; i < appends; ++i) {
      const auto number = child.next();
      ASSERT_TRUE(number) << "the child ended by itself: " << child.wait();
      acknowledged = *number;
    }
    child.kill(SIGKILL);
    while (const auto number = child.next()) acknowledged = *number;  // told before the kill came
    EXPECT_EQ(child.wait(), 128 + SIGKILL);

    expect_sound();
    BlockingJournal journal(backend_.open());
    expect_pairs(journal, run, acknowledged);
    const auto lease = journal.acquire(run);
    ASSERT_OK(lease) << "the owner is gone";
    EXPECT_EQ(lease->fence, 2);
    ASSERT_OK(journal.append(*lease, event_saying(0)));
  }
}

TEST_F(SqliteCrash, KeepsARunFromOthersWhileItsProcessLives) {
  const RunId run = make_run_id(system_clock().now());
  // It owns the run and does nothing; one that is stopped while it writes would hold the file as
  // well.
  Child child([&](int out) {
    BlockingJournal journal(backend_.open());
    if (!journal.create(run_named(run))) return 2;
    tell(out, 1);
    return pause();
  });
  ASSERT_TRUE(child.next());
  BlockingJournal journal(backend_.open());
  EXPECT_THAT(journal.acquire(run),
              IsError(ErrorKind::conflict, testing::HasSubstr(std::to_string(child.pid()))));
}

TEST_F(SqliteCrash, TakesOverFromADeadProcessThatNobodyHasCollectedYet) {
  const RunId run = make_run_id(system_clock().now());
  Child child([&](int out) { return append_for_ever(backend_, run, out); });
  ASSERT_TRUE(child.next());
  child.kill(SIGKILL);
  while (child.next()) {
  }
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
  BlockingJournal journal(backend_.open());
  EXPECT_OK(journal.acquire(run));
}

int append_some(const SqliteBackend& backend, const RunId& run, int count) {
  BlockingJournal journal(backend.open());
  const auto lease = journal.create(run_named(run));
  if (!lease) return 2;
  for (int n = 1; n <= count; ++n) {
    const auto last = journal.append(*lease, {event_saying(2 * n - 1), event_saying(2 * n)});
    if (!last || *last != 2 * n) return 3;
  }
  return 0;
}

TEST_F(SqliteCrash, LetsProcessesAppendToDifferentRunsOfOneJournalAtOnce) {
  // Nobody has made the file yet: they race for that too.
  std::vector<RunId> runs;
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 3; ++i) {
    runs.push_back(make_run_id(system_clock().now()));
    const RunId run = runs.back();
    children.push_back(
        std::make_unique<Child>([&, run](int) { return append_some(backend_, run, 150); }));
  }
  for (auto& child : children) EXPECT_EQ(child->wait(), 0);
  BlockingJournal journal(backend_.open());
  for (const RunId& run : runs) {
    expect_pairs(journal, run, 300);
    EXPECT_OK(journal.acquire(run));
  }
  expect_sound();
}

// Every file of this process ends at `bytes`, as on a full disk.
void limit_files(rlim_t bytes) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  DEED_CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0, "getrlimit");
  limit.rlim_cur = bytes;
  DEED_CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
}

// Appends until the disk is full, then checks what can still be done, makes room, and goes on. Ends
// with the line that failed.
int fill_the_disk(const SqliteBackend& backend, const RunId& run, int out) {
  BlockingJournal journal(backend.open());
  const auto lease = journal.create(run_named(run));
  if (!lease) return __LINE__ % 200;
  limit_files(600'000);
  std::int64_t acknowledged = 0;
  Result<EventNumber> last = 0;
  for (int n = 1; n < 1000; ++n) {
    last = journal.append(*lease,
                          {event_saying(2 * n - 1),
                           event_with(Json{{"n", 2 * n}, {"t", std::string(9000, 'a' + n % 26)}})});
    if (!last) break;
    acknowledged = *last;
  }
  tell(out, acknowledged);
  if (last || last.error().kind != ErrorKind::unavailable) return __LINE__ % 200;
  const auto events = journal.read(run);
  if (!events || static_cast<std::int64_t>(events->size()) != acknowledged) return __LINE__ % 200;
  limit_files(RLIM_INFINITY);
  const auto next = acknowledged + 1;
  last = journal.append(
      *lease, {event_saying(static_cast<int>(next)), event_saying(static_cast<int>(next) + 1)});
  return last && *last == acknowledged + 2 ? 0 : __LINE__ % 200;
}

TEST_F(SqliteCrash, SaysUnavailableOnAFullDiskWritesNothingAndGoesOnWhenThereIsRoom) {
  const RunId run = make_run_id(system_clock().now());
  Child child([&](int out) { return fill_the_disk(backend_, run, out); });
  const auto acknowledged = child.next();
  EXPECT_EQ(child.wait(), 0) << "the line of fill_the_disk, modulo 200";
  ASSERT_TRUE(acknowledged);
  EXPECT_GT(*acknowledged, 2);
  expect_sound();
  BlockingJournal journal(backend_.open());
  expect_pairs(journal, run, *acknowledged + 2);
}

asio::awaitable<void> append_one(Journal& journal, Lease lease, std::size_t size,
                                 Result<EventNumber>& out) {
  std::vector<Event> events;
  events.push_back(event_with(Json{{"t", std::string(size, 'x')}}));
  AppendOptions options;
  auto last = co_await journal.append(std::move(lease), std::move(events), options);
  out = std::move(last);
}

TEST_F(SqliteCrash, FailsEveryAppendOfACommitThatFailed) {
  Child child([&](int) {
    BlockingJournal journal(backend_.open());
    std::vector<Lease> leases;
    for (int i = 0; i < 10; ++i) leases.push_back(journal.create(new_run()).value());
    std::vector<Result<EventNumber>> results(leases.size(), Result<EventNumber>(0));
    limit_files(static_cast<rlim_t>(fs::file_size(backend_.file() + "-wal")) + 1000);
    for (std::size_t i = 0; i < leases.size(); ++i) {
      asio::co_spawn(journal.io(), append_one(journal.journal(), leases[i], 100, results[i]),
                     asio::detached);
    }
    journal.io().restart();
    journal.io().run();
    limit_files(RLIM_INFINITY);
    int wrong = 0;
    for (std::size_t i = 0; i < leases.size(); ++i) {
      const bool failed = !results[i] && results[i].error().kind == ErrorKind::unavailable;
      const auto events = journal.read(leases[i].run);
      if (!failed || !events || !events->empty()) ++wrong;
    }
    return wrong;
  });
  EXPECT_EQ(child.wait(), 0) << "appends that were not refused, or wrote";
  expect_sound();
}

}  // namespace
}  // namespace deed
