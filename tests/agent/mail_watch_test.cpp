#include "deed/agent/mail_watch.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MailWatchTest : public testing::Test {
 protected:
  MailWatchTest() : path_(std::filesystem::temp_directory_path() / ("deed-watch-" + std::to_string(getpid())) / "w.json") {}
  ~MailWatchTest() override { std::filesystem::remove_all(path_.parent_path()); }
  MailWatch open() { return MailWatch::open(path_).value(); }
  // The newest first, as a store gives them.
  static MailPage page(std::vector<std::string> uniques) {
    MailPage out{.found = uniques.size()};
    for (const std::string& unique : uniques) out.entries.push_back({.id = {"INBOX", unique}});
    return out;
  }
  static std::vector<std::string> texts(const std::vector<MailId>& mails) {
    std::vector<std::string> out;
    for (const MailId& mail : mails) out.push_back(mail.unique);
    return out;
  }
  std::filesystem::path path_;
};

TEST_F(MailWatchTest, KnowsWhatItSawAfterARestart) {
  MailWatch watch = open();
  EXPECT_TRUE(watch.is_new());
  EXPECT_THAT(texts(watch.news(page({"2", "1"}))), ElementsAre("1", "2"));
  ASSERT_OK(watch.finish({"INBOX/1", "INBOX/2"}));
  MailWatch again = open();
  EXPECT_FALSE(again.is_new());
  EXPECT_THAT(texts(again.news(page({"3", "2", "1"}))), ElementsAre("3"));
}

TEST_F(MailWatchTest, GivesAMailTheSameRunHoweverOftenItIsAsked) {
  MailWatch watch = open();
  const auto run = watch.begin({"INBOX", "7"}, TimePoint());
  ASSERT_OK(run);
  MailWatch again = open();
  EXPECT_EQ(again.begun().at("INBOX/7"), *run);
  EXPECT_EQ(again.begin({"INBOX", "7"}, TimePoint()).value(), *run);
  EXPECT_THAT(again.news(page({"7"})), IsEmpty());
  ASSERT_OK(again.finish({"INBOX/7"}));
  EXPECT_THAT(open().begun(), IsEmpty());
}

TEST_F(MailWatchTest, ForgetsWhatIsGoneButNotWhatAPageCutOff) {
  MailWatch watch = open();
  ASSERT_OK(watch.finish({"INBOX/1", "INBOX/2"}));
  MailPage cut = page({"2"});
  cut.found = 2;
  watch.news(cut);
  EXPECT_THAT(watch.news(page({"2", "1"})), IsEmpty());
  watch.news(page({"2"}));
  EXPECT_THAT(texts(watch.news(page({"2", "1"}))), ElementsAre("1"));
}

TEST_F(MailWatchTest, RefusesAFileThatIsDamaged) {
  std::filesystem::create_directories(path_.parent_path());
  std::ofstream(path_) << "{\"version\":1,\"seen\":[";
  EXPECT_THAT(MailWatch::open(path_), IsError(ErrorKind::corrupt));
}

}  // namespace
}  // namespace deed
