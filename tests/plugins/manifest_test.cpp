#include "deed/plugins/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Manifest> parsed(const std::string& text) { return parse_manifest(text, "plugin.toml"); }

Result<Manifest> asking_for(const std::string& path) {
  return parsed("name='x'\ncommand=['./x']\n[permissions]\nread=['" + path + "']\n");
}

TEST(Manifest, OfAProgramIsReadWhole) {
  const auto manifest = parsed(R"(
name = "weather"
version = "1.2"
description = "What the weather is"
command = ["python3", "weather.py"]
[permissions]
read = ["~/notes", "."]
hosts = ["api.example.org"]
secrets = ["weather_key"]
[limits]
memory_mb = 64
[[tools]]
name = "now"
effect = "read"
)");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->name, "weather");
  EXPECT_THAT(manifest->command, ElementsAre("python3", "weather.py"));
  EXPECT_THAT(manifest->permissions.read, ElementsAre("~/notes", "."));
  EXPECT_FALSE(manifest->permissions.network);
  EXPECT_EQ(manifest->limits.memory_mb, 64);
  EXPECT_EQ(manifest->corrections["now"]["effect"], "read");
}

TEST(Manifest, OfScriptsSaysTheirEffectsAndDispatches) {
  const auto manifest = parsed(R"(
name = "img"
[[tools]]
name = "convert"
command = ["convert", "{{in}}", "{{out}}"]
effect = "idempotent"
roles = { in = "destination", out = "destination" }
timeout_s = 5
harmless = true
[tools.arguments]
properties.in.type = "string"
properties.out.type = "string"
required = ["in", "out"]
)");
  ASSERT_TRUE(manifest);
  const Json& tool = manifest->scripts.at(0).listed;
  EXPECT_EQ(tool["inputSchema"]["required"], Json({"in", "out"}));
  EXPECT_EQ(tool["inputSchema"]["type"], "object");
  EXPECT_EQ(tool["_meta"]["deed"]["timeout_ms"], 5000);
  EXPECT_EQ(tool["_meta"]["deed"]["flags"], Json({"harmless", "dispatches"}));
}

TEST(Manifest, ThatAsksForTheMachineOrAllOfAPersonIsRefused) {
  for (const char* path : {"/", "//", "/.", "~/", "~/.", "~/./", "/etc", "/etc/", "/home", "/root", "/proc/1", "/sys", "/dev/mem", "/usr", "/var",
                           "~/.ssh", "~/.config", "~/.config/deed", "/srv/../etc", "~/../ann", "relative", "", "~bob/x"}) {
    EXPECT_THAT(asking_for(path), IsError(ErrorKind::denied, HasSubstr("asks for"))) << path;
  }
  for (const char* path : {".", "~/notes", "/srv/data", "/home/ann/notes", "/var/lib/x"}) EXPECT_OK(asking_for(path)) << path;
}

TEST(Manifest, WithAWrongMemberSaysWhere) {
  EXPECT_THAT(parsed("name='x'\ncomand=['./x']\n"), IsError(ErrorKind::invalid, HasSubstr("plugin.toml:2:8")));
  EXPECT_THAT(parsed("name='x'\ncomand=['./x']\n"), IsError(ErrorKind::invalid, HasSubstr("did you mean \"command\"")));
  EXPECT_THAT(parsed("name='x'\ncommand='./x'\n"), IsError(ErrorKind::invalid, HasSubstr("list of texts")));
  EXPECT_THAT(parsed("name=1\ncommand=['./x']\n"), IsError(ErrorKind::invalid, HasSubstr("text")));
  EXPECT_THAT(parsed("name='x y'\ncommand=['./x']\n"), IsError(ErrorKind::invalid, HasSubstr("name")));
  EXPECT_THAT(parsed("command=['./x']\n"), IsError(ErrorKind::invalid, HasSubstr("name")));
  EXPECT_THAT(parsed("name='x'\ncommand=['./x']\n[permissions]\nnetwork=1\n"), IsError(ErrorKind::invalid, HasSubstr("true or false")));
  EXPECT_THAT(parsed("name='x'\ncommand=['./x']\n[limits]\nprocesses=0\n"), IsError(ErrorKind::invalid, HasSubstr("from 1")));
  EXPECT_THAT(parsed("name='x'\ncommand=['./x']\n[permissions]\nroot=true\n"), IsError(ErrorKind::invalid, HasSubstr("[permissions]")));
  EXPECT_THAT(parsed("name='x'\ncommand=["), IsError(ErrorKind::invalid, HasSubstr("TOML")));
  EXPECT_THAT(parsed(std::string(300'000, '#')), IsError(ErrorKind::limit));
}

TEST(Manifest, IsExactlyOneKindOfThing) {
  EXPECT_THAT(parsed("name='x'\n"), IsError(ErrorKind::invalid, HasSubstr("nothing to run")));
  EXPECT_THAT(parsed("name='x'\ncommand=['./x']\nlibrary='./x.so'\n"), IsError(ErrorKind::invalid, HasSubstr("more than one")));
  EXPECT_THAT(parsed("name='x'\ncommand=['./x']\n[[tools]]\nname='y'\ncommand=['z']\neffect='pure'\n"), IsError(ErrorKind::invalid, HasSubstr("more than one")));
}

TEST(Manifest, OfAScriptWithoutAClassOfEffectsIsRefused) {
  EXPECT_THAT(parsed("name='x'\n[[tools]]\nname='y'\ncommand=['z']\n"), IsError(ErrorKind::invalid, HasSubstr("effect")));
  EXPECT_THAT(parsed("name='x'\n[[tools]]\nname='y'\ncommand=[]\neffect='pure'\n"), IsError(ErrorKind::invalid, HasSubstr("empty")));
  EXPECT_THAT(parsed("name='x'\n[[tools]]\nname='y'\ncommand=['z']\neffect='once'\nerrors='maybe'\n"), IsError(ErrorKind::invalid, HasSubstr("rejected")));
}

}  // namespace
}  // namespace deed
