// The tools that read a mailbox and write from it, over IMAP and over a Maildir alike.
#include "deed/tests/fakes/bytes.hpp"
#include "deed/tests/fakes/imap_server.hpp"
#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/mailbox.hpp"

#include <boost/asio/post.hpp>
#include <sys/stat.h>

namespace deed {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* plain =
    "From: Ann Lee <ann@example.org>\r\nTo: deed@example.org, bob@example.net\r\nCc: kim@example.com\r\nSubject: Lunch\r\n"
    "Date: Fri, 27 Nov 2026 09:00:00 +0000\r\nMessage-ID: <lunch@example.org>\r\nReferences: <root@example.org>\r\n\r\n"
    "At noon?\r\n\r\nOn Thursday Bob wrote:\r\n> Let us eat.\r\n> Soon.\r\n";
constexpr const char* with_attachment =
    "From: =?utf-8?B?SsO8cmdlbg==?= <j@example.org>\r\nReply-To: office@example.org\r\nTo: deed@example.org\r\nSubject: Invoice 7\r\n"
    "Message-ID: <invoice@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Please <b>pay</b>.</p><img src=\"http://tracker.example/x.gif\" alt=\"logo\">\r\n"
    "--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"../../invoice.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "JVBERi0xLjQK\r\n--b--\r\n";
constexpr const char* automatic =
    "From: robot@example.org\r\nTo: deed@example.org\r\nSubject: Out of office\r\nMessage-ID: <auto@example.org>\r\nAuto-Submitted: auto-replied\r\n\r\nAway.\r\n";

// One kind of mailbox: what the tools stand on, and a look behind them.
class Box {
 public:
  virtual ~Box() = default;
  virtual MailStore& store() = 0;
  virtual void add(const std::string& folder, const std::string& bytes) = 0;
  virtual std::vector<std::string> bytes_in(const std::string& folder) = 0;
};

class ImapBox final : public Box {
 public:
  explicit ImapBox(asio::io_context& io) : client_(make_imap_client(io.get_executor(), TrustStore{})) {
    for (const auto& [name, attributes] : {std::pair{"INBOX", "\\HasNoChildren"}, {"Sent", "\\Sent"}, {"Drafts", "\\Drafts"}, {"Archive", "\\Archive"}}) {
      mails_.add_mailbox(name, attributes);
    }
    server_ = std::make_unique<fakes::ImapServer>(fakes::ImapServerOptions{.store = &mails_, .capabilities = "IMAP4rev1 MOVE IDLE"});
    store_ = make_imap_store(*client_, ImapServer::parse("imap://ann:secret@127.0.0.1:" + std::to_string(server_->port())).value());
  }
  MailStore& store() override { return *store_; }
  void add(const std::string& folder, const std::string& bytes) override { mails_.add(folder, bytes); }
  std::vector<std::string> bytes_in(const std::string& folder) override {
    std::vector<std::string> out;
    for (const auto& message : mails_.messages(folder)) out.push_back(message.bytes);
    return out;
  }
  fakes::ImapStore& mails() { return mails_; }

 private:
  fakes::ImapStore mails_;
  std::unique_ptr<ImapClient> client_;
  std::unique_ptr<fakes::ImapServer> server_;
  std::unique_ptr<MailStore> store_;
};

class MaildirBox final : public Box {
 public:
  explicit MaildirBox(asio::io_context& io) : store_(make_maildir_store(io.get_executor(), folder_.at("Maildir"))) {
    for (const char* sub : {"", ".Sent/", ".Drafts/", ".Archive/"}) {
      for (const char* part : {"cur", "new", "tmp"}) std::filesystem::create_directories(folder_.at(std::string("Maildir/") + sub + part));
    }
  }
  MailStore& store() override { return *store_; }
  std::string path() const { return folder_.at("Maildir"); }
  void add(const std::string& folder, const std::string& bytes) override {
    ++time_;
    folder_.put(path_of(folder) + "/new/" + std::to_string(time_) + ".M1.host", bytes);
  }
  std::vector<std::string> bytes_in(const std::string& folder) override {
    std::vector<std::string> out;
    for (const char* part : {"/new", "/cur"}) {
      for (const auto& entry : std::filesystem::directory_iterator(folder_.at(path_of(folder) + part))) {
        out.push_back(folder_.get(path_of(folder) + part + "/" + entry.path().filename().string()));
      }
    }
    return out;
  }

 private:
  static std::string path_of(const std::string& folder) { return folder == "INBOX" ? "Maildir" : "Maildir/." + folder; }
  TempFolder folder_;
  std::unique_ptr<MailStore> store_;
  std::int64_t time_ = 1'795'000'000;
};

class AcceptingSmtpClient final : public SmtpClient {
 public:
  asio::awaitable<SmtpReceipt> deliver(SmtpServer, SmtpTransaction mail) override {
    auto ready = co_await mail.before_commit();
    if (!ready) co_return SmtpReceipt{SmtpReceipt::Verdict::not_sent, 0, ready.error().what};
    mails.push_back(std::move(mail));
    co_return SmtpReceipt{SmtpReceipt::Verdict::accepted, 250, "OK"};
  }
  std::vector<SmtpTransaction> mails;
};

class MailboxTest : public testing::TestWithParam<std::string> {
 protected:
  MailboxTest() {
    if (GetParam() == "Imap") box_ = std::make_unique<ImapBox>(io_);
    else box_ = std::make_unique<MaildirBox>(io_);
    box_->add("INBOX", plain);
    box_->add("INBOX", with_attachment);
    box_->add("INBOX", automatic);
  }
  MailboxTools mailbox() { return {&box_->store(), ReadMails(folder_.at("kept/mails"), "test"), folder_.path()}; }
  EmailOptions email() {
    return {.smtp = SmtpServer{.host = "mail.example.org"}, .outbox = folder_.at("outbox"), .from = EmailAddress::parse("deed@example.org").value(),
            .root = folder_.path(), .client = &smtp_, .store = &box_->store()};
  }
  Outcome call(const Tool& tool, const Json& arguments) { return run_async(io_, tool.run(arguments, ctx_)); }
  ProbeResult probe(const Tool& tool, const Json& arguments) { return run_async(io_, tool.probe(arguments, ctx_)); }
  Json listed(const Json& arguments = Json::object()) { return call(email_list(mailbox()), arguments).result["mails"]; }
  std::string id_of(const std::string& subject) {
    const Outcome found = call(email_search(mailbox()), {{"subject", subject}});
    EXPECT_EQ(found.result["mails"].size(), 1u) << subject;
    return found.result["mails"][0].value("id", "");
  }
  Outcome read(const std::string& subject, Json more = Json::object()) {
    more["id"] = id_of(subject);
    return call(email_read(mailbox()), more);
  }

  asio::io_context io_;
  TempFolder folder_;
  std::unique_ptr<Box> box_;
  AcceptingSmtpClient smtp_;
  FakeContext ctx_;
};

INSTANTIATE_TEST_SUITE_P(Both, MailboxTest, testing::Values("Imap", "Maildir"), [](const auto& test) { return test.param; });

TEST_P(MailboxTest, ListsTheNewestFirst) {
  const Json mails = listed();
  ASSERT_EQ(mails.size(), 3u);
  EXPECT_EQ(mails[0]["subject"], "Out of office");
  EXPECT_EQ(mails[1]["from_name"], "Jürgen");
  EXPECT_EQ(mails[2]["from"], "ann@example.org");
  EXPECT_EQ(mails[2]["unread"], true);
  const Outcome one = call(email_list(mailbox()), {{"limit", 1}});
  EXPECT_EQ(one.result["mails"].size(), 1u);
  EXPECT_EQ(one.result["more"], 2);
  EXPECT_THAT(one.text, HasSubstr("2 older ones"));
}

TEST_P(MailboxTest, FindsBySenderSubjectWordsAndDay) {
  const Tool search = email_search(mailbox());
  const auto subjects = [&](const Json& arguments) {
    std::vector<std::string> out;
    const Outcome found = call(search, arguments);
    for (const Json& mail : found.result["mails"]) out.push_back(mail["subject"]);
    return out;
  };
  EXPECT_THAT(subjects({{"from", "ANN"}}), ElementsAre("Lunch"));
  EXPECT_THAT(subjects({{"text", "noon"}}), ElementsAre("Lunch"));
  EXPECT_THAT(subjects({{"subject", "invoice"}, {"from", "j@"}}), ElementsAre("Invoice 7"));
  EXPECT_THAT(subjects({{"to", "bob@"}}), ElementsAre("Lunch"));
  EXPECT_THAT(subjects({{"from", "nobody"}}), IsEmpty());
  EXPECT_THAT(call(search, {{"folder", "Nowhere"}}).status, OutcomeStatus::failed_without_effect);
  EXPECT_THAT(call(search, {{"since", "2026-13-40"}}).status, OutcomeStatus::failed_without_effect);
}

TEST_P(MailboxTest, ReadsAMailAndFoldsWhatItQuotes) {
  const Outcome mail = read("Lunch");
  ASSERT_EQ(mail.status, OutcomeStatus::succeeded) << told(mail);
  EXPECT_EQ(mail.result["text"], "At noon?\n");
  EXPECT_EQ(mail.result["quoted_lines"], 3);
  EXPECT_EQ(mail.result["message_id"], "<lunch@example.org>");
  EXPECT_THAT(mail.text, AllOf(HasSubstr("From: Ann Lee <ann@example.org>"), HasSubstr("3 lines"), Not(HasSubstr("Let us eat"))));
  EXPECT_THAT(read("Lunch", {{"history", true}}).text, HasSubstr("> Let us eat."));
  EXPECT_EQ(listed()[2]["unread"], true);
}

TEST_P(MailboxTest, ReadsHtmlAsTextAndNamesAttachmentsWithoutTheirFolders) {
  const Outcome mail = read("Invoice");
  ASSERT_EQ(mail.status, OutcomeStatus::succeeded) << told(mail);
  EXPECT_THAT(mail.text, AllOf(HasSubstr("Please pay."), Not(HasSubstr("tracker")), HasSubstr("Attachment 1: invoice.pdf (application/pdf")));
  EXPECT_THAT(mail.result["reply_to"], ElementsAre("office@example.org"));
}

TEST_P(MailboxTest, SavesAnAttachmentBelowTheFolderAndNeverOverAFileUnasked) {
  const Tool save = email_save(mailbox());
  const Json arguments = {{"id", id_of("Invoice")}, {"attachment", 1}, {"path", "in/invoice.pdf"}};
  EXPECT_FALSE(save.destroys(arguments));
  const Outcome saved = call(save, arguments);
  ASSERT_EQ(saved.status, OutcomeStatus::succeeded) << told(saved);
  EXPECT_EQ(folder_.get("in/invoice.pdf"), "%PDF-1.4\n");
  EXPECT_TRUE(save.destroys(arguments));
  EXPECT_EQ(probe(save, arguments).verdict, ProbeResult::Verdict::confirmed);
  for (const Json& wrong : {Json{{"id", arguments["id"]}, {"attachment", 2}, {"path", "x"}}, Json{{"id", arguments["id"]}, {"attachment", 1}, {"path", "../x"}}}) {
    EXPECT_EQ(call(save, wrong).status, OutcomeStatus::failed_without_effect);
  }
}

TEST_P(MailboxTest, MarksAMail) {
  const Tool mark = email_mark(mailbox());
  const std::string id = id_of("Lunch");
  for (const char* word : {"read", "flagged", "answered", "read"}) EXPECT_EQ(call(mark, {{"id", id}, {"as", word}}).status, OutcomeStatus::succeeded);
  const Json mail = listed()[2];
  EXPECT_EQ(mail["id"], id);
  EXPECT_EQ(mail["unread"], false);
  EXPECT_EQ(mail["flagged"], true);
  EXPECT_EQ(call(mark, {{"id", id}, {"as", "unread"}}).status, OutcomeStatus::succeeded);
  EXPECT_EQ(listed({{"unread", true}}).size(), 3u);
}

TEST_P(MailboxTest, MovesAMailOnceAndKnowsItAfterwards) {
  const Tool move = email_move(mailbox());
  const Json arguments = {{"id", id_of("Lunch")}, {"folder", "Archive"}};
  const Outcome moved = call(move, arguments);
  ASSERT_EQ(moved.status, OutcomeStatus::succeeded) << told(moved);
  EXPECT_EQ(probe(move, arguments).verdict, ProbeResult::Verdict::confirmed);
  EXPECT_THAT(box_->bytes_in("Archive"), ElementsAre(plain));
  EXPECT_EQ(box_->bytes_in("INBOX").size(), 2u);
  EXPECT_EQ(call(move, arguments).status, OutcomeStatus::failed_without_effect);
  EXPECT_EQ(call(move, {{"id", id_of("Invoice")}, {"folder", "Nowhere"}}).status, OutcomeStatus::failed_without_effect);
}

TEST_P(MailboxTest, JudgesAMoveByBothFolders) {
  const Tool move = email_move(mailbox());
  const Json arguments = {{"id", id_of("Lunch")}, {"folder", "Archive"}};
  EXPECT_EQ(probe(move, arguments).verdict, ProbeResult::Verdict::undecided) << "by what a copy could be found is not known";
  ASSERT_EQ(read("Lunch").status, OutcomeStatus::succeeded);
  EXPECT_EQ(probe(move, arguments).verdict, ProbeResult::Verdict::refuted);
  ASSERT_EQ(ctx_.waits.size(), 1u) << "the server gets its time first";
  box_->add("Archive", plain);
  EXPECT_EQ(probe(move, arguments).verdict, ProbeResult::Verdict::undecided);
}

TEST_P(MailboxTest, DoesNotTakeADeletedMailForAMovedOne) {
  const Tool move = email_move(mailbox());
  const Json arguments = {{"id", id_of("Lunch")}, {"folder", "Archive"}};
  ASSERT_EQ(read("Lunch").status, OutcomeStatus::succeeded);
  ASSERT_EQ(call(move, {{"id", arguments["id"]}, {"folder", "Sent"}}).status, OutcomeStatus::succeeded);
  EXPECT_EQ(probe(move, arguments).verdict, ProbeResult::Verdict::undecided);
}

TEST_P(MailboxTest, NamesTheFolders) {
  const Outcome folders = call(email_folders(mailbox()), Json::object());
  EXPECT_THAT(folders.text, AllOf(HasSubstr("INBOX\n"), HasSubstr("Sent (sent)\n"), HasSubstr("Drafts (drafts)\n")));
}

TEST_P(MailboxTest, AnswersInTheThreadOfAMailThatWasRead) {
  const Tool reply = email_reply(email(), mailbox().read_mails);
  const std::string id = id_of("Lunch");
  const Json arguments = {{"id", id}, {"text", "Yes."}};
  EXPECT_THAT(told(call(reply, arguments)), HasSubstr("not read yet"));
  ASSERT_EQ(read("Lunch").status, OutcomeStatus::succeeded);
  const auto preview = reply.preview(arguments, ctx_);
  ASSERT_OK(preview);
  EXPECT_THAT(preview->destinations, ElementsAre("ann@example.org"));
  const Outcome sent = call(reply, arguments);
  ASSERT_EQ(sent.status, OutcomeStatus::succeeded) << told(sent);
  ASSERT_EQ(smtp_.mails.size(), 1u);
  const std::string bytes = all_of(smtp_.mails[0].message);
  EXPECT_EQ(bytes, preview->bytes);
  EXPECT_THAT(bytes, AllOf(HasSubstr("Subject: Re: Lunch\r\n"), HasSubstr("In-Reply-To: <lunch@example.org>\r\n"), HasSubstr("<root@example.org>"),
                           HasSubstr("Auto-Submitted: auto-replied\r\n"), HasSubstr("\r\nYes.\r\n")));
}

TEST_P(MailboxTest, AnswersAllButItself) {
  ASSERT_EQ(read("Lunch").status, OutcomeStatus::succeeded);
  const Tool reply = email_reply(email(), mailbox().read_mails);
  ASSERT_EQ(call(reply, {{"id", id_of("Lunch")}, {"text", "Yes."}, {"all", true}}).status, OutcomeStatus::succeeded);
  std::vector<std::string> to;
  for (const SmtpTransaction& mail : smtp_.mails) to.push_back(mail.to.text());
  EXPECT_THAT(to, ElementsAre("ann@example.org", "bob@example.net", "kim@example.com"));
}

TEST_P(MailboxTest, AnswersWhereTheMailSaysAndNoMachine) {
  const Tool reply = email_reply(email(), mailbox().read_mails);
  ASSERT_EQ(read("Invoice").status, OutcomeStatus::succeeded);
  ASSERT_EQ(call(reply, {{"id", id_of("Invoice")}, {"text", "Paid."}}).status, OutcomeStatus::succeeded);
  EXPECT_EQ(smtp_.mails.at(0).to.text(), "office@example.org");
  ASSERT_EQ(read("Out of office").status, OutcomeStatus::succeeded);
  EXPECT_THAT(told(call(reply, {{"id", id_of("Out of office")}, {"text", "Hello?"}})), HasSubstr("machine"));
  EXPECT_EQ(smtp_.mails.size(), 1u);
}

TEST_P(MailboxTest, PutsADraftThereInsteadOfSending) {
  EmailOptions options = email();
  options.drafts = "Drafts";
  const Tool send = email_send(options);
  const Json arguments = {{"to", {"ann@example.org"}}, {"bcc", {"eve@example.org"}}, {"subject", "Plan"}, {"text", "Later."}};
  EXPECT_EQ(send.spec.effect, EffectClass::probeable);
  const auto preview = send.preview(arguments, ctx_);
  ASSERT_OK(preview);
  EXPECT_THAT(preview->summary, HasSubstr("draft"));
  const Outcome filed = call(send, arguments);
  ASSERT_EQ(filed.status, OutcomeStatus::succeeded) << told(filed);
  EXPECT_THAT(smtp_.mails, IsEmpty());
  EXPECT_THAT(box_->bytes_in("Drafts"), ElementsAre(preview->bytes));
  EXPECT_THAT(preview->bytes, HasSubstr("Bcc: eve@example.org"));
  EXPECT_EQ(probe(send, arguments).verdict, ProbeResult::Verdict::confirmed);
}

TEST_P(MailboxTest, RefutesADraftThatIsNotThereOnceItHadItsTime) {
  EmailOptions options = email();
  options.drafts = "Drafts";
  const Json arguments = {{"to", {"ann@example.org"}}, {"subject", "Plan"}, {"text", "Later."}};
  EXPECT_EQ(probe(email_send(options), arguments).verdict, ProbeResult::Verdict::refuted);
  ASSERT_EQ(ctx_.waits.size(), 1u);
  EXPECT_EQ(ctx_.waits[0], std::chrono::seconds(30));
}

TEST_P(MailboxTest, ProvesNothingByADraftThatIsNotThereAnyMore) {
  EmailOptions options = email();
  options.drafts = "Drafts";
  const Json arguments = {{"to", {"ann@example.org"}}, {"subject", "Plan"}, {"text", "Later."}};
  ctx_.dispatched_time = FixedClock().now() - std::chrono::hours(1);
  EXPECT_EQ(probe(email_send(options), arguments).verdict, ProbeResult::Verdict::undecided);
  ctx_.dispatched_time = FixedClock().now();
  ctx_.asked_part = "ann@example.org";
  EXPECT_EQ(probe(email_send(options), arguments).verdict, ProbeResult::Verdict::undecided) << "it went to a server";
}

TEST_P(MailboxTest, AsksNoCrowdForAnAnswer) {
  std::string reply_to;
  for (int i = 0; i < 11; ++i) reply_to += (i ? ", " : "") + std::string("a") + std::to_string(i) + "@example.org";
  box_->add("INBOX", "From: eve@example.org\r\nReply-To: " + reply_to + "\r\nSubject: Crowd\r\nMessage-ID: <crowd@example.org>\r\n\r\nHello.\r\n");
  ASSERT_EQ(read("Crowd").status, OutcomeStatus::succeeded);
  EXPECT_THAT(told(call(email_reply(email(), mailbox().read_mails), {{"id", id_of("Crowd")}, {"text", "Hi."}})), HasSubstr("11 addresses"));
  EXPECT_THAT(smtp_.mails, IsEmpty());
}

TEST_P(MailboxTest, KeepsOneCopyOfWhatWasSent) {
  EmailOptions options = email();
  options.copies = "Sent";
  const Tool send = email_send(options);
  const Json arguments = {{"to", {"ann@example.org"}}, {"bcc", {"eve@example.org"}}, {"subject", "Plan"}, {"text", "Now."}};
  const Outcome sent = call(send, arguments);
  ASSERT_EQ(sent.status, OutcomeStatus::succeeded) << told(sent);
  EXPECT_EQ(sent.result["copy"], "Sent");
  // Broken off behind the last recipient, the call is made again: nobody gets the mail again, and there is one copy.
  ASSERT_EQ(call(send, arguments).status, OutcomeStatus::succeeded);
  EXPECT_EQ(smtp_.mails.size(), 2u);
  const auto copies = box_->bytes_in("Sent");
  ASSERT_EQ(copies.size(), 1u);
  EXPECT_THAT(copies[0], HasSubstr("Bcc: eve@example.org"));
  for (const SmtpTransaction& mail : smtp_.mails) EXPECT_THAT(all_of(mail.message), Not(HasSubstr("eve@")));
}

TEST_P(MailboxTest, HasSentAMailOfWhichNoCopyCouldBeKept) {
  EmailOptions options = email();
  options.copies = "Nowhere";
  const Outcome sent = call(email_send(options), {{"to", {"ann@example.org"}}, {"subject", "Plan"}, {"text", "Now."}});
  EXPECT_EQ(sent.status, OutcomeStatus::succeeded);
  EXPECT_EQ(sent.result["copy"], "");
  EXPECT_THAT(sent.text, HasSubstr("No copy is in Nowhere"));
}

TEST_P(MailboxTest, NamesWhatCameBackAndTheRunThatHadSentIt) {
  const std::string key = "0123456789abcdef0123456789abcdef";
  box_->add("INBOX", "From: Mail System <postmaster@example.org>\r\nTo: deed@example.org\r\nSubject: Unzustellbar\r\nMIME-Version: 1.0\r\n"
                     "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nNo.\r\n--b\r\n"
                     "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; nobody@example.org\r\n"
                     "Action: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <" + key + "@example.org>\r\n\r\n--b--\r\n");
  FakeJournal journal;
  journal.hits = {{.run = "run-3"}, {.run = "run-1"}, {.run = "run-2"}};
  MailboxTools tools = mailbox();
  tools.journal = &journal;
  const Outcome out = call(email_bounces(tools), Json::object());
  ASSERT_EQ(out.result["bounces"].size(), 1u) << out.text;
  EXPECT_EQ(out.result["bounces"][0]["run"], "run-1");
  EXPECT_EQ(out.result["bounces"][0]["recipients"][0]["address"], "nobody@example.org");
  EXPECT_THAT(out.text, HasSubstr("nobody@example.org: failed 5.1.1"));
  EXPECT_EQ(out.result["bounces"][0]["message_ids"], Json::array({"<" + key + "@example.org>"}));
}

TEST_P(MailboxTest, AnswersItselfWhereAMailWentToNobodyElse) {
  box_->add("INBOX", "From: deed@example.org\r\nTo: deed@example.org\r\nSubject: Note\r\nMessage-ID: <note@example.org>\r\n\r\nRemember.\r\n");
  ASSERT_EQ(read("Note").status, OutcomeStatus::succeeded);
  ASSERT_EQ(call(email_reply(email(), mailbox().read_mails), {{"id", id_of("Note")}, {"text", "Done."}}).status, OutcomeStatus::succeeded);
  EXPECT_EQ(smtp_.mails.at(0).to.text(), "deed@example.org");
}

TEST_P(MailboxTest, RefusesIdsThatAreNone) {
  for (const char* id : {"", "x", "INBOX/", "/1.1", "INBOX/../../etc/passwd", "INBOX/1.99", "INBOX/9.1", "Nowhere/1.1", "INBOX/\n1.1"}) {
    EXPECT_EQ(call(email_read(mailbox()), {{"id", id}}).status, OutcomeStatus::failed_without_effect) << id;
    EXPECT_EQ(call(email_mark(mailbox()), {{"id", id}, {"as", "read"}}).status, OutcomeStatus::failed_without_effect) << id;
  }
}

// A change is in doubt only where its command may have been sent and the answer did not come.
TEST(ImapMailbox, TellsWhatWasNotDoneFromWhatNobodyKnows) {
  using State = MailChange::State;
  struct Case {
    fakes::ImapStage stage;
    State of_mark, of_file;
  };
  for (const Case& c : {Case{fakes::ImapStage::login, State::not_done, State::not_done}, {fakes::ImapStage::select, State::not_done, State::done},
                        {fakes::ImapStage::fetch, State::not_done, State::done}, {fakes::ImapStage::change, State::unknown, State::done},
                        {fakes::ImapStage::go_ahead, State::done, State::unknown}, {fakes::ImapStage::append, State::done, State::unknown}}) {
    asio::io_context io;
    fakes::ImapStore mails;
    mails.add_mailbox("INBOX");
    mails.add("INBOX", plain);
    const fakes::ImapServer server({.store = &mails, .faults = {{.stage = c.stage, .action = fakes::ImapAction::drop}}});
    const auto client = make_imap_client(io.get_executor(), TrustStore{});
    const auto store = make_imap_store(*client, ImapServer::parse("imap://ann:secret@127.0.0.1:" + std::to_string(server.port())).value());
    EXPECT_EQ(run_async(io, store->mark({"INBOX", "1.1"}, {.seen = true}, true)).state, c.of_mark) << static_cast<int>(c.stage);
    EXPECT_EQ(run_async(io, store->file("INBOX", {.bytes = bytes_in_memory(plain), .key = call_key()})).state, c.of_file) << static_cast<int>(c.stage);
  }
}

TEST(MaildirMailbox, WaitsForMailThatComes) {
  asio::io_context io;
  MaildirBox box(io);
  // Behind the beginning of the wait in the loop's queue.
  asio::post(io, [&] { asio::post(io, [&] { box.add("INBOX", plain); }); });
  const NewMail none = [](const MailArrivals&) { return false; }, some = [](const MailArrivals& there) { return !there.mails.empty(); };
  EXPECT_TRUE(run_async(io, box.store().wait_for_mail("INBOX", 0, none, std::chrono::minutes(1))).value());
  EXPECT_FALSE(run_async(io, box.store().wait_for_mail("INBOX", 0, none, std::chrono::milliseconds(20))).value());
  EXPECT_TRUE(run_async(io, box.store().wait_for_mail("INBOX", 0, some, std::chrono::minutes(1))).value()) << "what came before the wait began";
}

// RFC 3501, section 2.3.1.1.
TEST(ImapMailbox, TakesNoIdOfAFolderThatWasMadeAnew) {
  asio::io_context io;
  ImapBox box(io);
  box.add("INBOX", plain);
  const MailId id{"INBOX", "1.1"};
  ASSERT_OK(run_async(io, box.store().read(id, 1 << 20)));
  box.mails().set_uid_validity("INBOX", 2);
  EXPECT_THAT(run_async(io, box.store().read(id, 1 << 20)), IsError(ErrorKind::conflict));
  EXPECT_EQ(run_async(io, box.store().move(id, "Archive")).error.kind, ErrorKind::conflict);
  EXPECT_EQ(box.mails().count("INBOX"), 1u);
}

TEST(MaildirMailbox, LeavesTheFlagsOfOthersAlone) {
  asio::io_context io;
  MaildirBox box(io);
  const std::string name = box.path() + "/cur/1796000000.M1.host:2,FPSTab";
  std::ofstream(name) << plain;
  const MailId id{"INBOX", "1796000000.M1.host"};
  EXPECT_EQ(run_async(io, box.store().mark(id, {.seen = true}, false)).state, MailChange::State::done);
  EXPECT_TRUE(std::filesystem::exists(box.path() + "/cur/1796000000.M1.host:2,FPTab"));
  EXPECT_EQ(run_async(io, box.store().move(id, "Archive")).state, MailChange::State::done);
  EXPECT_TRUE(std::filesystem::exists(box.path() + "/.Archive/cur/1796000000.M1.host:2,FPTab"));
  EXPECT_EQ(run_async(io, box.store().move({"Archive", id.unique}, "Archive")).state, MailChange::State::not_done);
}

TEST(MaildirMailbox, OpensNothingThroughALink) {
  asio::io_context io;
  MaildirBox box(io);
  box.add("INBOX", plain);
  TempFolder other;
  other.put("secret", "From: x@example.org\r\nSubject: secret\r\n\r\nhidden\r\n");
  std::filesystem::create_symlink(other.at("secret"), box.path() + "/new/1796000000.M2.host");
  ASSERT_EQ(::mkfifo((box.path() + "/new/1796000001.M3.host").c_str(), 0600), 0);
  const auto page = run_async(io, box.store().find({}));
  ASSERT_OK(page);
  EXPECT_EQ(page->entries.size(), 1u);
}

}  // namespace
}  // namespace deed
