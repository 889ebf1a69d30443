// The parts below the journal: migrations, who owns a run, search expressions, redaction of bodies.
#include "deed/memory/sqlite/match.hpp"
#include "deed/memory/sqlite/migrations.hpp"
#include "deed/memory/sqlite/store.hpp"
#include "deed/tests/memory/sqlite_fixture.hpp"

#include <random>

namespace deed {
namespace {

using sqlite::Connection;
using sqlite::Migration;
using sqlite::Owner;
using testing::HasSubstr;
using testing::Not;

// ---- Migrations

class Migrations : public testing::Test {
 protected:
  Connection open() {
    write_file_once();
    auto connection = Connection::open(file_, std::chrono::milliseconds(1000));
    EXPECT_OK(connection);
    return *std::move(connection);
  }
  void write_file_once() {
    if (!std::filesystem::exists(file_)) write_bytes(file_, "");
  }

  TemporaryFolder folder_;
  const std::string file_ = folder_.path() / "journal.db";
  const Migration first_{"first", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);"};
  const Migration second_{"second",
                          "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO b SELECT x + 1 FROM a;"};
  const Migration broken_{"broken",
                          "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nothing VALUES (1);"};
};

TEST_F(Migrations, LeadFromAnyVersionToTheNewestKeepingWhatIsThere) {
  Connection connection = open();
  const std::vector<Migration> one{first_}, two{first_, second_};
  ASSERT_OK(sqlite::bring_up_to_date(connection, one));
  EXPECT_EQ(*sqlite::schema_version(connection), 1);
  ASSERT_OK(sqlite::bring_up_to_date(connection, two));
  ASSERT_OK(sqlite::bring_up_to_date(connection, two)) << "a step is taken once";
  EXPECT_EQ(*sqlite::schema_version(connection), 2);
  EXPECT_EQ(RawDatabase(file_).values("SELECT x FROM a UNION ALL SELECT x FROM b"),
            (std::vector<std::string>{"1", "2"}));
}

TEST_F(Migrations, StayAtTheLastGoodStepWhenOneFails) {
  Connection connection = open();
  const std::vector<Migration> bad{first_, broken_}, good{first_, second_};
  EXPECT_THAT(sqlite::bring_up_to_date(connection, bad),
              IsError(ErrorKind::internal, HasSubstr("nothing")));
  EXPECT_EQ(*sqlite::schema_version(connection), 1);
  EXPECT_EQ(RawDatabase(file_).value("SELECT count(*) FROM sqlite_schema"), "1")
      << "half of the step is undone";
  EXPECT_OK(sqlite::bring_up_to_date(connection, good));
}

TEST_F(Migrations, ChangeNothingInAFileOfALaterVersionThatStillHasALog) {
  Connection writer = open();
  const std::vector<Migration> one{first_}, two{first_, second_};
  ASSERT_OK(sqlite::bring_up_to_date(writer, two));
  // As if the writer had been killed: its files are copied while it is open.
  const std::string copy = folder_.path() / "copy.db";
  write_bytes(copy, bytes_of(file_));
  write_bytes(copy + "-wal", bytes_of(file_ + "-wal"));
  const std::string file_before = bytes_of(copy), log_before = bytes_of(copy + "-wal");
  ASSERT_NE(log_before, "");
  {
    auto late = Connection::open(copy, std::chrono::milliseconds(1000));
    ASSERT_OK(late);
    EXPECT_THAT(sqlite::bring_up_to_date(*late, one),
                IsError(ErrorKind::unsupported, HasSubstr("version 2")));
  }
  EXPECT_EQ(bytes_of(copy), file_before);
  EXPECT_EQ(bytes_of(copy + "-wal"), log_before);
}

TEST_F(Migrations, AreRefusedToAWriterThatWasOpenWhenANewerProgramTookThem) {
  const SqliteBackend backend;
  BlockingJournal journal(backend.open());
  const Lease lease = *journal.create(new_run());
  const auto newer = static_cast<int>(sqlite::migrations().size()) + 1;
  ASSERT_EQ(RawDatabase(backend.file()).execute("PRAGMA user_version = " + std::to_string(newer)),
            "");
  EXPECT_THAT(journal.append(lease, event_saying(1)),
              IsError(ErrorKind::unsupported, HasSubstr("newer")));
}

// ---- Owners

TEST(Owner, IsAliveWhileItsProcessIs) {
  const Owner self = sqlite::this_process("a");
  EXPECT_EQ(self.pid, getpid());
  EXPECT_GT(self.started, 0);
  EXPECT_TRUE(sqlite::is_alive(self, self));
  Owner parent = self;
  Child child([&](int out) {
    const Owner mine = sqlite::this_process("b");
    tell(out, mine.pid);
    tell(out, mine.started);
    return pause();
  });
  parent.pid = *child.next();
  parent.started = *child.next();
  EXPECT_TRUE(sqlite::is_alive(parent, self));
  child.kill(SIGKILL);
  child.wait();
  EXPECT_FALSE(sqlite::is_alive(parent, self));
}

TEST(Owner, IsGoneWhenItsPidBelongsToALaterProcessOrAnotherBoot) {
  const Owner self = sqlite::this_process("a");
  Owner other = self;
  other.started -= 1;
  EXPECT_FALSE(sqlite::is_alive(other, self));
  other = self;
  other.machine = "00000000-0000-0000-0000-000000000000 pid:[1]";
  EXPECT_FALSE(sqlite::is_alive(other, self));
  other = self;
  other.pid = 0;
  EXPECT_FALSE(sqlite::is_alive(other, self));
}

TEST(Owner, CountsAsAliveWhereItCannotBeSeen) {
  const Owner self = sqlite::this_process("a");
  Owner other = self;
  other.machine = self.machine.substr(0, self.machine.find(' ')) + " pid:[1]";
  other.pid = 999'999'999;
  EXPECT_TRUE(sqlite::is_alive(other, self));
  EXPECT_TRUE(sqlite::is_out_of_sight(other, self));
}

// ---- Search expressions

TEST(MatchExpression, QuotesEachWordAndLetsTheLastOneBeABeginning) {
  EXPECT_EQ(*sqlite::match_expression(" two  wor\"ds "), "\"two\" \"wor\"\"ds\" *");
  EXPECT_EQ(*sqlite::match_expression("- ( \" *"), "");
}

TEST(MatchExpression, IsUnderstoodByTheIndexWhateverTheUserTyped) {
  const SqliteBackend backend;
  BlockingJournal journal(backend.open());
  const Lease lease = *journal.create(new_run());
  ASSERT_OK(journal.append(lease, event_with(Json::object(), "a needle in a haystack")));
  std::mt19937 random(10);
  const std::vector<std::string> pieces = {"needle", "a",
                                           " ",      " ",
                                           "\"",     "'",
                                           "*",      "(",
                                           ")",      "{",
                                           "}",      ":",
                                           "^",      "-",
                                           "+",      "AND",
                                           "OR",     "NOT",
                                           "NEAR",   "text",
                                           ",",      "\n",
                                           "ä",      "—",
                                           "\xFF",   std::string(1, '\0'),
                                           "\u00A0", "\u200B",
                                           "😀"};
  for (int i = 0; i < 3'000; ++i) {
    std::string query;
    for (auto n = random() % 10; n > 0; --n) query += pieces[random() % pieces.size()];
    const auto hits = journal.search(query);
    ASSERT_OK(hits) << testing::PrintToString(query);
    ASSERT_OK(journal.recall(query)) << testing::PrintToString(query);
  }
}

// ---- Redaction

TEST(CleanBody, StaysJsonAndKeepsNoSecretWhereverItStands) {
  std::mt19937 random(11);
  const std::vector<std::string> secrets = {"123456",  "pa\"ss\\word", "{\"a\":1}",
                                            "ünïcödé", "line\nbreak",  "true and"};
  Redactor redactor;
  for (const std::string& secret : secrets) redactor.add(Secret(secret));
  const auto text = [&] {
    std::string out;
    for (auto n = random() % 4; n > 0; --n)
      out += random() % 2 == 0 ? secrets[random() % secrets.size()] : "x\"";
    return random() % 4 == 0 ? to_text(Json{{"inner", out}}) : out;
  };
  for (int i = 0; i < 3'000; ++i) {
    Json body{{"t", text()},
              {text(), Json::array({text(), nullptr, true, 1.5})},
              {"n", random() % 2 == 0 ? 123456 : 7}};
    body["id"] = 91234567;
    const JsonText printed(body);
    const sqlite::CleanText cleaned = sqlite::clean_body(redactor, printed);
    const std::string clean(cleaned.view());
    ASSERT_OK(parse_json(clean)) << clean;
    for (const std::string& secret : secrets) {
      if (secret == "{\"a\":1}") continue;  // as JSON it is not the secret's text
      ASSERT_THAT(clean, Not(HasSubstr(secret))) << to_text(body);
      const std::string quoted = to_text(Json(secret));
      ASSERT_THAT(clean, Not(HasSubstr(quoted.substr(1, quoted.size() - 2)))) << to_text(body);
    }
  }
}

TEST(CleanBody, FindsASecretInJsonThatIsATextInJson) {
  Redactor redactor;
  redactor.add(Secret("pa\"ss-word"));
  const Json body{{"arguments", to_text(Json{{"password", "pa\"ss-word"}})}};
  const JsonText printed(body);
  EXPECT_EQ(sqlite::clean_body(redactor, printed).view(), R"({"arguments":"{\"password\":\"[secret]\"}"})");
}

TEST(CleanBody, FindsASecretThatIsWrittenInAnyWayThatJsonHas) {
  Redactor redactor;
  redactor.add(Secret("hunter2hunter2"));
  redactor.add(Secret("p\"\xFFw0rd"));
  const auto clean = [&](const char* text) { return std::string(sqlite::clean_body(redactor, *JsonText::parse(text)).view()); };
  EXPECT_EQ(clean(R"({"a":"hun\u0074er2hunter2"})"), R"({"a":"[secret]"})");
  EXPECT_EQ(clean(R"({"a":"hunter2hunter2\n","a":"x"})"), R"({"a":"x"})") << "a member that stands there twice";
  EXPECT_EQ(clean(R"({"a":"no secret\n"})"), R"({"a":"no secret\n"})");
  const JsonText printed(Json{{"a", "p\"\xFFw0rd"}});
  EXPECT_EQ(sqlite::clean_body(redactor, printed).view(), R"({"a":"[secret]"})");
}

}  // namespace
}  // namespace deed
