#include "deed/net/smtp.hpp"
#include "deed/tests/fakes/bytes.hpp"
#include "deed/tests/fakes/smtp_server.hpp"
#include "deed/tests/tools/fake_smtp_client.hpp"
#include "deed/tests/tools/mail_reader.hpp"
#include "deed/tests/tools/receipts.hpp"
#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/maildir.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace deed {
namespace {

using fakes::SmtpAction;
using fakes::SmtpStage;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Verdict = SmtpReceipt::Verdict;

const SmtpReceipt unsent_after_reply{Verdict::not_sent, 530, "log in first"};
const SmtpReceipt dead{Verdict::not_sent, 0, "connection refused", true};

// A mail to as many recipients as there are receipts, one receipt each: a@x.org, b@x.org, …
class EmailBySmtp : public testing::Test {
 protected:
  Outcome send(const std::vector<SmtpReceipt>& receipts) {
    Json to = Json::array();
    for (std::size_t i = 0; i < receipts.size(); ++i) {
      const std::string who = std::string(1, static_cast<char>('a' + i)) + "@x.org";
      client.receipts[who] = receipts[i];
      to.push_back(who);
    }
    return run_tool(tool(), {{"to", to}, {"subject", "Hello"}, {"text", "Hi"}}, ctx);
  }
  Tool tool() {
    return email_send({.smtp = SmtpServer{.host = "mail.example.org"},
                       .outbox = "/nonexistent",
                       .from = EmailAddress::parse("deed@example.org").value(),
                       .root = folder.path(),
                       .client = &client});
  }
  std::vector<std::string> tried() const {
    std::vector<std::string> out;
    for (const SmtpTransaction& mail : client.mails) out.push_back(mail.to.text());
    return out;
  }

  TempFolder folder;
  FakeSmtpClient client;
  FakeContext ctx;
};

TEST_F(EmailBySmtp, SendsEachRecipientTheSameBytesInATransactionOfItsOwn) {
  const Outcome outcome = send({accepted, accepted});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::succeeded));
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "b@x.org"));
  EXPECT_EQ(client.mails[0].message, client.mails[1].message) << "not even a copy";
  EXPECT_EQ(client.mails[0].from.text(), "deed@example.org");
  EXPECT_EQ(outcome.text, "Sent to a@x.org, b@x.org.");
  EXPECT_EQ(outcome.result.at("message_id"),
            "<" + ctx.effect_key().substr(0, 32) + "@example.org>");
}

TEST_F(EmailBySmtp, EndsARefusalWithItsRecipientOnly) {
  const Outcome outcome = send({accepted, refused, accepted});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::succeeded));
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "b@x.org", "c@x.org"));
  EXPECT_EQ(outcome.result.at("accepted"), (Json{"a@x.org", "c@x.org"}));
  EXPECT_EQ(outcome.result.at("refused"), Json{"b@x.org"});
  EXPECT_THAT(outcome.text, HasSubstr("b@x.org: 550 no such user"));
}

TEST_F(EmailBySmtp, IsRejectedWhereEveryRecipientIsRefused) {
  const Outcome outcome = send({refused, refused_for_now});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::rejected));
  EXPECT_THAT(told(outcome), AllOf(HasSubstr("550 no such user"), HasSubstr("451 greylisted"),
                                   HasSubstr("check the address")));
  EXPECT_EQ(outcome.result.at("refused"), (Json{"a@x.org", "b@x.org"}));
  EXPECT_EQ(ctx.dispatches, 0);
}

TEST_F(EmailBySmtp, SaysToTryLaterWhereEveryRefusalIsForNow) {
  const Outcome outcome = send({refused_for_now});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::rejected));
  EXPECT_THAT(told(outcome), HasSubstr("try again later"));
}

TEST_F(EmailBySmtp, LeavesOneInDoubtAloneAndGoesOnWithTheOthers) {
  const Outcome outcome = send({accepted, in_doubt, accepted});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::unknown));
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "b@x.org", "c@x.org"));
  EXPECT_EQ(outcome.result.at("accepted"), (Json{"a@x.org", "c@x.org"}));
  EXPECT_EQ(outcome.result.at("unknown"), Json{"b@x.org"});
  EXPECT_THAT(told(outcome), AllOf(HasSubstr("Sent to a@x.org, c@x.org."),
                                   HasSubstr("Not known whether it reached b@x.org.")));
}

TEST_F(EmailBySmtp, TriesNobodyElseWhereThreeAreInDoubt) {
  const Outcome outcome = send({in_doubt, in_doubt, accepted, in_doubt, accepted});
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "b@x.org", "c@x.org", "d@x.org"));
  EXPECT_EQ(outcome.result.at("not_sent"), Json{"e@x.org"});
  EXPECT_THAT(told(outcome), HasSubstr("nobody else was tried"));
  client.mails.clear();
  // Nor does a second attempt, while they are.
  EXPECT_THAT(send({accepted, accepted, accepted, accepted, accepted}), Ended(OutcomeStatus::unknown));
  EXPECT_THAT(tried(), IsEmpty());
}

TEST_F(EmailBySmtp, SendsInASecondAttemptToThoseOnlyWhoHaveNoOutcome) {
  ctx.parts["a@x.org"] = {PartPhase::settled, Outcome::succeeded(nullptr, "250 queued")};
  ctx.parts["b@x.org"] = {PartPhase::settled, Outcome::rejected("550 no such user")};
  ctx.parts["c@x.org"] = {PartPhase::in_doubt};
  ctx.parts["d@x.org"] = {PartPhase::open, Outcome::rejected("451 later")};
  const Outcome outcome = send({accepted, accepted, accepted, accepted, accepted});
  EXPECT_THAT(tried(), ElementsAre("d@x.org", "e@x.org"));
  EXPECT_THAT(outcome, Ended(OutcomeStatus::unknown));
  EXPECT_EQ(outcome.result.at("accepted"), (Json{"a@x.org", "d@x.org", "e@x.org"}));
  EXPECT_EQ(outcome.result.at("refused"), Json{"b@x.org"});
  EXPECT_EQ(outcome.result.at("unknown"), Json{"c@x.org"});
}

TEST_F(EmailBySmtp, ComesBackToOneWhoIsPutOffAndDispatchesAgain) {
  client.greylists = {"a@x.org"};
  const Outcome outcome = send({accepted, accepted});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::succeeded));
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "b@x.org", "a@x.org"));
  EXPECT_THAT(ctx.waits, ElementsAre(std::chrono::seconds(5)));
  EXPECT_EQ(ctx.dispatches, 3) << "the first refusal came after the message, and provably undid it";
}

TEST_F(EmailBySmtp, SaysWhereToAnswerAndWhereToLeave) {
  EmailOptions options{.smtp = SmtpServer{.host = "mail.example.org"},
                       .outbox = "/nonexistent",
                       .from = EmailAddress::parse("deed@example.org").value(),
                       .root = folder.path(),
                       .client = &client,
                       .from_name = "Ann's Shop",
                       .reply_to = {EmailAddress::parse("office@example.org").value()}};
  Json arguments = {{"to", {"a@x.org"}}, {"subject", "s"}, {"text", "t"}};
  const Tool shop = email_send(options);
  EXPECT_THAT(shop.preview(arguments, ctx).value().bytes,
              AllOf(HasSubstr("From: Ann's Shop <deed@example.org>\r\nReply-To: office@example.org\r\n"),
                    Not(HasSubstr("Auto-Submitted"))));
  arguments["reply_to"] = {"help@example.org"};
  arguments["unsubscribe"] = "https://example.org/leave";
  EXPECT_THAT(shop.preview(arguments, ctx).value().bytes,
              AllOf(HasSubstr("\r\nReply-To: help@example.org\r\n"),
                    HasSubstr("\r\nAuto-Submitted: auto-generated\r\n"),
                    HasSubstr("\r\nList-Unsubscribe: <https://example.org/leave>\r\n")));
  EXPECT_EQ(shop.preview(arguments, ctx).value().destinations, std::vector<std::string>{"a@x.org"});
  arguments["unsubscribe"] = "http://example.org";
  EXPECT_THAT(shop.preview(arguments, ctx), IsError(ErrorKind::invalid, HasSubstr("unsubscribe")));
}

TEST_F(EmailBySmtp, GoesToTenThousandAndNoMore) {
  Json many = Json::array();
  for (int i = 0; i < 10'000; ++i) many.push_back("a" + std::to_string(i) + "@x.org");
  Json arguments = {{"to", {"a1@x.org"}}, {"bcc", many}, {"subject", "s"}, {"text", "t"}};
  const auto preview = tool().preview(arguments, ctx);
  ASSERT_OK(preview);
  EXPECT_EQ(preview->destinations.size(), 10'000u);
  EXPECT_LT(preview->summary.size(), 1000u);
  arguments["to"] = {"one.more@x.org"};
  EXPECT_THAT(tool().preview(arguments, ctx), IsError(ErrorKind::limit, HasSubstr("10001")));
}

TEST_F(EmailBySmtp, StopsInsteadOfWaitingOn) {
  ctx.at_wait = [this] { ctx.is_stopping = true; };
  const Outcome outcome = send({refused_for_now, accepted});
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "b@x.org"));
  EXPECT_EQ(ctx.part("a@x.org").phase, PartPhase::open);
  EXPECT_EQ(ctx.part("b@x.org").phase, PartPhase::settled);
}

TEST_F(EmailBySmtp, TriesADeadServerOnce) {
  const Outcome outcome = send({dead, accepted, accepted});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::failed_without_effect));
  EXPECT_THAT(tried(), ElementsAre("a@x.org"));
  EXPECT_EQ(outcome.result.at("not_sent"), (Json{"a@x.org", "b@x.org", "c@x.org"}));
  EXPECT_THAT(told(outcome),
              AllOf(HasSubstr("connection refused"), HasSubstr("check the server's address")));
}

TEST_F(EmailBySmtp, OneForWhomTheServerFallsSilentHoldsUpNobody) {
  const Outcome outcome = send({accepted, dead, accepted});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::succeeded));
  EXPECT_EQ(outcome.result.at("accepted"), (Json{"a@x.org", "c@x.org"}));
  EXPECT_EQ(outcome.result.at("not_sent"), Json{"b@x.org"});
  EXPECT_THAT(outcome.text,
              AllOf(HasSubstr("Sent to a@x.org, c@x.org."), HasSubstr("Not sent to b@x.org.")));
}

TEST_F(EmailBySmtp, GoesOnAfterAServerThatAnsweredAndDidNotTakeOne) {
  EXPECT_THAT(send({unsent_after_reply, accepted}), Ended(OutcomeStatus::succeeded));
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "b@x.org", "a@x.org", "a@x.org", "a@x.org"));
}

// The oracle: what anybody must conclude from the receipts of those who were tried.
TEST_F(EmailBySmtp, JudgesEveryMixOfThreeReceiptsByTheWorstThatMayHaveHappened) {
  const std::vector<SmtpReceipt> all = {accepted,           refused, refused_for_now,
                                        unsent_after_reply, dead,    in_doubt};
  for (std::size_t mix = 0; mix < 6 * 6 * 6; ++mix) {
    const std::vector<SmtpReceipt> receipts = {all[mix % 6], all[mix / 6 % 6], all[mix / 36]};
    client.mails.clear();
    ctx.parts.clear();
    const Outcome outcome = send(receipts);
    // A server that never answered is left at once; everybody else is tried, sooner or later.
    const bool is_dead = receipts[0].code == 0;
    bool any_accepted = false, any_refused = false, any_unknown = false;
    for (const SmtpReceipt& receipt : receipts) {
      if (is_dead) break;
      any_accepted |= receipt.verdict == Verdict::accepted;
      any_refused |= receipt.code == 550 || receipt.code == 451;
      any_unknown |= receipt.verdict == Verdict::unknown;
    }
    const OutcomeStatus expected = any_unknown    ? OutcomeStatus::unknown
                                   : any_accepted ? OutcomeStatus::succeeded
                                   : any_refused  ? OutcomeStatus::rejected
                                                  : OutcomeStatus::failed_without_effect;
    EXPECT_THAT(outcome, Ended(expected)) << mix;
    const std::vector<std::string> all_tries = tried();
    EXPECT_EQ(std::set<std::string>(all_tries.begin(), all_tries.end()).size(), is_dead ? 1u : 3u) << mix;
    std::size_t named = 0;
    for (const char* list : {"accepted", "refused", "not_sent", "unknown"}) {
      named += outcome.result.at(list).size();
    }
    EXPECT_EQ(named, 3u) << mix;
  }
}

TEST_F(EmailBySmtp, SendsNothingWhereTheCommitPointIsRefused) {
  ctx.dispatch_error = Error{ErrorKind::unavailable, "the journal is full"};
  const Outcome outcome = send({accepted, accepted});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::failed_without_effect));
  EXPECT_THAT(told(outcome), HasSubstr("the journal is full"));
}

TEST_F(EmailBySmtp, PassesNoControlCharacterOfAServerOn) {
  const Outcome outcome = send({{Verdict::refused, 550, "\x1b[2Jgone\r\nreally"}});
  EXPECT_THAT(told(outcome),
              AllOf(HasSubstr("gone"), Not(HasSubstr("\x1b")), Not(HasSubstr("\r"))));
}

TEST_F(EmailBySmtp, WritesToEachAddressOnceAndKeepsBlindCopiesOutOfTheMail) {
  for (const char* who : {"a@x.org", "c@x.org", "hidden@x.org"}) client.receipts[who] = accepted;
  const Json arguments = {{"to", {"a@x.org", "a@x.org"}},
                          {"cc", {"c@x.org", "a@x.org"}},
                          {"bcc", {"hidden@x.org", "c@x.org"}},
                          {"subject", "s"},
                          {"text", "t"}};
  EXPECT_THAT(run_tool(tool(), arguments, ctx), Ended(OutcomeStatus::succeeded));
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "c@x.org", "hidden@x.org"));
  for (const SmtpTransaction& mail : client.mails) {
    EXPECT_EQ(all_of(mail.message).find("hidden"), std::string::npos);
    EXPECT_EQ(lower_ascii(all_of(mail.message)).find("bcc"), std::string::npos);
  }
}

TEST_F(EmailBySmtp, RefusesAHeaderInAnAddressBeforeAnythingIsSent) {
  for (const char* key : {"to", "cc", "bcc"}) {
    Json arguments = {{"to", {"a@x.org"}}, {"subject", "s"}, {"text", "t"}};
    arguments[key] = Json::array({"a@x.org\r\nBcc: eve@x.org"});
    const Outcome outcome = run_tool(tool(), arguments, ctx);
    EXPECT_THAT(outcome, Ended(OutcomeStatus::failed_without_effect));
    EXPECT_THAT(told(outcome), HasSubstr("control character"));
  }
  EXPECT_THAT(client.mails, IsEmpty());
}

TEST_F(EmailBySmtp, PreviewsTheBytesThatAreSent) {
  folder.put("report.pdf", std::string("\0\xff\r\n", 4));
  client.receipts = {{"a@x.org", accepted}, {"b@x.org", accepted}};
  const Json arguments = {{"to", {"a@x.org"}},
                          {"bcc", {"b@x.org"}},
                          {"subject", "Grüße"},
                          {"text", "Ж"},
                          {"attachments", {"report.pdf"}}};
  const auto preview = tool().preview(arguments, ctx);
  ASSERT_OK(preview);
  EXPECT_EQ(preview->media_type, "message/rfc822");
  EXPECT_EQ(preview->summary, "mail to a@x.org, b@x.org: Grüße (1 attachment)");
  EXPECT_THAT(preview->destinations, ElementsAre("a@x.org", "b@x.org"));
  EXPECT_THAT(run_tool(tool(), arguments, ctx), Ended(OutcomeStatus::succeeded));
  ASSERT_EQ(client.mails.size(), 2u);
  for (const SmtpTransaction& mail : client.mails) EXPECT_EQ(all_of(mail.message), all_of(preview->whole));
  const auto mail = mail_reader::read(all_of(preview->whole));
  ASSERT_EQ(mail.parts.size(), 2u);
  EXPECT_EQ(mail.parts[1].body, folder.get("report.pdf"));
}

TEST_F(EmailBySmtp, ShowsAFileByItsSizeAndDigestAndAMailWithoutFilesByteForByte) {
  folder.put("report.pdf", std::string("\0\xff\r\n", 4));
  Json arguments = {{"to", {"a@x.org"}}, {"subject", "s"}, {"text", "t"}, {"attachments", {"report.pdf"}}};
  const Preview with_file = tool().preview(arguments, ctx).value();
  EXPECT_THAT(with_file.bytes, HasSubstr("\r\n\r\n[4 bytes with the SHA-256 " + sha256_hex(folder.get("report.pdf")) + "]\r\n"));
  folder.put("report.pdf", std::string("\0\xfe\r\n", 4));
  EXPECT_NE(tool().preview(arguments, ctx).value().bytes, with_file.bytes);
  arguments.erase("attachments");
  const Preview without = tool().preview(arguments, ctx).value();
  EXPECT_EQ(without.whole, nullptr);
  client.receipts = {{"a@x.org", accepted}};
  EXPECT_THAT(run_tool(tool(), arguments, ctx), Ended(OutcomeStatus::succeeded));
  EXPECT_EQ(all_of(client.mails.at(0).message), without.bytes);
}

TEST_F(EmailBySmtp, SendsNothingToAnybodyWhereAFileHasChangedSinceItWasShown) {
  folder.put("report.txt", "as it was judged");
  client.receipts = {{"a@x.org", accepted}, {"b@x.org", accepted}};
  const Json arguments = {{"to", {"a@x.org", "b@x.org"}}, {"subject", "s"}, {"text", "t"}, {"attachments", {"report.txt"}}};
  const Tool sending = tool();
  ASSERT_OK(sending.preview(arguments, ctx));
  folder.put("report.txt", "something else..");
  const Outcome outcome = run_tool(sending, arguments, ctx);
  EXPECT_THAT(outcome, Ended(OutcomeStatus::failed_without_effect));
  EXPECT_THAT(told(outcome), HasSubstr("has changed"));
  EXPECT_THAT(client.mails, IsEmpty());
  EXPECT_EQ(ctx.dispatches, 0);
}

// The most memory that this process has had since the last reset, in MiB.
std::size_t peak_mib() {
  std::ifstream in("/proc/self/status");
  std::size_t kib = 0;
  for (std::string word; in >> word;) {
    if (word == "VmHWM:") in >> kib;
  }
  return kib / 1024;
}
void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

TEST_F(EmailBySmtp, RefusesAttachmentsThatAreTooLargeWithoutReadingThem) {
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::size_t>>> cases = {
      {{"huge.iso"}, {200u << 20}},
      {{"a.zip", "b.zip"}, {20u << 20, 20u << 20}},
      {{"over.zip"}, {(25u << 20) + 1}},
      {{"beyond.iso"}, {std::size_t{5} << 30}}};
  for (const auto& [names, sizes] : cases) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      folder.put(names[i], "");
      std::filesystem::resize_file(folder.at(names[i]), sizes[i]);
    }
    const Json arguments = {
        {"to", {"a@x.org"}}, {"subject", "s"}, {"text", "t"}, {"attachments", names}};
    reset_peak();
    const std::size_t before = peak_mib();
    EXPECT_THAT(tool().preview(arguments, ctx), IsError(ErrorKind::limit, HasSubstr("attachments")));
    const Outcome outcome = run_tool(tool(), arguments, ctx);
    EXPECT_THAT(outcome, Ended(OutcomeStatus::failed_without_effect));
    EXPECT_THAT(told(outcome), AllOf(HasSubstr(names.back()), HasSubstr("send a link")));
    EXPECT_LT(peak_mib(), before + 10);
  }
  EXPECT_THAT(client.mails, IsEmpty());
}

TEST_F(EmailBySmtp, HasTheTimeThatTheLargestMailMayTake) {
  EmailOptions options{.outbox = folder.at("outbox"), .root = folder.path()};
  EXPECT_EQ(email_send(options).spec.timeout, std::chrono::minutes(10));
  options.limits.max_attachments_bytes = std::uint64_t{2000} << 20;
  EXPECT_GT(email_send(options).spec.timeout, std::chrono::minutes(90));
}

TEST_F(EmailBySmtp, SendsALargeFileWithoutHoldingItInMemory) {
  constexpr std::size_t size = 60u << 20;
  folder.put("large.bin", "");
  std::filesystem::resize_file(folder.at("large.bin"), size);
  EmailOptions options{.smtp = SmtpServer{.host = "mail.example.org"}, .outbox = folder.at("outbox"),
                       .from = EmailAddress::parse("deed@example.org").value(), .root = folder.path(), .client = &client};
  options.limits.max_attachments_bytes = size;
  options.smtp.reset();
  const Json arguments = {{"to", {"a@x.org"}}, {"subject", "s"}, {"text", "t"}, {"attachments", {"large.bin"}}};
  reset_peak();
  const std::size_t before = peak_mib();
  EXPECT_THAT(run_tool(email_send(options), arguments, ctx), Ended(OutcomeStatus::succeeded));
#ifdef __SANITIZE_ADDRESS__
  EXPECT_LT(peak_mib(), before + 400);  // it keeps up to 256 MiB of what is freed
#else
  EXPECT_LT(peak_mib(), before + 10);
#endif
  const auto mail = find_in_maildir(folder.at("outbox"), ctx.effect_key());
  ASSERT_TRUE(mail);
  EXPECT_GT(std::filesystem::file_size(*mail), size / 3 * 4);
}

TEST_F(EmailBySmtp, SendsNothingWithoutAnAttachmentOrFromOutsideTheFolder) {
  for (const char* path : {"missing.pdf", "../secret.pdf", "/etc/passwd"}) {
    const Json arguments = {
        {"to", {"a@x.org"}}, {"subject", "s"}, {"text", "t"}, {"attachments", {path}}};
    EXPECT_THAT(run_tool(tool(), arguments, ctx), Ended(OutcomeStatus::failed_without_effect))
        << path;
  }
  EXPECT_THAT(client.mails, IsEmpty());
}

TEST_F(EmailBySmtp, HasNoProbeAndRunsOnce) {
  EXPECT_EQ(tool().spec.effect, EffectClass::once);
  EXPECT_FALSE(tool().probe);
}

class EmailIntoOutbox : public testing::Test {
 protected:
  Tool tool() const {
    return email_send({.outbox = folder.at("outbox"),
                       .from = EmailAddress::parse("deed@example.org").value(),
                       .root = folder.path()});
  }
  ProbeResult::Verdict probe() { return probe_tool(tool(), arguments, ctx).verdict; }

  TempFolder folder;
  FakeContext ctx;
  Json arguments = {{"to", {"a@x.org"}}, {"subject", "Hello"}, {"text", "Hi"}};
};

TEST_F(EmailIntoOutbox, PutsThePreviewedBytesThereAndSaysSo) {
  const auto preview = tool().preview(arguments, ctx);
  ASSERT_OK(preview);
  const Outcome outcome = run_tool(tool(), arguments, ctx);
  EXPECT_THAT(outcome, Ended(OutcomeStatus::succeeded));
  EXPECT_EQ(ctx.dispatches, 1);
  const std::string file = string_at(outcome.result, "outbox_file");
  ASSERT_TRUE(file.starts_with(folder.path() + "/outbox/new/"));
  EXPECT_EQ(folder.get(file.substr(folder.path().size() + 1)), preview->bytes);
  EXPECT_THAT(outcome.text, AllOf(HasSubstr("a@x.org"), HasSubstr(file)));
  EXPECT_FALSE(outcome.result.contains("doubt"));
}

TEST_F(EmailIntoOutbox, FailsWithoutEffectWhereTheCommitPointIsRefused) {
  ctx.dispatch_error = Error{ErrorKind::unavailable, "the journal is full"};
  EXPECT_THAT(run_tool(tool(), arguments, ctx), Ended(OutcomeStatus::failed_without_effect));
  EXPECT_EQ(find_in_maildir(folder.at("outbox"), ctx.effect_key()), std::nullopt);
}

TEST_F(EmailIntoOutbox, ConfirmsAMailThatIsThere) {
  const Outcome outcome = run_tool(tool(), arguments, ctx);
  EXPECT_EQ(probe(), ProbeResult::Verdict::confirmed);
  const std::string file = string_at(outcome.result, "outbox_file");
  std::filesystem::rename(
      file, folder.at("outbox/cur/") + std::filesystem::path(file).filename().string() + ":2,S");
  EXPECT_EQ(probe(), ProbeResult::Verdict::confirmed);
}

TEST_F(EmailIntoOutbox, RefutesAMailThatIsStillADraft) {
  ctx.dispatch_error = Error{ErrorKind::unavailable, "the journal is full"};
  (void)run_tool(tool(), arguments, ctx);
  EXPECT_EQ(probe(), ProbeResult::Verdict::refuted);
}

TEST_F(EmailIntoOutbox, IsUndecidedOverAMailThatLeftNoTrace) {
  EXPECT_EQ(probe(), ProbeResult::Verdict::undecided);
  const Outcome outcome = run_tool(tool(), arguments, ctx);
  std::filesystem::remove(string_at(outcome.result, "outbox_file"));
  EXPECT_EQ(probe(), ProbeResult::Verdict::undecided);
}

// With the real client over a socket.
class EmailOverTheWire : public testing::Test {
 protected:
  Outcome send(const fakes::SmtpServer& server, Json to) {
    asio::io_context io;
    const auto client = make_smtp_client(io.get_executor());
    const Tool tool = email_send(
        {.smtp = SmtpServer::parse("smtp://127.0.0.1:" + std::to_string(server.port())).value(),
         .outbox = "/nonexistent",
         .from = EmailAddress::parse("deed@example.org").value(),
         .root = "/nonexistent",
         .client = client.get()});
    arguments = {{"to", std::move(to)}, {"subject", "Grüße"}, {"text", ".\n..\nЖ\n"}};
    return run_async(io, tool.run(arguments, ctx));
  }

  FakeContext ctx;
  Json arguments;
};

TEST_F(EmailOverTheWire, ArrivesOnceForEachRecipientByteForByte) {
  const fakes::SmtpServer server;
  EXPECT_THAT(send(server, {"a@x.org", "b@x.org"}), Ended(OutcomeStatus::succeeded));
  const auto mails = server.mails();
  ASSERT_EQ(mails.size(), 2u);
  EXPECT_THAT(mails[0].to, HasSubstr("a@x.org"));
  EXPECT_THAT(mails[1].to, HasSubstr("b@x.org"));
  const Tool tool = email_send({.outbox = "/nonexistent",
                                .from = EmailAddress::parse("deed@example.org").value(),
                                .root = "/nonexistent"});
  const auto preview = tool.preview(arguments, ctx);
  ASSERT_OK(preview);
  for (const fakes::SeenMail& mail : mails) EXPECT_EQ(mail.message, preview->bytes);
}

TEST_F(EmailOverTheWire, IsUnknownForHimAloneForWhomTheConnectionEndsBeforeTheVerdict) {
  const fakes::SmtpServer server(
      {.faults = {{.stage = SmtpStage::end_of_message, .action = SmtpAction::drop, .times = 1}}});
  const Outcome outcome = send(server, {"a@x.org", "b@x.org"});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::unknown));
  EXPECT_EQ(outcome.result.at("unknown"), Json{"a@x.org"});
  EXPECT_EQ(outcome.result.at("accepted"), Json{"b@x.org"});
  EXPECT_EQ(server.mails().size(), 2u);
  EXPECT_EQ(ctx.dispatches, 2);
}

TEST_F(EmailOverTheWire, ReachesTheOthersWhereOneIsRefused) {
  const fakes::SmtpServer server(
      {.faults = {{.stage = SmtpStage::rcpt, .reply = "550 no such user", .times = 1}}});
  const Outcome outcome = send(server, {"a@x.org", "b@x.org"});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::succeeded));
  EXPECT_EQ(outcome.result.at("refused"), Json{"a@x.org"});
  EXPECT_EQ(outcome.result.at("accepted"), Json{"b@x.org"});
  EXPECT_THAT(outcome.text, HasSubstr("550 no such user"));
}

}  // namespace
}  // namespace deed
