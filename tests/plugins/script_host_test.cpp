// Commands as tools, run for real.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deed/plugins/script_host.hpp"
#include "deed/tests/plugins/plugin_calls.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

class ScriptHostTest : public testing::Test {
 protected:
  HostedTools tools(const std::string& toml) {
    const auto manifest = parse_manifest("name='x'\n" + toml, "plugin.toml");
    ChildOptions child{.command = {}, .folder = folder_.path(), .environment = {"PATH=/usr/bin:/bin"}, .sandbox = SandboxKind::off};
    auto host = make_script_host(manifest.value().scripts, folder_.path(), std::move(child));
    const auto listed = run_async(io_, host->list());
    return HostedTools(io_, listed.value(), "x", host);
  }
  static std::string script(const std::string& command, const std::string& more = "effect='read'") {
    return "[[tools]]\nname='run'\ncommand=" + command + "\n" + more + "\n[tools.arguments]\nproperties.a.type='string'\nproperties.b.type='array'\n";
  }

  asio::io_context io_;
  TempFolder folder_;
};

TEST_F(ScriptHostTest, GivesWhatTheCommandPrints) {
  EXPECT_EQ(tools(script("['printf', '%s|', '{{b}}']")).outcome("run", {{"b", {"one two", "$HOME;ls"}}}).text, "one two|$HOME;ls|");
  EXPECT_EQ(tools(script("['printf', '{\"n\":3}']")).outcome("run").result["n"], 3);
}

TEST_F(ScriptHostTest, WritesTheInputAndClosesIt) {
  EXPECT_EQ(tools(script("['wc', '-c']", "input='{{a}}'\neffect='read'")).outcome("run", {{"a", std::string(300'000, 'x')}}).text, "300000");
  EXPECT_EQ(tools(script("['cat']")).outcome("run").text, "");
}

TEST_F(ScriptHostTest, IsOverWhenTheCommandDoesNotReadItsInput) {
  EXPECT_EQ(tools(script("['true']", "input='{{a}}'\neffect='read'")).outcome("run", {{"a", std::string(300'000, 'x')}}).status, OutcomeStatus::succeeded);
}

TEST_F(ScriptHostTest, SaysOfAFailureWhatItsClassAndItsAuthorSay) {
  const std::string fails = "['sh', '-c', 'echo no such thing >&2; exit 3']";
  const Outcome reading = tools(script(fails)).outcome("run");
  EXPECT_EQ(reading.status, OutcomeStatus::failed_without_effect);
  EXPECT_THAT(string_at(reading.result, "error"), HasSubstr("ended with 3: no such thing"));
  EXPECT_EQ(tools(script(fails, "effect='once'")).outcome("run").status, OutcomeStatus::unknown);
  EXPECT_EQ(tools(script(fails, "effect='once'\nerrors='rejected'")).outcome("run").status, OutcomeStatus::rejected);
}

TEST_F(ScriptHostTest, DispatchesBeforeTheProcessBeginsAndNotForWhatCannotBeFilled) {
  HostedTools all = tools(script("['touch', '{{a}}']", "effect='idempotent'"));
  FakeContext ctx;
  ctx.at_dispatch = [&] { EXPECT_FALSE(folder_.has("made")); };
  EXPECT_EQ(all.run("run", {{"a", "made"}}, ctx).value->status, OutcomeStatus::succeeded);
  EXPECT_TRUE(folder_.has("made"));
  EXPECT_EQ(ctx.dispatches, 1);
  EXPECT_EQ(all.run("run", {{"a", "-x"}}, ctx).value->status, OutcomeStatus::failed_without_effect);
  EXPECT_EQ(ctx.dispatches, 1);
  FakeContext refusing;
  refusing.dispatch_error = Error{ErrorKind::unavailable, "the disk is full"};
  EXPECT_EQ(all.run("run", {{"a", "other"}}, refusing).value->status, OutcomeStatus::failed_without_effect);
  EXPECT_FALSE(folder_.has("other"));
}

TEST_F(ScriptHostTest, IsOverWithTheProcessAndNotWithItsOutput) {
  // The end of the output comes first; what the command still does, and how it ends, counts.
  const Outcome outcome = tools(script("['sh', '-c', 'echo said; exec >&- 2>&-; sleep 0.05; touch made; exit 3']", "effect='read'")).outcome("run");
  EXPECT_THAT(string_at(outcome.result, "error"), HasSubstr("ended with 3"));
  EXPECT_TRUE(folder_.has("made"));
  // What it leaves behind has its output, and nobody waits for it.
  EXPECT_EQ(tools(script("['sh', '-c', 'sleep 1000 & echo done']", "effect='read'")).outcome("run").text, "done");
}

TEST_F(ScriptHostTest, IsKilledAtItsDeadlineWithWhatItStarted) {
  HostedTools all = tools(script("['sh', '-c', 'sleep 1000 & sleep 1000']", "effect='once'"));
  FakeContext ctx;
  EXPECT_TRUE(all.run("run", Json::object(), ctx, std::chrono::milliseconds(200)).timed_out);
}

TEST_F(ScriptHostTest, CutsWhatIsTooLargeAndGoesOnReading) {
  const Outcome outcome = tools(script("['head', '-c', '40000000', '/dev/zero']")).outcome("run");
  EXPECT_EQ(outcome.status, OutcomeStatus::succeeded);
  EXPECT_THAT(outcome.text, HasSubstr("[cut:"));
}

TEST_F(ScriptHostTest, SaysThatThereIsNoSuchProgram) {
  EXPECT_THAT(string_at(tools(script("['no-such-program-anywhere']")).outcome("run").result, "error"), HasSubstr("no such program"));
  EXPECT_THAT(string_at(tools(script("['./gone']")).outcome("run").result, "error"), HasSubstr("no such program"));
  EXPECT_THAT(string_at(tools(script("['../up']")).outcome("run").result, "error"), HasSubstr("not a name for a program"));
}

}  // namespace
}  // namespace deed
