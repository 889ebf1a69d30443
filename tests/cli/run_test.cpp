// A run from the command line: approval without a terminal, interruption, resuming.
#include <atomic>

#include "deed/tests/cli/command_fixture.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

const Json mail = {{"to", Json::array({"ann@example.org"})}, {"subject", "Hi"}, {"text", "Hello."}};

class RunCommandTest : public CommandTest {
 protected:
  // The name under which email.send was offered to the model.
  static std::string offered_name(const fakes::SeenRequest& request) {
    const Json body = parse_json(request.body).value_or(Json::object());
    for (const Json& tool : body.value("tools", Json::array())) {
      const std::string name = tool["function"]["name"].get<std::string>();
      if (name.find("email") != std::string::npos) return name;
    }
    return "none";
  }
  static fakes::HttpReply mails_once(const fakes::SeenRequest& request) {
    if (request.body.find("\"role\":\"tool\"") != std::string::npos) return says("Done.");
    return calls(offered_name(request).c_str(), mail);
  }
  std::size_t mails() const {
    const auto folder = folder_ / "home/outbox/new";
    if (!std::filesystem::exists(folder)) return 0;
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
  }
};

TEST_F(RunCommandTest, WithoutATerminalItPausesAndApproveFinishesIt) {
  fakes::HttpServer server(mails_once);
  const Ended paused = deed({"run", "--json", "--model", model_at(server), "mail ann@example.org hello"});
  EXPECT_EQ(paused.code, 3) << paused.err;
  EXPECT_EQ(mails(), 0u);
  const Ended approved = deed({"approve", "last", "--json"});
  EXPECT_EQ(approved.code, 0) << approved.err;
  EXPECT_EQ(approved.json()["text"], "Done.");
  EXPECT_EQ(mails(), 1u);
}

TEST_F(RunCommandTest, DenyTellsTheModelAndSendsNothing) {
  fakes::HttpServer server(mails_once);
  EXPECT_EQ(deed({"run", "--model", model_at(server), "mail ann@example.org hello"}).code, 3);
  EXPECT_EQ(deed({"deny", "last", "--note", "not her"}).code, 0);
  EXPECT_EQ(mails(), 0u);
  EXPECT_THAT(server.requests().back().body, HasSubstr("not her"));
}

TEST_F(RunCommandTest, ARuleOrYesNeedsNoQuestion) {
  fakes::HttpServer server(mails_once);
  EXPECT_EQ(deed({"run", "--model", model_at(server), "--allow", "email.send:*@example.org", "mail ann@example.org"}).code, 0);
  EXPECT_EQ(deed({"run", "--model", model_at(server), "--yes", "mail ann@example.org"}).code, 0);
  EXPECT_EQ(mails(), 2u);
}

TEST_F(RunCommandTest, ExplainTellsEachStepAsItGoes) {
  fakes::HttpServer server(mails_once);
  const Ended ended = deed({"run", "--explain", "--yes", "--model", model_at(server), "mail ann@example.org"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr("call    email.send"));
  EXPECT_THAT(ended.err, HasSubstr("/to/0 from request (user)"));
  EXPECT_THAT(ended.err, HasSubstr("result  succeeded"));
}

TEST_F(RunCommandTest, YesDoesNotCoverAnAddressThatTheModelMadeUp) {
  fakes::HttpServer server(mails_once);
  EXPECT_EQ(deed({"run", "--model", model_at(server), "--yes", "mail Ann hello"}).code, 3);
  EXPECT_EQ(mails(), 0u);
}

TEST_F(RunCommandTest, AnInterruptedStepIsResumed) {
  std::atomic<bool> hangs = true;
  fakes::HttpServer server([&](const fakes::SeenRequest& request) {
    return hangs ? fakes::HttpReply::never_answer() : mails_once(request);
  });
  const pid_t child = start({"run", "--yes", "--model", model_at(server), "mail ann@example.org hello"});
  ASSERT_TRUE(server.wait_for_requests(1));
  kill(child, SIGINT);
  const Ended stopped = wait(child);
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("deed resume"));
  hangs = false;
  EXPECT_EQ(deed({"resume", "last"}).code, 0);
  EXPECT_EQ(mails(), 1u);
}

TEST_F(RunCommandTest, AKilledRunIsResumedUnderWhatItWasAllowed) {
  std::atomic<bool> hangs = true;
  fakes::HttpServer server([&](const fakes::SeenRequest& request) {
    return hangs ? fakes::HttpReply::never_answer() : mails_once(request);
  });
  const pid_t child = start({"run", "--yes", "--model", model_at(server), "mail ann@example.org hello"});
  ASSERT_TRUE(server.wait_for_requests(1));
  kill(child, SIGKILL);
  EXPECT_EQ(wait(child).code, 128 + SIGKILL);
  hangs = false;
  EXPECT_EQ(deed({"resume", "last"}).code, 0);
  EXPECT_EQ(mails(), 1u);
}

TEST_F(RunCommandTest, ShowExplainsWhereEachArgumentCameFrom) {
  fakes::HttpServer server(mails_once);
  ASSERT_EQ(deed({"run", "--yes", "--model", model_at(server), "mail ann@example.org hello"}).code, 0);
  const Ended shown = deed({"show", "last", "--full"});
  EXPECT_THAT(shown.out, HasSubstr("/to/0 from request (user)"));
  EXPECT_THAT(shown.out, HasSubstr("Subject: Hi"));
  EXPECT_THAT(deed({"search", "hello"}).out, HasSubstr("run.started"));
}

TEST_F(RunCommandTest, EventsAreLinesOfJson) {
  fakes::HttpServer server([](const fakes::SeenRequest&) { return says("Hello."); });
  const Ended ended = deed({"run", "--events", "--model", model_at(server), "hello"});
  std::istringstream lines(ended.out);
  std::string last;
  for (std::string line; std::getline(lines, line); last = line) EXPECT_OK(parse_json(line));
  EXPECT_THAT(last, HasSubstr("run.finished"));
}

TEST_F(RunCommandTest, TheExampleOfScriptsReadsItsFields) {
  fakes::HttpServer server(mails_once);
  const Json report = deed({"run", "--json", "--yes", "--model", model_at(server), "mail ann@example.org"}).json();
  for (const char* key : {"version", "run", "status", "exit_code", "text", "reason", "hint", "steps", "calls", "usage", "cost_usd"}) {
    EXPECT_TRUE(report.contains(key)) << key;
  }
}

}  // namespace
}  // namespace deed
