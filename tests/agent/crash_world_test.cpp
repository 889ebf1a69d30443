// What the crash test sees of the world, and what it calls a difference.
#include <filesystem>
#include <fstream>

#include "deed/agent/crashtest/world.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/memory/sqlite_fixture.hpp"

namespace deed::crashtest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CrashWorld : public testing::Test {
 protected:
  CrashWorld() {
    for (const char* part : {"work/sub", "outbox/new", "outbox/cur", "outbox/tmp"}) std::filesystem::create_directories(folder_.path() / part);
  }
  void put(const std::string& name, const std::string& bytes) const { write_bytes(folder_.path() / name, bytes); }
  World look() const {
    const auto world = look_at_world(folder_.path() / "work", folder_.path() / "outbox");
    EXPECT_OK(world);
    return world.value_or(World{});
  }
  static std::vector<Wrong> kinds(const std::vector<Difference>& all) {
    std::vector<Wrong> out;
    for (const Difference& one : all) out.push_back(one.what);
    return out;
  }

  TemporaryFolder folder_;
};

TEST_F(CrashWorld, IsTheSameAsItselfWhateverTheMessageIdsAre) {
  put("work/sub/a.txt", "one");
  put("outbox/new/1", "Message-ID: <1@x>\r\nSubject: Hi\r\n\r\nText");
  const World before = look();
  EXPECT_THAT(before.message_ids, ElementsAre("<1@x>"));
  put("outbox/new/1", "Subject: Hi\r\nMessage-Id:\r\n <2@x>\r\n\r\nMessage-ID: <3@x>");
  EXPECT_THAT(look().message_ids, ElementsAre("<2@x>"));
  EXPECT_THAT(differences(before, look()), IsEmpty());
}

TEST_F(CrashWorld, ToldApartIsWhatIsMissingChangedOrNew) {
  put("work/a.txt", "one");
  put("work/b.txt", "two");
  const World before = look();
  std::filesystem::remove(folder_.path() / "work/a.txt");
  put("work/b.txt", "twotwo");
  put("work/.deed-1.tmp", "left over");
  EXPECT_THAT(kinds(differences(before, look())), ElementsAre(Wrong::lost, Wrong::other, Wrong::other));
}

TEST_F(CrashWorld, AMailIsLostOrThereTwice) {
  put("outbox/new/1", "Message-ID: <1@x>\n\n");
  const World one = look();
  put("outbox/cur/1:2,S", "Message-ID: <1@x>\n\n");
  EXPECT_THAT(kinds(differences(one, look())), ElementsAre(Wrong::twice, Wrong::twice)) << "by its id, and by the count";
  EXPECT_THAT(kinds(repeated_mails(look())), ElementsAre(Wrong::twice));
  std::filesystem::remove(folder_.path() / "outbox/cur/1:2,S");
  std::filesystem::rename(folder_.path() / "outbox/new/1", folder_.path() / "outbox/tmp/1");
  EXPECT_THAT(kinds(differences(one, look())), ElementsAre(Wrong::lost, Wrong::other)) << "a draft is no mail";
}

}  // namespace
}  // namespace deed::crashtest
