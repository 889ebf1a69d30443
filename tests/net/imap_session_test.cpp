// What is done in mailboxes over a real connection, and what a server may do to it meanwhile.
#include "deed/net/imap.hpp"
#include "deed/tests/fakes/imap_server.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"

#include <algorithm>

namespace deed {
namespace {

using fakes::ImapAction;
using fakes::ImapStage;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string mail(const std::string& from, const std::string& subject, const std::string& text = "Hello.") {
  return "From: " + from + "\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@example.org>\r\n\r\n" + text + "\r\n";
}

class ImapSessionTest : public testing::Test {
 protected:
  ImapSessionTest() {
    store_.add_mailbox("INBOX");
    store_.add_mailbox("Sent", "\\HasNoChildren \\Sent");
    store_.add_mailbox("Entw&APw-rfe", "\\Drafts");
    store_.add("INBOX", mail("ann@example.org", "first"), {"\\Seen"});
    store_.add("INBOX", mail("bob@example.org", "second", std::string(100'000, 'x')));
    store_.add("INBOX", mail("ann@example.org", "third"));
  }
  void serve(std::vector<fakes::ImapFault> faults = {}, std::string capabilities = "IMAP4rev1 MOVE IDLE UIDPLUS") {
    server_ = std::make_unique<fakes::ImapServer>(
        fakes::ImapServerOptions{.store = &store_, .capabilities = std::move(capabilities), .while_idle = while_idle_, .faults = std::move(faults)});
  }
  Result<void> visit(ImapClient::Work work, std::chrono::milliseconds timeout = std::chrono::seconds(20)) {
    auto server = ImapServer::parse("imap://ann:secret@127.0.0.1:" + std::to_string(server_->port())).value();
    return run_async(io_, client_->visit(std::move(server), timeout, std::move(work)));
  }
  /// The same in the open INBOX.
  Result<void> in_inbox(std::function<Result<void>(ImapSession&)> work) {
    return visit([&](ImapSession& session) -> Result<void> {
      DEED_TRY([[maybe_unused]] const ImapMailbox box, session.open("INBOX", false));
      return work(session);
    });
  }

  std::ptrdiff_t logins() const {
    const std::vector<std::string> said = server_->commands();
    return std::count_if(said.begin(), said.end(), [](const std::string& line) { return line.starts_with("LOGIN"); });
  }

  asio::io_context io_;
  fakes::ImapStore store_;
  std::function<void()> while_idle_;
  std::unique_ptr<fakes::ImapServer> server_;
  std::unique_ptr<ImapClient> client_ = make_imap_client(io_.get_executor(), TrustStore{});
};

TEST_F(ImapSessionTest, NamesMailboxesAndWhatTheyAreFor) {
  serve();
  std::vector<ImapFolder> folders;
  ASSERT_OK(visit([&](ImapSession& session) -> Result<void> {
    DEED_TRY(folders, session.folders());
    return {};
  }));
  ASSERT_EQ(folders.size(), 3u);
  EXPECT_EQ(folders[0].name, "Entwürfe");
  EXPECT_THAT(folders[0].attributes, Contains("\\Drafts"));
  EXPECT_EQ(folders[1].name, "INBOX");
}

TEST_F(ImapSessionTest, FindsAndReadsMailWithoutMarkingIt) {
  serve();
  ASSERT_OK(in_inbox([](ImapSession& session) -> Result<void> {
    DEED_TRY(const auto anns, session.search({.from = "ANN@", .is_seen = false}));
    EXPECT_THAT(anns, ElementsAre(3u));
    DEED_TRY(const auto all, session.search({}));
    DEED_TRY(const auto heads, session.headers(all));
    EXPECT_EQ(heads.size(), 3u);
    EXPECT_THAT(heads.at(1).bytes, HasSubstr("Subject: second"));
    EXPECT_THAT(heads.at(1).bytes, Not(HasSubstr("xxx")));
    EXPECT_GT(heads.at(1).size_bytes, 100'000u);
    DEED_TRY(const ImapItem whole, session.message(2, 1 << 20));
    EXPECT_EQ(whole.bytes, mail("bob@example.org", "second", std::string(100'000, 'x')));
    DEED_TRY(const ImapItem part, session.message(2, 100));
    EXPECT_EQ(part.bytes.size(), 100u);
    EXPECT_THAT(session.message(77, 100), IsError(ErrorKind::not_found));
    return {};
  }));
  EXPECT_THAT(store_.messages("INBOX")[2].flags, ElementsAre());
}

TEST_F(ImapSessionTest, FindsTextBeyondAscii) {
  store_.add("INBOX", mail("kim@example.org", "Grüße aus 서울"));
  serve();
  ASSERT_OK(in_inbox([](ImapSession& session) -> Result<void> {
    DEED_TRY(const auto found, session.search({.from = "kim", .subject = "aus 서울"}));
    EXPECT_THAT(found, ElementsAre(4u));
    return {};
  }));
}

TEST_F(ImapSessionTest, MarksAndUnmarks) {
  serve();
  ASSERT_OK(in_inbox([](ImapSession& session) -> Result<void> {
    const std::uint32_t both[] = {2, 3}, one[] = {1};
    DEED_OK(session.mark(both, {"\\Seen", "\\Flagged"}, true));
    return session.mark(one, {"\\Seen"}, false);
  }));
  EXPECT_THAT(store_.messages("INBOX")[0].flags, ElementsAre());
  EXPECT_THAT(store_.messages("INBOX")[1].flags, ElementsAre("\\Seen", "\\Flagged"));
}

TEST_F(ImapSessionTest, MovesInOneStepOrByACopyAndRemovesNothingElse) {
  store_.add("INBOX", mail("old@example.org", "waste"), {"\\Deleted"});
  for (const char* capabilities : {"IMAP4rev1 MOVE", "IMAP4rev1 UIDPLUS"}) {
    serve({}, capabilities);
    const std::uint32_t uid = store_.add("INBOX", mail("ann@example.org", "moving"));
    ASSERT_OK(in_inbox([&](ImapSession& session) { return session.move(uid, "Entwürfe"); }));
    EXPECT_EQ(store_.count("INBOX"), 4u);
  }
  EXPECT_EQ(store_.count("Entw&APw-rfe"), 2u);
  serve({}, "IMAP4rev1");
  EXPECT_THAT(in_inbox([](ImapSession& session) { return session.move(1, "Sent"); }), IsError(ErrorKind::unsupported));
  serve();
  EXPECT_THAT(in_inbox([](ImapSession& session) { return session.move(1, "Nowhere"); }), IsError(ErrorKind::not_found));
  EXPECT_EQ(store_.count("INBOX"), 4u);
}

TEST_F(ImapSessionTest, FilesAMailByteForByte) {
  serve();
  const std::string bytes = mail("ann@example.org", "copy", std::string(300'000, 'y'));
  ASSERT_OK(visit([&](ImapSession& session) { return session.append("Entwürfe", {"\\Draft", "\\Seen"}, bytes_in_memory(bytes)); }));
  const auto filed = store_.messages("Entw&APw-rfe");
  ASSERT_EQ(filed.size(), 1u);
  EXPECT_EQ(filed[0].bytes, bytes);
  EXPECT_THAT(filed[0].flags, ElementsAre("\\Draft", "\\Seen"));
  EXPECT_THAT(visit([&](ImapSession& session) { return session.append("Nowhere", {}, bytes_in_memory(bytes)); }), IsError(ErrorKind::not_found));
}

TEST_F(ImapSessionTest, WaitsForNewMail) {
  while_idle_ = [&] { store_.add("INBOX", mail("new@example.org", "news")); };
  serve();
  bool came = false;
  ASSERT_OK(in_inbox([&](ImapSession& session) -> Result<void> {
    DEED_TRY(came, session.wait_for_news(std::chrono::minutes(5)));
    DEED_TRY(const auto found, session.search({.uid_from = 4}));
    EXPECT_THAT(found, ElementsAre(4u));
    return {};
  }));
  EXPECT_TRUE(came);
}

TEST_F(ImapSessionTest, NoticesAMailThatComesAfterOneHasGone) {
  serve({{.stage = ImapStage::idle, .reply = "+ idling\r\n* 1 EXPUNGE\r\n* 2 EXISTS\r\n* 3 EXISTS"}});
  bool came = false;
  ASSERT_OK(in_inbox([&](ImapSession& session) -> Result<void> {
    DEED_TRY(came, session.wait_for_news(std::chrono::minutes(5)));
    return {};
  }));
  EXPECT_TRUE(came);
}

// RFC 6154: the mailbox has a name of its own.
TEST_F(ImapSessionTest, TakesTheMailboxThatTheServerHasForDrafts) {
  serve();
  ASSERT_OK(visit([](ImapSession& session) -> Result<void> {
    DEED_OK(session.append("Drafts", {"\\Draft"}, bytes_in_memory("x\r\n")));
    DEED_TRY(const ImapMailbox box, session.open("Drafts", true));
    EXPECT_EQ(box.messages, 1u);
    EXPECT_THAT(session.open("Trash", true), IsError(ErrorKind::not_found));
    return {};
  }));
  EXPECT_EQ(store_.count("Entw&APw-rfe"), 1u);
}

TEST_F(ImapSessionTest, SaysThatThereAreNoNews) {
  serve();
  bool came = true;
  ASSERT_OK(in_inbox([&](ImapSession& session) -> Result<void> {
    DEED_TRY(came, session.wait_for_news(std::chrono::milliseconds(50)));
    return {};
  }));
  EXPECT_FALSE(came);
}

TEST_F(ImapSessionTest, RefusesWhatWouldBreakOutOfALine) {
  serve();
  ASSERT_OK(in_inbox([](ImapSession& session) -> Result<void> {
    EXPECT_THAT(session.open("a\r\nb", true), IsError(ErrorKind::invalid));
    EXPECT_THAT(session.search({.subject = "a\r\nD9 DELETE INBOX"}), IsError(ErrorKind::invalid));
    EXPECT_THAT(session.move(1, "a\nb"), IsError(ErrorKind::invalid));
    const std::uint32_t one[] = {1};
    EXPECT_THAT(session.mark(one, {"\\Seen)\r\nx"}, true), IsError(ErrorKind::invalid));
    return {};
  }));
}

TEST_F(ImapSessionTest, TellsALostConnectionFromARefusalAtEveryStage) {
  struct Stage {
    ImapStage stage;
    std::function<Result<void>(ImapSession&)> work;
  };
  const std::uint32_t one[] = {1};
  const std::vector<Stage> stages = {
      {ImapStage::fetch, [&](ImapSession& s) -> Result<void> { DEED_TRY([[maybe_unused]] auto x, s.headers(one)); return {}; }},
      {ImapStage::change, [&](ImapSession& s) { return s.mark(one, {"\\Seen"}, true); }},
      {ImapStage::change, [&](ImapSession& s) { return s.move(1, "Sent"); }},
      {ImapStage::go_ahead, [&](ImapSession& s) { return s.append("Sent", {}, bytes_in_memory("x\r\n")); }},
      {ImapStage::append, [&](ImapSession& s) { return s.append("Sent", {}, bytes_in_memory("x\r\n")); }},
      {ImapStage::list, [&](ImapSession& s) -> Result<void> { DEED_TRY([[maybe_unused]] auto x, s.folders()); return {}; }},
      {ImapStage::idle, [&](ImapSession& s) -> Result<void> { DEED_TRY([[maybe_unused]] auto x, s.wait_for_news(std::chrono::seconds(20))); return {}; }}};
  for (const Stage& stage : stages) {
    SCOPED_TRACE(static_cast<int>(stage.stage));
    serve({{.stage = stage.stage, .action = ImapAction::drop}});
    EXPECT_THAT(in_inbox(stage.work), IsError(ErrorKind::unavailable));
    serve({{.stage = stage.stage, .reply = "* BYE closing", .then_drop = true}});
    EXPECT_THAT(in_inbox(stage.work), IsError(ErrorKind::unavailable));
    serve({{.stage = stage.stage, .reply = "TAG NO not today"}});
    EXPECT_THAT(in_inbox(stage.work), IsError(ErrorKind::denied));
    serve({{.stage = stage.stage, .reply = "* 1 FETCH ((((\r\nTAG OK done"}});
    EXPECT_THAT(in_inbox(stage.work), IsError(ErrorKind::corrupt));
  }
}

TEST_F(ImapSessionTest, EndsWithTheTimeThatItWasGiven) {
  serve({{.stage = ImapStage::fetch, .action = ImapAction::hang}});
  const auto work = [](ImapSession& session) -> Result<void> {
    DEED_TRY([[maybe_unused]] auto box, session.open("INBOX", true));
    DEED_TRY([[maybe_unused]] auto item, session.message(1, 100));
    return {};
  };
  EXPECT_THAT(visit(work, std::chrono::milliseconds(300)), IsError(ErrorKind::timeout));
}

TEST_F(ImapSessionTest, KeepsAMailThatIsMarkedWhileItIsRead) {
  serve({{.stage = ImapStage::fetch, .reply = "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 3 BODY[]<0> {3}\r\nabc)\r\n"
                                              "* 1 FETCH (UID 1 FLAGS (\\Seen \\Flagged))\r\nTAG OK done"}});
  ASSERT_OK(in_inbox([](ImapSession& session) -> Result<void> {
    DEED_TRY(const ImapItem item, session.message(1, 100));
    EXPECT_EQ(item.bytes, "abc");
    EXPECT_THAT(item.flags, ElementsAre("\\Seen", "\\Flagged"));
    return {};
  }));
}

// Of the two changes that a move is here the first was done: what the server refuses then is no refusal of the move.
TEST_F(ImapSessionTest, SaysThatACopyIsThereWhereTheOriginalCouldNotBeRemoved) {
  serve({{.stage = ImapStage::change, .reply = "TAG NO [NOPERM] not you"}, {.stage = ImapStage::change, .reply = "TAG OK copied", .times = 1}},
        "IMAP4rev1 UIDPLUS");
  EXPECT_THAT(in_inbox([](ImapSession& session) { return session.move(1, "Sent"); }), IsError(ErrorKind::unavailable, HasSubstr("also still where it was")));
}

TEST_F(ImapSessionTest, LeavesOutWhatTheServerGivesUnasked) {
  serve({{.stage = ImapStage::fetch, .reply = "* 9 FETCH (UID 99 FLAGS ())\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID 1 FLAGS ())\r\nTAG OK done"}});
  ASSERT_OK(in_inbox([](ImapSession& session) -> Result<void> {
    const std::uint32_t one[] = {1};
    DEED_TRY(const auto items, session.headers(one));
    EXPECT_EQ(items.size(), 1u);
    return {};
  }));
}

// A merge files the copy of each mail by a visit of its own.
Result<void> file_one(ImapSession& session) { return session.append("Sent", {"\\Seen"}, bytes_in_memory(mail("ann@example.org", "copy"))); }

TEST_F(ImapSessionTest, KeepsTheConnectionForTheNextVisit) {
  serve();
  for (int i = 0; i < 3; ++i) ASSERT_OK(visit(file_one));
  EXPECT_EQ(logins(), 1);
  EXPECT_EQ(store_.messages("Sent").size(), 3u);
}

TEST_F(ImapSessionTest, ConnectsAnewWhereTheKeptConnectionIsGone) {
  for (const ImapAction action : {ImapAction::drop, ImapAction::reset, ImapAction::reply}) {
    serve({{.stage = ImapStage::idle, .action = action, .reply = "* BYE too long idle", .then_drop = true, .times = 1}});
    const std::size_t before = store_.messages("Sent").size();
    ASSERT_OK(visit(file_one));
    ASSERT_OK(visit(file_one));
    EXPECT_EQ(logins(), 2);
    EXPECT_EQ(store_.messages("Sent").size(), before + 2);
  }
}

TEST_F(ImapSessionTest, KeepsNoConnectionOnWhichAnythingFailed) {
  serve();
  EXPECT_THAT(visit([](ImapSession& session) { return session.append("Nowhere", {}, bytes_in_memory(mail("ann@example.org", "copy"))); }), IsError(ErrorKind::not_found));
  ASSERT_OK(visit(file_one));
  EXPECT_EQ(logins(), 2);
}

TEST_F(ImapSessionTest, KeepsAConnectionForNobodyElse) {
  serve();
  ASSERT_OK(visit(file_one));
  auto other = ImapServer::parse("imap://ann:wrong@127.0.0.1:" + std::to_string(server_->port())).value();
  EXPECT_THAT(run_async(io_, client_->visit(std::move(other), std::chrono::seconds(20), file_one)), IsError(ErrorKind::denied));
}

}  // namespace
}  // namespace deed
