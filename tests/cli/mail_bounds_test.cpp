// Rates, the list of those who must not be mailed, and limits of a run, as a user meets them: over several commands.
#include "deed/tests/cli/command_fixture.hpp"
#include "deed/tests/fakes/smtp_server.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class MailBounds : public CommandTest {
 protected:
  MailBounds() { std::filesystem::create_directories(folder_ / "config/deed"); }
  void configure(const std::string& smtp, const std::string& mail = "") {
    put("config/deed/config.toml", "[smtp]\nurl = \"smtp://127.0.0.1:" + std::to_string(server_.port()) + "\"\nfrom = \"me@example.org\"\n" + smtp +
                                       (mail.empty() ? "" : "[mail]\n" + mail));
  }
  Ended send(std::vector<std::string> to, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"tools", "call", "email.send", to_text({{"to", to}, {"subject", "News"}, {"text", "Hi"}}), "--allow", "email.send:*", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return deed(arguments);
  }
  Ended merge(const std::string& rows) {
    put("work/people.csv", "email\n" + rows);
    put("work/merge.yaml",
        "deed: 1\nname: merge\nsteps:\n  - {id: mail, for: {csv: people.csv, key: row.email, concurrency: 2}, on_error: continue, tool: email.send, "
        "with: {to: [\"{{row.email}}\"], subject: News, text: Hi}}\n");
    return deed({"run", "merge.yaml", "--allow", "email.send:*", "--json"});
  }
  std::vector<std::string> got() const {
    std::vector<std::string> out;
    for (const fakes::SeenMail& mail : server_.kept()) out.push_back(mail.to);
    std::sort(out.begin(), out.end());
    return out;
  }

  fakes::SmtpServer server_{{.unknown = {"no1@x.org", "no2@x.org", "no3@x.org"}}};
};

TEST_F(MailBounds, TheListIsKeptAndHoldsForEachMailFromThenOn) {
  configure("", "suppress = [\"z.org\"]\n");
  EXPECT_EQ(deed({"mail", "suppress", "add", "Ann@X.org", "bücher.example", "--why", "asked us to"}).out, "2 added\n");
  EXPECT_EQ(deed({"mail", "suppress", "add", "ann@x.org"}).out, "0 added\n");
  EXPECT_EQ(deed({"mail", "suppress", "add", "ann"}).code, 2);
  EXPECT_THAT(deed({"mail", "suppress", "list"}).out, AllOf(HasSubstr("ann@x.org  asked us to\n"), HasSubstr("@xn--bcher-kva.example"), HasSubstr("@z.org  mail.suppress")));
  const Ended sent = send({"ann@x.org", "bob@x.org", "c@z.org"});
  EXPECT_EQ(sent.code, 0) << sent.err;
  EXPECT_THAT(got(), ElementsAre("<bob@x.org>"));
  EXPECT_EQ(sent.json().at("calls").at(0).at("parts").at("ann@x.org"), "rejected");
  EXPECT_THAT(sent.json().at("calls").at(0).at("text").get<std::string>(), HasSubstr("ann@x.org is on the list"));
  EXPECT_EQ(deed({"mail", "suppress", "remove", "ANN@x.org"}).out, "1 removed\n");
  EXPECT_EQ(send({"ann@x.org"}).code, 0);
  EXPECT_THAT(got(), ElementsAre("<ann@x.org>", "<bob@x.org>"));
}

// As Postfix writes it: to one recipient of a mail.
std::string bounce(const std::string& message_id, const std::string& who, const std::string& action, const std::string& status) {
  return "From: MAILER-DAEMON@x.org\r\nTo: me@example.org\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
         "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
         "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x.org\r\n\r\nFinal-Recipient: rfc822; " + who + "\r\nAction: " + action +
         "\r\nStatus: " + status + "\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: " + message_id + "\r\nSubject: News\r\n\r\n--b--\r\n";
}

TEST_F(MailBounds, WhomAMailDidNotReachForGoodIsAddedAndNobodyElse) {
  for (const char* part : {"cur", "new", "tmp"}) std::filesystem::create_directories(folder_ / "Maildir" / part);
  put("config/deed/config.toml", "maildir = \"" + file("Maildir") + "\"\n[smtp]\nurl = \"smtp://127.0.0.1:" + std::to_string(server_.port()) + "\"\nfrom = \"me@example.org\"\n");
  const Ended sent = send({"Gone@x.org", "full@x.org"});
  ASSERT_EQ(sent.code, 0) << sent.err;
  const std::string id = string_at(sent.json().at("calls").at(0).at("result"), "message_id");
  put("Maildir/new/1796000001.a", bounce(id, "gone@x.org", "failed", "5.1.1"));
  put("Maildir/new/1796000002.b", bounce(id, "full@x.org", "delayed", "4.2.2"));
  put("Maildir/new/1796000003.c", bounce(id, "boss@x.org", "failed", "5.1.1"));           // whom nobody mailed
  put("Maildir/new/1796000004.d", bounce("<0@y.org>", "full@x.org", "failed", "5.1.1"));  // about no mail of ours
  const Ended added = deed({"mail", "suppress", "bounced"});
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_EQ(added.out, "gone@x.org  bounced 5.1.1\n1 added\n");
  EXPECT_EQ(deed({"mail", "suppress", "list"}).out, "gone@x.org  bounced 5.1.1\n");
}

TEST_F(MailBounds, AListWithAWrongLineSendsNothing) {
  configure("");
  ASSERT_EQ(deed({"mail", "suppress", "add", "ann@x.org"}).code, 0);
  put("home/mail_suppressed", "ann@x.org\nnonsense\n");
  const Ended sent = send({"bob@x.org"});
  EXPECT_EQ(sent.code, 1);
  EXPECT_THAT(sent.out, HasSubstr("mail_suppressed:2"));
  EXPECT_THAT(got(), IsEmpty());
}

TEST_F(MailBounds, ASecondRunOrAResumedOneSendsNoFaster) {
  configure("rate = \"2/hour\"\n");
  EXPECT_EQ(send({"a@x.org"}).code, 0);
  const Ended waits = send({"b@x.org", "c@x.org"});
  EXPECT_EQ(waits.code, 75) << waits.out << waits.err;
  EXPECT_THAT(waits.json().at("reason").get<std::string>(), HasSubstr("email.send waits until"));
  EXPECT_EQ(deed({"resume", "--json"}).code, 75);
  EXPECT_EQ(send({"d@x.org"}).code, 75);
  EXPECT_THAT(got(), ElementsAre("<a@x.org>", "<b@x.org>"));
  configure("");
  EXPECT_EQ(deed({"resume", waits.json().at("run").get<std::string>(), "--json"}).code, 75) << "a timer is kept";
}

TEST_F(MailBounds, SeveralProcessesAtOnceOfWhichOneIsKilledSendNoFaster) {
  configure("rate = \"5/hour\"\n");
  std::vector<pid_t> processes;
  for (const char* name : {"a", "b", "c"}) {
    Json to = Json::array();
    for (int i = 0; i < 4; ++i) to.push_back(name + std::to_string(i) + "@x.org");
    processes.push_back(start({"tools", "call", "email.send", to_text({{"to", to}, {"subject", "News"}, {"text", "Hi"}}), "--allow", "email.send:*"}));
  }
  EXPECT_TRUE(server_.wait_for_mails(1));
  ::kill(processes[0], SIGKILL);
  for (const pid_t process : processes) wait(process);
  deed({"resume", "--all"});
  EXPECT_LE(got().size(), 5u);
  EXPECT_GE(got().size(), 4u) << "the one that was under way is counted, whatever became of it";
}

TEST_F(MailBounds, OneDomainsRateLeavesTheOthersAlone) {
  configure("domain_rate = \"1/day\"\n");
  EXPECT_EQ(merge("a@x.org\nb@X.org\nc@y.org\n").code, 75);
  EXPECT_THAT(got(), ElementsAre("<a@x.org>", "<c@y.org>"));
}

TEST_F(MailBounds, ARunStopsAtItsMostRecipientsOverAllItsProcesses) {
  configure("", "max_recipients = 2\n");
  const Ended stopped = merge("a@x.org\nb@x.org\nc@x.org\nd@x.org\n");
  EXPECT_EQ(stopped.code, 5) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.json().at("reason").get<std::string>(), HasSubstr("this run may mail 2 recipients and has mailed 2"));
  EXPECT_EQ(deed({"resume", "--json"}).code, 5);
  EXPECT_EQ(got().size(), 2u);
  configure("", "max_recipients = 4\n");
  EXPECT_EQ(deed({"resume", "--json"}).code, 0);
  EXPECT_THAT(got(), ElementsAre("<a@x.org>", "<b@x.org>", "<c@x.org>", "<d@x.org>"));
}

TEST_F(MailBounds, ARunStopsAfterSoManyFailuresAndGoesOnWhenOneSaysSo) {
  configure("", "max_failures = 2\n");
  const Ended stopped = merge("a@x.org\nno1@x.org\nno2@x.org\nb@x.org\nc@x.org\nd@x.org\ne@x.org\n");
  EXPECT_EQ(stopped.code, 5) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.json().at("reason").get<std::string>(), HasSubstr("2 recipients of this run were refused or failed"));
  EXPECT_LT(got().size(), 5u);
  configure("", "max_failures = 0\n");
  EXPECT_EQ(deed({"resume", "--json"}).code, 0) << "a row that fails ends no merge";
  EXPECT_THAT(got(), ElementsAre("<a@x.org>", "<b@x.org>", "<c@x.org>", "<d@x.org>", "<e@x.org>"));
}

TEST_F(MailBounds, AProjectMayHoldBackMoreAndWidenNothing) {
  configure("", "suppress = [\"x.org\"]\nmax_recipients = 1\n");
  std::filesystem::create_directories(folder_ / "work/.deed");
  put("work/.deed/config.toml", "[mail]\nsuppress = [\"y.org\"]\n");
  EXPECT_EQ(send({"a@x.org"}).code, 1);
  EXPECT_EQ(send({"a@y.org"}).code, 1);
  EXPECT_THAT(got(), IsEmpty());
  for (const char* text : {"[mail]\nmax_recipients = 100\n", "[mail]\nmax_failures = 100\n", "[smtp]\nrate = \"100/second\"\n", "[smtp]\ndomain_rate = \"100/second\"\n"}) {
    put("work/.deed/config.toml", text);
    EXPECT_EQ(send({"a@z.org"}).code, 6) << text;
  }
}

}  // namespace
}  // namespace deed
