// A task over many rows, run by the command, which is killed again and again: the server and the folder end as they would have if
// nobody had killed it. DEED_TASK_ROWS and DEED_TASK_KILLS make it as large as one has time for; the full size is 2,000 and 20.
#include <cstdlib>
#include <map>
#include <random>

#include "deed/tests/cli/command_fixture.hpp"
#include "deed/tests/fakes/imap_server.hpp"
#include "deed/tests/fakes/smtp_server.hpp"

namespace deed {
namespace {

class TaskKill : public CommandTest {
 protected:
  void make(std::size_t rows, int concurrency) {
    std::string csv = "email,name\n";
    for (std::size_t i = 0; i < rows; ++i) csv += address(i) + ",Name " + std::to_string(i) + "\n";
    put("work/people.csv", csv);
    put("work/merge.yaml", R"(deed: 1
name: merge
steps:
  - id: mail
    for: {csv: people.csv, key: row.email, concurrency: )" + std::to_string(concurrency) + R"(}
    tool: email.send
    with: {to: ["{{row.email}}"], subject: "Hello {{row.name}}", text: "Dear {{row.name}}"}
  - id: note
    for: {csv: people.csv, key: row.email, concurrency: )" + std::to_string(concurrency) + R"(}
    tool: file.write
    with: {path: "notes/{{index}}.txt", content: "{{row.name}} was written to\n"}
  - id: report
    tool: file.write
    with: {path: report.txt, content: "{{steps.mail.count}} mails, {{steps.note.count}} notes"}
)");
    std::filesystem::create_directories(folder_ / "config/deed");
    put("config/deed/config.toml", "[imap]\nurl = \"imap://ann:secret@127.0.0.1:" + std::to_string(imap_.port()) +
                                       "\"\nmailbox = \"Archive\"\nauthoritative = true\nsettle_s = 0\n");
  }
  static std::string address(std::size_t i) { return "r" + std::to_string(i) + "@x.org"; }
  std::vector<std::string> run() const {
    return {"run", "merge.yaml", "--smtp", "smtp://127.0.0.1:" + std::to_string(smtp_.port()), "--from", "deed@example.org",
            "--allow", "email.send:*", "--json"};
  }
  void expect_whole_world(std::size_t rows) {
    std::map<std::string, std::string> got;
    for (const fakes::SeenMail& mail : smtp_.kept()) EXPECT_TRUE(got.emplace(mail.to, mail.message).second) << mail.to << " twice";
    EXPECT_EQ(got.size(), rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const auto mail = got.find("<" + address(i) + ">");
      ASSERT_NE(mail, got.end()) << address(i);
      EXPECT_NE(mail->second.find("Dear Name " + std::to_string(i) + "\r\n"), std::string::npos);
      EXPECT_EQ(text_of("work/notes/" + std::to_string(i) + ".txt"), "Name " + std::to_string(i) + " was written to\n");
    }
    EXPECT_EQ(text_of("work/report.txt"), std::to_string(rows) + " mails, " + std::to_string(rows) + " notes");
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_ / "work/notes")) ++files;
    EXPECT_EQ(files, rows);
  }
  std::string text_of(const std::string& name) const {
    std::ifstream in(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::mt19937 random_{20261128};
  fakes::SmtpServer smtp_;
  fakes::ImapServer imap_{{.mailboxes = {{"Archive", [this] {
                                            std::vector<std::string> out;
                                            for (const fakes::SeenMail& mail : smtp_.kept()) out.push_back(mail.message);
                                            return out;
                                          }}}}};
};

TEST_F(TaskKill, EndsInTheSameWorldAsOneThatWasNeverKilled) {
  const std::size_t rows = from_environment("DEED_TASK_ROWS", 60);
  const std::size_t kills = from_environment("DEED_TASK_KILLS", 8);
  make(rows, 1);
  pid_t child = start(run());
  for (std::size_t i = 0; i < kills; ++i) {
    const std::size_t next = 1 + (i + 1) * (rows - 1) / (kills + 1);
    EXPECT_TRUE(smtp_.wait_for_mails(next));
    const std::size_t further = random_() % 7;
    EXPECT_TRUE(smtp_.wait_for_commands(smtp_.commands().size() + further));
    ::kill(child, SIGKILL);
    EXPECT_EQ(wait(child).code, 128 + SIGKILL);
    child = start({"resume", "--json"});
  }
  const Ended ended = wait(child);
  EXPECT_EQ(ended.code, 0) << ended.err << ended.out.substr(0, 2000);
  expect_whole_world(rows);
}

TEST_F(TaskKill, SoDoesOneThatDoesSeveralItemsAtATime) {
  const std::size_t rows = from_environment("DEED_TASK_ROWS", 60);
  const std::size_t kills = from_environment("DEED_TASK_KILLS", 8);
  make(rows, 8);
  pid_t child = start(run());
  for (std::size_t i = 0; i < kills; ++i) {
    EXPECT_TRUE(smtp_.wait_for_mails(1 + (i + 1) * (rows - 1) / (kills + 1)));
    ::kill(child, SIGKILL);
    EXPECT_EQ(wait(child).code, 128 + SIGKILL);
    child = start({"resume", "--json"});
  }
  const Ended ended = wait(child);
  EXPECT_EQ(ended.code, 0) << ended.err << ended.out.substr(0, 2000);
  expect_whole_world(rows);
}

}  // namespace
}  // namespace deed
