// Calls that go on later: by a timer in the journal, whoever drives the run by then, and never sooner; and runs that a tool stops at a
// limit of its own, counted over all processes of the run.
#include "deed/tests/agent/events_of.hpp"
#include "deed/tests/agent/task_fixture.hpp"
#include "deed/tests/tools/fake_smtp_client.hpp"
#include "deed/tools/builtin.hpp"

namespace deed::put_off {
namespace {

using std::chrono::minutes;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string call = "call_1_1";
const OneTool post({.exists = true, .effect = EffectClass::once});

EventsOf begun() { return EventsOf("write").call("post", {{"to", "ann"}}).judged(call, Verdict::allow).intended(call); }
TimerSet in(const EventsOf& events, std::chrono::milliseconds time) {
  return {"", (events.fold().last_time + time).time_since_epoch().count()};
}
EffectSettled outcome_of(const char* part, OutcomeStatus status, Json result = nullptr) { return {status, std::move(result), "t", 1, 0, part}; }

TEST(PutOff, ACallIsNotTriedBeforeItsTime) {
  EventsOf events = begun();
  events.add(in(events, minutes(10)), call);
  const Action early = decide(events.fold(), post);
  ASSERT_TRUE(std::holds_alternative<WaitUntil>(early));
  EXPECT_EQ(std::get<WaitUntil>(early).call, call);
  events.after(minutes(9)).add(RunResumed{}, "");
  EXPECT_TRUE(std::holds_alternative<WaitUntil>(decide(events.fold(), post))) << "a resume is not sooner";
  EXPECT_EQ(waits_until(events.fold()), std::get<WaitUntil>(early).time);
  events.after(minutes(1)).add(TimerFired{}, call);
  EXPECT_TRUE(std::holds_alternative<RunTool>(decide(events.fold(), post)));
}

TEST(PutOff, ATimerOfNoCallOrOfOneThatIsOverIsCorrupt) {
  EventsOf events = begun();
  const TimerSet timer = in(events, minutes(10));
  EXPECT_OK(fold_all(begun().add(timer, call).events()));
  EXPECT_THAT(fold_all(begun().add(timer, "call_9_9").events()), IsError(ErrorKind::corrupt));
  EXPECT_THAT(fold_all(begun().add(TimerFired{}, "call_9_9").events()), IsError(ErrorKind::corrupt));
  EXPECT_THAT(fold_all(begun().settled(call, OutcomeStatus::succeeded).add(timer, call).events()), IsError(ErrorKind::corrupt));
}

TEST(PutOff, PartsAreCountedOnceOverAllAttempts) {
  EventsOf events = begun();
  const std::string key = events.fold().calls.at(call).effect_key;
  events.add(EffectDispatched{key, 1, "ann"}, call).add(outcome_of("ann", OutcomeStatus::failed_without_effect), call);
  EXPECT_EQ(events.fold().parts, (PartCounts{1, 0})) << "it may still succeed";
  events.add(RunResumed{}).intended(call, 2).add(EffectDispatched{key, 2, "ann"}, call).add(outcome_of("ann", OutcomeStatus::succeeded), call);
  events.add(outcome_of("bob", OutcomeStatus::rejected), call);
  events.add(outcome_of("cy", OutcomeStatus::rejected, {{"withheld", true}}), call);
  events.add(outcome_of("dan", OutcomeStatus::failed_without_effect), call);
  EXPECT_EQ(events.fold().parts, (PartCounts{3, 1}));
  events.settled(call, OutcomeStatus::succeeded);
  EXPECT_EQ(events.fold().parts, (PartCounts{3, 2})) << "dan was given up";
}

TEST(PutOff, AStepsRunAddsItsPartsToThoseOfItsParent) {
  RunStarted started{.request = "write", .parts_begun = 7, .parts_failed = 2};
  EXPECT_EQ(EventsOf(started).fold().parts, (PartCounts{7, 2}));
}

struct MovedClock final : Clock {
  TimePoint now() const override { return system_clock().now() + added; }
  std::chrono::milliseconds added{0};
};

// A receiver that may be closed for ten minutes, and one who takes so many only.
struct PostOffice {
  bool is_closed = false;
  std::int64_t most = 100;
  int visits = 0;
  std::vector<std::string> got;
};

asio::awaitable<Outcome> deliver(Json arguments, ToolContext& context, PostOffice& office) {
  const std::string to = string_at(arguments, "what");
  ++office.visits;
  if (office.is_closed || to == "slow") {
    auto waited = co_await context.wait(minutes(10));
    if (!waited) co_return Outcome::failed_without_effect(waited.error());
  }
  if (context.parts_of_run().begun >= office.most) {
    context.stop_at_limit("post.most", "enough letters", "buy stamps");
    co_return Outcome::failed_without_effect(Error{ErrorKind::limit, "enough"});
  }
  auto dispatched = co_await context.dispatching_part(to);
  if (!dispatched) co_return Outcome::failed_without_effect(dispatched.error());
  office.got.push_back(to);
  Outcome done = Outcome::succeeded(nullptr, "delivered");
  auto settled = co_await context.settle_part(to, done);
  if (!settled) co_return Outcome::unknown(settled.error().what);
  co_return done;
}

class PutOffRun : public TaskTest {
 protected:
  PutOffRun() {
    Tool letter = tool("letter", EffectClass::once, ApprovalNeed::never);
    letter.run = [this](Json arguments, ToolContext& context) { return deliver(std::move(arguments), context, office_); };
    EXPECT_OK(tools_.add(std::move(letter)));
  }
  RunnerParts moved() { return {*journal_, model_, tools_, clock_, person_, observer_, policy_}; }
  RunReport write_to(const std::string& who) {
    model_ = ScriptedModel({ScriptedModel::calls("letter", {{"what", who}}), ScriptedModel::says("done")});
    Runner runner(moved());
    auto report = run_async(io_, runner.start({.request = "write to " + who}));
    EXPECT_OK(report);
    return report.value_or(RunReport{});
  }
  RunReport resume_moved(const RunId& run) {
    Runner runner(moved());
    auto report = run_async(io_, runner.resume(run));
    EXPECT_OK(report);
    return report.value_or(RunReport{});
  }
  std::vector<std::string> kinds(const RunId& run) {
    std::vector<std::string> out;
    for (const Event& event : events(run)) out.push_back(event.kind);
    return out;
  }

  MovedClock clock_;
  PostOffice office_;
};

TEST_F(PutOffRun, GoesOnWhenItIsTimeAndNoSoonerHoweverOftenItIsResumed) {
  office_.is_closed = true;
  const RunReport paused = write_to("ann");
  EXPECT_EQ(paused.status, RunStatus::paused);
  EXPECT_TRUE(paused.try_later);
  EXPECT_THAT(paused.reason, HasSubstr("letter waits until"));
  EXPECT_THAT(kinds(paused.run), Contains("timer.set"));
  const RunRecord record = run_async(io_, journal_->find_run(paused.run)).value();
  EXPECT_EQ(record.wakes, waits_until(paused.state)) << "deed daemon knows";
  clock_.added = minutes(5);
  EXPECT_TRUE(resume_moved(paused.run).try_later);
  EXPECT_EQ(office_.visits, 1);
  clock_.added = minutes(11);
  office_.is_closed = false;
  EXPECT_EQ(resume_moved(paused.run).status, RunStatus::done);
  EXPECT_THAT(office_.got, ElementsAre("ann"));
}

TEST_F(PutOffRun, AChatGoesOnWithWhatWasPutOffBeforeItHearsMore) {
  office_.is_closed = true;
  model_ = ScriptedModel({ScriptedModel::calls("letter", {{"what", "ann"}}), ScriptedModel::says("done"), ScriptedModel::says("you are welcome")});
  Runner runner(moved());
  const auto paused = run_async(io_, runner.start({.request = "write to ann", .chat = true}));
  ASSERT_OK(paused);
  const auto said = run_async(io_, Runner(moved()).say(paused->run, "thank you"));
  EXPECT_THAT(said, IsError(ErrorKind::conflict, HasSubstr("letter goes on at")));
  clock_.added = minutes(11);
  office_.is_closed = false;
  EXPECT_EQ(resume_moved(paused->run).text, "done");
  EXPECT_THAT(office_.got, ElementsAre("ann"));
  EXPECT_EQ(run_async(io_, Runner(moved()).say(paused->run, "thank you"))->text, "you are welcome");
}

TEST_F(PutOffRun, OneItemThatIsPutOffHoldsUpNoOther) {
  const RunReport paused = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: [a, slow, b], on_error: stop, tool: letter, with: {what: "{{item}}"}}
)");
  EXPECT_TRUE(paused.try_later) << paused.reason;
  EXPECT_THAT(office_.got, ElementsAre("a", "b"));
}

TEST_F(PutOffRun, AToolsLimitIsCountedOverAllProcessesAndLeavesTheRestUndone) {
  office_.most = 2;
  const RunReport stopped = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: [a, b, c, d], tool: letter, with: {what: "{{item}}"}}
)");
  EXPECT_EQ(stopped.status, RunStatus::limit);
  EXPECT_EQ(stopped.reason, "enough letters");
  EXPECT_EQ(stopped.hint, "buy stamps");
  EXPECT_THAT(office_.got, ElementsAre("a", "b"));
  EXPECT_EQ(resume(stopped.run).status, RunStatus::limit);
  EXPECT_THAT(office_.got, ElementsAre("a", "b"));
  office_.most = 4;
  EXPECT_EQ(resume(stopped.run).status, RunStatus::done);
  EXPECT_THAT(office_.got, ElementsAre("a", "b", "c", "d"));
}

TEST_F(PutOffRun, TheRunsOfStepsCountForTheTaskAndStopIt) {
  office_.most = 1;
  const auto inner = std::string("deed: 1\nname: one\ninputs: {who: {type: string}}\nsteps:\n  - {id: a, tool: letter, with: {what: \"{{inputs.who}}\"}}\n");
  const RunReport stopped = run("deed: 1\nname: t\nsteps:\n  - {id: each, for: [a, b], use: one.yaml, with: {who: \"{{item}}\"}}\n", Json::object(),
                                {{"/tasks/one.yaml", inner}});
  EXPECT_EQ(stopped.status, RunStatus::limit) << stopped.reason;
  EXPECT_THAT(office_.got, ElementsAre("a"));
  office_.most = 2;
  EXPECT_EQ(resume(stopped.run).status, RunStatus::done);
  EXPECT_THAT(office_.got, ElementsAre("a", "b"));
}

// The mail tool on this: greylisted for as long as the test says, by a server that is asked at the times that the pauses name and no others.
class GreylistedMail : public PutOffRun {
 protected:
  GreylistedMail() {
    policy_.yes = true;
    client_.receipts = {{"ann@x.org", refused_for_now}, {"bob@x.org", accepted}};
    EmailOptions options{.smtp = SmtpServer{.host = "mail.example.org"}, .outbox = "/nonexistent", .from = EmailAddress::parse("me@example.org").value(),
                         .root = folder_ / "work", .client = &client_};
    options.limits.pauses = {minutes(10), minutes(30)};
    EXPECT_OK(tools_.add(email_send(options)));
  }
  RunReport mail() {
    const auto task = task_of("deed: 1\nname: t\nsteps:\n  - {id: mail, tool: email.send, with: {to: [ann@x.org, bob@x.org], subject: News, text: Hi}}\n");
    Runner runner(moved());
    auto report = run_async(io_, runner.start(request_of(task, Json::object())));
    EXPECT_OK(report);
    return report.value_or(RunReport{});
  }
  std::vector<std::string> tried() const {
    std::vector<std::string> out;
    for (const SmtpTransaction& mail : client_.mails) out.push_back(mail.to.text());
    return out;
  }

  FakeSmtpClient client_;
};

TEST_F(GreylistedMail, IsSentByALaterProcessWhenTheServerIsReady) {
  const RunReport paused = mail();
  EXPECT_TRUE(paused.try_later) << paused.reason;
  EXPECT_THAT(tried(), ElementsAre("ann@x.org", "bob@x.org"));
  clock_.added = minutes(5);
  EXPECT_TRUE(resume_moved(paused.run).try_later);
  EXPECT_EQ(tried().size(), 2u) << "not before its time";
  clock_.added = minutes(11);
  client_.receipts["ann@x.org"] = accepted;
  EXPECT_EQ(resume_moved(paused.run).status, RunStatus::done);
  EXPECT_THAT(tried(), ElementsAre("ann@x.org", "bob@x.org", "ann@x.org"));
}

TEST_F(GreylistedMail, IsRefusedAfterTheLastPause) {
  const RunReport paused = mail();
  clock_.added = minutes(11);
  const RunReport longer = resume_moved(paused.run);
  ASSERT_TRUE(longer.try_later);
  EXPECT_GT(*waits_until(longer.state), clock_.now() + minutes(29));
  clock_.added = minutes(42);
  const RunReport over = resume_moved(paused.run);
  EXPECT_EQ(over.status, RunStatus::done) << "bob has it";
  EXPECT_THAT(tried(), ElementsAre("ann@x.org", "bob@x.org", "ann@x.org", "ann@x.org"));
  EXPECT_EQ(over.state.parts, (PartCounts{2, 1}));
}

}  // namespace
}  // namespace deed::put_off
