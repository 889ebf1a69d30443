// docs/plugins.md: the code that it shows is in the tree, and the example with an effect does what the page says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deed/plugins/deed_plugin.h"
#include "deed/tests/plugins/recording_host.hpp"

#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

extern "C" const deed_plugin* ticket_plugin(const deed_host* host);

namespace {

using deed::tests::RecordingHost;
using nlohmann::json;

std::string load(const std::string& path) {
  std::ifstream in(std::string(DEED_SOURCE_DIR) + "/" + path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Block {
  std::string path;  ///< the file that it is cut from
  std::string code;
};

// A block is indented by four spaces, below a line that ends with "(`path`):"; "…" on a line of its own leaves something out.
std::vector<Block> blocks_of(const std::string& page) {
  std::vector<Block> out;
  std::string path;
  bool is_inside = false;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (std::regex_search(line, found, std::regex(R"re(\(`([^`]+)`\):$)re"))) path = found[1], is_inside = false;
    else if (!path.empty() && line.starts_with("    ") && line != "    …") {
      if (!is_inside) out.push_back({path, ""});
      is_inside = true;
      out.back().code += line.substr(4) + "\n";
    } else if (line == "    …") is_inside = false;
    else if (!line.empty()) path.clear(), is_inside = false;
    else if (is_inside) out.back().code += "\n";
  }
  for (Block& block : out) block.code.erase(block.code.find_last_not_of('\n') + 2);
  return out;
}

TEST(PluginDocs, ShowCodeThatIsInTheTree) {
  const auto blocks = blocks_of(load("docs/plugins.md"));
  EXPECT_GE(blocks.size(), 8u);
  for (const Block& block : blocks) EXPECT_THAT(load(block.path), testing::HasSubstr(block.code)) << block.path;
}

TEST(PluginDocs, NameEachMemberOfTheManifestAndEachMethodOfTheWire) {
  const std::string page = load("docs/plugins.md");
  for (const char* word : {"initialize", "tools/list", "tools/call", "deed/preview", "deed/probe", "deed/dispatching", "deed/secret", "deed/http",
                           "notifications/progress", "notifications/cancelled", "ping", "command", "library", "memory_mb", "processes", "file_mb",
                           "read", "write", "network", "hosts", "secrets", "environment", "input", "roles", "examples", "timeout_s",
                           "harmless", "trusted", "errors", "effect_key", "attempt", "proposed_at_ms", "dispatched_at_ms", "structuredContent"})
    EXPECT_THAT(page, testing::HasSubstr("`" + std::string(word) + "`")) << word;
}

class TicketExample : public testing::Test {
 protected:
  TicketExample() : plugin(ticket_plugin(host.table())) { host.secrets["ticket_token"] = "t0ken"; }
  RecordingHost host;
  const deed_plugin* plugin;
};

TEST_F(TicketExample, SendsTheKeyBehindTheCommitPoint) {
  const auto answer = host.run(*plugin->tools[0], R"({"title":"Lift","labels":["a"]})");
  EXPECT_EQ(host.dispatched, 1);
  EXPECT_THAT(host.requested, testing::HasSubstr("POST https://tickets.example.org/api/tickets"));
  EXPECT_THAT(host.requested, testing::HasSubstr(R"("Idempotency-Key":")" + std::string(64, 'a')));
  EXPECT_THAT(host.requested, testing::HasSubstr(R"({"labels":["a"],"priority":1,"title":"Lift"})"));
  EXPECT_EQ(answer.status, DEED_UNKNOWN) << "what the fake host answers is no JSON";
}

TEST_F(TicketExample, IsWithoutEffectWhereTheSecretIsMissing) {
  host.secrets.clear();
  EXPECT_EQ(host.run(*plugin->tools[0], R"({"title":"Lift"})").status, DEED_FAILED_WITHOUT_EFFECT);
  EXPECT_EQ(host.dispatched, 0);
  EXPECT_EQ(host.requested, "");
}

TEST_F(TicketExample, ShowsWhatWouldBeSent) {
  const auto shown = host.preview(*plugin->tools[0], R"({"title":"Lift","priority":"high"})");
  EXPECT_EQ(shown.preview, R"({"labels":[],"priority":2,"title":"Lift"})");
  EXPECT_EQ(shown.destinations, R"(["tickets.example.org"])");
}

TEST_F(TicketExample, WatchesFromAnotherThread) {
  host.is_cancelled = true;
  EXPECT_EQ(host.run(*plugin->tools[1], R"({"number":7})").text, "stopped");
}

}  // namespace
