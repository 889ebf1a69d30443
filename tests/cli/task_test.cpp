// deed run FILE.yaml, plan, record and signal as a user meets them.
#include "deed/tests/cli/command_fixture.hpp"
#include "deed/tests/fakes/smtp_server.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

class TaskCommand : public CommandTest {
 protected:
  std::vector<std::string> with_mail(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--smtp", "smtp://127.0.0.1:" + std::to_string(smtp_.port()), "--from", "deed@example.org", "--allow-host", "127.0.0.1"});
    return arguments;
  }
  std::string rehearsed(const std::string& ending) const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "work/dry")) {
      if (entry.path().extension() == ending) return text("work/dry/" + entry.path().filename().string());
    }
    return {};
  }
  fakes::SmtpServer smtp_;
};

TEST_F(TaskCommand, WhatWasRehearsedIsToTheByteWhatTheServersReceive) {
  fakes::HttpServer web([](const fakes::SeenRequest&) { return fakes::HttpReply::ok("news of today", "text/plain"); });
  put("work/digest.yaml", R"(deed: 1
name: digest
inputs: {to: {type: string}}
steps:
  - {id: page, tool: http.get, with: {url: "URL"}}
  - {id: mail, tool: email.send, with: {to: ["{{inputs.to}}"], subject: News, text: "{{steps.page.text}}"}}
  - {id: keep, tool: file.write, with: {path: kept.txt, content: "{{steps.page.text}}"}}
)");
  std::string task = text("work/digest.yaml");
  task.replace(task.find("URL"), 3, web.url("/news"));
  put("work/digest.yaml", task);
  const Ended dry = deed(with_mail({"run", "digest.yaml", "--input", "to=ann@example.org", "--dry-run", "--out", "dry"}));
  EXPECT_EQ(dry.code, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("ann@example.org"));
  EXPECT_TRUE(smtp_.mails().empty());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "work/kept.txt"));
  EXPECT_THAT(text("work/dry/index.html"), HasSubstr("news of today"));
  const std::string shown = rehearsed(".eml");
  const Ended done = deed({"approve"});
  EXPECT_EQ(done.code, 0) << done.err;
  ASSERT_EQ(smtp_.mails().size(), 1u);
  EXPECT_EQ(smtp_.mails()[0].message, shown);
  EXPECT_EQ(text("work/kept.txt"), rehearsed(".txt"));
  EXPECT_EQ(web.requests().size(), 1u) << "what was read is not read again";
}

TEST_F(TaskCommand, AnOverwrittenFileIsRehearsedAsADiffAndAskedAboutAgainWhereItChangedMeanwhile) {
  put("work/t.yaml", R"(deed: 1
name: t
steps: [{id: save, tool: file.write, with: {path: status.txt, content: "one\nTWO\nthree\n"}}]
)");
  put("work/status.txt", "one\ntwo\nthree\n");
  const Ended dry = deed({"run", "t.yaml", "--dry-run", "--out", "dry", "--json"});
  EXPECT_EQ(dry.code, 0) << dry.err;
  const std::string diff = "--- a/status.txt\n+++ b/status.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n";
  EXPECT_EQ(rehearsed(".diff"), diff);
  EXPECT_EQ(dry.json().at("effects").at(0).at("diff"), "dry/000001-save.diff");
  EXPECT_THAT(text("work/dry/index.html"), HasSubstr("-two\n+TWO"));
  put("work/status.txt", "one\ntwo\nthree\nfour\n");
  const Ended early = deed({"approve"});
  EXPECT_EQ(early.code, 3) << early.err;
  EXPECT_EQ(text("work/status.txt"), "one\ntwo\nthree\nfour\n");
  EXPECT_THAT(deed({"show", "--full"}).out, HasSubstr("-four"));
  EXPECT_EQ(deed({"approve"}).code, 0);
  EXPECT_EQ(text("work/status.txt"), "one\nTWO\nthree\n");
}

TEST_F(TaskCommand, AnItemWithoutAColumnFailsAloneAndTheReportSaysWhich) {
  std::string rows = "email,name\n";
  for (int i = 0; i < 12; ++i) rows += "r" + std::to_string(i) + "@example.org" + (i == 7 ? "" : ",N") + "\n";
  put("work/people.csv", rows);
  put("work/merge.yaml", R"(deed: 1
name: merge
steps:
  - {id: mail, for: {csv: people.csv, key: row.email}, tool: email.send, with: {to: ["{{row.email}}"], subject: "Hi {{row.name}}", text: Hi}}
)");
  const Ended ended = deed(with_mail({"run", "merge.yaml", "--yes", "--json"}));
  EXPECT_EQ(ended.code, 1) << ended.err;
  EXPECT_EQ(smtp_.mails().size(), 11u);
  const Json step = ended.json().at("task").at("steps").at(0);
  EXPECT_EQ(step.at("count"), 11);
  ASSERT_EQ(step.at("failures").size(), 1u);
  EXPECT_EQ(step.at("failures").at(0).at("index"), 7);
}

TEST_F(TaskCommand, AMillionRowsNeedNoMemory) {
  {
    std::ofstream out(folder_ / "work/rows.csv");
    out << "n\n";
    for (int i = 0; i < 1'000'000; ++i) out << i << "\n";
  }
  put("work/t.yaml", R"(deed: 1
name: t
steps:
  - {id: each, for: {csv: rows.csv, key: row.n}, if: "row.n == '999999'", tool: file.write, with: {path: "out.txt", content: "{{row.n}}"}}
)");
  const std::string command = std::string("/usr/bin/python3 -c \"import resource,subprocess,sys;code=subprocess.run(sys.argv[1:],cwd='") +
                              (folder_ / "work").string() + "',env={'DEED_HOME':'" + (folder_ / "home").string() +
                              "'}).returncode;print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);sys.exit(code)\" " + DEED_COMMAND;
  const auto peak_kib = [&](const std::string& arguments) {
    FILE* pipe = popen((command + " " + arguments + " 2>/dev/null | tail -1").c_str(), "r");
    char line[64] = {};
    const bool has_line = std::fgets(line, sizeof line, pipe) != nullptr;
    pclose(pipe);
    return has_line ? std::atol(line) : -1;
  };
  const long idle = peak_kib("runs");
  const long peak = peak_kib("run t.yaml --quiet");
  EXPECT_EQ(text("work/out.txt"), "999999");
  std::printf("peak %ld KiB, idle %ld KiB\n", peak, idle);
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(peak - idle, 60 * 1024);
#endif
}

TEST_F(TaskCommand, ATaskFileThatIsNotThereIsNoRequestForAModel) {
  const Ended ended = deed({"run", "dailly.yaml"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("no such task file"));
}

TEST_F(TaskCommand, TwoTasksThatUseEachOtherAreRefused) {
  put("work/a.yaml", "deed: 1\nname: a\nsteps:\n  - {id: b, use: b.yaml}\n");
  put("work/b.yaml", "deed: 1\nname: b\nsteps:\n  - {id: a, use: a.yaml}\n");
  const Ended ended = deed({"run", "a.yaml"});
  EXPECT_EQ(ended.code, 2) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(":"));
}

TEST_F(TaskCommand, ATaskFileOfFiftyMegabytesIsRefusedBeforeItIsRead) {
  put("work/big.yaml", std::string(50u << 20, '#'));
  const Ended ended = deed({"run", "big.yaml"});
  EXPECT_EQ(ended.code, 5) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("1.0 MB"));
}

TEST_F(TaskCommand, AFileThatWasChangedSinceIsSaidAndHasNoInfluence) {
  put("work/t.yaml", "deed: 1\nname: t\nsteps:\n  - {id: go, wait: {signal: go}}\n  - {id: a, tool: file.write, with: {path: a.txt, content: old}}\n");
  const Ended paused = deed({"run", "t.yaml"});
  EXPECT_EQ(paused.code, 3) << paused.err;
  put("work/t.yaml", "deed: 1\nname: t\nsteps:\n  - {id: a, tool: file.write, with: {path: a.txt, content: new}}\n");
  const Ended ended = deed({"signal", "last", "go"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("was changed since"));
  EXPECT_EQ(text("work/a.txt"), "old");
}

TEST_F(TaskCommand, StepsMayBeLeftOutUnlessTheyAreRead) {
  put("work/t.yaml", R"(deed: 1
name: t
steps:
  - {id: a, tool: file.write, with: {path: a.txt, content: a}}
  - {id: b, tool: file.write, with: {path: b.txt, content: b}}
  - {id: c, tool: file.write, with: {path: c.txt, content: "{{steps.b.status}}"}}
)");
  EXPECT_EQ(deed({"run", "t.yaml", "--only-step", "b"}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "work/a.txt"));
  EXPECT_EQ(text("work/b.txt"), "b");
  const Ended refused = deed({"run", "t.yaml", "--only-step", "c"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("reads what step b gives"));
}

TEST_F(TaskCommand, PlanShowsWhatWouldBeCalledAndRunsNothing) {
  put("work/t.yaml", "deed: 1\nname: t\nsteps:\n  - {id: a, tool: file.write, with: {path: a.txt, content: a}}\n");
  const Ended plan = deed({"plan", "t.yaml"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("1. a: file.write (probeable)"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "work/a.txt"));
}

TEST_F(TaskCommand, ARunMadeFromWordsBecomesATaskThatNeedsNoModel) {
  std::vector<fakes::HttpReply> replies = {calls("file.read", {{"path", "notes.txt"}}),
                                           calls("file.write", {{"path", "copy.txt"}, {"content", "Notes: buy milk {{today}}\n"}}), says("Copied.")};
  std::size_t next = 0;
  fakes::HttpServer server([&](const fakes::SeenRequest&) { return replies.at(next++); });
  put("work/notes.txt", "buy milk {{today}}\n");
  const Ended run = deed({"run", "--model", model_at(server), "--allow-host", "127.0.0.1", "Copy notes.txt to copy.txt with a title"});
  ASSERT_EQ(run.code, 0) << run.err;
  const Ended recorded = deed({"record"});
  ASSERT_EQ(recorded.code, 0) << recorded.err;
  EXPECT_THAT(recorded.out, HasSubstr("{{steps.file_read.out"));
  // Elsewhere, with other notes, without a model.
  put("work/again.yaml", recorded.out);
  put("work/notes.txt", "call Bob\n");
  std::filesystem::remove(folder_ / "work/copy.txt");
  const Ended again = deed({"run", "again.yaml"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(text("work/copy.txt"), "Notes: call Bob\n");
}

TEST_F(TaskCommand, ASecretIsShownNowhere) {
  fakes::HttpServer web([](const fakes::SeenRequest&) { return fakes::HttpReply::ok("ok", "text/plain"); });
  put("work/t.yaml", "deed: 1\nname: t\nsecrets: [api_token]\nsteps:\n  - {id: a, tool: http.request, with: {method: POST, url: \"" + web.url("/x") +
                         "\", headers: {X-Token: \"{{secrets.api_token}}\"}, body: hello}}\n");
  const std::vector<std::string> secret = {"DEED_SECRET_API_TOKEN=tok-1234567890"};
  const Ended dry = wait(start({"run", "t.yaml", "--dry-run", "--out", "dry", "--allow-host", "127.0.0.1"}, "/dev/null", secret));
  EXPECT_EQ(dry.code, 0) << dry.err;
  const Ended done = wait(start({"approve", "--json", "--allow-host", "127.0.0.1"}, "/dev/null", secret));
  EXPECT_EQ(done.code, 0) << done.err;
  ASSERT_EQ(web.requests().size(), 1u);
  EXPECT_EQ(web.requests()[0].header("x-token"), "tok-1234567890");
  std::string all = dry.out + dry.err + done.out + done.err;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    if (entry.is_regular_file()) all += text(std::filesystem::relative(entry.path(), folder_).string());
  }
  EXPECT_EQ(all.find("tok-1234567890"), std::string::npos);
}

}  // namespace
}  // namespace deed
