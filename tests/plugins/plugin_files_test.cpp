#include "deed/plugins/plugin_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deed/tests/tools/tool_doubles.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

TEST(PluginFiles, HaveAnotherDigestWhenAnyNameOrByteIsAnother) {
  const TempFolder folder;
  folder.put("plugin.toml", "name='x'");
  folder.put("lib/a.py", "1");
  const auto before = files_of(folder.path(), {});
  ASSERT_TRUE(before);
  EXPECT_EQ(files_of(folder.path(), {})->digest, before->digest);
  folder.put("lib/a.py", "2");
  const std::string changed = files_of(folder.path(), {})->digest;
  EXPECT_NE(changed, before->digest);
  folder.put("lib/a.py", "1");
  EXPECT_EQ(files_of(folder.path(), {})->digest, before->digest);
  folder.put("lib/b.py", "");
  EXPECT_NE(files_of(folder.path(), {})->digest, before->digest);
}

TEST(PluginFiles, HaveAnotherStampWhenAFileWasWrittenAgainWithTheSameBytes) {
  const TempFolder folder;
  folder.put("a", "1");
  const auto before = stamp_of(folder.path(), {});
  EXPECT_EQ(*stamp_of(folder.path(), {}), *before);
  ASSERT_EQ(rename(folder.at("a").c_str(), folder.at("b").c_str()), 0);
  folder.put("a", "1");
  ASSERT_EQ(unlink(folder.at("b").c_str()), 0);
  EXPECT_NE(*stamp_of(folder.path(), {}), *before);
}

TEST(PluginFiles, CountFilesBesideTheFolder) {
  const TempFolder folder, other;
  folder.put("a", "1");
  other.put("server.js", "1");
  const auto before = files_of(folder.path(), {other.at("server.js")});
  ASSERT_TRUE(before);
  other.put("server.js", "2");
  EXPECT_NE(files_of(folder.path(), {other.at("server.js")})->digest, before->digest);
  EXPECT_THAT(files_of(folder.path(), {other.at("gone")}), IsError(ErrorKind::not_found));
}

TEST(PluginFiles, ThatOthersMayWriteAreRefused) {
  const TempFolder folder;
  folder.put("a", "1");
  ASSERT_EQ(chmod(folder.at("a").c_str(), 0666), 0);
  EXPECT_THAT(files_of(folder.path(), {}), IsError(ErrorKind::denied, HasSubstr("chmod")));
  EXPECT_THAT(check_owners(folder.at("a")), IsError(ErrorKind::denied));
  ASSERT_EQ(chmod(folder.at("a").c_str(), 0644), 0);
  EXPECT_OK(check_owners(folder.at("a")));
  ASSERT_EQ(chmod(folder.path().c_str(), 0777), 0);
  EXPECT_THAT(check_owners(folder.at("a")), IsError(ErrorKind::denied, HasSubstr(folder.path())));
}

TEST(PluginFiles, ThatBelongToSomebodyElseAreRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const TempFolder folder;
  folder.put("a", "1");
  ASSERT_EQ(chown(folder.at("a").c_str(), 12345, 12345), 0);
  EXPECT_THAT(check_owners(folder.at("a")), IsError(ErrorKind::denied, HasSubstr("somebody else")));
}

}  // namespace
}  // namespace deed
