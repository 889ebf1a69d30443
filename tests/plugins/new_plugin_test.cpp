// What `deed plugin new` writes: it builds without a warning, and its tool answers.
#include "deed/plugins/new_plugin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <toml++/toml.h>

#include <dlfcn.h>
#include <filesystem>

#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_program.hpp"
#include "deed/tests/plugins/recording_host.hpp"
#include "deed/tests/plugins/wire_conversation.hpp"
#include "deed/tests/tools/tool_doubles.hpp"

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace deed::tests;

constexpr PluginLanguage every_language[] = {PluginLanguage::c, PluginLanguage::cpp, PluginLanguage::python, PluginLanguage::sh};

TEST(NewPlugin, WritesAManifestASourceAMakefileAndAReadMe) {
  const TempFolder folder;
  const auto files = [&](PluginLanguage language) { return *new_plugin(folder.at(to_string(language)), "stock_2", language); };
  EXPECT_THAT(files(PluginLanguage::c), ElementsAre("Makefile", "README.md", "stock_2.c", "plugin.toml"));
  EXPECT_THAT(files(PluginLanguage::cpp), ElementsAre("Makefile", "README.md", "stock_2.cpp", "plugin.toml"));
  EXPECT_THAT(files(PluginLanguage::python), ElementsAre("Makefile", "README.md", "plugin.py", "plugin.toml", "deed_plugin.py"));
  EXPECT_THAT(files(PluginLanguage::sh), ElementsAre("Makefile", "README.md", "hello.sh", "plugin.toml"));
}

TEST(NewPlugin, PutsTheNameWhereTheTemplateHasItsOwn) {
  const TempFolder folder;
  for (const PluginLanguage language : every_language) {
    const std::string name = to_string(language);
    const auto written = new_plugin(folder.at(name), "greeter2", language);
    ASSERT_OK(written);
    for (const std::string& file : *written) {
      std::string text = folder.get(name + "/" + file);
      for (std::size_t at; (at = text.find("greeter2")) != std::string::npos;) text.erase(at, 8);
      EXPECT_THAT(text, Not(HasSubstr("greeter"))) << name << "/" << file;
    }
    const toml::table manifest = toml::parse(folder.get(name + "/plugin.toml"));
    EXPECT_EQ(manifest["name"].value<std::string>(), "greeter2");
    const auto lines = folder.get(name + "/README.md");
    EXPECT_LE(std::count(lines.begin(), lines.end(), '\n'), 25) << name;
  }
}

TEST(NewPlugin, LeavesWhatIsThereAsItIs) {
  const TempFolder folder;
  folder.put("taken", "mine");
  EXPECT_THAT(new_plugin(folder.at("taken"), "x", PluginLanguage::c), IsError(ErrorKind::invalid));
  EXPECT_EQ(folder.get("taken"), "mine");
  std::filesystem::create_symlink("nowhere", folder.at("link"));
  EXPECT_THAT(new_plugin(folder.at("link"), "x", PluginLanguage::c), IsError(ErrorKind::invalid));
  EXPECT_THAT(new_plugin(folder.at("no/such/place"), "x", PluginLanguage::c), IsError(ErrorKind::not_found));
}

TEST(NewPlugin, RefusesWhatIsNoNameBeforeAnythingIsWritten) {
  const TempFolder folder;
  for (const char* name : {"", "2x", "_x", "a-b", "a.b", "a/b", "..", "a b", "\xC3\xA9t\xC3\xA9", "a\n", "$(x)"})
    EXPECT_THAT(new_plugin(folder.at("new"), name, PluginLanguage::sh), IsError(ErrorKind::invalid)) << name;
  EXPECT_THAT(new_plugin(folder.at("new"), std::string(33, 'a'), PluginLanguage::sh), IsError(ErrorKind::invalid));
  EXPECT_FALSE(std::filesystem::exists(folder.at("new")));
  EXPECT_OK(new_plugin(folder.at("new"), std::string(32, 'a'), PluginLanguage::sh));
}

TEST(NewPlugin, KnowsItsLanguagesByName) {
  for (const PluginLanguage language : every_language) EXPECT_EQ(*parse_plugin_language(to_string(language)), language);
  EXPECT_THAT(parse_plugin_language("rust"), IsError(ErrorKind::invalid, HasSubstr("python")));
}

// A plugin `name` in `folder`/name.
std::string made(const TempFolder& folder, const std::string& name, PluginLanguage language) {
  EXPECT_OK(new_plugin(folder.at(name), name, language));
  return folder.at(name);
}

// `make`, without a deed-plugin that happens to be installed here, and with warnings as errors.
ProgramEnd make_in(const std::string& folder, std::vector<std::string> words = {}) {
  std::vector<std::string> command = {"env", "PKG_CONFIG_LIBDIR=/nowhere", "PKG_CONFIG_PATH=/nowhere", "make", "--no-print-directory",
                                      "CC=" DEED_C_COMPILER, "CXX=" DEED_CXX_COMPILER, "DEED_INCLUDE=" DEED_BINARY_DIR "/include",
                                      "CFLAGS=-Wall -Wextra -Wpedantic -Wshadow -Werror",
                                      "CXXFLAGS=-Wall -Wextra -Wpedantic -Wshadow -Werror"};
  command.insert(command.end(), words.begin(), words.end());
  return run_program(command, "", folder);
}

struct CloseLibrary {
  void operator()(void* library) const { ::dlclose(library); }
};

class NewLibrary : public testing::TestWithParam<PluginLanguage> {};

TEST_P(NewLibrary, BuildsWithoutAWarningAndGreets) {
  const TempFolder folder;
  const std::string plugin_folder = made(folder, "stock", GetParam());
  const ProgramEnd built = make_in(plugin_folder);
  ASSERT_EQ(built.code, 0) << built.output << built.errors;
  EXPECT_EQ(built.errors, "");

  const std::unique_ptr<void, CloseLibrary> library(::dlopen((plugin_folder + "/libstock.so").c_str(), RTLD_NOW | RTLD_LOCAL));
  ASSERT_TRUE(library) << ::dlerror();
  const auto entry = reinterpret_cast<deed_plugin_entry_function>(::dlsym(library.get(), "deed_plugin_entry"));
  ASSERT_TRUE(entry);
  RecordingHost host;
  const deed_plugin* plugin = entry(host.table());
  ASSERT_TRUE(plugin);
  EXPECT_STREQ(plugin->name, "stock");
  ASSERT_EQ(plugin->tool_count, 1u);
  const deed_tool& hello = *plugin->tools[0];
  EXPECT_STREQ(hello.name, "hello");
  EXPECT_EQ(hello.effect, DEED_EFFECT_PURE);
  EXPECT_EQ(nlohmann::json::parse(hello.arguments)["required"], nlohmann::json({"name"}));

  const RecordedAnswer answer = host.run(hello, R"({"name":"Ann \"é\" \u20AC"})");
  EXPECT_EQ(answer.status, DEED_SUCCEEDED);
  EXPECT_EQ(answer.text, "Hello, Ann \"é\" €!");
  EXPECT_EQ(answer.result, "Hello, Ann \"é\" €!");
  EXPECT_EQ(host.run(hello, R"({"name":")" + std::string(256, 'a') + R"("})").status, DEED_FAILED_WITHOUT_EFFECT);
  EXPECT_EQ(host.run(hello, R"({"name":")" + std::string(255, 'a') + R"("})").status, DEED_SUCCEEDED);
  EXPECT_EQ(host.run(hello, "{}").status, DEED_FAILED_WITHOUT_EFFECT);
}

INSTANTIATE_TEST_SUITE_P(Languages, NewLibrary, testing::Values(PluginLanguage::c, PluginLanguage::cpp),
                         [](const auto& language) { return to_string(language.param); });

TEST(NewPluginInPython, GreetsOverTheWire) {
  const TempFolder folder;
  const Conversation said = call_tool({"./plugin.py"}, made(folder, "stock", PluginLanguage::python), "hello", {{"name", "Ann"}});
  EXPECT_EQ(said.code, 0) << said.log;
  EXPECT_THAT(said.broken, testing::IsEmpty());
  EXPECT_EQ(said.answers.at("1")["result"]["protocolVersion"], "2025-06-18");
  EXPECT_EQ(said.answers.at("1")["result"]["serverInfo"]["name"], "stock");
  const auto& tool = said.answers.at("2")["result"]["tools"][0];
  EXPECT_EQ(tool["name"], "hello");
  EXPECT_EQ(tool["_meta"]["deed"]["effect"], "pure");
  EXPECT_EQ(tool["inputSchema"]["properties"]["name"],
            nlohmann::json::parse(R"({"type":"string","minLength":1,"description":"Whom to greet"})"));
  EXPECT_EQ(said.answers.at("3")["result"]["content"][0]["text"], "Hello, Ann!");
  EXPECT_EQ(said.answers.at("3")["result"]["isError"], false);
}

TEST(NewPluginInPython, HasTheFileThatSpeaksTheWireAsDeedKeepsIt) {
  const TempFolder folder;
  made(folder, "stock", PluginLanguage::python);
  const ProgramEnd end = run_program({"cmp", DEED_SOURCE_DIR "/plugins/python/deed_plugin.py", folder.at("stock/deed_plugin.py")});
  EXPECT_EQ(end.code, 0) << end.output;
}

TEST(NewPluginInShell, GreetsWhateverTheNameIs) {
  const TempFolder folder;
  const std::string plugin_folder = made(folder, "stock", PluginLanguage::sh);
  for (const char* name : {"Ann", "-n", "--", "a b  c", "$(id) `id` \\n %s", "é\"'"}) {
    const ProgramEnd end = run_program({"./hello.sh", "--", name}, "", plugin_folder);
    EXPECT_EQ(end.code, 0) << end.errors;
    EXPECT_EQ(end.output, "Hello, " + std::string(name) + "!\n");
  }
  const toml::table manifest = toml::parse(folder.get("stock/plugin.toml"));
  const auto tool = manifest["tools"][0];
  EXPECT_EQ(tool["effect"].value<std::string>(), "pure");
  EXPECT_EQ(tool["command"][0].value<std::string>(), "./hello.sh");
  EXPECT_EQ(tool["arguments"]["required"][0].value<std::string>(), "name");
}

// A stand-in for the command: what counts here is what the Makefile makes of its answer.
TEST(NewPlugin, HasATestThatComparesWhatDeedSays) {
  const TempFolder folder;
  folder.put("deed", "#!/bin/sh\n[ \"$*\" = 'tools call --plugin . stock.hello {\"name\":\"Ann\"}' ] || exit 2\ncat ../said\n");
  std::filesystem::permissions(folder.at("deed"), std::filesystem::perms::owner_all);
  for (const PluginLanguage language : every_language) {
    const std::string name = to_string(language);
    ASSERT_OK(new_plugin(folder.at(name), "stock", language));
    folder.put("said", "Hello, Ann!\n");
    const ProgramEnd right = make_in(folder.at(name), {"DEED=../deed", "test"});
    EXPECT_EQ(right.code, 0) << name << right.output << right.errors;
    EXPECT_THAT(right.output, HasSubstr("stock.hello: right"));
    folder.put("said", "Goodbye\n");
    const ProgramEnd wrong = make_in(folder.at(name), {"DEED=../deed", "test"});
    EXPECT_NE(wrong.code, 0);
    EXPECT_THAT(wrong.output, HasSubstr("stock.hello said: Goodbye"));
    EXPECT_NE(make_in(folder.at(name), {"DEED=false", "test"}).code, 0);
  }
}

TEST(NewPlugin, SaysWhatTheClassesOfEffectsAreWhereOneIsChosen) {
  const TempFolder folder;
  const std::pair<PluginLanguage, const char*> places[] = {{PluginLanguage::c, "stock.c"}, {PluginLanguage::cpp, "stock.cpp"},
                                                            {PluginLanguage::python, "plugin.py"}, {PluginLanguage::sh, "plugin.toml"}};
  for (const auto& [language, file] : places) {
    made(folder, std::string("stock"), language);
    EXPECT_THAT(folder.get(std::string("stock/") + file), HasSubstr("What happens if a call runs twice")) << file;
    std::filesystem::remove_all(folder.at("stock"));
  }
}

}  // namespace
}  // namespace deed
