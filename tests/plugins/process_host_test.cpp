// A program of tools in a process of its own: what it may do wrong, and that the loop goes on.
#include "deed/plugins/process_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "deed/plugins/program_path.hpp"
#include "deed/tests/plugins/plugin_calls.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// A context that keeps what the tool says.
struct HearingContext final : ToolContext {
  const std::string& effect_key() const override { return inner.effect_key(); }
  RunId run() const override { return inner.run(); }
  int attempt() const override { return inner.attempt(); }
  TimePoint proposed_at() const override { return inner.proposed_at(); }
  const Clock& clock() const override { return inner.clock(); }
  Async<void> dispatching() override { return inner.dispatching(); }
  EffectPart part(const std::string& name) const override { return inner.part(name); }
  Async<void> dispatching_part(std::string name) override { return inner.dispatching_part(std::move(name)); }
  Async<void> settle_part(std::string name, Outcome outcome) override { return inner.settle_part(std::move(name), std::move(outcome)); }
  bool stop_requested() const override { return false; }
  PartCounts parts_of_run() const override { return {}; }
  void stop_at_limit(std::string, std::string, std::string) override {}
  Async<void> wait(std::chrono::milliseconds time) override { return inner.wait(time); }
  const std::string& probed_part() const override { return inner.probed_part(); }
  TimePoint dispatched_at() const override { return inner.dispatched_at(); }
  void progress(std::string_view line) override { lines.emplace_back(line); }

  FakeContext inner;
  std::vector<std::string> lines;
};

// Whether a process that nobody here can collect ends; the time is for the case that it does not.
bool ends(pid_t pid) {
  const OwnedFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (process.get() < 0) return true;
  pollfd ended{process.get(), POLLIN, 0};
  return poll(&ended, 1, 20'000) == 1;
}

class ProcessHostTest : public testing::Test {
 protected:
  // Without a sandbox: what that holds is another test's, and what is tried here must be able to go wrong.
  static ProcessHostOptions options(const std::string& mode = "") {
    const std::string folder = DEED_SOURCE_DIR "/tests/plugins/programs";
    ProcessHostOptions out;
    out.child = {.command = {*program_path("python3", ""), folder + "/behaves.py", mode}, .folder = "/", .environment = {"PATH=/usr/bin:/bin", "ONLY=this"}, .sandbox = SandboxKind::off};
    return out;
  }
  std::shared_ptr<PluginHost> host(ProcessHostOptions with) {
    PluginServices services;
    services.secrets = {"known"};
    services.secret_of = [](const std::string&) -> Result<Secret> { return Secret("hush-hush"); };
    services.log = [this](const std::string& line) { log_.push_back(line); };
    return make_process_host(std::move(with), std::move(services));
  }
  HostedTools tools(const std::shared_ptr<PluginHost>& of) {
    const auto listed = run_async(io_, of->list());
    return HostedTools(io_, listed.value(), "behaves", of);
  }
  static std::string error_of(const Outcome& outcome) { return std::string(to_string(outcome.status)) + ": " + string_at(outcome.result, "error"); }

  asio::io_context io_;
  std::vector<std::string> log_;
};

TEST_F(ProcessHostTest, GivesACallItsArgumentsItsKeyAndNothingOfDeedsEnvironment) {
  HostedTools all = tools(host(options()));
  const Outcome outcome = all.outcome("echo", {{"name", "Ann"}});
  EXPECT_EQ(outcome.result["arguments"], (Json{{"name", "Ann"}}));
  EXPECT_EQ(outcome.result["key"], call_key());
  EXPECT_THAT(outcome.result["environment"].get<std::vector<std::string>>(), AllOf(Contains("ONLY"), Not(Contains("HOME"))));
}

TEST_F(ProcessHostTest, IsOneProcessForManyCallsAndAnotherAfterItDied) {
  HostedTools all = tools(host(options()));
  const Json first = all.outcome("echo").result["pid"];
  EXPECT_EQ(all.outcome("echo").result["pid"], first);
  EXPECT_EQ(error_of(all.outcome("die")), "unknown: the plugin's process ended with 3: it said: last words");
  const Json second = all.outcome("echo").result["pid"];
  EXPECT_TRUE(second.is_number());
  EXPECT_NE(second, first);
}

TEST_F(ProcessHostTest, ReadsAListInPages) {
  const auto whole = run_async(io_, host(options())->list());
  const auto pages = run_async(io_, host(options("pages"))->list());
  EXPECT_EQ(*pages, *whole);
}

TEST_F(ProcessHostTest, DispatchesThroughTheLoop) {
  HostedTools all = tools(host(options()));
  FakeContext ctx, refusing;
  EXPECT_EQ(all.run("dispatch", Json::object(), ctx).value->status, OutcomeStatus::succeeded);
  EXPECT_EQ(ctx.dispatches, 1);
  refusing.dispatch_error = Error{ErrorKind::unavailable, "the disk is full"};
  EXPECT_EQ(all.run("dispatch", Json::object(), refusing).value->status, OutcomeStatus::failed_without_effect);
}

TEST_F(ProcessHostTest, LeavesToTheLoopWhatBecameOfAToolThatDiedBehindItsCommitPoint) {
  HostedTools all = tools(host(options()));
  FakeContext ctx;
  const auto bounded = all.run("dispatch", {{"then", "die"}}, ctx);
  EXPECT_FALSE(bounded.value);
  EXPECT_THAT(bounded.exception, testing::AnyOf(HasSubstr("signal 9"), HasSubstr("was killed")));
}

TEST_F(ProcessHostTest, GivesOnlySecretsThatTheManifestNamesAndNoHttpWithoutAHost) {
  HostedTools all = tools(host(options()));
  EXPECT_THAT(all.outcome("secret", {{"name", "known"}}).text, HasSubstr("hush-hush"));
  EXPECT_THAT(all.outcome("secret", {{"name", "other"}}).text, HasSubstr("does not name this secret"));
  EXPECT_THAT(all.outcome("http", {{"url", "http://127.0.0.1/"}}).text, HasSubstr("no HTTP"));
}

TEST_F(ProcessHostTest, RefusesWhatAProgramMayNotAskFor) {
  HostedTools all = tools(host(options()));
  EXPECT_THAT(all.outcome("other").text, HasSubstr("-32601"));
}

TEST_F(ProcessHostTest, TellsProgressWithoutItsControlCharacters) {
  HostedTools all = tools(host(options()));
  HearingContext ctx;
  EXPECT_EQ(all.run("progress", Json::object(), ctx).value->status, OutcomeStatus::succeeded);
  EXPECT_THAT(ctx.lines, Contains(AllOf(HasSubstr("half"), Not(HasSubstr("\x1b")))));
  EXPECT_THAT(ctx.lines, Contains("1 of 4"));
}

TEST_F(ProcessHostTest, ReadsErrorsByWhatTheyProve) {
  HostedTools all = tools(host(options()));
  EXPECT_EQ(error_of(all.outcome("error")), "unknown: it went wrong");
  EXPECT_EQ(error_of(all.outcome("refuse")), "failed_without_effect: the plugin answered: no such thing");
  EXPECT_THAT(error_of(all.outcome("fault")), HasSubstr("unknown: the plugin answered: broken inside"));
  EXPECT_THAT(error_of(all.outcome("wrong_outcome")), HasSubstr("no such outcome"));
}

TEST_F(ProcessHostTest, EndsWithAnErrorWhateverTheProgramDoes) {
  HostedTools all = tools(host(options()));
  EXPECT_THAT(error_of(all.outcome("abort")), HasSubstr("failed_without_effect: the plugin's process was ended by signal 6"));
  EXPECT_THAT(error_of(all.outcome("fork_and_exit")), HasSubstr("failed_without_effect: the plugin"));
  EXPECT_THAT(error_of(all.outcome("close")), HasSubstr("closed its output"));
  EXPECT_THAT(error_of(all.outcome("half")), HasSubstr("unknown: the plugin's process ended with 0"));
  EXPECT_THAT(error_of(all.outcome("huge")), HasSubstr("a line over"));
  EXPECT_THAT(error_of(all.outcome("noise_for_ever")), HasSubstr("something else than messages"));
  EXPECT_EQ(all.outcome("noise").text, "ok");
  EXPECT_THAT(log_, Contains(HasSubstr("debug: I am here")));
  EXPECT_EQ(all.outcome("twice").text, "first");
  EXPECT_EQ(all.outcome("echo").status, OutcomeStatus::succeeded);
}

TEST_F(ProcessHostTest, IsEndedWithAllThatItStartedAtACallsDeadline) {
  const TempFolder folder;
  HostedTools all = tools(host(options()));
  FakeContext ctx;
  EXPECT_TRUE(all.run("hang", Json::object(), ctx, std::chrono::milliseconds(100)).timed_out);
  EXPECT_TRUE(all.run("bad_utf8", Json::object(), ctx, std::chrono::milliseconds(500)).timed_out);
  // Long enough for its child to have written who it is.
  std::string pid;
  for (int tries = 1; tries <= 20 && pid.empty(); ++tries) {
    EXPECT_TRUE(all.run("hang_with_child", {{"file", folder.at("pid")}}, ctx, std::chrono::milliseconds(100 * tries)).timed_out);
    if (folder.has("pid")) pid = folder.get("pid");
  }
  ASSERT_FALSE(pid.empty());
  EXPECT_TRUE(ends(std::stoi(pid)));
  EXPECT_EQ(all.outcome("echo").status, OutcomeStatus::succeeded);
}

TEST_F(ProcessHostTest, ShowsPictures) {
  HostedTools all = tools(host(options()));
  const Outcome outcome = all.outcome("picture");
  ASSERT_EQ(outcome.media.size(), 1u);
  EXPECT_EQ(outcome.media[0].media_type, "image/png");
}

TEST_F(ProcessHostTest, IsNotUsedWhenItListsOtherToolsThanWereAgreedTo) {
  const auto listed = run_async(io_, host(options())->list());
  ProcessHostOptions same = options(), other = options("other_tools");
  same.agreed = other.agreed = *listed;
  HostedTools agreed(io_, *listed, "behaves", host(std::move(same))), changed(io_, *listed, "behaves", host(std::move(other)));
  EXPECT_EQ(agreed.outcome("echo").status, OutcomeStatus::succeeded);
  EXPECT_THAT(error_of(changed.outcome("echo")), HasSubstr("failed_without_effect: the plugin lists other tools than you agreed to"));
}

TEST_F(ProcessHostTest, IsNotStartedAgainWhenItsFilesAreNotThoseThatWereAgreedTo) {
  bool has_changed = false;
  ProcessHostOptions with = options();
  with.may_start = [&]() -> Result<void> {
    if (has_changed) return fail(ErrorKind::denied, "its files have changed");
    return {};
  };
  HostedTools all = tools(host(std::move(with)));
  has_changed = true;
  EXPECT_EQ(all.outcome("echo").status, OutcomeStatus::succeeded);  // the process that runs is the one that was agreed to
  EXPECT_EQ(all.outcome("die").status, OutcomeStatus::unknown);
  EXPECT_EQ(error_of(all.outcome("echo")), "failed_without_effect: its files have changed");
}

TEST_F(ProcessHostTest, LooksAgainAtAListThatIsSaidToHaveChanged) {
  const auto listed = run_async(io_, host(options())->list());
  ProcessHostOptions agreed = options();
  agreed.agreed = *listed;
  HostedTools all(io_, *listed, "behaves", host(std::move(agreed)));
  const Json first = all.outcome("echo").result["pid"];
  // The same tools after all: it goes on, and keeps what it knows.
  EXPECT_EQ(all.outcome("changes").status, OutcomeStatus::succeeded);
  EXPECT_EQ(all.outcome("echo").result["pid"], first);
  EXPECT_EQ(all.outcome("changes", {{"to", "other_tools"}}).status, OutcomeStatus::succeeded);
  EXPECT_THAT(error_of(all.outcome("echo")), HasSubstr("failed_without_effect: the plugin lists other tools than you agreed to"));
  // It was ended, and lists what it listed at first.
  EXPECT_NE(all.outcome("echo").result["pid"], first);
}

TEST_F(ProcessHostTest, LeavesOutToolsThatOnlyATaskCanCall) {
  const auto listed = run_async(io_, host(options("tasks"))->list());
  ASSERT_TRUE(listed);
  std::vector<std::string> names;
  for (const Json& tool : *listed) names.push_back(string_at(tool, "name"));
  EXPECT_THAT(names, AllOf(Contains("echo"), Not(Contains("only_as_a_task"))));
}

TEST_F(ProcessHostTest, TakesTheListOfAProgramThatChangesItAtTheGreeting) {
  const auto grown = run_async(io_, host(options("grows"))->list());
  const auto other = run_async(io_, host(options("other_tools"))->list());
  EXPECT_EQ(*grown, *other);
}

TEST_F(ProcessHostTest, SaysWhyAProgramCannotBeUsed) {
  const auto refused = [&](const std::string& mode) {
    ProcessHostOptions with = options(mode);
    with.start_timeout = std::chrono::milliseconds(mode == "silent" ? 300 : 20'000);
    return run_async(io_, host(std::move(with))->list());
  };
  EXPECT_THAT(refused("silent"), IsError(ErrorKind::timeout));
  EXPECT_THAT(refused("endless"), IsError(ErrorKind::limit));
  EXPECT_THAT(refused("no_list"), IsError(ErrorKind::corrupt));
  ProcessHostOptions gone = options(), no_server = options();
  gone.child.command = {"/nowhere/program"};
  no_server.child.command = {"/bin/false"};
  EXPECT_THAT(run_async(io_, host(std::move(gone))->list()), IsError(ErrorKind::not_found));
  EXPECT_THAT(run_async(io_, host(std::move(no_server))->list()), IsError(ErrorKind::unavailable, HasSubstr("ended with 1")));
}

}  // namespace
}  // namespace deed
