// deed mail check: everything but the sending.
#include "deed/tests/cli/command_fixture.hpp"
#include "deed/tests/fakes/imap_server.hpp"
#include "deed/tests/fakes/smtp_server.hpp"

namespace deed {
namespace {

using testing::Contains;
using testing::HasSubstr;

class MailCheckCommand : public CommandTest {
 protected:
  Ended check(std::uint16_t port, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"mail", "check", "--smtp", "smtp://127.0.0.1:" + std::to_string(port)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return deed(arguments);
  }
};

TEST_F(MailCheckCommand, GoesAsFarAsTheMessageAndSendsNothing) {
  fakes::SmtpServer server;
  const Ended ended = check(server.port(), {"--from", "me@example.org"});
  EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("ok   smtp"));
  EXPECT_THAT(ended.out, HasSubstr("nothing was sent"));
  EXPECT_THAT(server.commands(), Contains(HasSubstr("RCPT TO:<me@example.org>")));
  EXPECT_TRUE(server.mails().empty());
}

TEST_F(MailCheckCommand, GivesTheServersWordsWhereItRefusesTheSender) {
  fakes::SmtpServer server({.faults = {{.stage = fakes::SmtpStage::mail, .reply = "550 5.7.1 not from here"}}});
  const Ended ended = check(server.port(), {"--from", "me@example.org", "--json"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.json().at("healthy"), false);
  EXPECT_THAT(ended.json().at("checks").at(0).at("text").get<std::string>(), HasSubstr("550 5.7.1 not from here"));
}

TEST_F(MailCheckCommand, SaysThatNobodyListensWhoTheSenderIsAndWhereTheOutboxIs) {
  std::uint16_t port = 0;
  { port = fakes::SmtpServer().port(); }
  const Ended closed = check(port, {"--from", "me@example.org"});
  EXPECT_EQ(closed.code, 1);
  EXPECT_THAT(closed.out, HasSubstr("check the mail server's host and port"));
  EXPECT_THAT(check(port).out, HasSubstr("smtp.from"));
  const Ended outbox = deed({"mail", "check"});
  EXPECT_EQ(outbox.code, 0);
  EXPECT_THAT(outbox.out, HasSubstr(file("home/outbox")));
}

TEST_F(MailCheckCommand, LooksIntoTheMailboxAlsoWhereNoServerIsConfigured) {
  fakes::ImapServer server;
  std::filesystem::create_directories(folder_ / "config/deed");
  put("config/deed/config.toml", "[imap]\nurl = \"imap://ann:wrong@127.0.0.1:" + std::to_string(server.port()) + "\"\n");
  const Ended wrong = deed({"mail", "check"});
  EXPECT_EQ(wrong.code, 1) << wrong.out;
  EXPECT_THAT(wrong.out, HasSubstr("FAIL imap"));
  put("config/deed/config.toml", "maildir = \"/no/such/place\"\n");
  EXPECT_THAT(deed({"mail", "check"}).out, HasSubstr("FAIL maildir"));
}

}  // namespace
}  // namespace deed
