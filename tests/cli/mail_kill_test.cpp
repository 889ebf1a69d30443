// One mail to many, sent by the command, which is killed again and again while it sends: the server
// counts what each recipient got. DEED_MAIL_RECIPIENTS and DEED_MAIL_KILLS make it as large as one
// has time for; the full size is 5,000 and 50.
#include <cstdlib>
#include <map>
#include <random>

#include "deed/tests/cli/command_fixture.hpp"
#include "deed/tests/fakes/imap_server.hpp"
#include "deed/tests/fakes/smtp_server.hpp"

namespace deed {
namespace {

class MailKill : public CommandTest {
 protected:
  std::string address(std::size_t i) const { return "r" + std::to_string(i) + "@x.org"; }
  Json mail_to(std::size_t count) const {
    Json blind = Json::array();
    for (std::size_t i = 1; i < count; ++i) blind.push_back(address(i));
    return {{"to", {address(0)}}, {"bcc", blind}, {"subject", "News"}, {"text", "Spring is here."}};
  }
  std::vector<std::string> call(std::size_t count) const {
    return {"tools", "call", "email.send", to_text(mail_to(count)), "--smtp", "smtp://127.0.0.1:" + std::to_string(smtp_.port()),
            "--from", "deed@example.org", "--allow", "email.send:*", "--json"};
  }
  void configure_mailbox() {
    std::filesystem::create_directories(folder_ / "config/deed");
    put("config/deed/config.toml", "[imap]\nurl = \"imap://ann:secret@127.0.0.1:" + std::to_string(imap_.port()) +
                                       "\"\nmailbox = \"Archive\"\nauthoritative = true\nsettle_s = 0\n");
  }
  // Waits until the command has come a random piece further, and kills it there.
  void kill_on_its_way(pid_t child, std::size_t next_mails) {
    if (random_() % 2 == 0) {
      EXPECT_TRUE(smtp_.wait_for_mails(next_mails));
    } else {
      EXPECT_TRUE(smtp_.wait_for_commands(smtp_.commands().size() + 1 + random_() % 7));
    }
    ::kill(child, SIGKILL);
    EXPECT_EQ(wait(child).code, 128 + SIGKILL);
  }
  // How often each recipient got it.
  std::map<std::string, int> delivered() const {
    std::map<std::string, int> out;
    for (const fakes::SeenMail& mail : smtp_.kept()) ++out[mail.to];
    return out;
  }
  void expect_each_once(std::size_t count) const {
    const auto got = delivered();
    EXPECT_EQ(got.size(), count);
    for (const auto& [who, times] : got) EXPECT_EQ(times, 1) << who;
  }

  std::mt19937 random_{20261125};
  fakes::SmtpServer smtp_;
  fakes::ImapServer imap_{{.mailboxes = {{"Archive", [this] {
                                            std::vector<std::string> out;
                                            for (const fakes::SeenMail& mail : smtp_.kept()) out.push_back(mail.message);
                                            return out;
                                          }}}}};
};

TEST_F(MailKill, EveryRecipientGetsItOnceWithoutAPersonWhereAMailboxTells) {
  const std::size_t count = from_environment("DEED_MAIL_RECIPIENTS", 60);
  const std::size_t kills = from_environment("DEED_MAIL_KILLS", 8);
  configure_mailbox();
  pid_t child = start(call(count));
  for (std::size_t i = 0; i < kills; ++i) {
    // One kill in each piece of the way, at a random mail of it.
    const std::size_t first = i * (count - 1) / kills, next = (i + 1) * (count - 1) / kills;
    kill_on_its_way(child, first + 1 + random_() % std::max<std::size_t>(1, next - first));
    child = start({"resume", "--json"});
  }
  const Ended ended = wait(child);
  EXPECT_EQ(ended.code, 0) << ended.err << ended.out.substr(0, 2000);
  expect_each_once(count);
  const Json report = ended.json();
  ASSERT_EQ(report.at("calls").size(), 1u);
  EXPECT_EQ(report.at("calls").at(0).at("result").at("accepted").size(), count);
  std::map<std::string, int> kinds;
  const Json shown = deed({"show", "last", "--json"}).json();
  for (const Json& event : shown.at("events")) {
    const std::string kind = string_at(event, "kind");
    ++kinds[kind == "effect.probed" ? string_at(event.at("body"), "verdict") : kind];
  }
  EXPECT_EQ(kinds["run.resumed"], static_cast<int>(kills));
  EXPECT_EQ(kinds["run.paused"], 0) << "nobody was asked";
  std::printf("%zu recipients, %zu kills; in doubt and found sent: %d, found unsent and sent again: %d\n", count, kills,
              kinds["confirmed"], kinds["refuted"]);
}

// Without a mailbox only those are asked about who were in flight, one by one, and the answers are kept.
TEST_F(MailKill, APersonIsAskedAboutThoseInFlightOnly) {
  constexpr std::size_t count = 20;
  std::size_t kills = 4, questions = 0;
  pid_t child = start(call(count));
  for (;;) {
    if (kills > 0 && smtp_.mails().size() + 1 < count) {
      --kills;
      kill_on_its_way(child, smtp_.mails().size() + 1);
      child = start({"resume", "--json"});
      continue;
    }
    const Ended ended = wait(child);
    if (ended.code != 4) {
      EXPECT_EQ(ended.code, 0) << ended.err << ended.out.substr(0, 2000);
      break;
    }
    std::string in_doubt;
    const Json parts = ended.json().at("calls").at(0).at("parts");
    for (const auto& [who, outcome] : parts.items()) {
      if (outcome == "unknown") in_doubt = who;
    }
    ASSERT_NE(in_doubt, "");
    const auto got = delivered();
    const bool has_it = got.contains("<" + in_doubt + ">");
    child = start({"reconcile", has_it ? "--done" : "--retry", "--part", in_doubt, "--json"});
    ASSERT_LE(++questions, 4u);
  }
  expect_each_once(count);
}

}  // namespace
}  // namespace deed
