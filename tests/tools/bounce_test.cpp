#include "deed/tools/bounce.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string report_mail(std::string_view status,
                        std::string_view copy = "Content-Type: message/rfc822\n\nMessage-ID: <one@example.org>\nSubject: x\n\nbody") {
  return "Return-Path: <>\nFrom: MAILER-DAEMON@example.net\nIn-Reply-To: <zero@example.org>\n"
         "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nIt did not arrive.\n"
         "--b\nContent-Type: message/delivery-status\n\n" +
         std::string(status) + "\n--b\n" + std::string(copy) + "\n--b--\n";
}

BounceReport report(std::string_view bytes) {
  auto out = read_bounce(bytes);
  EXPECT_TRUE(out);
  return out ? std::move(*out) : BounceReport{};
}

std::vector<std::string> told(const BounceReport& bounce) {
  std::vector<std::string> out;
  for (const BounceRecipient& recipient : bounce.recipients) {
    out.push_back(recipient.final_recipient.text() + " " + to_string(recipient.action) + " " + recipient.status + " " +
                  recipient.diagnostic);
  }
  return out;
}

TEST(Bounce, ReadsWhatAReportSaysOfEachRecipient) {
  const BounceReport bounce = report(report_mail(
      "Reporting-MTA: dns; mx.example.net\n\n"
      "Original-Recipient: rfc822;ann@example.org\nFinal-Recipient: rfc822; ann@example.net\nAction: failed\nStatus: 5.1.1 (no such user)\n"
      "Diagnostic-Code: smtp; 550 5.1.1 no\n such user\n\n"
      "Final-Recipient: RFC822; <bob@example.net>\nAction: Delayed (for hours)\nStatus: 4.4.7\n"));
  EXPECT_TRUE(bounce.is_standard);
  EXPECT_THAT(told(bounce), ElementsAre("ann@example.net failed 5.1.1 smtp; 550 5.1.1 no such user", "bob@example.net delayed 4.4.7 "));
  EXPECT_EQ(bounce.recipients.at(0).original_recipient->text(), "ann@example.org");
  EXPECT_FALSE(bounce.recipients.at(1).original_recipient);
  EXPECT_THAT(bounce.message_ids, ElementsAre("<one@example.org>"));
}

TEST(Bounce, KnowsReportsOfDelivery) {
  for (const char* action : {"failed", "delayed", "delivered", "relayed", "expanded"}) {
    const BounceReport bounce =
        report(report_mail("X: y\n\nFinal-Recipient: rfc822; a@example.net\nStatus: 2.0.0\nAction: " + std::string(action)));
    EXPECT_THAT(told(bounce), ElementsAre("a@example.net " + std::string(action) + " 2.0.0 "));
  }
}

TEST(Bounce, FindsTheMailByItsHeadersOrByWhatTheReportAnswers) {
  const std::string status = "X: y\n\nFinal-Recipient: rfc822; a@example.net\nAction: failed";
  EXPECT_THAT(report(report_mail(status, "Content-Type: text/rfc822-headers\n\nSubject: x\nMessage-Id: <two@example.org>\n")).message_ids,
              ElementsAre("<two@example.org>"));
  EXPECT_THAT(report(report_mail(status, "Content-Type: text/plain\n\nMessage-ID: <no@example.org>\n")).message_ids,
              ElementsAre("<zero@example.org>"));
  EXPECT_THAT(
      report(report_mail(status, "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nTWVzc2FnZS1JRDogPGJAeD4KCg==\n"))
          .message_ids,
      ElementsAre("<b@x>"));
}

TEST(Bounce, NamesNoRecipientThatIsNoAddress) {
  for (const char* group : {"Final-Recipient: rfc822; a b@x\nAction: failed", "Final-Recipient: x400; /C=DE/\nAction: failed",
                            "Final-Recipient: rfc822; a@example.net", "Final-Recipient: rfc822; a@example.net\nAction: exploded",
                            "Final-Recipient: rfc822; a@example.net,b@example.net\nAction: failed", ""}) {
    EXPECT_THAT(told(report(report_mail("X: y\n\n" + std::string(group)))), IsEmpty()) << group;
  }
}

TEST(Bounce, TakesAStatusOnlyInItsForm) {
  for (const char* status : {"", "5", "5.1", "3.1.1", "5.1.1.1", "5.1234.1", "x 5.1.1", "5..1"}) {
    EXPECT_THAT(told(report(report_mail("X: y\n\nFinal-Recipient: rfc822; a@example.net\nAction: failed\nStatus: " + std::string(status)))),
                ElementsAre("a@example.net failed  "))
        << status;
  }
}

TEST(Bounce, IsNoneWhereAMailOnlySpeaksOfOne) {
  EXPECT_FALSE(
      read_bounce("From: ann@example.org\nSubject: Mail delivery failed\n\nHi, this is the qmail-send program.\n<a@example.net>:\nno\n"));
  EXPECT_FALSE(read_bounce("From: ann@example.org\n\nThis is the mail system at host x.\n\n<a@example.net>: no\n"));
  EXPECT_FALSE(read_bounce("Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nread\n--b--\n"));
  EXPECT_FALSE(read_bounce("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee\n--b\nContent-Type: message/rfc822\n\n" +
                           report_mail("X: y") + "\n--b--\n"));
  EXPECT_FALSE(read_bounce(""));
  EXPECT_FALSE(read_bounce(report_mail("X: y"), {.mail_bytes = 100}));
}

TEST(Bounce, ReadsWhatQmailSends) {
  const BounceReport bounce = report(
      "Return-Path: <>\nFrom: MAILER-DAEMON@example.net\nSubject: failure notice\n\n"
      "Hi. This is the qmail-send program at example.net.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n"
      "<ann@example.org>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no such user\n\n"
      "<bob@example.org>:\nSorry, no mailbox here by that name. (#5.1.2)\n\n"
      "--- Below this line is a copy of the message.\n\nReturn-Path: <me@example.net>\nMessage-ID: "
      "<one@example.net>\n\n<cy@example.org>:\nno bounce\n");
  EXPECT_FALSE(bounce.is_standard);
  EXPECT_THAT(told(bounce),
              ElementsAre("ann@example.org failed 5.1.1 192.0.2.1 does not like recipient. Remote host said: 550 5.1.1 no such user",
                          "bob@example.org failed 5.1.2 Sorry, no mailbox here by that name. (#5.1.2)"));
  EXPECT_THAT(bounce.message_ids, ElementsAre("<one@example.net>"));
}

TEST(Bounce, ReadsWhatPostfixWroteWithoutAReport) {
  const BounceReport bounce = report(
      "Return-Path: <>\nFrom: MAILER-DAEMON@example.net\n\nThis is the mail system at host mx.example.net.\n\nI'm sorry.\n\n"
      "<ann@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1\n    <ann@example.org>: no (in reply to RCPT TO)\n");
  EXPECT_THAT(told(bounce), ElementsAre(HasSubstr("ann@example.org failed 5.1.1 host mx.example.org")));
}

TEST(Bounce, ReadsWhatEximSends) {
  const BounceReport bounce = report(
      "X-Failed-Recipients: ann@example.org,\n  bob@example.org\nFrom: Mail Delivery System <Mailer-Daemon@example.net>\nReferences: "
      "<one@example.net>\n\n"
      "This message was created automatically.\n\n  ann@example.org\n    host mx.example.org: 550-5.7.1 no\n    550 5.7.1 never\n\n  "
      "bob@example.org\n    Unrouteable address\n\n"
      "------ This is a copy of the message ------\n\nTo: bob@example.org\n");
  EXPECT_THAT(told(bounce), ElementsAre("ann@example.org failed 5.7.1 host mx.example.org: 550-5.7.1 no 550 5.7.1 never",
                                        "bob@example.org failed  Unrouteable address"));
  EXPECT_THAT(bounce.message_ids, ElementsAre("<one@example.net>"));
}

TEST(Bounce, ReadsWhatSendmailSent) {
  const BounceReport bounce = report(
      "Return-Path: <>\nFrom: Mail Delivery Subsystem <MAILER-DAEMON@example.net>\n\nThe original message was received.\n\n"
      "   ----- The following addresses had permanent fatal errors -----\n<ann@example.org>\n    (reason: 550 5.1.1 "
      "no)\n<bob@example.org>\n\n"
      "   ----- Transcript of session follows -----\n... while talking to mx\n>>> RCPT To:<cy@example.org>\n<<< 550 5.1.2 no\n\n"
      "   ----- Original message follows -----\nMessage-ID: <one@example.net>\n");
  EXPECT_THAT(told(bounce), ElementsAre("ann@example.org failed 5.1.1 (reason: 550 5.1.1 no)", "bob@example.org failed  "));
  EXPECT_THAT(bounce.message_ids, ElementsAre("<one@example.net>"));
}

TEST(Bounce, IsQuickWithAReportOfAnySize) {
  std::string groups, paragraphs, failed = "X-Failed-Recipients: ";
  for (int i = 0; i < 100'000; ++i) {
    groups += "Final-Recipient: rfc822; a" + std::to_string(i) + "@x\nAction: failed\n\n";
    paragraphs += "<a" + std::to_string(i) + "@x>:\n no\n\n";
    failed += "a" + std::to_string(i) + "@x, ";
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(report(report_mail("X: y\n\n" + groups)).recipients.size(), 1'000u);
  EXPECT_EQ(report("Return-Path: <>\n\nHi. This is the qmail-send program\n\n" + paragraphs).recipients.size(), 1'000u);
  EXPECT_LE(report(failed + "\n\n  a1@x\n    no\n" + paragraphs).recipients.size(), 1'000u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace deed
