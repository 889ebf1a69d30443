// deed crashtest, and the commands for what a crash leaves: resume --all, reconcile without a verdict.
#include "deed/tests/cli/command_fixture.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

class CrashtestCommand : public CommandTest {
 protected:
  // A run of one call that was killed at a failpoint.
  void kill_call_at(const char* failpoint, const char* tool, const Json& arguments) {
    const std::string order = std::string("DEED_FAILPOINT=kill:1:") + failpoint;
    const Ended ended = wait(start({"tools", "call", tool, to_text(arguments)}, "/dev/null", {order}));
    ASSERT_EQ(ended.code, 128 + SIGKILL) << ended.err;
  }
};

const Json a_line = {{"path", "log.txt"}, {"content", "one"}};

TEST_F(CrashtestCommand, PrintsATableAndEndsWellWhenNothingHappensTwice) {
  const Ended ended = deed({"crashtest", "--random", "2", "--check", "cat a.txt", "--", "tools", "call", "file.write",
      R"({"path":"a.txt","content":"x"})"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("file.rename/before"));
  EXPECT_THAT(ended.out, HasSubstr("probe/before (resuming)"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "work/a.txt")) << "it works on copies";
}

TEST_F(CrashtestCommand, AFileIsMovedOnceWhereverTheProcessDies) {
  put("work/a.txt", "text");
  const Ended ended = deed({"crashtest", "--random", "2", "--check", "test \"$(cat archive/a.txt)\" = text -a ! -e a.txt", "--", "tools", "call",
      "file.move", R"({"from":"a.txt","to":"archive/"})"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("file.rename/after"));
}

TEST_F(CrashtestCommand, AsksForAnOnceEffectAndSaysSoInJson) {
  const Ended ended = deed({"crashtest", "--json", "--random", "0", "--", "tools", "call", "file.append", to_text(a_line)});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  int asked = 0;
  const Json report = ended.json();
  for (const Json& row : report.at("rows")) {
    if (row.at("failpoint") == "file.rename/after") asked = row.at("asked").get<int>();
  }
  EXPECT_EQ(asked, 1);
}

TEST_F(CrashtestCommand, SaysWhatIsWrongWhenTheCheckDoes) {
  // The check of the undisturbed runs passes; afterwards it does not.
  const std::string check = "echo >> " + file("count") + "; test $(wc -l < " + file("count") + ") -le 2";
  const Ended ended = deed({"crashtest", "--random", "0", "--check", check, "--", "tools", "call", "time.now"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, HasSubstr("WRONG"));
  EXPECT_THAT(ended.out, HasSubstr("the check ended with exit code 1"));
}

// A program of one's own takes its own words to go on. This one writes its file before it says that it begins.
TEST_F(CrashtestCommand, TestsAnotherProgramWithItsOwnWords) {
  put("program", "#!/bin/sh\necho \"$1\" >> said; exec " DEED_COMMAND " tools call time.now\n");
  std::filesystem::permissions(file("program"), std::filesystem::perms::owner_all);
  const Ended ended = deed({"crashtest", "--random", "0", "--program", file("program"), "--resume", "again", "--", "first"});
  EXPECT_EQ(ended.code, 1) << "each start is a line more";
  EXPECT_THAT(ended.out, HasSubstr("the file said is another than without a crash"));
}

TEST_F(CrashtestCommand, RefusesWhatWouldLetRoundsMeetAndWhatFailsByItself) {
  EXPECT_EQ(deed({"crashtest", "--", "run", "--home", "x", "hello"}).code, 2);
  EXPECT_EQ(deed({"crashtest", "--", "run", "--root=x", "hello"}).code, 2);
  const Ended failing = deed({"crashtest", "--", "tools", "call", "file.read", R"({"path":"none"})"});
  EXPECT_EQ(failing.code, 2);
  EXPECT_THAT(failing.err, HasSubstr("without any crash"));
}

TEST_F(CrashtestCommand, ResumeAllGoesOnWithEveryRunThatWasLeftBehind) {
  kill_call_at("effect.intended/after", "file.append", a_line);
  kill_call_at("effect.dispatched/before", "file.append", a_line);
  kill_call_at("journal.commit/after", "file.append", a_line);  // nothing of it was begun
  EXPECT_EQ(deed({"resume", "--all"}).code, 0);
  EXPECT_EQ(text("work/log.txt"), "oneone");
  EXPECT_EQ(deed({"resume", "--all"}).code, 0);
  EXPECT_EQ(text("work/log.txt"), "oneone") << "they have ended";
}

TEST_F(CrashtestCommand, ReconcileShowsWhatIsKnownAndThenTakesAVerdict) {
  kill_call_at("file.rename/after", "file.append", a_line);
  EXPECT_EQ(deed({"resume"}).code, 4);
  const Ended shown = deed({"reconcile"});
  EXPECT_EQ(shown.code, 4);
  EXPECT_THAT(shown.out, HasSubstr("file.append"));
  EXPECT_THAT(shown.out, HasSubstr("commit point reached"));
  EXPECT_EQ(deed({"reconcile", "--json"}).json().at("call"), "call_1_1");
  EXPECT_EQ(deed({"reconcile", "--done"}).code, 0);
  EXPECT_EQ(deed({"reconcile"}).code, 75);
  EXPECT_EQ(text("work/log.txt"), "one");
}

}  // namespace
}  // namespace deed
