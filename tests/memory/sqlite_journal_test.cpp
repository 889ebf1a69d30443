// The SQLite backend against the suite for all backends, and what only a file can do: be new, old,
// foreign or damaged.
#include "deed/tests/memory/journal_conformance.hpp"
#include "deed/tests/memory/sqlite_fixture.hpp"

#include <sys/stat.h>

#include <thread>

namespace deed {
namespace {

namespace fs = std::filesystem;

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, JournalConformance, SqliteBackend);
INSTANTIATE_TYPED_TEST_SUITE_P(SqliteOnCaller, JournalConformance, SqliteOnCaller);

class SqliteFile : public testing::Test {
 protected:
  // Two runs with small and large events, and a fact; closed.
  void fill(int events = 20) {
    BlockingJournal journal(backend_.open());
    for (int run = 0; run < 2; ++run) {
      lease_ = *journal.create(new_run());
      for (int n = 1; n <= events; ++n) {
        const auto appended = journal.append(
            lease_,
            event_with(Json{{"n", n}, {"t", std::string(n % 5 == 0 ? 9000 : 300, 'a' + n % 26)}},
                       "some words"));
        ASSERT_OK(appended);
      }
    }
    ASSERT_OK(journal.remember({.key = "ann", .value = "ann@example.org"}));
  }
  mode_t mode_of(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
  }

  SqliteBackend backend_;
  Lease lease_;
};

TEST_F(SqliteFile, IsMadeWithItsFoldersForTheUserAlone) {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "a" / "b" / "journal.db";
  auto opened = open_sqlite_journal({.path = file});
  ASSERT_OK(opened);
  BlockingJournal journal(std::move(opened).value());
  ASSERT_OK(journal.create(new_run()));
  EXPECT_EQ(mode_of(file), 0600u);
  EXPECT_EQ(mode_of(file + "-wal"), 0600u);
  EXPECT_EQ(mode_of(folder.path() / "a"), 0700u);
  EXPECT_EQ(mode_of(folder.path() / "a" / "b"), 0700u);
}

TEST_F(SqliteFile, UsesAWriteAheadLogAndStrictTables) {
  fill();
  RawDatabase raw(backend_.file());
  EXPECT_EQ(raw.value("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(raw.value("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = "
                      "'table' AND NOT strict "
                      "AND name NOT LIKE 'sqlite_%'"),
            "0");
  EXPECT_EQ(raw.value("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(raw.value("PRAGMA foreign_key_check"), "");
}

constexpr const char* check_index = "INSERT INTO events_fts (events_fts, rank) VALUES ('integrity-check', 1)";

TEST_F(SqliteFile, FindsByWordsWhatARunSaidThatStillGoesOnAndWhatItSaidSince) {
  BlockingJournal journal(backend_.open());
  const Lease lease = *journal.create(new_run());
  ASSERT_OK(journal.append(lease, event_with(Json::object(), "about marzipan")));
  BlockingJournal other(backend_.open());
  EXPECT_EQ(other.search("marzipan")->size(), 1u);
  ASSERT_OK(journal.append(lease, event_with(Json::object(), "more marzipan")));
  EXPECT_EQ(other.search("marzipan")->size(), 2u);
  EXPECT_EQ(journal.search("marzipan")->size(), 2u);
  EXPECT_EQ(RawDatabase(backend_.file()).execute(check_index), "");
}

// By the journal's thread: nobody's commit writes it, and it is there when the journal is closed.
TEST_F(SqliteFile, BringsTheFullTextIndexUpToDateBehindTheAppends) {
  auto journal = std::make_optional<BlockingJournal>(backend_.open());
  const Lease lease = *journal->create(new_run());
  RawDatabase raw(backend_.file());
  const auto indexed = [&] { return std::stoll(raw.value("SELECT indexed FROM runs")); };
  const std::vector<Event> some(500, event_with(Json::object(), "words"));
  for (int n = 500; n <= 4000; n += 500) {
    ASSERT_OK(journal->append(lease, some));
    EXPECT_EQ(indexed(), 0) << "a commit shall not write the index";
  }
  ASSERT_OK(journal->append(lease, some));
  // It is due now, and done as soon as the thread comes to it.
  while (indexed() == 0) ASSERT_OK(journal->append(lease, event_with(Json::object(), "more")));
  EXPECT_EQ(raw.execute(check_index), "");
  ASSERT_OK(journal->release(lease));
  journal.reset();
  EXPECT_EQ(raw.value("SELECT last_event - indexed FROM runs"), "0");
  EXPECT_EQ(raw.execute(check_index), "");
  BlockingJournal again(backend_.open());
  EXPECT_EQ(again.search("words", 10'000)->size(), 4500u);
}

TEST_F(SqliteFile, BringsTheIndexUpToDateBehindAppendsThatTheCallerMakesToo) {
  SqliteBackend allowed(true);
  BlockingJournal journal(allowed.open());
  const Lease lease = *journal.create(new_run());
  RawDatabase raw(allowed.file());
  for (int n = 0; n < 9; ++n) ASSERT_OK(journal.append(lease, std::vector<Event>(500, event_with(Json::object(), "words"))));
  // Nobody asks the journal for anything any more.
  while (raw.value("SELECT last_event - indexed FROM runs") != "0") std::this_thread::yield();
  EXPECT_EQ(raw.execute(check_index), "");
}

TEST_F(SqliteFile, KeepsEventsBlobsAndFactsFromBeingChangedOrDeletedByAnyConnection) {
  fill();
  const std::string before = bytes_of(backend_.file());
  RawDatabase raw(backend_.file());
  for (const std::string table : {"events", "blobs", "facts"}) {
    EXPECT_NE(raw.execute("DELETE FROM " + table), "") << table;
    EXPECT_NE(raw.execute("INSERT OR REPLACE INTO " + table + " SELECT * FROM " + table), "")
        << table;
  }
  EXPECT_NE(raw.execute("UPDATE events SET body = '{}'"), "");
  EXPECT_NE(raw.execute("UPDATE blobs SET body = '{}'"), "");
  EXPECT_NE(raw.execute("UPDATE facts SET value = 'x'"), "");
  EXPECT_EQ(bytes_of(backend_.file()), before);
}

TEST_F(SqliteFile, IsRefusedUnchangedWhenANewerVersionWroteIt) {
  fill();
  const std::string version = RawDatabase(backend_.file()).value("PRAGMA user_version");
  for (const char* mode : {"wal", "delete"}) {
    {
      RawDatabase raw(backend_.file());
      raw.execute("PRAGMA user_version = " + std::to_string(std::stoi(version) + 1));
      raw.execute(std::string("PRAGMA journal_mode = ") + mode);
    }
    const std::string before = bytes_of(backend_.file());
    EXPECT_THAT(backend_.try_open(), IsError(ErrorKind::unsupported, testing::HasSubstr("newer")));
    EXPECT_EQ(bytes_of(backend_.file()), before) << mode;
  }
}

TEST_F(SqliteFile, IsRefusedUnchangedWhenItIsNoDatabase) {
  for (const std::string& bytes :
       {std::string("[settings]\nname = \"x\"\n"), std::string(100'000, '\x7F'),
        std::string("SQLite format 3\0", 16)}) {
    write_bytes(backend_.file(), bytes);
    EXPECT_THAT(backend_.try_open(), IsError(ErrorKind::corrupt, testing::HasSubstr("journal.db")));
    EXPECT_EQ(bytes_of(backend_.file()), bytes);
  }
}

TEST_F(SqliteFile, IsRefusedUnchangedWhenItIsTheDatabaseOfAnotherProgram) {
  for (const char* sql : {"CREATE TABLE bookmarks (url TEXT)", "PRAGMA application_id = 7",
                          "PRAGMA user_version = 3"}) {
    fs::remove(backend_.file());
    RawDatabase(backend_.file()).execute(sql);
    const std::string before = bytes_of(backend_.file());
    EXPECT_THAT(backend_.try_open(), IsError(ErrorKind::corrupt)) << sql;
    EXPECT_EQ(bytes_of(backend_.file()), before) << sql;
  }
}

TEST_F(SqliteFile, SaysCorruptWhenItWasCutAnywhere) {
  fill();
  const std::string whole = bytes_of(backend_.file());
  ASSERT_GT(whole.size(), 100'000u);
  for (std::size_t size = 2; size < whole.size(); size = size < 4096 ? size * 3 : size + 9001) {
    write_bytes(backend_.file(), whole.substr(0, size));
    auto opened = backend_.try_open();
    if (!opened) {
      EXPECT_EQ(opened.error().kind, ErrorKind::corrupt) << size << to_string(opened.error());
      continue;
    }
    BlockingJournal journal(*std::move(opened));
    const auto read = journal.read(lease_.run);
    EXPECT_THAT(read, IsError(ErrorKind::corrupt)) << size;
  }
}

TEST_F(SqliteFile, SaysCorruptWhenABlobIsNotWhatItsHashSays) {
  fill();
  {
    RawDatabase raw(backend_.file());
    raw.execute("DROP TRIGGER blobs_do_not_change");
    for (const std::string& trigger : raw.values(
             "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'blobs'")) {
      raw.execute("DROP TRIGGER " + trigger);
    }
    ASSERT_EQ(raw.execute("UPDATE blobs SET body = '{\"n\":5}'"), "");
  }
  BlockingJournal journal(backend_.open());
  EXPECT_THAT(journal.read(lease_.run), IsError(ErrorKind::corrupt));
}

TEST_F(SqliteFile, IsCorruptWhenItWasEmptiedAndItsLogWasNot) {
  BlockingJournal journal(backend_.open());
  ASSERT_OK(journal.create(new_run()));
  const std::string log = bytes_of(backend_.file() + "-wal");
  ASSERT_NE(log, "");
  journal.close();
  write_bytes(backend_.file(), "");
  write_bytes(backend_.file() + "-wal", log);
  EXPECT_THAT(backend_.try_open(), IsError(ErrorKind::corrupt));
  EXPECT_EQ(bytes_of(backend_.file() + "-wal"), log);
}

TEST_F(SqliteFile, IsTakenFromOthersWhenItsRightsAreTooWide) {
  fill(1);
  ASSERT_EQ(chmod(backend_.file().c_str(), 0644), 0);
  backend_.open();
  EXPECT_EQ(mode_of(backend_.file()), 0600u);
}

TEST_F(SqliteFile, IsUnavailableWhereNoFileCanBe) {
  EXPECT_THAT(open_sqlite_journal({.path = "/proc/none/journal.db"}),
              IsError(ErrorKind::unavailable, testing::HasSubstr("/proc/none")));
  fs::create_directory(backend_.file());
  EXPECT_THAT(backend_.try_open(), IsError(ErrorKind::unavailable));
}

TEST_F(SqliteFile, WritesAsManyBytesPerAppendLateInARunAsEarly) {
  BlockingJournal journal(backend_.open());
  const Lease lease = *journal.create(new_run());
  // A reader that stays in the past keeps the log from starting over, so that its growth is all
  // that was written.
  RawDatabase reader(backend_.file());
  ASSERT_EQ(reader.execute("BEGIN; SELECT count(*) FROM events"), "");
  const auto written = [&] {
    return fs::file_size(backend_.file()) + fs::file_size(backend_.file() + "-wal");
  };
  const auto bytes_of_appends = [&](int from, int to) {
    std::uintmax_t before = written();
    for (int n = from; n < to; ++n) {
      const std::string words =
          "step " + std::to_string(n) + " says something about invoice " + std::to_string(n * 7919);
      const auto appended =
          journal.append(lease, event_with(Json{{"n", n}, {"text", words}}, words));
      EXPECT_OK(appended);
    }
    return written() - before;
  };
  bytes_of_appends(1, 100);
  const auto early = bytes_of_appends(100, 200);
  bytes_of_appends(200, 1000);
  const auto late = bytes_of_appends(1000, 1100);
  RecordProperty("bytes_per_append_early", static_cast<int>(early / 100));
  RecordProperty("bytes_per_append_late", static_cast<int>(late / 100));
  EXPECT_LT(late, early * 5 / 4) << early / 100 << " and " << late / 100 << " bytes per append";
}

TEST_F(SqliteFile, HasNothingOfAnAppendThatFailedAfterItsFirstEvent) {
  BlockingJournal journal(backend_.open());
  const Lease lease = *journal.create(new_run());
  ASSERT_OK(journal.append(lease, event_saying(1)));
  // The number after the next one is taken: the first event of the append goes in, the second
  // cannot.
  RawDatabase raw(backend_.file());
  ASSERT_EQ(
      raw.execute("INSERT INTO events (id, time, kind, version, step, call, cause, trust, body) "
                  "SELECT id + 2, time, kind, version, step, call, cause, trust, body FROM events"),
      "");
  EXPECT_FALSE(journal.append(lease, {event_saying(2), event_saying(3)}));
  EXPECT_EQ(raw.value("SELECT group_concat(number) FROM events"), "1,3");
}

TEST_F(SqliteFile, IsUnavailableWhileAnotherConnectionWritesAndWritesNothing) {
  auto opened =
      open_sqlite_journal({.path = backend_.file(), .lock_wait = std::chrono::milliseconds(20)});
  ASSERT_OK(opened);
  BlockingJournal journal(*std::move(opened));
  const Lease lease = *journal.create(new_run());
  RawDatabase raw(backend_.file());
  ASSERT_EQ(raw.execute("BEGIN IMMEDIATE"), "");
  EXPECT_THAT(journal.append(lease, event_saying(1)), IsError(ErrorKind::unavailable));
  ASSERT_EQ(raw.execute("ROLLBACK"), "");
  const auto again = journal.append(lease, event_saying(2));
  ASSERT_OK(again);
  EXPECT_EQ(*again, 1);
}

}  // namespace
}  // namespace deed
