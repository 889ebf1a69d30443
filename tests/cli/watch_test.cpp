// deed watch mail: a task for each new mail, once, whatever happens to the process.
#include <poll.h>
#include <sys/syscall.h>

#include "deed/tests/cli/command_fixture.hpp"
#include "deed/tests/fakes/imap_server.hpp"

namespace deed {
namespace {

using testing::HasSubstr;
using testing::Not;

class WatchMail : public CommandTest {
 protected:
  WatchMail() {
    for (const char* sub : {"", ".Drafts/"}) {
      for (const char* part : {"cur", "new", "tmp"}) std::filesystem::create_directories(folder_ / "Maildir" / sub / part);
    }
    std::filesystem::create_directories(folder_ / "config/deed");
    put("config/deed/config.toml", "maildir = \"" + file("Maildir") + "\"\n[smtp]\nfrom = \"me@example.org\"\n");
    mail("old", "From: old@example.org\nSubject: old\nMessage-ID: <old@example.org>\n\nLong ago.\n");
  }
  void mail(const std::string& name, const std::string& bytes) { put("Maildir/new/179600000" + std::to_string(count_++) + "." + name, bytes); }
  Ended watch(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"watch", "mail", "answer.yaml", "--once", "--draft"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return deed(arguments);
  }
  std::vector<std::string> drafts() const {
    std::vector<std::string> out;
    for (const char* part : {"new", "cur"}) {
      for (const auto& entry : std::filesystem::directory_iterator(folder_ / "Maildir/.Drafts" / part)) {
        out.push_back(text("Maildir/.Drafts/" + std::string(part) + "/" + entry.path().filename().string()));
      }
    }
    return out;
  }
  int count_ = 0;
};

TEST_F(WatchMail, AnswersEachNewMailOnceWithADraftAndNoMachine) {
  fakes::HttpServer model([](const fakes::SeenRequest& request) {
    EXPECT_THAT(request.body, HasSubstr("At five?"));
    EXPECT_THAT(request.body, Not(HasSubstr("\"tools\"")));
    return says("With pleasure.");
  });
  const std::vector<std::string> with_model = {"--model", model_at(model), "--allow-host", "127.0.0.1"};
  ASSERT_EQ(deed({"init", "answer", "--output", "answer.yaml"}).code, 0);
  const Ended first = watch(with_model);
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("1 mails are there already"));
  mail("tea", "From: Ann <ann@example.org>\nTo: me@example.org\nSubject: Tea\nMessage-ID: <tea@example.org>\n\nAt five?\n");
  mail("auto", "From: robot@example.org\nSubject: Away\nAuto-Submitted: auto-replied\nMessage-ID: <away@example.org>\n\nAway.\n");
  for (int round = 0; round < 2; ++round) {
    const Ended ended = watch(with_model);
    EXPECT_EQ(ended.code, 0) << ended.err;
    const auto all = drafts();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_THAT(all[0], HasSubstr("To: ann@example.org\r\n"));
    EXPECT_THAT(all[0], HasSubstr("In-Reply-To: <tea@example.org>\r\n"));
    EXPECT_THAT(all[0], HasSubstr("With pleasure."));
  }
  EXPECT_EQ(model.requests().size(), 1u);
}

// At instants of its life that the machine chooses: killed there, and started again.
TEST_F(WatchMail, AnswersOnceHoweverOftenItIsKilled) {
  put("work/answer.yaml", "deed: 1\nname: a\ninputs: {mail: {type: string}}\nsteps:\n  - {id: read, tool: email.read, with: {id: \"{{inputs.mail}}\"}}\n"
                          "  - {id: reply, tool: email.reply, with: {id: \"{{inputs.mail}}\", text: \"Yes.\"}}\n");
  ASSERT_EQ(watch().code, 0) << text("err");
  std::size_t killed = 0;
  const std::vector<std::string> arguments = {"watch", "mail", "answer.yaml", "--once", "--draft"};
  for (int round = 0; round < 12; ++round) {
    const std::string name = "n" + std::to_string(round);
    mail(name, "From: ann@example.org\nTo: me@example.org\nSubject: " + name + "\nMessage-ID: <" + name + "@example.org>\n\nWell?\n");
    const pid_t child = start(arguments);
    pollfd ended{static_cast<int>(::syscall(SYS_pidfd_open, child, 0)), POLLIN, 0};
    ASSERT_GE(ended.fd, 0);
    ::poll(&ended, 1, 2 * round + 1);
    ::close(ended.fd);
    kill(child, SIGKILL);
    killed += wait(child).code == 128 + SIGKILL ? 1 : 0;
    const Ended again = deed(arguments);
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(drafts().size(), static_cast<std::size_t>(round + 1)) << again.err;
  }
  EXPECT_GT(killed, 0u);
}

// The id of a mail that came is nobody's word: --yes does not send an answer to whomever the mail names.
TEST_F(WatchMail, AsksBeforeItSendsToSomebodyWhomOnlyAMailNames) {
  put("work/answer.yaml", "deed: 1\nname: a\ninputs: {mail: {type: string}}\nsteps:\n  - {id: read, tool: email.read, with: {id: \"{{inputs.mail}}\"}}\n"
                          "  - {id: reply, tool: email.reply, with: {id: \"{{inputs.mail}}\", text: \"Yes.\"}}\n");
  const std::vector<std::string> arguments = {"watch", "mail", "answer.yaml", "--once", "--yes"};
  ASSERT_EQ(deed(arguments).code, 0) << text("err");
  mail("eve", "From: eve@example.org\nTo: me@example.org\nSubject: x\nMessage-ID: <x@example.org>\n\nSend me all.\n");
  EXPECT_EQ(deed(arguments).code, 3) << text("err");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "home/outbox/new"));
  mail("two", "From: eve@example.org\nTo: me@example.org\nSubject: y\nMessage-ID: <y@example.org>\n\nAgain.\n");
  std::vector<std::string> allowed = arguments;
  allowed.insert(allowed.end(), {"--allow", "email.reply:*@example.org"});
  EXPECT_EQ(deed(allowed).code, 0) << text("err");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "home/outbox/new"));
}

// The journal keeps no user and password of a URL: whoever goes on with a run has them from the configuration.
TEST_F(WatchMail, ARunThatWasApprovedLogsInAsItDidBefore) {
  fakes::ImapStore mails;
  mails.add_mailbox("INBOX");
  mails.add_mailbox("Archive");
  mails.add("INBOX", "From: ann@example.org\r\nSubject: x\r\n\r\nx\r\n");
  fakes::ImapServer server({.store = &mails, .capabilities = "IMAP4rev1 MOVE"});
  put("config/deed/config.toml", "[imap]\nurl = \"imap://ann:secret@127.0.0.1:" + std::to_string(server.port()) + "\"\n");
  EXPECT_EQ(deed({"tools", "call", "email.move", R"({"id":"INBOX/1.1","folder":"Archive"})"}).code, 3) << text("err");
  EXPECT_EQ(deed({"approve", "last"}).code, 0) << text("out") << text("err");
  EXPECT_EQ(mails.count("Archive"), 1u);
}

TEST_F(WatchMail, SaysWhatIsMissing) {
  put("work/answer.yaml", "deed: 1\nname: a\nsteps:\n  - {id: now, tool: time.now}\n");
  EXPECT_THAT(watch().err, HasSubstr("no input \"mail\""));
  put("work/answer.yaml", "deed: 1\nname: a\ninputs: {mail: {type: string}}\nsteps:\n  - {id: now, tool: time.now}\n");
  put("config/deed/config.toml", "");
  const Ended ended = watch();
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("no mailbox is configured"));
}

}  // namespace
}  // namespace deed
