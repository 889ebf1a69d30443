// Every stage at which a server can fail, every way in which it can, and what is known about the
// mail afterwards.
#include "deed/net/smtp_session.hpp"
#include "deed/tests/net/smtp_delivery_fixture.hpp"

namespace deed {
namespace {

using fakes::SmtpAction;
using fakes::SmtpFault;
using fakes::SmtpStage;
using Verdict = SmtpReceipt::Verdict;
using namespace std::chrono_literals;

struct SmtpCase {
  const char* name;
  SmtpFault fault;
  Verdict verdict;
  int code;
  bool is_committed;  // whether before_commit was awaited
};
void PrintTo(const SmtpCase& c, std::ostream* out) { *out << c.name; }

constexpr SmtpAction drop = SmtpAction::drop, hang = SmtpAction::hang, reply = SmtpAction::reply;

MATCHER_P2(IsReceipt, verdict, code, std::string("is ") + name_of(verdict)) {
  *result_listener << name_of(arg.verdict) << " " << arg.code << " \"" << arg.text << "\"";
  return arg.verdict == verdict && arg.code == code;
}

class SmtpFaults : public DeliveryTest, public testing::WithParamInterface<SmtpCase> {};

TEST_P(SmtpFaults, HasTheVerdictThatIsProven) {
  const SmtpCase& c = GetParam();
  serve({.faults = {c.fault}, .user = "ann", .password = "secret"});
  SmtpTransaction what = mail();
  if (c.fault.action == hang) what.timeout = 300ms;
  bool is_committed = false;
  what.before_commit = [&]() -> Async<void> {
    is_committed = true;
    return []() -> Async<void> { co_return Result<void>(); }();
  };
  const SmtpReceipt receipt = deliver(url("ann:secret@"), what);
  EXPECT_THAT(receipt, IsReceipt(c.verdict, c.code));
  EXPECT_FALSE(receipt.text.empty());
  EXPECT_EQ(is_committed, c.is_committed);
  // The other half of the proof: a whole message arrived exactly where the commit point was passed.
  EXPECT_TRUE(c.verdict == Verdict::accepted || server_->wait_until_closed(1));
  EXPECT_EQ(server_->mails().size(), c.is_committed ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(
    BeforeTheMessage, SmtpFaults,
    testing::Values(
        SmtpCase{"greeting drop", {SmtpStage::greeting, drop}, Verdict::not_sent, 0, false},
        SmtpCase{"greeting hang", {SmtpStage::greeting, hang}, Verdict::not_sent, 0, false},
        SmtpCase{"greeting 421",
             {SmtpStage::greeting, reply, "421 busy"},
             Verdict::refused_for_now,
             421,
             false},
        SmtpCase{"greeting 554", {SmtpStage::greeting, reply, "554 no"}, Verdict::refused, 554, false},
        SmtpCase{"ehlo drop", {SmtpStage::ehlo, drop}, Verdict::not_sent, 220, false},
        SmtpCase{"ehlo hang", {SmtpStage::ehlo, hang}, Verdict::not_sent, 220, false},
        SmtpCase{"ehlo 421",
             {SmtpStage::ehlo, reply, "421 busy", true},
             Verdict::refused_for_now,
             421,
             false},
        SmtpCase{"auth drop", {SmtpStage::auth, drop}, Verdict::not_sent, 334, false},
        SmtpCase{"auth hang", {SmtpStage::auth, hang}, Verdict::not_sent, 334, false},
        SmtpCase{"auth 454",
             {SmtpStage::auth, reply, "454 later"},
             Verdict::refused_for_now,
             454,
             false},
        SmtpCase{"auth 535", {SmtpStage::auth, reply, "535 no"}, Verdict::refused, 535, false},
        SmtpCase{"mail drop", {SmtpStage::mail, drop}, Verdict::not_sent, 235, false},
        SmtpCase{"mail hang", {SmtpStage::mail, hang}, Verdict::not_sent, 235, false},
        SmtpCase{
            "mail 452", {SmtpStage::mail, reply, "452 full"}, Verdict::refused_for_now, 452, false},
        SmtpCase{"mail 550", {SmtpStage::mail, reply, "550 no"}, Verdict::refused, 550, false},
        SmtpCase{"rcpt drop", {SmtpStage::rcpt, drop}, Verdict::not_sent, 250, false},
        SmtpCase{"rcpt hang", {SmtpStage::rcpt, hang}, Verdict::not_sent, 250, false},
        SmtpCase{"rcpt 450",
             {SmtpStage::rcpt, reply, "450 greylisted"},
             Verdict::refused_for_now,
             450,
             false},
        SmtpCase{
            "rcpt 550", {SmtpStage::rcpt, reply, "550 no such user"}, Verdict::refused, 550, false},
        SmtpCase{"data drop", {SmtpStage::data, drop}, Verdict::not_sent, 250, false},
        SmtpCase{"data hang", {SmtpStage::data, hang}, Verdict::not_sent, 250, false},
        SmtpCase{"data 451",
             {SmtpStage::data, reply, "451 later"},
             Verdict::refused_for_now,
             451,
             false},
        SmtpCase{"data 554", {SmtpStage::data, reply, "554 no"}, Verdict::refused, 554, false}));

INSTANTIATE_TEST_SUITE_P(
    AfterTheFinalDot, SmtpFaults,
    testing::Values(
        SmtpCase{"drop", {SmtpStage::end_of_message, drop}, Verdict::unknown, 354, true},
        SmtpCase{"hang", {SmtpStage::end_of_message, hang}, Verdict::unknown, 354, true},
        SmtpCase{"250", {SmtpStage::end_of_message, reply, "250 ok"}, Verdict::accepted, 250, true},
        SmtpCase{"250 and drop",
             {SmtpStage::end_of_message, reply, "250 ok", true},
             Verdict::accepted,
             250,
             true},
        SmtpCase{"421",
             {SmtpStage::end_of_message, reply, "421 shutting down", true},
             Verdict::refused_for_now,
             421,
             true},
        SmtpCase{"451",
             {SmtpStage::end_of_message, reply, "451 later"},
             Verdict::refused_for_now,
             451,
             true},
        SmtpCase{"552",
             {SmtpStage::end_of_message, reply, "552 too large"},
             Verdict::refused,
             552,
             true},
        SmtpCase{"554 and drop",
             {SmtpStage::end_of_message, reply, "554 spam", true},
             Verdict::refused,
             554,
             true},
        SmtpCase{"354 again",
             {SmtpStage::end_of_message, reply, "354 more"},
             Verdict::unknown,
             354,
             true},
        SmtpCase{"half a line",
             {SmtpStage::end_of_message, reply, "25", true},
             Verdict::unknown,
             354,
             true}));

TEST(SmtpVerdict, IsUnknownOnlyBehindTheCommitPointWithoutAVerdict) {
  for (const long code : {0L, 100L, 199L, 220L, 235L, 250L, 334L, 354L, 399L, 600L, 999L}) {
    EXPECT_EQ(smtp_verdict(false, code, false), Verdict::not_sent) << code;
  }
  for (const long code : {0L, 100L, 334L, 354L, 600L}) {
    EXPECT_EQ(smtp_verdict(false, code, true), Verdict::unknown) << code;
  }
  for (const bool is_handed_over : {false, true}) {
    EXPECT_EQ(smtp_verdict(false, 421, is_handed_over), Verdict::refused_for_now);
    EXPECT_EQ(smtp_verdict(false, 599, is_handed_over), Verdict::refused);
  }
  EXPECT_EQ(smtp_verdict(false, 250, true), Verdict::accepted);
}

class SmtpWords : public DeliveryTest {};

TEST_F(SmtpWords, SayThatNobodyListens) {
  const std::string nobody = "smtp://127.0.0.1:" + std::to_string(fakes::unused_port());
  const SmtpReceipt receipt = deliver(nobody, mail());
  EXPECT_THAT(receipt, IsReceipt(Verdict::not_sent, 0));
  EXPECT_THAT(receipt.text, testing::HasSubstr("onnect"));
}

TEST_F(SmtpWords, SayThatTheNameDoesNotResolve) {
  const SmtpReceipt receipt = deliver("smtp://nowhere.invalid", mail());
  EXPECT_THAT(receipt, IsReceipt(Verdict::not_sent, 0));
  EXPECT_THAT(receipt.text, testing::HasSubstr("nowhere.invalid"));
}

TEST_F(SmtpWords, AreTheServersOfAllLines) {
  serve({.faults = {{SmtpStage::rcpt, reply, "550-5.1.1 no such user\r\n550 5.1.1 here \x07"}}});
  EXPECT_EQ(deliver(mail()).text, "5.1.1 no such user 5.1.1 here \\x07");
}

TEST_F(SmtpWords, AreThoseOfTheVerdictAndNotOfTheFarewell) {
  serve({.faults = {{SmtpStage::rcpt, reply, "550 5.1.1 no such user"}}});
  const SmtpReceipt receipt = deliver(mail());
  EXPECT_TRUE(server_->wait_until_closed(1));
  EXPECT_EQ(receipt.text, "5.1.1 no such user");
}

}  // namespace
}  // namespace deed
