// Each template of `deed init`, run as it is against servers of ours; and the same files in examples/tasks.
#include <mutex>

#include "deed/tests/cli/command_fixture.hpp"
#include "deed/tests/fakes/smtp_server.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

class TaskExamples : public CommandTest {
 protected:
  // The run of a template, done without a person.
  Ended run(const std::string& name, const std::vector<std::string>& inputs, std::vector<std::string> more = {}) {
    EXPECT_EQ(deed({"init", name, "--output", name + ".yaml"}).code, 0);
    return again(name, inputs, std::move(more));
  }
  Ended again(const std::string& name, const std::vector<std::string>& inputs, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"run", name + ".yaml", "--yes", "--json", "--smtp", "smtp://127.0.0.1:" + std::to_string(smtp_.port()),
                                          "--from", "deed@example.org", "--allow-host", "127.0.0.1"};
    for (const std::string& input : inputs) arguments.insert(arguments.end(), {"--input", input});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return wait(start(std::move(arguments), "/dev/null", {"DEED_SECRET_API_TOKEN=token-123456"}));
  }
  fakes::SmtpServer smtp_;
};

TEST_F(TaskExamples, AreTheFilesInExamples) {
  for (const char* name : {"digest", "watch", "json", "tidy", "merge", "invoices", "newsletter", "answer"}) {
    std::ifstream in(std::string(DEED_SOURCE_DIR) + "/examples/tasks/" + name + ".yaml");
    const std::string example{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(deed({"init", name}).out, example) << "deed init " << name << " > examples/tasks/" << name << ".yaml";
  }
}

TEST_F(TaskExamples, WatchMailsWhenThePageHasChangedAndOnlyThen) {
  std::mutex mutex;
  std::string page = "old prices";
  fakes::HttpServer web([&](const fakes::SeenRequest&) {
    const std::lock_guard lock(mutex);
    return fakes::HttpReply::ok(page, "text/plain");
  });
  const std::vector<std::string> inputs = {"url=" + web.url("/prices"), "to=ann@example.org"};
  EXPECT_EQ(run("watch", inputs).code, 0) << text("err");
  EXPECT_EQ(again("watch", inputs).code, 0) << text("err");
  EXPECT_TRUE(smtp_.mails().empty());
  {
    const std::lock_guard lock(mutex);
    page = "new prices";
  }
  const Ended changed = again("watch", inputs);
  EXPECT_EQ(changed.code, 0) << changed.err;
  EXPECT_EQ(changed.json().at("outputs").at("mail"), "done");
  ASSERT_EQ(smtp_.mails().size(), 1u);
  EXPECT_THAT(smtp_.mails()[0].message, HasSubstr("new prices"));
  EXPECT_EQ(text("work/watched.txt"), "new prices");
}

TEST_F(TaskExamples, JsonFetchesChangesAndPostsRecordByRecord) {
  fakes::HttpServer web([](const fakes::SeenRequest& request) {
    return request.method == "GET" ? fakes::HttpReply::ok(R"([{"id":1,"name":" oak ","amount":12},{"id":2,"name":"fir","amount":3},{"id":3,"name":"\"elm\"","amount":40.5}])", "application/json")
                                   : fakes::HttpReply::ok("{}", "application/json");
  });
  const Ended ended = run("json", {"from=" + web.url("/records"), "to=" + web.url("/store")});
  EXPECT_EQ(ended.code, 0) << ended.err << ended.out;
  std::vector<Json> bodies;
  for (const fakes::SeenRequest& request : web.requests()) {
    if (request.method != "POST") continue;
    EXPECT_EQ(request.header("authorization"), "Bearer token-123456");
    bodies.push_back(*parse_json(request.body));
  }
  EXPECT_THAT(bodies, testing::UnorderedElementsAre(Json{{"id", 1}, {"title", "OAK"}, {"amount", 12}}, Json{{"id", 3}, {"title", "\"ELM\""}, {"amount", 40.5}}));
}

TEST_F(TaskExamples, TidyPutsFilesWhereTheyBelongAndReportsWhatIsLeft) {
  for (const char* name : {"may.pdf", "Letter.TXT", "beach.JPEG", "cat.png", "odd.bin", "documents/taken.txt", "taken.txt"}) {
    std::filesystem::create_directories((folder_ / "work/inbox" / name).parent_path());
    put(std::string("work/inbox/") + name, name);
  }
  const Ended ended = run("tidy", {"to=ann@example.org"}, {"--json"});
  EXPECT_EQ(ended.code, 0) << ended.err << ended.out;
  EXPECT_EQ(ended.json().at("outputs"), (Json{{"documents", 2}, {"pictures", 2}}));
  EXPECT_EQ(text("work/inbox/pictures/beach.JPEG"), "beach.JPEG");
  EXPECT_EQ(text("work/inbox/documents/Letter.TXT"), "Letter.TXT");
  EXPECT_EQ(text("work/inbox/documents/taken.txt"), "documents/taken.txt") << "never overwritten";
  EXPECT_EQ(text("work/inbox/taken.txt"), "taken.txt");
  EXPECT_EQ(text("work/inbox/odd.bin"), "odd.bin");
  ASSERT_EQ(smtp_.mails().size(), 1u);
  EXPECT_THAT(smtp_.mails()[0].message, HasSubstr("Subject: inbox: 2 pictures and 2 documents put away"));
  EXPECT_THAT(smtp_.mails()[0].message, HasSubstr("that name already"));
  EXPECT_THAT(smtp_.mails()[0].message, HasSubstr("inbox/odd.bin"));
}

TEST_F(TaskExamples, MergeAsksAboutTheFirstThreeAndTheLargeOnesAndSendsTheRest) {
  std::string rows = "name,email,amount,active\n";
  for (int i = 0; i < 6; ++i) rows += "N" + std::to_string(i) + ",r" + std::to_string(i) + "@example.org," + (i == 5 ? "2000" : "10") + ",yes\n";
  put("work/people.csv", rows + "Gone,gone@example.org,10,no\n");
  const Ended asked = run("merge", {});
  EXPECT_EQ(asked.code, 3) << asked.err;
  EXPECT_EQ(smtp_.mails().size(), 0u);
  const Ended large = deed({"approve", "--json"});
  EXPECT_EQ(large.code, 3) << large.err;
  EXPECT_EQ(smtp_.mails().size(), 5u);
  const Ended done = deed({"approve", "--json"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(smtp_.mails().size(), 6u);
}

TEST_F(TaskExamples, InvoicesCarryEachRowsPdfAndARowWithoutOneFailsAlone) {
  put("work/a.pdf", "%PDF-1.4 a");
  put("work/b.pdf", "%PDF-1.4 b");
  put("work/invoices.csv", "number,name,email,amount,pdf\n71,Ann,ann@example.org,12,a.pdf\n72,Bob,bob@example.org,9,missing.pdf\n73,Ann,ann@example.org,3,b.pdf\n");
  ASSERT_EQ(run("invoices", {}).code, 3);
  EXPECT_EQ(smtp_.mails().size(), 0u);
  const Ended done = deed({"approve", "--json"});
  // `on_error: continue` takes it; the outputs say how many.
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.json().at("outputs").at("sent"), 2);
  ASSERT_EQ(done.json().at("outputs").at("failed").size(), 1u);
  EXPECT_EQ(done.json().at("outputs").at("failed")[0].at("key"), "72");
  ASSERT_EQ(smtp_.mails().size(), 2u);
  for (const fakes::SeenMail& mail : smtp_.mails()) {
    const bool is_first = mail.message.find("Invoice 71") != std::string::npos;
    EXPECT_THAT(mail.message, HasSubstr(is_first ? "filename=a.pdf" : "filename=b.pdf"));
    EXPECT_THAT(mail.message, HasSubstr(is_first ? "JVBERi0xLjQgYQ==" : "JVBERi0xLjQgYg=="));
  }
}

TEST_F(TaskExamples, NewslettersCanBeLeftWithOneClick) {
  put("work/letter.md", "# Spring\n\nThe **oaks** are green.\n");
  put("work/people.csv", "email,unsubscribe\nann@example.org,https://example.org/leave?a\nbob@example.org,https://example.org/leave?b\n");
  ASSERT_EQ(run("newsletter", {}).code, 3);
  EXPECT_EQ(deed({"approve", "--json"}).code, 0) << text("err");
  ASSERT_EQ(smtp_.mails().size(), 2u);
  for (const fakes::SeenMail& mail : smtp_.mails()) {
    const std::string link = mail.to == "<ann@example.org>" ? "https://example.org/leave?a" : "https://example.org/leave?b";
    EXPECT_THAT(mail.message, HasSubstr("List-Unsubscribe: <" + link + ">\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    EXPECT_THAT(mail.message, HasSubstr("Auto-Submitted: auto-generated\r\n"));
    EXPECT_THAT(mail.message, HasSubstr("<strong>oaks</strong>"));
  }
}

}  // namespace
}  // namespace deed
