#include "deed/tests/tools/row_doubles.hpp"

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

RowOptions query(const std::string& sql) {
  return {.format = RowOptions::Format::sqlite, .query = sql};
}

struct Closer {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};

class SqliteRows : public RowsTest {
 protected:
  SqliteRows() {
    make("db",
         "CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT, score REAL, face BLOB);"
         "INSERT INTO people VALUES (1,'Ada',1.5,NULL),(2,'Zoë',-2.0,x'FF'),(3,NULL,9e999,NULL)");
  }

  /// The connection of another program, so to speak, which stays open as long as it is kept.
  std::unique_ptr<sqlite3, Closer> make(const std::string& name, const std::string& sql) const {
    sqlite3* opened = nullptr;
    EXPECT_EQ(sqlite3_open(folder_.at(name).c_str(), &opened), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(opened, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_free(error);
    return std::unique_ptr<sqlite3, Closer>(opened);
  }
  std::vector<std::string> ask(const std::string& sql) const {
    return all_rows(open("db", query(sql)));
  }
};

TEST_F(SqliteRows, AreObjectsByTheNamesOfTheColumnsWithNumbersTextsAndNull) {
  EXPECT_THAT(ask("SELECT name, id, score AS points FROM people WHERE id < 3 ORDER BY id"),
              ElementsAre(R"(1 {"name":"Ada","id":1,"points":1.5})",
                          R"(2 {"name":"Zoë","id":2,"points":-2.0})"));
  EXPECT_THAT(ask("SELECT name FROM people WHERE id = 3; -- that one\n ; "),
              ElementsAre(R"(1 {"name":null})"));
  EXPECT_THAT(ask("SELECT 9223372036854775807 AS big, 'a'||char(0)||'b' AS nul"),
              ElementsAre(R"(1 {"big":9223372036854775807,"nul":"a\u0000b"})"));
  EXPECT_THAT(ask("SELECT id FROM people WHERE id > 9"), IsEmpty());
}

TEST_F(SqliteRows, WithABlobAnInfinityOrBytesThatAreNotUtf8AreErrorsOfTheirOwnOnly) {
  const auto got =
      ask("SELECT * FROM people UNION ALL SELECT 4, CAST(x'E9' AS TEXT), 0, NULL UNION ALL SELECT "
          "5, 'x', 0, NULL");
  ASSERT_THAT(got, SizeIs(5));
  EXPECT_EQ(got[0], R"(1 {"id":1,"name":"Ada","score":1.5,"face":null})");
  EXPECT_THAT(got[1], HasSubstr("2 ! invalid: column \"face\" is a blob (db:2)"));
  EXPECT_THAT(got[2], HasSubstr("3 ! invalid: column \"score\" is infinite"));
  EXPECT_THAT(got[3], HasSubstr("4 ! invalid: column \"name\" is text that is not UTF-8"));
  EXPECT_EQ(got[4], R"(5 {"id":5,"name":"x","score":0,"face":null})");
}

TEST_F(SqliteRows, OfAQueryThatDoesMoreThanReadAreRefusedAndNothingIsDone) {
  const std::string before = folder_.get("db");
  const std::string other = folder_.at("other");
  for (const std::string& sql :
       {std::string("DELETE FROM people"),
        std::string("INSERT INTO people(id) VALUES (9) RETURNING id"),
        std::string("UPDATE people SET name = 'x' RETURNING id"),
        std::string("CREATE TABLE t(a)"),
        std::string("DROP TABLE people"),
        "ATTACH '" + other + "' AS o",
        "VACUUM INTO '" + other + "'",
        std::string("VACUUM"),
        std::string("DETACH main"),
        std::string("PRAGMA journal_mode = WAL"),
        std::string("PRAGMA writable_schema = 1"),
        std::string("UPDATE sqlite_master SET name = 'x'"),
        std::string("UPDATE sqlite_master SET name = 'x' RETURNING name"),
        std::string("PRAGMA table_info(people)"),
        std::string("SELECT * FROM pragma_table_info('people')"),
        std::string("SELECT * FROM pragma_journal_mode('wal')"),
        std::string("BEGIN IMMEDIATE"),
        std::string("SAVEPOINT s"),
        std::string("REINDEX"),
        std::string("ANALYZE"),
        std::string("SELECT load_extension('libm.so.6')"),
        std::string("SELECT Load_Extension('libm.so.6', 'f')"),
        std::string("CREATE TEMP TABLE t AS SELECT 1"),
        std::string("EXPLAIN SELECT 1 AS a"),
        std::string("EXPLAIN QUERY PLAN SELECT 1"),
        std::string("WITH a(x) AS (SELECT 1) DELETE FROM people WHERE id IN a")}) {
    // The functions for pragmas are refused where they are asked, at the first row.
    EXPECT_THAT(ask(sql), ElementsAre(HasSubstr("invalid: the query "))) << sql;
  }
  EXPECT_EQ(folder_.get("db"), before);
  EXPECT_THAT(folder_.names(), ElementsAre("db"));
}

TEST_F(SqliteRows, OfAQueryThatIsNotOneSelectAreRefused) {
  EXPECT_THAT(ask(""), ElementsAre(HasSubstr("invalid: the query is empty (db)")));
  EXPECT_THAT(ask("-- nothing"), ElementsAre(HasSubstr("invalid: the query is empty")));
  EXPECT_THAT(ask("SELECT 1 AS a; SELECT 2 AS a"),
              ElementsAre(HasSubstr("invalid: the query is more than one statement")));
  EXPECT_THAT(ask("SELECT 1 AS a; DROP TABLE people"),
              ElementsAre(HasSubstr("cannot open: invalid")));
  EXPECT_THAT(ask("SELECT missing FROM people"),
              ElementsAre(HasSubstr("invalid: the query fails: no such column: missing")));
  EXPECT_THAT(ask("SELECT id FROM people WHERE id = ?"),
              ElementsAre(HasSubstr("invalid: the query has parameters")));
  EXPECT_THAT(ask(std::string("SELECT 1 AS a\0; DROP TABLE people", 33)),
              ElementsAre(HasSubstr("NUL")));
}

TEST_F(SqliteRows, WithAColumnTwiceOrTooManyAreRefused) {
  EXPECT_THAT(ask("SELECT a.id, b.id FROM people a, people b"),
              ElementsAre(HasSubstr("invalid: two columns are named \"id\"")));
  EXPECT_THAT(ask("SELECT 1 AS \"\""), ElementsAre(HasSubstr("invalid: column 1 has no name")));
  RowOptions few = query("SELECT * FROM people");
  few.max_columns = 3;
  EXPECT_THAT(all_rows(open("db", few)), ElementsAre(HasSubstr("limit: the query has 4 columns")));
}

TEST_F(SqliteRows, OfAQueryWithoutEndEndAfterSoManySteps) {
  const std::string endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) ";
  RowOptions silent = query(endless + "SELECT max(x) AS a FROM c");
  silent.max_query_steps = 1'000'000;
  EXPECT_THAT(all_rows(open("db", silent)),
              ElementsAre(HasSubstr("end: limit: the query takes too many steps")));
  RowOptions talking = query(endless + "SELECT x FROM c");
  talking.max_query_steps = 10'000;
  const auto got = all_rows(open("db", talking));
  EXPECT_GT(got.size(), 100u);
  EXPECT_THAT(got.back(), HasSubstr("end: limit: the query takes too many steps"));
}

TEST_F(SqliteRows, ThatAreTooLargeEndTheQueryAndTakeNoMemory) {
  RowOptions small = query(
      "SELECT printf('%.*c', n, 'x') AS a, printf('%.*c', n, 'y') AS b FROM (SELECT 50 AS n UNION "
      "ALL SELECT 51)");
  small.max_row_bytes = 100;
  EXPECT_THAT(all_rows(open("db", small)),
              ElementsAre(HasSubstr("1 {"),
                          HasSubstr("end: limit: the row is larger than 100 bytes (db:2)")));
  for (const char* sql :
       {"SELECT hex(zeroblob(900000000)) AS a", "SELECT length(randomblob(900000000)) AS a",
        "SELECT replace(hex(zeroblob(400000)), '0', 'xxxxxxxx') AS a"}) {
    EXPECT_THAT(ask(sql), ElementsAre(HasSubstr("end: limit: "))) << sql;
  }
}

TEST_F(SqliteRows, LeaveOutLargeColumnsThatAreNotSelected) {
  make("db", "INSERT INTO people VALUES (4,'big',0,zeroblob(5000000))");
  EXPECT_THAT(ask("SELECT name FROM people WHERE id = 4"), ElementsAre(R"(1 {"name":"big"})"));
}

TEST_F(SqliteRows, OfAQueryThatFailsAsItRunsEndWithWhatSqliteSays) {
  EXPECT_THAT(ask("SELECT abs(-9223372036854775807 - id) AS a FROM people"),
              ElementsAre(HasSubstr("end: invalid: the query fails: integer overflow (db:1)")));
}

TEST_F(SqliteRows, OfWhatIsNoDatabaseOrADamagedOneAreCorrupt) {
  folder_.put("text", std::string(5000, 'x'));
  EXPECT_THAT(open("text", query("SELECT 1 AS a FROM t")),
              IsError(ErrorKind::corrupt, HasSubstr("no SQLite database")));

  make("damaged",
       "CREATE TABLE t(a); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c LIMIT "
       "5000) INSERT INTO t SELECT 'text number '||x FROM c");
  std::string bytes = folder_.get("damaged");
  ASSERT_GT(bytes.size(), 40'000u);
  for (std::size_t at = 4096 * 3; at < bytes.size(); ++at) bytes[at] = static_cast<char>(at * 31);
  folder_.put("damaged", bytes);
  const auto got = all_rows(open("damaged", query("SELECT a FROM t")));
  EXPECT_THAT(got.back(), HasSubstr("end: corrupt: the database is damaged"));

  folder_.put("cut", folder_.get("damaged").substr(0, 6000));
  EXPECT_THAT(all_rows(open("cut", query("SELECT a FROM t"))).back(), HasSubstr("corrupt: "));
}

TEST_F(SqliteRows, OfAnEmptyFileAreThoseOfADatabaseWithoutTables) {
  folder_.put("empty", "");
  EXPECT_THAT(open("empty", query("SELECT a FROM t")),
              IsError(ErrorKind::invalid, HasSubstr("no such table: t")));
}

TEST_F(SqliteRows, OfALockedDatabaseAreUnavailable) {
  const auto writer = make("db", "BEGIN EXCLUSIVE");
  EXPECT_THAT(ask("SELECT id FROM people"),
              ElementsAre(HasSubstr("unavailable: the database is locked")));
}

TEST_F(SqliteRows, LetWritersThroughWhenTheyHaveComeToTheirEnd) {
  auto reader = open("db", query("SELECT id FROM people WHERE id = 1"));
  ASSERT_OK(reader);
  ASSERT_OK((*reader)->next());
  const auto writer = make("db", "");
  EXPECT_EQ(sqlite3_exec(writer.get(), "DELETE FROM people", nullptr, nullptr, nullptr),
            SQLITE_BUSY);
  ASSERT_OK((*reader)->next());
  EXPECT_EQ(sqlite3_exec(writer.get(), "DELETE FROM people", nullptr, nullptr, nullptr), SQLITE_OK);
}

TEST_F(SqliteRows, IncludeWhatStandsInTheWriteAheadLogOnly) {
  const auto writer = make("wal",
                           "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE "
                           "t(a); INSERT INTO t VALUES (7)");
  ASSERT_TRUE(folder_.has("wal-wal"));
  EXPECT_THAT(all_rows(open("wal", query("SELECT a FROM t"))), ElementsAre(R"(1 {"a":7})"));
}

TEST_F(SqliteRows, OfAWalDatabaseThatNobodyHasOpenAreRead) {
  make("wal", "PRAGMA journal_mode = WAL; CREATE TABLE t(a); INSERT INTO t VALUES (7)");
  ASSERT_FALSE(folder_.has("wal-wal"));
  EXPECT_THAT(all_rows(open("wal", query("SELECT a FROM t"))), ElementsAre(R"(1 {"a":7})"));
}

TEST_F(SqliteRows, OfAFullTextIndexAreFound) {
  make("fts",
       "CREATE VIRTUAL TABLE mail USING fts5(subject); INSERT INTO mail VALUES ('the annual "
       "invoice'),('hello')");
  EXPECT_THAT(
      all_rows(
          open("fts", query("SELECT rowid AS id, subject FROM mail WHERE mail MATCH 'invoice'"))),
      ElementsAre(R"(1 {"id":1,"subject":"the annual invoice"})"));
}

// Whether some other process than the one asking holds a lock on the byte that SQLite's writers
// lock. Locks of fcntl(2) are those of a process, hence the fork.
bool is_locked_for_others(const std::string& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start =
        0x40000001;  // RESERVED_BYTE, https://sqlite.org/fileformat2.html#the_lock_byte_page
    lock.l_len = 1;
    const int fd = ::open(file.c_str(), O_RDWR);
    const bool is_asked = fd >= 0 && ::fcntl(fd, F_GETLK, &lock) == 0;
    ::_exit(is_asked && lock.l_type != F_UNLCK ? 1 : 0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WEXITSTATUS(status) == 1;
}

TEST_F(SqliteRows, GiveUpNoLockThatThisProcessHoldsOnTheFile) {
  const auto writer = make("db", "BEGIN IMMEDIATE; INSERT INTO people(id) VALUES (10)");
  EXPECT_THAT(ask("SELECT count(*) AS n FROM people"), ElementsAre(R"(1 {"n":3})"));
  EXPECT_TRUE(is_locked_for_others(folder_.at("db")));
  EXPECT_EQ(sqlite3_exec(writer.get(), "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_FALSE(is_locked_for_others(folder_.at("db")));
}

TEST_F(SqliteRows, OfALinkAreRefusedWithAWordOnWhatToDo) {
  ASSERT_EQ(::symlink("db", folder_.at("link").c_str()), 0);
  EXPECT_THAT(open("link", query("SELECT 1 AS a")),
              IsError(ErrorKind::denied, HasSubstr("give the path that it points to")));
}

class SqliteRowsOfASwappedPath : public SqliteRows {
 protected:
  SqliteRowsOfASwappedPath() {
    std::filesystem::create_directory(folder_.at("in"));
    make("in/db", "CREATE TABLE t(a); INSERT INTO t VALUES ('inside')");
    const auto wal = make(
        "in/wal", "PRAGMA journal_mode = WAL; CREATE TABLE t(a); INSERT INTO t VALUES ('inside')");
    sqlite3* opened = nullptr;
    EXPECT_EQ(sqlite3_open(outside_.at("db").c_str(), &opened), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(opened, "CREATE TABLE t(a); INSERT INTO t VALUES ('outside')", nullptr,
                           nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(opened);
  }
  std::vector<std::string> read(std::unique_ptr<PinnedFile> pinned) const {
    return all_rows(read_sqlite_rows(std::move(pinned), "in/db", query("SELECT a FROM t")));
  }
};

TEST_F(SqliteRowsOfASwappedPath, StayThoseOfTheFolderThatWasFound) {
  auto pinned = root_->pin(path("in/db"));
  ASSERT_OK(pinned);
  std::filesystem::rename(folder_.at("in"), folder_.at("moved"));
  ASSERT_EQ(::symlink(outside_.path().c_str(), folder_.at("in").c_str()), 0);
  EXPECT_THAT(read(*std::move(pinned)), ElementsAre(R"(1 {"a":"inside"})"));
}

TEST_F(SqliteRowsOfASwappedPath, AreRefusedWhereTheFileBecameALink) {
  auto pinned = root_->pin(path("in/db"));
  ASSERT_OK(pinned);
  std::filesystem::remove(folder_.at("in/db"));
  ASSERT_EQ(::symlink(outside_.at("db").c_str(), folder_.at("in/db").c_str()), 0);
  EXPECT_THAT(read(*std::move(pinned)), ElementsAre(HasSubstr("cannot open: unavailable: ")));
}

TEST_F(SqliteRowsOfASwappedPath, DoNotFollowALinkThatStandsForTheLog) {
  for (const char* suffix : {"-wal", "-shm"}) {
    const std::string link = folder_.at("in/wal") + suffix;
    std::filesystem::remove(link);
    ASSERT_EQ(::symlink(outside_.at("made").c_str(), link.c_str()), 0);
    EXPECT_THAT(all_rows(open("in/wal", query("SELECT a FROM t"))),
                ElementsAre(HasSubstr("unavailable: ")))
        << suffix;
    EXPECT_FALSE(outside_.has("made")) << suffix;
    std::filesystem::remove(link);
  }
}

}  // namespace
}  // namespace deed
