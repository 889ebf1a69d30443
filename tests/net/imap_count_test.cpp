// Searches over a real connection to a server that fails at every stage in every way: a count is
// only given where the server gave one.
#include "deed/net/imap.hpp"
#include "deed/net/imap_wire.hpp"
#include "deed/tests/fakes/imap_server.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/net/imap_pieces.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <optional>
#include <thread>
#include <unistd.h>

namespace deed {
namespace {

using fakes::ImapAction;
using fakes::ImapFault;
using fakes::ImapStage;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* id = "<1a2b3c@example.org>";

std::string message(const std::string& message_id) {
  return "From: a@example.org\r\nMessage-ID: " + message_id + "\r\nSubject: s\r\n\r\nMessage-ID: " + id + "\r\n";
}

class ImapTest : public testing::Test {
 protected:
  void serve(std::vector<ImapFault> faults = {}) {
    const auto sent = [] {
      return std::vector<std::string>{message(id), message("<other@example.org>"), message(id)};
    };
    const auto none = [] { return std::vector<std::string>(); };
    server_ = std::make_unique<fakes::ImapServer>(fakes::ImapServerOptions{
        .mailboxes = {{"Sent", sent}, {"Entw&APw-rfe", none}}, .faults = std::move(faults)});
  }
  ImapServer at(const std::string& login = "ann:secret@") const {
    return ImapServer::parse("imap://" + login + "127.0.0.1:" + std::to_string(server_->port())).value();
  }
  Result<std::size_t> count(ImapServer server, ImapSearch search) {
    return run_async(io_, client_->count(std::move(server), std::move(search)));
  }
  Result<std::size_t> count(std::string mailbox = "Sent", std::string message_id = id) {
    return count(at(), {.mailbox = std::move(mailbox), .message_id = std::move(message_id)});
  }

  asio::io_context io_;
  std::unique_ptr<fakes::ImapServer> server_;
  std::unique_ptr<ImapClient> client_ = make_imap_client(io_.get_executor(), TrustStore{});
};

TEST_F(ImapTest, CountsTheMessagesThatHaveTheMessageId) {
  serve();
  const auto there = count();
  ASSERT_OK(there);
  EXPECT_EQ(*there, 2u);
  const auto absent = count("Sent", "<nowhere@example.org>");
  ASSERT_OK(absent);
  EXPECT_EQ(*absent, 0u);
  EXPECT_THAT(server_->commands(), Contains("UID SEARCH HEADER Message-ID \"<1a2b3c@example.org>\""));
}

TEST_F(ImapTest, CountsAsManyAsAMailMayHaveRecipients) {
  const auto many = [] { return std::vector<std::string>(10'000, message(id)); };
  server_ = std::make_unique<fakes::ImapServer>(fakes::ImapServerOptions{.mailboxes = {{"Sent", many}}});
  const auto found = count();
  ASSERT_OK(found);
  EXPECT_EQ(*found, 10'000u);
}

TEST_F(ImapTest, FindsAMailboxByTheNameThatPeopleSee) {
  serve();
  const auto found = count("Entwürfe");
  ASSERT_OK(found);
  EXPECT_EQ(*found, 0u);
}

TEST_F(ImapTest, NamesAMailboxThatIsNotThereAndAWrongPassword) {
  serve();
  EXPECT_THAT(count("Nowhere"), Not(IsOk()));
  const auto wrong = count(at("ann:wrong-password@"), {.mailbox = "Sent", .message_id = id});
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().kind, ErrorKind::denied);
  EXPECT_THAT(to_string(wrong.error()), Not(HasSubstr("wrong-password")));
}

TEST_F(ImapTest, RefusesWhatWouldBreakOutOfALineBeforeItConnects) {
  serve();
  for (const char* bad : {"Se\r\nnt", "", "\xff"}) {
    EXPECT_THAT(count(bad), IsError(ErrorKind::invalid)) << bad;
  }
  EXPECT_THAT(count("Sent", "<a>\"\r\nA1 DELETE Sent"), IsError(ErrorKind::invalid));
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ImapTest, SendsNeitherPasswordNorCommandWithoutTheTlsThatWasAskedFor) {
  serve();
  ImapServer server = at();
  server.security = MailSecurity::tls;
  EXPECT_THAT(count(server, {.mailbox = "Sent", .message_id = id, .timeout = std::chrono::seconds(5)}), Not(IsOk()));
  for (const std::string& command : server_->commands()) EXPECT_THAT(command, Not(HasSubstr("secret")));
}

TEST_F(ImapTest, GivesAServerWithoutStarttlsNoPassword) {
  const std::optional<std::string> name = fakes::host_name();
  if (!name) GTEST_SKIP() << "the name of this machine does not lead to it";
  serve();
  ImapServer server = at();
  server.host = *name;
  EXPECT_THAT(count(server, {.mailbox = "Sent", .message_id = id}), Not(IsOk()));
  for (const std::string& command : server_->commands()) EXPECT_THAT(command, Not(HasSubstr("secret")));
}

TEST_F(ImapTest, LogsInWithPlainWhereTheServerOffersIt) {
  serve({{.stage = ImapStage::capability, .reply = "* CAPABILITY IMAP4rev1 AUTH=GSSAPI AUTH=PLAIN\r\nTAG OK done"}});
  EXPECT_THAT(count(at("ann%40example.org:secret@"), {.mailbox = "Sent", .message_id = id}), Not(IsOk()));
  EXPECT_THAT(server_->commands(), Contains(HasSubstr("AUTHENTICATE PLAIN")));
  EXPECT_THAT(server_->commands(), Not(Contains(HasSubstr("GSSAPI"))));
}

TEST_F(ImapTest, EndsAtOnceWhenItIsCancelled) {
  serve({{.stage = ImapStage::search, .action = ImapAction::hang}});
  asio::cancellation_signal signal;
  std::optional<Result<std::size_t>> result;
  const auto keep = [](Async<std::size_t> work, std::optional<Result<std::size_t>>& out) -> asio::awaitable<void> {
    Result<std::size_t> found = co_await std::move(work);
    out.emplace(std::move(found));
  };
  ImapSearch search{.mailbox = "Sent", .message_id = id, .timeout = std::chrono::minutes(5)};
  const auto done = [](std::exception_ptr) {};
  asio::co_spawn(io_, keep(client_->count(at(), search), result), asio::bind_cancellation_slot(signal.slot(), done));
  std::thread canceller([&] {
    EXPECT_TRUE(server_->wait_for_commands(4));
    asio::post(io_, [&] { signal.emit(asio::cancellation_type::terminal); });
  });
  io_.run();
  canceller.join();
  ASSERT_TRUE(result);
  EXPECT_THAT(*result, IsError(ErrorKind::cancelled));
}

struct ImapCase {
  std::string name;
  ImapFault fault;
  bool is_good = false;
};
void PrintTo(const ImapCase& c, std::ostream* out) { *out << c.name; }

std::vector<ImapCase> all_cases() {
  const std::vector<std::pair<std::string, ImapStage>> stages = {{"greeting", ImapStage::greeting},
                                                                 {"capability", ImapStage::capability},
                                                                 {"login", ImapStage::login},
                                                                 {"select", ImapStage::select},
                                                                 {"search", ImapStage::search}};
  std::vector<ImapCase> out;
  for (const auto& [name, stage] : stages) {
    out.push_back({name + " drops", {.stage = stage, .action = ImapAction::drop}});
    out.push_back({name + " resets", {.stage = stage, .action = ImapAction::reset}});
    out.push_back({name + " hangs", {.stage = stage, .action = ImapAction::hang}});
    out.push_back({name + " says garbage", {.stage = stage, .reply = "\x01\xff what?", .then_drop = true}});
    out.push_back({name + " refuses", {.stage = stage, .reply = "TAG NO not today", .then_drop = true}});
    out.push_back({name + " calls it bad", {.stage = stage, .reply = "TAG BAD what?", .then_drop = true}});
    out.push_back({name + " says good bye", {.stage = stage, .reply = "* BYE closing", .then_drop = true}});
  }
  const ImapStage search = ImapStage::search;
  out.push_back({"search breaks off in the list", {.stage = search, .reply = "* SEARCH 1", .then_drop = true, .is_cut = true}});
  out.push_back({"search breaks off behind the list", {.stage = search, .reply = "* SEARCH", .then_drop = true}});
  out.push_back({"search has no list", {.stage = search, .reply = "TAG OK done"}});
  out.push_back({"search lists what is no number", {.stage = search, .reply = "* SEARCH one\r\nTAG OK done"}});
  out.push_back({"search fails behind the list", {.stage = search, .reply = "* SEARCH\r\nTAG NO failed"}});
  out.push_back({"search is slow", {.stage = search, .reply = "* SEARCH 1 2\r\nTAG OK done", .is_slow = true}, true});
  out.push_back({"search is told news", {.stage = search, .reply = "* 4 EXISTS\r\n* search 7 9 \r\n* 1 RECENT\r\nTAG OK done"}, true});
  return out;
}

class ImapFaults : public ImapTest, public testing::WithParamInterface<ImapCase> {};

TEST_P(ImapFaults, GiveACountOnlyWhereTheServerGaveOne) {
  serve({GetParam().fault});
  ImapSearch search{.mailbox = "Sent", .message_id = id};
  if (GetParam().fault.action == ImapAction::hang) search.timeout = std::chrono::milliseconds(300);
  const auto found = count(at(), search);
  EXPECT_EQ(found.has_value(), GetParam().is_good) << (found ? std::to_string(*found) : to_string(found.error()));
  if (found) {
    EXPECT_EQ(*found, 2u);
  }
}

INSTANTIATE_TEST_SUITE_P(Matrix, ImapFaults, testing::ValuesIn(all_cases()), [](const auto& test) {
  std::string name = test.param.name;
  for (char& c : name) {
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
});

TEST(ImapWire, WritesNamesInModifiedUtf7) {
  EXPECT_EQ(imap_mailbox_name("Sent"), "Sent");
  EXPECT_EQ(imap_mailbox_name("R&D"), "R&-D");
  EXPECT_EQ(imap_mailbox_name("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");  // RFC 3501
  EXPECT_EQ(imap_mailbox_name("😀"), "&2D3eAA-");
}

TEST(ImapWire, QuotesWhatItLooksFor) {
  EXPECT_THAT(pieces_of(imap_search_command({.message_id = "<a\"b\\c@x>"})), ElementsAre("UID SEARCH HEADER Message-ID \"<a\\\"b\\\\c@x>\""));
}

TEST(ImapUrl, TellsSchemesApartAndKeepsThePasswordToItself) {
  const auto tls = ImapServer::parse("imaps://me%40x:p%3Aw@mail.example.org");
  ASSERT_OK(tls);
  EXPECT_EQ(tls->port, 993);
  EXPECT_EQ(tls->security, MailSecurity::tls);
  EXPECT_EQ(tls->user, "me@x");
  EXPECT_EQ(tls->password.reveal(), "p:w");
  EXPECT_EQ(ImapServer::parse("imap://h")->port, 143);
  EXPECT_EQ(ImapServer::parse("imap+insecure://h")->security, MailSecurity::none);
  const auto bad = ImapServer::parse("smtp://me:hidden@h");
  ASSERT_FALSE(bad.has_value());
  EXPECT_THAT(to_string(bad.error()), AllOf(HasSubstr("imap://"), Not(HasSubstr("hidden"))));
}

}  // namespace
}  // namespace deed
