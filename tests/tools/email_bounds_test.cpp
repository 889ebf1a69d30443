// What bounds the sending of mail: rates, those who must not be mailed, most recipients and failures of a run, and hours for whoever is put off.
#include "deed/tests/tools/fake_smtp_client.hpp"
#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/mail_queue.hpp"

#include <gmock/gmock.h>

namespace deed {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(MailPauses, GrowUntilTheLastLimit) {
  EXPECT_THAT(mail_pauses(milliseconds(0)), ElementsAre(seconds(5), seconds(30), minutes(2)));
  EXPECT_THAT(mail_pauses(hours(4)), ElementsAre(seconds(5), seconds(30), minutes(2), minutes(10), minutes(30), hours(1), hours(2), minutes(20)));
  const auto five_days = mail_pauses(hours(120));
  milliseconds sum{0};
  for (const milliseconds pause : five_days) sum += pause;
  EXPECT_EQ(sum, hours(120) + seconds(155));
  EXPECT_EQ(five_days[20], hours(3));
}

TEST(MailQueue, GoesOnWithTheRoundsOfAnotherProcess) {
  MailLimits limits{.pauses = mail_pauses(minutes(40))};
  MailQueue queue({0}, limits, 4);
  EXPECT_EQ(queue.next(), 0u);
  EXPECT_EQ(queue.next_pause(), minutes(30));
  EXPECT_FALSE(queue.add(0, SmtpReceipt{SmtpReceipt::Verdict::not_sent, 0, "", true})) << "it has answered before";
  EXPECT_EQ(queue.rounds(), 5u);
  EXPECT_EQ(queue.pause(), minutes(30));
  EXPECT_EQ(queue.next(), 0u);
  EXPECT_TRUE(queue.add(0, refused_for_now)) << "the last word";
  EXPECT_FALSE(queue.pause().has_value());
}

// Lets each domain pass once in ten seconds, or everybody.
class FakeRates final : public MailRates {
 public:
  Result<Turn> take(const std::string& domain, TimePoint now) override {
    if (error) return fail(*error);
    TimePoint& next = next_[for_all ? "" : domain];
    if (now < next) return Turn{next - now, for_all};
    next = now + gap;
    return Turn{};
  }
  bool for_all = false;
  milliseconds gap = seconds(10);
  std::optional<Error> error;

 private:
  std::map<std::string, TimePoint> next_;
};

class BoundedMail : public testing::Test {
 protected:
  Outcome send(std::vector<std::string> to, Json more = Json::object()) {
    for (const std::string& who : to) client.receipts.emplace(who, accepted);
    for (const char* key : {"cc", "bcc"}) {
      for (const Json& who : more.value(key, Json::array())) client.receipts.emplace(who.get<std::string>(), accepted);
    }
    Json arguments = {{"to", to}, {"subject", "Hello"}, {"text", "Hi"}};
    arguments.update(more);
    return run_tool(email_send(options), arguments, ctx);
  }
  void never(std::initializer_list<const char*> entries) {
    Suppression list;
    for (const char* entry : entries) EXPECT_OK(list.add(entry));
    options.suppressed = suppression_now(list, folder.at("none"));
  }
  std::vector<std::string> tried() const {
    std::vector<std::string> out;
    for (const SmtpTransaction& mail : client.mails) out.push_back(mail.to.text());
    return out;
  }

  TempFolder folder;
  FakeSmtpClient client;
  FakeContext ctx;
  FakeRates rates;
  EmailOptions options{.smtp = SmtpServer{.host = "mail.example.org"}, .outbox = folder.at("outbox"), .from = EmailAddress::parse("deed@example.org").value(),
                       .root = folder.path(), .client = &client};
};

TEST_F(BoundedMail, SendsNoFasterThanTheRateOfTheAccount) {
  options.rates = &rates;
  rates.for_all = true;
  EXPECT_THAT(send({"a@x.org", "b@y.org", "c@x.org"}), Ended(OutcomeStatus::succeeded));
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "b@y.org", "c@x.org"));
  EXPECT_THAT(ctx.waits, ElementsAre(seconds(10), seconds(10)));
}

TEST_F(BoundedMail, OneDomainThatMustWaitHoldsUpNoOther) {
  options.rates = &rates;
  EXPECT_THAT(send({"a@x.org", "b@X.ORG", "c@y.org", "d@x.org"}), Ended(OutcomeStatus::succeeded));
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "c@y.org", "b@X.ORG", "d@x.org"));
  EXPECT_THAT(ctx.waits, ElementsAre(seconds(10), seconds(10)));
}

TEST_F(BoundedMail, AnotherTryIsCountedToo) {
  options.rates = &rates;
  client.greylists = {"a@x.org"};
  EXPECT_THAT(send({"a@x.org"}), Ended(OutcomeStatus::succeeded));
  EXPECT_THAT(ctx.waits, ElementsAre(seconds(5), seconds(5))) << "the server's pause, and the rest of the ten seconds";
}

TEST_F(BoundedMail, SendsNothingWhereItCannotCount) {
  options.rates = &rates;
  rates.error = Error{ErrorKind::unavailable, "the disk is full"};
  const Outcome outcome = send({"a@x.org"});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::failed_without_effect));
  EXPECT_THAT(told(outcome), HasSubstr("the disk is full"));
  EXPECT_THAT(tried(), IsEmpty());
}

TEST_F(BoundedMail, ALongWaitForTheRateEndsTheAttempt) {
  options.rates = &rates;
  rates.for_all = true;
  rates.gap = hours(1);
  ctx.has_timers = true;
  send({"a@x.org", "b@x.org"});
  EXPECT_THAT(tried(), ElementsAre("a@x.org"));
  EXPECT_THAT(ctx.waits, ElementsAre(hours(1)));
  ctx.is_stopping = false;
  EXPECT_THAT(send({"a@x.org", "b@x.org"}), Ended(OutcomeStatus::succeeded));
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "b@x.org"));
}

TEST_F(BoundedMail, NobodyOnTheListIsMailedAndTheOthersAre) {
  never({"B@x.org", "y.org"});
  const Outcome outcome = send({"a@x.org", "b@X.org"}, {{"cc", {"c@mail.y.org"}}, {"bcc", {"d@y.org", "e@x.org"}}});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::succeeded));
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "e@x.org"));
  EXPECT_EQ(outcome.result.at("refused"), (Json{"b@X.org", "c@mail.y.org", "d@y.org"}));
  EXPECT_THAT(outcome.text, AllOf(HasSubstr("b@X.org: not mailed: b@x.org is on the list"), HasSubstr("d@y.org: not mailed: @y.org is on the list")));
  EXPECT_EQ(ctx.parts.at("d@y.org").outcome->status, OutcomeStatus::rejected);
  EXPECT_EQ(ctx.counts, (PartCounts{2, 0})) << "who was held back has not failed";
}

TEST_F(BoundedMail, AMailToNobodyElseIsRejected) {
  never({"x.org"});
  EXPECT_THAT(send({"a@x.org"}), Ended(OutcomeStatus::rejected));
  EXPECT_THAT(tried(), IsEmpty());
}

TEST_F(BoundedMail, AListThatCannotBeReadSendsNothing) {
  folder.put("list", "nonsense\n");
  options.suppressed = suppression_now({}, folder.at("list"));
  EXPECT_THAT(send({"a@x.org"}), Ended(OutcomeStatus::failed_without_effect));
  EXPECT_THAT(tried(), IsEmpty());
}

TEST_F(BoundedMail, NothingForThemIsPutIntoTheOutboxEither) {
  never({"b@x.org"});
  options.smtp.reset();
  const Outcome outcome = send({"a@x.org"}, {{"bcc", {"B@x.org"}}});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::rejected));
  EXPECT_THAT(told(outcome), HasSubstr("B@x.org must not be mailed"));
  EXPECT_FALSE(folder.has("outbox"));
}

TEST_F(BoundedMail, AMailToMoreThanARunMayMailGoesToNobody) {
  options.limits.max_recipients = 3;
  ctx.counts.begun = 1;
  send({"a@x.org", "b@x.org", "c@x.org"});
  EXPECT_THAT(tried(), IsEmpty());
  ASSERT_EQ(ctx.limits.size(), 1u);
  EXPECT_EQ(ctx.limits[0], "mail.max_recipients: this run may mail 3 recipients and has mailed 1: 3 more are not tried");
  ctx.is_stopping = false;
  EXPECT_THAT(send({"a@x.org", "b@x.org"}), Ended(OutcomeStatus::succeeded));
  EXPECT_EQ(ctx.counts.begun, 3);
}

TEST_F(BoundedMail, TheLimitHoldsAtTheCommitPointWhereSeveralMailsAreUnderWay) {
  options.limits.max_recipients = 1;
  client.before_commit = [this] { ctx.counts.begun = 1; };  // another mail was quicker
  send({"a@x.org"});
  EXPECT_EQ(ctx.dispatches, 0);
  EXPECT_EQ(ctx.limits.size(), 1u);
}

TEST_F(BoundedMail, ASecondTryAtOneWhomTheRunHasMailedIsNoFurtherRecipient) {
  options.limits.max_recipients = 1;
  client.greylists = {"a@x.org"};
  EXPECT_THAT(send({"a@x.org"}), Ended(OutcomeStatus::succeeded));
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "a@x.org"));
}

TEST_F(BoundedMail, AfterSoManyFailuresNobodyElseIsTried) {
  options.limits.max_failures = 2;
  for (const char* who : {"a@x.org", "c@x.org"}) client.receipts[who] = refused;
  send({"a@x.org", "b@x.org", "c@x.org", "d@x.org"});
  EXPECT_THAT(tried(), ElementsAre("a@x.org", "b@x.org", "c@x.org"));
  ASSERT_EQ(ctx.limits.size(), 1u);
  EXPECT_THAT(ctx.limits[0], HasSubstr("mail.max_failures: 2 recipients of this run were refused or failed"));
  EXPECT_EQ(ctx.part("d@x.org").phase, PartPhase::open);
}

TEST_F(BoundedMail, AMailThatIsDoneEndsAsItDidWhateverTheFailures) {
  options.limits.max_failures = 1;
  client.receipts["a@x.org"] = refused;
  EXPECT_THAT(send({"a@x.org"}), Ended(OutcomeStatus::rejected));
  EXPECT_THAT(ctx.limits, IsEmpty());
}

TEST_F(BoundedMail, WhoIsPutOffForLongIsTriedAgainWithTheNextPauseByTheNextAttempt) {
  options.limits.pauses = mail_pauses(minutes(40));  // 5 s, 30 s, 2 min, 10 min, 30 min
  client.receipts["a@x.org"] = refused_for_now;
  ctx.has_timers = true;
  send({"a@x.org"});
  EXPECT_THAT(ctx.waits, ElementsAre(seconds(5), seconds(30), minutes(2), minutes(10)));
  EXPECT_EQ(ctx.part("a@x.org").phase, PartPhase::open);
  EXPECT_THAT(ctx.part("a@x.org").outcome->text, HasSubstr("451 greylisted"));
  ctx.is_stopping = false;
  ctx.waits.clear();
  send({"a@x.org"});
  EXPECT_THAT(ctx.waits, ElementsAre(minutes(30)));
  ctx.is_stopping = false;
  ctx.waits.clear();
  const Outcome outcome = send({"a@x.org"});
  EXPECT_THAT(outcome, Ended(OutcomeStatus::rejected));
  EXPECT_THAT(told(outcome), AllOf(HasSubstr("451 greylisted"), HasSubstr("try again later")));
  EXPECT_THAT(ctx.waits, IsEmpty());
}

TEST_F(BoundedMail, OneInDoubtIsSaidBeforeAnyLongWait) {
  options.limits.pauses = mail_pauses(hours(4));
  client.receipts["a@x.org"] = in_doubt;
  client.receipts["b@x.org"] = refused_for_now;
  EXPECT_THAT(send({"a@x.org", "b@x.org"}), Ended(OutcomeStatus::unknown));
  EXPECT_THAT(ctx.waits, ElementsAre(seconds(5), seconds(30), minutes(2)));
  EXPECT_EQ(ctx.part("b@x.org").phase, PartPhase::open) << "to be tried when that is settled";
}

}  // namespace
}  // namespace deed
