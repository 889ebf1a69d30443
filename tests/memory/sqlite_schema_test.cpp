// The schema: what docs/journal.md says of it, and that a journal of every earlier version still
// opens.
#include "deed/memory/schedule_store.hpp"
#include "deed/memory/sqlite/migrations.hpp"
#include "deed/tests/memory/sqlite_fixture.hpp"

#include <regex>

namespace deed {
namespace {

namespace fs = std::filesystem;
const fs::path source_dir = DEED_SOURCE_DIR;

// Every table, index, trigger and view as the file has it; without those that SQLite and FTS5 make
// for themselves.
std::string schema_of(RawDatabase& raw) {
  std::string out;
  for (const std::string& sql :
       raw.values("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE "
                  "'sqlite\\_%' ESCAPE '\\' "
                  "AND name NOT LIKE '%\\_fts\\_%' ESCAPE '\\' ORDER BY rowid")) {
    out += sql + ";\n";
  }
  return out;
}

std::string block_after(const std::string& page, const std::string& marker) {
  const std::string fence = "```sql\n";
  const std::size_t begin = page.find(fence, page.find(marker));
  if (begin == std::string::npos) return "";
  const std::size_t end = page.find("```", begin + fence.size());
  return page.substr(begin + fence.size(), end - begin - fence.size());
}

TEST(JournalPage, HasTheSchemaThatTheFileHas) {
  const SqliteBackend backend;
  backend.open();
  RawDatabase raw(backend.file());
  EXPECT_EQ(block_after(bytes_of(source_dir / "docs" / "journal.md"), "<!-- schema -->"),
            schema_of(raw));
}

TEST(JournalPage, NamesTheVersionAndTheApplicationIdOfTheFile) {
  const SqliteBackend backend;
  backend.open();
  RawDatabase raw(backend.file());
  const std::string page = bytes_of(source_dir / "docs" / "journal.md");
  EXPECT_NE(page.find("`user_version` is " + raw.value("PRAGMA user_version") + "."),
            std::string::npos);
  char id[32];
  std::snprintf(id, sizeof id, "0x%08llX", std::stoll(raw.value("PRAGMA application_id")));
  EXPECT_NE(page.find("`application_id` is " + std::string(id)), std::string::npos) << id;
}

TEST(JournalPage, HasQueriesThatRun) {
  const SqliteBackend backend;
  backend.open();
  RawDatabase raw(backend.file());
  const std::string page = bytes_of(source_dir / "docs" / "journal.md");
  const std::string queries = block_after(page, "<!-- queries -->");
  EXPECT_NE(queries, "");
  EXPECT_EQ(raw.execute(queries), "");
}

std::vector<std::string> all_matches(const std::string& text, const char* pattern) {
  std::vector<std::string> out;
  const std::regex regex(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at)
    out.push_back((*at)[1]);
  return out;
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  if (from == std::string::npos) return "";
  return text.substr(from, text.find(end, from) - from);
}

// This room knows no kinds of events; the page is compared with the sources of the room that does.
TEST(JournalPage, ListsEveryKindOfEventWithEveryMemberOfItsBody) {
  const std::string page = bytes_of(source_dir / "docs" / "journal.md");
  const std::string header = bytes_of(source_dir / "agent" / "event_types.hpp");
  const std::string source = bytes_of(source_dir / "agent" / "event_types.cpp");
  const auto kinds = all_matches(between(source, "kinds = {", "};"), "\"([a-z_.]+)\"");
  const auto types = all_matches(between(header, "std::variant<", ">;"), "([A-Z][A-Za-z]+)");
  ASSERT_GE(kinds.size(), 19u);
  ASSERT_EQ(kinds.size(), types.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const std::string row = between(page, "\n| `" + kinds[i] + "` |", " |\n");
    EXPECT_NE(row, "") << kinds[i];
    const auto members = all_matches(between(source, "auto& e, const " + types[i] + "*)", "}"),
                                     "v\\(\"([a-z_0-9]+)\"");
    EXPECT_FALSE(members.empty()) << types[i];
    for (const std::string& member : members)
      EXPECT_NE(row.find("`" + member + "`"), std::string::npos) << kinds[i] << member;
  }
}

class JournalOfEarlierVersion : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    RawDatabase raw(backend_.file());
    const std::string name = "journal-v" + std::to_string(GetParam()) + ".sql";
    ASSERT_EQ(raw.execute(bytes_of(source_dir / "tests" / "data" / name)), "");
    ASSERT_EQ(raw.value("PRAGMA user_version"), std::to_string(GetParam()));
  }
  SqliteBackend backend_;
};

TEST_P(JournalOfEarlierVersion, OpensWithEverythingThatWasInIt) {
  BlockingJournal journal(backend_.open());
  const auto run = journal.find_run("01936a7c-0000-7000-8000-000000000001");
  ASSERT_OK(run);
  EXPECT_EQ(run->title, "Send Ann the report");
  EXPECT_EQ(run->status, RunStatus::paused);
  const auto events = journal.read(run->id);
  ASSERT_OK(events);
  ASSERT_EQ(events->size(), 3u);
  EXPECT_EQ((*events)[0].kind, "run.started");
  EXPECT_EQ((*events)[0].body.value()["request"], "Send Ann the report");
  EXPECT_EQ((*events)[1].trust, Trust::untrusted);
  EXPECT_EQ((*events)[1].body.value()["reply"]["text"].get<std::string>().size(), 5000u)
      << "from the blob table";
  EXPECT_EQ((*events)[2].call, "call_1");
  EXPECT_EQ((*events)[2].cause, 2);
  EXPECT_EQ(journal.search("report")->size(), 1u);
  ASSERT_EQ(journal.recall("ann")->size(), 1u);
  EXPECT_EQ(journal.recall("ann")->front().value, "ann@example.org");
}

TEST_P(JournalOfEarlierVersion, IsGoneOnWithAndEndsWithTheNewestSchema) {
  {
    BlockingJournal journal(backend_.open());
    const auto lease = journal.acquire("01936a7c-0000-7000-8000-000000000001");
    ASSERT_OK(lease);
    EXPECT_EQ(lease->fence, 2);
    const auto last = journal.append(*lease, event_saying(4));
    ASSERT_OK(last);
    EXPECT_EQ(*last, 4);
  }
  const SqliteBackend fresh;
  fresh.open();
  RawDatabase migrated(backend_.file());
  RawDatabase made(fresh.file());
  EXPECT_EQ(schema_of(migrated), schema_of(made));
  EXPECT_EQ(migrated.value("PRAGMA integrity_check"), "ok");
}

TEST_P(JournalOfEarlierVersion, TakesSchedulesBesideItsRuns) {
  const auto store = open_sqlite_schedules({.path = backend_.file()});
  ASSERT_OK(store);
  EXPECT_OK((*store)->add({.name = "daily", .command = {"run", "hello"}, .folder = "/", .cron = "@daily", .zone = "UTC"}));
  const auto standing = (*store)->standing("01936a7c-0000-7000-8000-000000000001");
  ASSERT_OK(standing);
  EXPECT_EQ(standing->kind, RunStanding::Kind::paused);
}

INSTANTIATE_TEST_SUITE_P(All, JournalOfEarlierVersion, testing::Range(1, static_cast<int>(sqlite::migrations().size())));

}  // namespace
}  // namespace deed
