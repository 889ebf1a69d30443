// Plugins by the command: the page's own commands, and what a user meets who does otherwise.
#include <cstdlib>

#include "deed/core/text.hpp"
#include "deed/tests/cli/command_fixture.hpp"
#include "deed/tests/cli/page_commands.hpp"

namespace deed {
namespace {

using testing::HasSubstr;
using testing::Not;

class PluginCommand : public CommandTest {
 protected:
  // An instrumented deed takes more address space than a plugin's process has: it cannot serve a library, and in a sandbox it does not start.
#if defined(__SANITIZE_ADDRESS__)
  static constexpr bool can_serve = false;
  static constexpr const char* sandbox_setting = "[plugins]\nsandbox = \"off\"\n";
#else
  static constexpr bool can_serve = true;
  static constexpr const char* sandbox_setting = "[plugins]\n";
#endif
  void SetUp() override {
    for (const char* folder : {"config/deed", ".config/deed"}) {
      std::filesystem::create_directories(folder_ / folder);
      put(std::string(folder) + "/config.toml", sandbox_setting);
    }
  }
  int shell(const std::string& line) {
    const std::string bin = std::filesystem::path(DEED_COMMAND).parent_path().string();
    const char* models = std::getenv("DEED_MODELS");
    const std::string command = "cd '" + (folder_ / "work").string() + "' && env -i PATH='" + bin + ":/usr/local/bin:/usr/bin:/bin' HOME='" + folder_.string() + "' DEED_HOME='" +
                                file("home") + "' DEED_INCLUDE='" DEED_BINARY_DIR "/include' DEED_MODELS='" + (models ? models : "") + "' sh -c '" + quoted(line) + "' >> '" + file("out") +
                                "' 2>> '" + file("err") + "' < /dev/null";
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static std::string quoted(const std::string& line) {
    std::string out;
    for (const char c : line) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out;
  }
  static std::string in_language(std::string line, const std::string& language) {
    const std::size_t at = line.find("--lang cpp");
    return at == std::string::npos ? line : line.replace(at, 10, "--lang " + language);
  }
  static bool has_model() {
#if !defined(DEED_LLAMA_TEMPLATES)
    return false;  // built without
#endif
    const char* models = std::getenv("DEED_MODELS");
    return models && std::filesystem::exists(std::string(models) + "/SmolLM2-135M-Instruct.Q4_1.gguf");
  }
  // A plugin of commands in the working folder.
  void put_plugin(const std::string& tools, const std::string& more = "") {
    std::filesystem::create_directories(folder_ / "work/own");
    put("work/own/plugin.toml", "name='own'\n" + more + "\n" + tools);
  }
};

class PluginPage : public PluginCommand, public testing::WithParamInterface<const char*> {};

// Every command of the page that needs no model; with a model those too.
TEST_P(PluginPage, LeadsFromNothingToARunAsItsCommandsSay) {
  if (!can_serve && std::string(GetParam()).starts_with("c")) GTEST_SKIP() << "an instrumented deed cannot serve a library";
  for (const char* block : {"first", "install"}) {
    const auto commands = commands_of_page("plugins.md", block);
    ASSERT_GE(commands.size(), 5u);
    for (const std::string& line : commands) {
      const bool is_agent_run = line.starts_with("deed run");
      if (is_agent_run && !has_model()) continue;
      EXPECT_EQ(shell(in_language(line, GetParam())), 0) << line << "\n" << text("out") << text("err");
      if (is_agent_run) {
        EXPECT_THAT(text("out"), HasSubstr("Hello, Ann!"));
      }
    }
  }
  if (!has_model()) GTEST_SKIP() << "without the embedded model (deed models install smollm2) the agent's runs were left out";
}
INSTANTIATE_TEST_SUITE_P(Languages, PluginPage, testing::Values("c", "cpp", "python", "sh"), [](const auto& tested) { return std::string(tested.param); });

TEST_F(PluginCommand, ListsWhatAPluginMayDo) {
  put_plugin("[[tools]]\nname='tell'\ndescription='Tells.'\ncommand=['true']\neffect='once'\n", "[permissions]\nread=['.']\nnetwork=true\nsecrets=['key']");
  const Ended list = deed({"plugin", "list", "--plugin", "own"});
  EXPECT_EQ(list.code, 0);
  for (const char* words : {"own", "may read: .", "any host on the network", "secrets: key"}) EXPECT_THAT(list.out, HasSubstr(words));
  const Json plugin = deed({"plugin", "list", "--plugin", "own", "--json"}).json()["plugins"][0];
  EXPECT_EQ(plugin["state"], "named");
  EXPECT_EQ(plugin["permissions"]["network"], true);
}

TEST_F(PluginCommand, AsksBeforeAnEffectAndShowsItWithoutDoingIt) {
  put_plugin("[[tools]]\nname='make'\ndescription='Makes a file.'\ncommand=['touch','made']\neffect='idempotent'\n", "[permissions]\nwrite=['.']");
  EXPECT_EQ(deed({"tools", "call", "--plugin", "own", "own.make", "{}"}).code, 3);
  const Ended dry = deed({"tools", "call", "--plugin", "own", "own.make", "{}", "--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "work/made"));
  EXPECT_THAT(dry.err, HasSubstr("nothing was done"));
  // The run remembers which plugin it was begun with.
  EXPECT_EQ(deed({"approve", "last"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "work/made"));
}

TEST_F(PluginCommand, WaitsForAToolThatIsGoneRatherThanGivingItUp) {
  put_plugin("[[tools]]\nname='make'\ndescription='Makes a file.'\ncommand=['touch','made']\neffect='idempotent'\n", "[permissions]\nwrite=['.']");
  EXPECT_EQ(deed({"tools", "call", "--plugin", "own", "own.make", "{}"}).code, 3);
  std::filesystem::rename(folder_ / "work/own", folder_ / "work/away");
  const Ended without = deed({"resume", "last", "--yes"});
  EXPECT_EQ(without.code, 3);
  EXPECT_THAT(without.err, HasSubstr("not here any more"));
  std::filesystem::rename(folder_ / "work/away", folder_ / "work/own");
  EXPECT_EQ(deed({"resume", "last", "--yes"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "work/made"));
}

TEST_F(PluginCommand, GivesASecretToThePluginAndToNobodyElse) {
  put_plugin("", "command=['python3','p.py']\n[permissions]\nsecrets=['key']");
  put("work/own/p.py", R"(
import json, sys
def say(m): sys.stdout.write(json.dumps({"jsonrpc": "2.0", **m}) + "\n"); sys.stdout.flush()
for line in sys.stdin:
    m = json.loads(line)
    if m.get("method") == "initialize": say({"id": m["id"], "result": {"protocolVersion": "2025-06-18"}})
    elif m.get("method") == "tools/list": say({"id": m["id"], "result": {"tools": [{"name": "use", "description": "x", "inputSchema": {"type": "object"}, "_meta": {"deed": {"effect": "read"}}}]}})
    elif m.get("method") == "tools/call":
        say({"id": "s", "method": "deed/secret", "params": {"call": m["id"], "name": "key"}})
        value = json.loads(sys.stdin.readline())["result"]["value"]
        say({"id": m["id"], "result": {"content": [{"type": "text", "text": f"{len(value)} letters: {value}"}]}})
)");
  const std::vector<std::string> secret = {"DEED_SECRET_KEY=hush-hush-hush"};
  const Ended used = wait(start({"tools", "call", "--plugin", "own", "own.use", "{}"}, "/dev/null", secret));
  EXPECT_EQ(used.code, 0) << used.err;
  EXPECT_THAT(used.out, HasSubstr("14 letters"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "home")) {
    EXPECT_THAT(text("home/" + entry.path().filename().string()), Not(HasSubstr("hush-hush"))) << entry.path();
  }
}

TEST_F(PluginCommand, FetchesThroughDeedOnlyFromHostsThatTheManifestAndTheUserAllow) {
  fakes::HttpServer web([](const fakes::SeenRequest& request) { return fakes::HttpReply::ok(request.method + " " + request.body, "text/plain"); });
  const std::string host = web.url("").substr(7);
  put("p.py", R"(
import json, sys
def say(m): sys.stdout.write(json.dumps({"jsonrpc": "2.0", **m}) + "\n"); sys.stdout.flush()
for line in sys.stdin:
    m = json.loads(line)
    if m.get("method") == "initialize": say({"id": m["id"], "result": {"protocolVersion": "2025-06-18"}})
    elif m.get("method") == "tools/list": say({"id": m["id"], "result": {"tools": [{"name": "post", "description": "x", "inputSchema": {"type": "object"}, "_meta": {"deed": {"effect": "once", "flags": ["dispatches"]}}}]}})
    elif m.get("method") == "tools/call":
        say({"id": "h", "method": "deed/http", "params": {"call": m["id"], "method": "POST", "url": m["params"]["arguments"]["url"], "body": "hello"}})
        reply = json.loads(sys.stdin.readline())
        say({"id": m["id"], "result": {"content": [{"type": "text", "text": json.dumps(reply)}]}})
)");
  const auto post = [&](const std::string& hosts, std::vector<std::string> more) {
    put_plugin("", "command=['python3','p.py']\n[permissions]\nhosts=[" + hosts + "]");
    put("work/own/p.py", text("p.py"));
    std::vector<std::string> arguments = {"tools", "call", "--plugin", "own", "own.post", R"({"url":"http://)" + host + R"(/x"})", "--yes"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return deed(arguments);
  };
  EXPECT_THAT(post("'" + host + "'", {"--allow-host", host}).out, HasSubstr("POST hello"));
  EXPECT_THAT(deed({"show", "last", "--json"}).out, HasSubstr("effect.dispatched"));  // before the request left
  EXPECT_THAT(post("", {"--allow-host", host}).out, HasSubstr("does not name this host"));
  EXPECT_THAT(post("'" + host + "'", {}).out, HasSubstr("--allow-host"));
  EXPECT_EQ(web.requests().size(), 1u);
}

TEST_F(PluginCommand, RefusesWithAReasonWhatItCannotUse) {
  EXPECT_THAT(deed({"plugin", "approve", "nobody"}).err, HasSubstr("no plugin \"nobody\""));
  EXPECT_EQ(deed({"plugin", "approve", "nobody"}).code, 2);
  put_plugin("[[tools]]\nname='x'\ncommand=['true']\neffect='pure'\n", "[permissions]\nread=['/']");
  EXPECT_THAT(deed({"plugin", "check", "own"}).out, HasSubstr("the whole machine"));
  EXPECT_EQ(deed({"plugin", "check", "own"}).code, 1);
  EXPECT_THAT(deed({"plugin", "new", "x", "--lang", "cobol"}).err, HasSubstr("cobol"));
  EXPECT_THAT(deed({"plugin", "new", "own", "--lang", "sh"}).err, HasSubstr("own"));
  EXPECT_EQ(deed({"plugin", "new", "own", "--lang", "sh"}).code, 2);
  EXPECT_EQ(text("work/own/plugin.toml").substr(0, 10), "name='own'");
  EXPECT_THAT(deed({"plugin", "serve", "/nowhere.so"}).err, HasSubstr("no such library"));
  const Ended named = deed({"run", "--plugin", "nowhere", "Greet Ann"});
  EXPECT_EQ(named.code, 2);
  EXPECT_THAT(named.err, HasSubstr("no such folder"));
  const Ended unsafe = wait(start({"tools", "list", "--plugin", "own"}, "/dev/null", {"DEED_SANDBOX=chroot"}));
  EXPECT_THAT(unsafe.err, HasSubstr("no sandbox \"chroot\""));
}

TEST_F(PluginCommand, RunsALibraryInAProcessOfItsOwnUnlessTheUserSaysOtherwise) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "the library that is kept is one for x86-64";
#endif
  std::filesystem::create_directories(folder_ / "work/abi1");
  std::filesystem::copy(DEED_SOURCE_DIR "/tests/data/plugins/abi1-x86_64.so", folder_ / "work/abi1/abi1.so");
  put("work/abi1/plugin.toml", "name='abi1'\nlibrary='./abi1.so'\n");
  const std::vector<std::string> call = {"tools", "call", "--plugin", "abi1", "abi1.send", R"({"name":"Ann"})", "--yes"};
  EXPECT_THAT(deed({"plugin", "list", "--plugin", "abi1"}).out, HasSubstr("process of its own"));
  if (can_serve) {
    EXPECT_EQ(deed(call).out, "sent\n");
  }
  put("config/deed/config.toml", std::string(sandbox_setting) + "[plugins.abi1]\nin_process = true\n");
  EXPECT_THAT(deed({"plugin", "list", "--plugin", "abi1"}).out, HasSubstr("INSIDE of deed"));
  EXPECT_EQ(deed(call).out, "sent\n");
  // What others may write is not let in.
  std::filesystem::permissions(folder_ / "work/abi1/abi1.so", std::filesystem::perms::others_write, std::filesystem::perm_options::add);
  EXPECT_THAT(deed(call).err, HasSubstr("others may change"));
}

TEST_F(PluginCommand, TellsWhatANamedPluginLogsWithoutItsSecrets) {
  put_plugin("", "command=['python3','p.py']\n[permissions]\nsecrets=['key']");
  put("work/own/p.py", "import sys\nprint('I know hush-hush-hush', file=sys.stderr, flush=True)\nsys.exit(3)\n");
  const Ended list = wait(start({"tools", "list", "--plugin", "own"}, "/dev/null", {"DEED_SECRET_KEY=hush-hush-hush"}));
  EXPECT_THAT(list.err, HasSubstr("ended with 3"));
  EXPECT_THAT(list.err, HasSubstr("I know [secret]"));
  EXPECT_THAT(list.err, Not(HasSubstr("hush")));
}

TEST_F(PluginCommand, NeedsAPersonToAgree) {
  std::filesystem::create_directories(folder_ / "config/deed/plugins/own");
  put("config/deed/plugins/own/plugin.toml", "name='own'\n[[tools]]\nname='tell'\ndescription='x'\ncommand=['echo','hi']\neffect='pure'\n");
  const Ended alone = deed({"plugin", "approve", "own"});
  EXPECT_EQ(alone.code, 6);
  EXPECT_THAT(alone.err, HasSubstr("--yes"));
  EXPECT_EQ(deed({"tools", "call", "own.tell", "{}"}).code, 1);
  EXPECT_EQ(deed({"plugin", "approve", "own", "--yes"}).code, 0);
  const Ended told = deed({"tools", "call", "own.tell", "{}"});
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(told.out, "hi\n");
}

TEST_F(PluginCommand, SurvivesBeingKilledAtEveryInstantOfACallOfAPlugin) {
  put_plugin("[[tools]]\nname='make'\ndescription='Makes a file.'\ncommand=['touch','made']\neffect='idempotent'\nharmless=true\n", "[permissions]\nwrite=['.']");
  const Ended checked = deed({"plugin", "check", "own", "--call", "own.make", "{}"});
  EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("effect.dispatched/after"));
}

}  // namespace
}  // namespace deed
