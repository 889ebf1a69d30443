// What holds for every built-in tool, whatever it does: a new one is tested here from its first
// day.
#include "deed/tools/builtin.hpp"

#include "deed/tests/tools/tool_doubles.hpp"

#include <random>
#include <set>

namespace deed {
namespace {

using testing::ElementsAre;

class Builtin : public testing::Test {
 protected:
  Builtin() {
    BuiltinOptions options{.root = folder_.path(),
                           .email = {.outbox = folder_.at("outbox"), .root = folder_.path()},
                           .guard = &guard_,
                           .http = &client_,
                           .journal = &journal_};
    EXPECT_OK(add_builtin_tools(registry_, options));
  }

  TempFolder folder_;
  EgressGuard guard_;
  FakeHttpClient client_;
  FakeJournal journal_;
  Registry registry_;
};

// All tools that there are. The mailbox is one that is not there.
class BuiltinWithMailbox : public Builtin {
 protected:
  BuiltinWithMailbox() {
    BuiltinOptions options{.root = folder_.path(), .email = {.outbox = folder_.at("outbox"), .root = folder_.path()}, .read_mails = folder_.at("read")};
    options.email.store = store_.get();
    options.guard = &guard_;
    options.http = &client_;
    options.journal = &journal_;
    registry_ = Registry();
    EXPECT_OK(add_builtin_tools(registry_, options));
  }
  asio::io_context io_;
  std::unique_ptr<MailStore> store_ = make_maildir_store(io_.get_executor(), folder_.at("no-such-Maildir"));
};

TEST_F(BuiltinWithMailbox, KeepsToTheRulesOfAllTools) {
  EXPECT_EQ(registry_.tools().size(), 22u);
  for (const RegisteredTool& entry : registry_.tools()) {
    const ToolSpec& spec = entry.tool.spec;
    EXPECT_EQ(static_cast<bool>(entry.tool.preview), changes_world(spec.effect)) << spec.name;
    EXPECT_FALSE(entry.arguments.check(Json{{"no_such_argument", 1}}).empty()) << spec.name;
    const bool reads_mail = spec.name.starts_with("email.") && !changes_world(spec.effect);
    EXPECT_TRUE(!reads_mail || spec.result_trust == Trust::untrusted) << spec.name;
    for (const auto& [name, property] : spec.arguments["properties"].items()) {
      EXPECT_FALSE(string_at(property, "description").empty()) << spec.name << "/" << name;
      EXPECT_TRUE(spec.roles.contains(name)) << spec.name << "/" << name;
    }
  }
}

TEST_F(Builtin, ToolsStandInTheirOrder) {
  std::vector<std::string> names;
  for (const RegisteredTool& entry : registry_.tools()) names.push_back(entry.tool.spec.name);
  EXPECT_THAT(names, ElementsAre("email.send", "http.get", "http.request", "file.read",
                                 "file.write", "file.append", "file.move", "file.list", "file.find",
                                 "memory.search", "memory.remember", "time.now", "user.ask"));
}

TEST_F(Builtin, ToolsWithoutAJournalLeaveTheMemoryOut) {
  Registry registry;
  const BuiltinOptions options{.root = folder_.path(),
                               .email = {.outbox = folder_.at("outbox"), .root = folder_.path()},
                               .guard = &guard_,
                               .http = &client_};
  ASSERT_OK(add_builtin_tools(registry, options));
  EXPECT_EQ(registry.find("memory.search"), nullptr);
  EXPECT_EQ(registry.tools().size(), 11u);
}

TEST_F(Builtin, EveryArgumentIsDescribedAndHasARole) {
  for (const RegisteredTool& entry : registry_.tools()) {
    const ToolSpec& spec = entry.tool.spec;
    EXPECT_FALSE(spec.description.empty()) << spec.name;
    for (const auto& [name, property] : spec.arguments["properties"].items()) {
      EXPECT_FALSE(string_at(property, "description").empty()) << spec.name << "/" << name;
      EXPECT_TRUE(spec.roles.contains(name)) << spec.name << "/" << name;
    }
  }
}

TEST_F(Builtin, NoModelIsToldOfArgumentsForScripts) {
  const ToolSpec& spec = registry_.find("email.send")->tool.spec;
  EXPECT_TRUE(spec.arguments["properties"].contains("unsubscribe"));
  EXPECT_FALSE(arguments_for_models(spec)["properties"].contains("unsubscribe"));
  EXPECT_TRUE(arguments_for_models(spec)["properties"].contains("subject"));
}

TEST_F(Builtin, EveryEffectCanBeShownBeforeItHappens) {
  for (const RegisteredTool& entry : registry_.tools()) {
    EXPECT_EQ(static_cast<bool>(entry.tool.preview), changes_world(entry.tool.spec.effect))
        << entry.tool.spec.name;
  }
}

TEST_F(Builtin, NoToolTakesAnArgumentThatItDoesNotKnow) {
  for (const RegisteredTool& entry : registry_.tools()) {
    EXPECT_FALSE(entry.arguments.check(Json{{"no_such_argument", 1}}).empty())
        << entry.tool.spec.name;
  }
}

// Values that the schema allows and nobody expects.
class Arguments {
 public:
  Json object(const Json& schema) {
    Json out = Json::object();
    for (const auto& [name, property] : schema["properties"].items()) {
      const auto required = schema.find("required");
      const bool is_required =
          required != schema.end() &&
          std::find(required->begin(), required->end(), name) != required->end();
      if (is_required || one_of(3) > 0) out[name] = value(property);
    }
    return out;
  }

 private:
  std::size_t one_of(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
  }

  Json value(const Json& schema) {
    if (schema.contains("enum")) return schema["enum"][one_of(schema["enum"].size())];
    const std::string type = string_at(schema, "type", "string");
    if (type == "integer") {
      static const std::vector<Json> numbers = {0,   1, 16, 4096, 1 << 20, std::int64_t{1} << 53,
                                                17.0};
      return numbers[one_of(numbers.size())];
    }
    if (type == "array") {
      Json out = Json::array();
      for (std::size_t i = one_of(4); i > 0; --i)
        out.push_back(value(schema.value("items", Json::object())));
      return out;
    }
    if (type == "object") {
      Json out = Json::object();
      for (std::size_t i = one_of(4); i > 0; --i) out[text()] = text();
      return out;
    }
    return string_of(string_at(schema, "format"));
  }

  std::string string_of(const std::string& format) {
    static const std::vector<std::string> paths = {
        "a.txt", ".",           "sub",    "sub/b.txt", "new/deep/c.txt",
        "../x",  "/etc/passwd", "binary", "a.txt/b"};
    static const std::vector<std::string> urls = {"https://example.org/", "http://127.0.0.1/",
                                                  "https://example.org/?q=#x", "http://[::1]:1/"};
    static const std::vector<std::string> addresses = {"ann@example.org", "bob@example.org",
                                                       "jürgen@example.org"};
    if (format == "path") return paths[one_of(paths.size())];
    if (format == "uri") return urls[one_of(urls.size())];
    if (format == "email") return addresses[one_of(addresses.size())];
    return text();
  }

  std::string text() {
    static const std::vector<std::string> texts = {"",
                                                   "x",
                                                   "*",
                                                   "a b",
                                                   "ä€𝄞",
                                                   "line\r\nBcc: eve@example.org",
                                                   std::string("nul\0nul", 7),
                                                   "\xEF\xBF\xBD",
                                                   "X-Header",
                                                   std::string(3000, 'y'),
                                                   "\"'<>&%s{}",
                                                   "\x1b[31m",
                                                   "Subject"};
    return texts[one_of(texts.size())];
  }

  std::mt19937 random_{20261124};
};

TEST_F(Builtin, NoArgumentsThatTheSchemaAllowsBreakATool) {
  folder_.put("a.txt", "text");
  folder_.put("sub/b.txt", "ß");
  folder_.put("binary", std::string("\xff\0\x80", 3));
  folder_.put("bad\xffname", "x");
  Arguments arguments;
  std::map<std::string, int> ran;
  for (int round = 0; round < 120; ++round) {
    for (const RegisteredTool& entry : registry_.tools()) {
      const Json call = arguments.object(entry.arguments.json());
      if (!entry.arguments.check(call).empty() || entry.tool.spec.asks_user) continue;
      FakeContext ctx(entry.tool.spec.name + std::to_string(round));
      if (entry.tool.preview) (void)entry.tool.preview(call, ctx);
      const Outcome out = run_tool(entry.tool, call, ctx);
      EXPECT_TRUE(is_utf8(out.text)) << entry.tool.spec.name << call;
      EXPECT_NO_THROW((void)out.result.dump()) << entry.tool.spec.name << call;
      const bool succeeded = out.status == OutcomeStatus::succeeded;
      EXPECT_TRUE(succeeded || !string_at(out.result, "error").empty())
          << entry.tool.spec.name << call;
      // What a local tool enters goes into the journal with its outcome: it has no commit point.
      const EffectClass effect = effect_of(entry.tool, call);
      const bool changes = changes_world(effect) && effect != EffectClass::local;
      EXPECT_TRUE(changes || ctx.dispatches == 0) << entry.tool.spec.name << call;
      EXPECT_TRUE(!changes || !succeeded || ctx.dispatches > 0) << entry.tool.spec.name << call;
      ++ran[entry.tool.spec.name];
    }
  }
  for (const RegisteredTool& entry : registry_.tools()) {
    EXPECT_TRUE(entry.tool.spec.asks_user || ran[entry.tool.spec.name] > 10)
        << entry.tool.spec.name << ": hardly any call passed its schema";
  }
}

// What the weights of the embedded model are fitted on, and measured with.
TEST_F(Builtin, ThePlannersDataHasTheToolsAsTheyAre) {
  std::ifstream in(std::string(DEED_SOURCE_DIR) + "/tests/data/planner/tools.json");
  ASSERT_TRUE(in) << "tests/data/planner/tools.json";
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto list = parse_json(text);
  ASSERT_TRUE(list.has_value());
  std::set<std::string> known;
  for (const Json& entry : *list) {
    const Json& function = entry.at("function");
    const std::string name = function.at("name");
    known.insert(name);
    const RegisteredTool* tool = registry_.find(name);
    ASSERT_NE(tool, nullptr) << name;
    const ToolSpec& spec = tool->tool.spec;
    EXPECT_EQ(function.at("description"), spec.description) << name;
    EXPECT_EQ(function.value("examples", std::vector<std::string>()), spec.examples) << name;
    EXPECT_EQ(function.at("parameters"), arguments_for_models(spec)) << name;
    EXPECT_EQ(entry.at("changes_world"), changes_world(spec.effect)) << name;
  }
  EXPECT_EQ(known.size(), registry_.tools().size());
}

// The page has one table row a tool, and names its arguments, effect class and approval in it.
TEST_F(BuiltinWithMailbox, EveryToolHasItsRowInTheDocumentation) {
  std::ifstream in(std::string(DEED_SOURCE_DIR) + "/docs/tools.md");
  ASSERT_TRUE(in) << "docs/tools.md";
  std::map<std::string, std::string> rows;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("| `")) rows[line.substr(3, line.find('`', 3) - 3)] = line;
  }
  for (const RegisteredTool& entry : registry_.tools()) {
    const ToolSpec& spec = entry.tool.spec;
    ASSERT_TRUE(rows.contains(spec.name)) << spec.name;
    const std::string& row = rows[spec.name];
    for (const auto& [name, property] : spec.arguments["properties"].items()) {
      EXPECT_NE(row.find("`" + name + "`"), std::string::npos) << spec.name << " " << name;
    }
    EXPECT_NE(row.find(std::string("| ") + to_string(spec.effect) + " |"), std::string::npos)
        << row;
    const bool asks = changes_world(spec.effect) && spec.approval == ApprovalNeed::always;
    const char* approval = asks                  ? "| always |"
                           : entry.tool.destroys ? "| to overwrite |"
                                                 : "| never |";
    EXPECT_NE(row.find(approval), std::string::npos) << row;
    rows.erase(spec.name);
  }
  EXPECT_TRUE(rows.empty()) << "the page has a tool that does not exist: " << rows.begin()->first;
}

}  // namespace
}  // namespace deed
