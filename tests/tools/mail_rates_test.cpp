#include "deed/tools/mail_rates.hpp"

#include "deed/memory/sqlite/connection.hpp"
#include "deed/tests/tools/tool_doubles.hpp"

#include <random>

namespace deed {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(MailRate, IsANumberAndASpan) {
  EXPECT_EQ(MailRate::parse("30/minute").value(), (MailRate{30, minutes(1)}));
  EXPECT_EQ(MailRate::parse("1/second").value(), (MailRate{1, seconds(1)}));
  EXPECT_EQ(MailRate::parse("500/hour").value(), (MailRate{500, minutes(60)}));
  EXPECT_EQ(MailRate::parse("2000/day").value(), (MailRate{2000, minutes(1440)}));
  for (const char* text : {"", "/", "30", "30/", "/minute", "0/minute", "-1/minute", "1.5/minute", "30/month", "30/minutes", " 30/minute", "1000001/day", "99999999999999999999/day"}) {
    EXPECT_THAT(MailRate::parse(text), IsError(ErrorKind::invalid)) << text;
  }
}

class MailRatesFile : public testing::Test {
 protected:
  std::unique_ptr<MailRates> rates(std::optional<MailRate> all, std::optional<MailRate> domain = {}, const char* account = "work") {
    return make_mail_rates({.path = folder.at("rates.db"), .account = account, .all = all, .domain = domain});
  }
  milliseconds wait(MailRates& of, const char* domain = "x.org") {
    const auto turn = of.take(domain, now);
    EXPECT_OK(turn);
    return turn ? turn->wait : milliseconds(-1);
  }

  TempFolder folder;
  TimePoint now = FixedClock().now();
};

TEST_F(MailRatesFile, LetsAsManyPassAsTheRateSaysAndTellsWhenTheNextMay) {
  const auto rate = rates(MailRate{2, minutes(1)});
  EXPECT_EQ(wait(*rate), seconds(0));
  now += seconds(10);
  EXPECT_EQ(wait(*rate), seconds(0));
  EXPECT_EQ(wait(*rate), seconds(50));
  now += seconds(49);
  EXPECT_EQ(wait(*rate), seconds(1));
  now += seconds(1);
  EXPECT_EQ(wait(*rate), seconds(0));
  EXPECT_EQ(wait(*rate), seconds(10));
}

TEST_F(MailRatesFile, CountsOverProcessesAndRuns) {
  EXPECT_EQ(wait(*rates(MailRate{1, minutes(1)})), seconds(0));
  EXPECT_EQ(wait(*rates(MailRate{1, minutes(1)})), minutes(1)) << "another one, of the same file";
  EXPECT_EQ(wait(*rates(MailRate{1, minutes(1)}, {}, "home")), seconds(0)) << "another account";
}

TEST_F(MailRatesFile, KeepsADomainsRateWithoutHoldingUpAnother) {
  const auto rate = rates(std::nullopt, MailRate{1, minutes(1)});
  EXPECT_EQ(wait(*rate, "x.org"), seconds(0));
  const auto held = rate->take("x.org", now);
  ASSERT_OK(held);
  EXPECT_EQ(held->wait, minutes(1));
  EXPECT_FALSE(held->for_all);
  EXPECT_EQ(wait(*rate, "y.org"), seconds(0));
}

TEST_F(MailRatesFile, AClockThatWasSetBackSendsNoFaster) {
  const auto rate = rates(MailRate{1, minutes(1)});
  EXPECT_EQ(wait(*rate), seconds(0));
  now -= minutes(60 * 24);
  EXPECT_EQ(wait(*rate), minutes(1));
  now += minutes(1);
  EXPECT_EQ(wait(*rate), seconds(0));
}

TEST_F(MailRatesFile, SaysSoWhereItCannotCount) {
  folder.put("rates.db", std::string(4096, 'x'));
  EXPECT_FALSE(rates(MailRate{1, minutes(1)})->take("x.org", now).has_value());
}

TEST_F(MailRatesFile, WaitsForAnotherProcessThatWritesButNotForEver) {
  const auto rate = rates(MailRate{5, minutes(1)});
  EXPECT_EQ(wait(*rate), seconds(0));
  auto other = sqlite::Connection::open(folder.at("rates.db"), milliseconds(0));
  ASSERT_OK(other);
  ASSERT_OK(other->execute("BEGIN IMMEDIATE"));
  EXPECT_EQ(wait(*rate), milliseconds(500));
  ASSERT_OK(other->execute("COMMIT"));
  EXPECT_EQ(wait(*rate), seconds(0));
  ASSERT_OK(other->execute("BEGIN IMMEDIATE"));
  for (int i = 0; i < 19; ++i) EXPECT_EQ(wait(*rate), milliseconds(500));
  EXPECT_THAT(rate->take("x.org", now), IsError(ErrorKind::unavailable));
}

// The oracle is a list of all times: in no span are there more than the rate says.
TEST_F(MailRatesFile, NeverLetsMorePassInAnySpanWhateverTheOrder) {
  std::mt19937 random(7);
  const MailRate rate{5, seconds(10)}, domain_rate{2, seconds(7)};
  std::vector<std::pair<TimePoint, std::string>> passed;
  for (int i = 0; i < 400; ++i) {
    const std::string domain = random() % 3 ? "x.org" : "y.org";
    const auto turn = rates(rate, domain_rate)->take(domain, now);
    ASSERT_OK(turn);
    if (turn->wait == milliseconds(0)) passed.push_back({now, domain});
    now += milliseconds(random() % 2 ? turn->wait.count() : static_cast<long>(random() % 3000));
  }
  EXPECT_GT(passed.size(), 100u);
  for (const auto& [begin, of] : passed) {
    const auto within = [&](milliseconds span, bool same) {
      return std::count_if(passed.begin(), passed.end(), [&](const auto& one) { return one.first >= begin && one.first < begin + span && (!same || one.second == of); });
    };
    ASSERT_LE(within(rate.span, false), rate.mails);
    ASSERT_LE(within(domain_rate.span, true), domain_rate.mails);
  }
}

}  // namespace
}  // namespace deed
