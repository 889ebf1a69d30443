// A task over many rows, run by the command, which is killed again and again: the server and the folder end as they would have if
// nobody had killed it. DEED_TASK_ROWS and DEED_TASK_KILLS make it as large as one has time for; the full size is 2,000 and 20.
// The merge has its full size but under sanitizers; DEED_MERGE_ROWS makes it smaller.
#include <poll.h>
#include <sys/syscall.h>

#include <cstdlib>
#include <map>
#include <random>

#include "deed/tests/cli/command_fixture.hpp"
#include "deed/tests/fakes/imap_server.hpp"
#include "deed/tests/fakes/smtp_server.hpp"
#include "deed/tests/tools/mail_reader.hpp"

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
    configure_mailbox();
  }
  void configure_mailbox() {
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
  // A letter to everybody: text, html that shows a picture, an attachment. In the middle, one whom the server does not know, and what
  // is no address.
  void make_merge(std::size_t rows) {
    std::string csv = "email,name\n";
    for (std::size_t i = 0; i < rows; ++i) {
      if (i == rows / 2) csv += "nobody@x.org,Nobody\nnot an address,Nobody\n";
      csv += address(i) + ",Жанна " + std::to_string(i) + "\n";
    }
    put("work/people.csv", csv);
    put("work/logo.png", picture());
    put("work/terms.pdf", terms());
    put("work/merge.yaml", R"(deed: 1
name: merge
steps:
  - id: mail
    for: {csv: people.csv, key: row.email, concurrency: 8}
    tool: email.send
    with:
      to: ["{{row.email}}"]
      subject: "Письмо для {{row.name}}"
      text: "Dear {{row.name}}\n.\nYours\n"
      html: "<p>Dear {{row.name}}</p><img src=\"cid:logo.png\">"
      attachments: [terms.pdf, logo.png]
      unsubscribe: "https://example.org/leave?who={{row.email | urlescape}}"
)");
    configure_mailbox();
  }
  static std::string picture() { return std::string("\x89PNG\r\n\x1a\n\0", 9) + std::string(500, '\xff'); }
  static std::string terms() { return "%PDF\r\n.\r\n" + std::string(4000, '\x80'); }
  void expect_letter(const fakes::SeenMail& mail, std::size_t i) const {
    const std::string name = "Жанна " + std::to_string(i);
    const mail_reader::Part read = mail_reader::read(mail.message);
    EXPECT_EQ(mail_reader::decode_words(read.header("subject")), "Письмо для " + name);
    EXPECT_EQ(read.header("to"), address(i));
    EXPECT_EQ(read.header("list-unsubscribe"), "<https://example.org/leave?who=r" + std::to_string(i) + "%40x.org>");
    ASSERT_EQ(read.parts.size(), 2u);
    EXPECT_EQ(read.parts[1].filename, "terms.pdf");
    EXPECT_EQ(read.parts[1].body, terms());
    ASSERT_EQ(read.parts[0].parts.size(), 2u);
    EXPECT_EQ(read.parts[0].parts[0].body, "Dear " + name + "\r\n.\r\nYours\r\n");
    const auto& related = read.parts[0].parts[1].parts;
    ASSERT_EQ(related.size(), 2u);
    const std::string id = related[1].header("content-id");
    EXPECT_EQ(related[0].body, "<p>Dear " + name + "</p><img src=\"cid:" + id.substr(1, id.size() - 2) + "\">\r\n");
    EXPECT_EQ(related[1].body, picture());
  }
  void expect_all_letters(std::size_t rows) const {
    std::map<std::string, fakes::SeenMail> got;
    for (const fakes::SeenMail& mail : smtp_.kept()) EXPECT_TRUE(got.emplace(mail.to, mail).second) << mail.to << " twice";
    EXPECT_EQ(got.size(), rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const auto mail = got.find("<" + address(i) + ">");
      ASSERT_NE(mail, got.end()) << address(i);
      expect_letter(mail->second, i);
    }
  }
  // How each row ended and why, by its key, out of the journal.
  std::map<std::string, std::pair<std::string, std::string>> ends_of_rows() {
    std::map<std::string, std::pair<std::string, std::string>> ends;
    const Json shown = Json::parse(deed({"show", "last", "--json"}).out);
    for (const Json& event : shown.at("events")) {
      const std::string call = string_at(event, "call"), kind = string_at(event, "kind");
      const Json& body = event.at("body");
      if (!call.starts_with("mail[")) continue;
      const std::string key = call.substr(5, call.size() - 6);
      if (kind == "effect.settled" && string_at(body, "part").empty()) ends[key] = {string_at(body, "status"), string_at(body, "text")};
      if (kind == "policy.decided" && string_at(body, "verdict") == "invalid") ends[key] = {"invalid", string_at(body, "why")};
    }
    return ends;
  }
  static double peak_mb(pid_t child) {
    std::ifstream status("/proc/" + std::to_string(child) + "/status");
    double kib = 0;
    for (std::string word; status >> word;) {
      if (word == "VmHWM:") status >> kib;
    }
    return kib / 1024;
  }
  // The rusage of a child begins with what this process had when it was forked.
  Ended wait_and_weigh(pid_t child, double& most_mb) const {
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
    EXPECT_GE(process, 0);
    for (pollfd ended{process, POLLIN, 0}; ::poll(&ended, 1, 10) == 0;) most_mb = std::max(most_mb, peak_mb(child));
    ::close(process);
    return wait(child);
  }
  std::string text_of(const std::string& name) const {
    std::ifstream in(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::mt19937 random_{20261128};
  fakes::SmtpServer smtp_{{.unknown = {"nobody@x.org"}}};
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

TEST_F(TaskKill, AMergeThatIsKilledThreeTimesSendsEachRowOnceAndSaysWhatBecameOfEach) {
#ifdef __SANITIZE_ADDRESS__
  constexpr std::size_t full_size = 300;  // several times slower, and what is freed stays in memory
#else
  constexpr std::size_t full_size = 2000;
#endif
  const std::size_t rows = from_environment("DEED_MERGE_ROWS", full_size);
  constexpr std::size_t kills = 3;
  make_merge(rows);
  pid_t child = start(run());
  EXPECT_TRUE(smtp_.wait_for_mails(1));
  const double idle_mb = peak_mb(child);
  double most_mb = idle_mb;
  for (std::size_t i = 0; i < kills; ++i) {
    const std::size_t next = (i + 1) * rows / (kills + 1);
    while (smtp_.mails().size() < next && smtp_.wait_for_mails(std::min(next, smtp_.mails().size() + 500))) {
    }
    EXPECT_TRUE(smtp_.wait_for_commands(smtp_.commands().size() + random_() % 7));
    most_mb = std::max(most_mb, peak_mb(child));
    ::kill(child, SIGKILL);
    EXPECT_EQ(wait(child).code, 128 + SIGKILL);
    child = start({"resume", "--json"});
  }
  const Ended ended = wait_and_weigh(child, most_mb);
  EXPECT_EQ(ended.code, 1) << ended.err << ended.out.substr(0, 2000);
  expect_all_letters(rows);
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(most_mb - idle_mb, 60) << "idle: " << idle_mb;
#endif
  std::printf("%zu rows; %.0f MB with the first mail under way, %.0f MB at most\n", rows, idle_mb, most_mb);

  const Json step = ended.json().at("task").at("steps").at(0);
  EXPECT_EQ(step.at("count"), rows);
  ASSERT_EQ(step.at("failures").size(), 2u) << step;
  auto ends = ends_of_rows();
  EXPECT_EQ(ends.size(), rows + 2);
  for (std::size_t i = 0; i < rows; ++i) EXPECT_EQ(ends[address(i)].first, "succeeded") << address(i) << ends[address(i)].second;
  EXPECT_EQ(ends["nobody@x.org"].first, "rejected");
  EXPECT_THAT(ends["nobody@x.org"].second, testing::HasSubstr("550 5.1.1 no such user"));
  EXPECT_EQ(ends["not an address"].first, "invalid");
  EXPECT_THAT(ends["not an address"].second, testing::HasSubstr("there is no @"));
  for (const Json& failure : step.at("failures")) {
    const std::string key = string_at(failure, "key");
    EXPECT_TRUE(key == "nobody@x.org" || key == "not an address") << key;
    EXPECT_NE(string_at(failure, "error"), "");
  }
}

}  // namespace
}  // namespace deed
