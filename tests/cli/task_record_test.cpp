// Ten runs made from words, recorded as task files: they validate, and done again in another place with no model they leave the same
// files and mails behind.
#include <map>

#include "deed/tests/cli/command_fixture.hpp"

namespace deed {
namespace {

struct Made {
  const char* name;
  std::vector<std::pair<const char*, const char*>> calls;  // tool, arguments; PAGE is the web server's
};

const std::vector<Made> made = {
    {"one file", {{"file.write", R"({"path":"a.txt","content":"hello"})"}}},
    {"a copy", {{"file.read", R"({"path":"notes.txt"})"}, {"file.write", R"({"path":"b/copy.txt","content":"buy milk\ncall Bob\n"})"}}},
    {"a part of a text", {{"file.read", R"({"path":"notes.txt"})"}, {"file.write", R"({"path":"c.txt","content":"Notes:\nbuy milk\ncall Bob\nEnd"})"}}},
    {"a mail", {{"email.send", R"({"to":["ann@example.org"],"subject":"Hi","text":"It works."})"}}},
    {"a file by mail", {{"file.read", R"({"path":"notes.txt"})"},
                        {"email.send", R"({"to":["ann@example.org"],"subject":"notes.txt","text":"buy milk\ncall Bob\n"})"}}},
    {"an attachment", {{"email.send", R"({"to":["bob@example.org"],"subject":"File","text":"See there.","attachments":["notes.txt"]})"}}},
    {"a page", {{"http.get", R"({"url":"PAGE"})"}, {"file.write", R"({"path":"page.txt","content":"Prices: {{oak}} 120 EUR"})"}}},
    {"two of one tool", {{"file.read", R"({"path":"notes.txt"})"}, {"file.read", R"({"path":"other.txt"})"},
                         {"file.write", R"({"path":"both.txt","content":"other words\nbuy milk\ncall Bob\n"})"}}},
    {"a list", {{"file.list", "{}"}, {"file.append", R"({"path":"log.txt","content":"listed\n"})"}}},
    {"braces and quotes", {{"file.write", R"({"path":"x.txt","content":"{{not a reference}} \"quoted\" {{{{ # : - 'and' more\n\tend"})"}}},
};

class TaskRecord : public CommandTest {
 protected:
  void fill() const {
    std::filesystem::create_directories(folder_ / "work");
    put("work/notes.txt", "buy milk\ncall Bob\n");
    put("work/other.txt", "other words\n");
  }
  // Files and mails, without what differs from run to run.
  std::map<std::string, std::string> world() const {
    std::map<std::string, std::string> out;
    for (const char* below : {"work", "home/outbox"}) {
      if (!std::filesystem::exists(folder_ / below)) continue;
      int mails = 0;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / below)) {
        if (!entry.is_regular_file()) continue;
        std::string name = std::filesystem::relative(entry.path(), folder_).string();
        std::string bytes = text(name);
        if (name.starts_with("home")) {
          name = "mail " + std::to_string(++mails);
          std::string kept;
          for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t end = std::min(bytes.find('\n', at), bytes.size() - 1) + 1;
            const std::string line = bytes.substr(at, end - at);
            const bool differs = line.starts_with("Date:") || line.starts_with("Message-I") || line.find("boundary=") != std::string::npos || line.starts_with("--");
            if (!differs) kept += line;
            at = end;
          }
          bytes = kept;
        }
        out[name] = bytes;
      }
    }
    return out;
  }
};

TEST_F(TaskRecord, TenRunsAreDoneAgainByTheirTaskFilesWithoutAModel) {
  fakes::HttpServer web([](const fakes::SeenRequest&) { return fakes::HttpReply::ok("Prices: {{oak}} 120 EUR", "text/plain"); });
  for (const Made& run : made) {
    SCOPED_TRACE(run.name);
    std::filesystem::remove_all(folder_);
    fill();
    std::vector<fakes::HttpReply> replies;
    for (const auto& [tool, arguments] : run.calls) {
      std::string text = arguments;
      if (text.find("PAGE") != std::string::npos) text.replace(text.find("PAGE"), 4, web.url("/prices"));
      replies.push_back(calls(tool, *parse_json(text)));
    }
    replies.push_back(says("Done."));
    std::size_t next = 0;
    fakes::HttpServer server([&](const fakes::SeenRequest&) { return replies.at(next++); });
    const std::vector<std::string> flags = {"--allow-host", "127.0.0.1", "--allow", "email.send:*", "--from", "deed@example.org"};
    std::vector<std::string> words = {"run", "--model", model_at(server)};
    words.insert(words.end(), flags.begin(), flags.end());
    words.push_back("Do it");
    const Ended first = deed(words);
    ASSERT_EQ(first.code, 0) << first.err;
    const Ended recorded = deed({"record"});
    ASSERT_EQ(recorded.code, 0) << recorded.err;
    const auto before = world();
    std::filesystem::remove_all(folder_);
    fill();
    put("task.yaml", recorded.out);
    const Ended valid = deed({"validate", file("task.yaml")});
    EXPECT_EQ(valid.code, 0) << valid.err << recorded.out;
    std::vector<std::string> again = {"run", file("task.yaml")};
    again.insert(again.end(), flags.begin(), flags.end());
    const Ended second = deed(again);
    EXPECT_EQ(second.code, 0) << second.err << recorded.out;
    EXPECT_EQ(world(), before) << recorded.out;
    EXPECT_EQ(next, replies.size()) << "no model was asked again";
  }
}

}  // namespace
}  // namespace deed
