// The commands of docs/running-tasks.md, as they stand there, in an empty folder: a model server, a web behind a proxy and a mail server of
// ours are what the configuration says.
#include <cstdlib>

#include "deed/core/text.hpp"
#include "deed/tests/cli/command_fixture.hpp"
#include "deed/tests/cli/page_commands.hpp"
#include "deed/tests/fakes/smtp_server.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

class TaskDocs : public CommandTest {
 protected:
  int shell(const std::string& line, const std::string& variables) {
    const std::string bin = std::filesystem::path(DEED_COMMAND).parent_path().string();
    const std::string command = "cd '" + (folder_ / "work").string() + "' && env -i " + variables + " PATH='" + bin + ":/usr/bin:/bin' HOME='" +
                                folder_.string() + "' DEED_HOME='" + file("home") + "' " + line + " >> '" + file("out") + "' 2>> '" +
                                file("err") + "' < /dev/null";
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

TEST_F(TaskDocs, ADigestGoesFromItsTemplateToAMailAsTheCommandsSay) {
  const std::vector<std::string> commands = commands_of_page("running-tasks.md", "digest");
  ASSERT_GE(commands.size(), 6u);
  ASSERT_LT(commands.size(), 10u);
  fakes::SmtpServer smtp;
  fakes::HttpServer web([](const fakes::SeenRequest&) { return fakes::HttpReply::ok("News: oak is 120 EUR.", "text/plain"); });
  fakes::HttpServer model([](const fakes::SeenRequest&) { return says("Oak costs 120 EUR."); });
  const std::string variables = "DEED_MODEL='" + model_at(model) + "' DEED_SMTP=smtp://127.0.0.1:" + std::to_string(smtp.port()) +
                                " DEED_FROM=deed@example.org NO_PROXY=127.0.0.1 http_proxy=" + web.url("");
  for (const std::string& line : commands) EXPECT_EQ(shell(line, variables), 0) << line << "\n" << text("out") << text("err");
  ASSERT_EQ(smtp.mails().size(), 2u) << "one that was rehearsed and approved, one that was scheduled";
  for (const fakes::SeenMail& mail : smtp.mails()) {
    EXPECT_EQ(mail.to, "<ann@example.org>");
    EXPECT_THAT(mail.message, HasSubstr("Oak costs 120 EUR."));
  }
  std::string rehearsed;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "work/dry")) {
    if (entry.path().extension() == ".eml") rehearsed = text("work/dry/" + entry.path().filename().string());
  }
  EXPECT_EQ(smtp.mails()[0].message, rehearsed);
  EXPECT_THAT(text("out"), HasSubstr("done"));
}

}  // namespace
}  // namespace deed
