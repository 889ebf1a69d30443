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
  static MailArrivals arrivals(std::vector<std::uint64_t> orders, std::string epoch = "box 1", std::uint64_t slack = 0) {
    MailArrivals out{.epoch = std::move(epoch), .slack = slack};
    for (const std::uint64_t order : orders) out.mails.push_back({{"INBOX", std::to_string(order)}, order});
    return out;
  }
  static std::vector<std::uint64_t> orders(const std::vector<MailArrival>& mails) {
    std::vector<std::uint64_t> out;
    for (const MailArrival& mail : mails) out.push_back(mail.order);
    return out;
  }
  std::filesystem::path path_;
};

TEST_F(MailWatchTest, KnowsWhatItSawAfterARestart) {
  {
    MailWatch watch = open();
    EXPECT_TRUE(watch.is_first_look(arrivals({1, 2})));
    ASSERT_OK(watch.begin_with(arrivals({1, 2})));
  }
  MailWatch again = open();
  EXPECT_FALSE(again.is_first_look(arrivals({})));
  EXPECT_EQ(again.from(), 2u);
  EXPECT_THAT(orders(again.news(arrivals({2, 3, 4}))), ElementsAre(3u, 4u));
}

TEST_F(MailWatchTest, TakesNoOldMailForNewHoweverMuchIsTakenAway) {
  MailWatch watch = open();
  ASSERT_OK(watch.begin_with(arrivals({1, 2, 3, 4, 5})));
  EXPECT_THAT(watch.news(arrivals({1, 2})), IsEmpty());
  EXPECT_THAT(orders(watch.news(arrivals({1, 6}))), ElementsAre(6u));
}

TEST_F(MailWatchTest, FindsAMailThatComesLateWithinTheSlack) {
  MailWatch watch = open();
  ASSERT_OK(watch.begin_with(arrivals({100, 200}, "box", 50)));
  EXPECT_EQ(watch.from(), 150u);
  EXPECT_THAT(orders(watch.news(arrivals({149, 150, 199, 200, 201}, "box", 50))), ElementsAre(150u, 199u, 201u));
}

TEST_F(MailWatchTest, BeginsAnewWithAMailboxThatWasMadeAnew) {
  MailWatch watch = open();
  ASSERT_OK(watch.begin_with(arrivals({7})));
  const MailArrivals renumbered = arrivals({1, 2, 3}, "box 2");
  EXPECT_TRUE(watch.is_first_look(renumbered));
  ASSERT_OK(watch.begin_with(renumbered));
  EXPECT_THAT(watch.news(renumbered), IsEmpty());
  EXPECT_EQ(watch.from(), 3u);
}

TEST_F(MailWatchTest, GivesAMailTheSameRunHoweverOftenItIsAsked) {
  const MailArrival mail{{"INBOX", "7"}, 7};
  RunId run;
  {
    MailWatch watch = open();
    ASSERT_OK(watch.begin_with(arrivals({})));
    run = watch.begin(mail, TimePoint()).value();
  }
  {
    MailWatch again = open();
    EXPECT_EQ(again.begun().at("INBOX/7"), run);
    EXPECT_EQ(again.begin(mail, TimePoint()).value(), run);
    EXPECT_THAT(again.news(arrivals({7})), IsEmpty());
    ASSERT_OK(again.finish("INBOX/7"));
  }
  MailWatch last = open();
  EXPECT_THAT(last.begun(), IsEmpty());
  EXPECT_THAT(last.news(arrivals({7})), IsEmpty());
}

TEST_F(MailWatchTest, BelongsToOneProcess) {
  const MailWatch watch = open();
  EXPECT_THAT(MailWatch::open(path_), IsError(ErrorKind::conflict));
}

TEST_F(MailWatchTest, RefusesAFileThatIsDamagedOrCannotBeRead) {
  std::filesystem::create_directories(path_.parent_path());
  std::ofstream(path_) << "{\"version\":1,\"seen\":[";
  EXPECT_THAT(MailWatch::open(path_), IsError(ErrorKind::corrupt));
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("/nowhere", path_);
  EXPECT_THAT(MailWatch::open(path_), IsError(ErrorKind::unavailable));
}

}  // namespace
}  // namespace deed
