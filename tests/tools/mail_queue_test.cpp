#include "deed/tools/mail_queue.hpp"

#include "deed/tests/tools/receipts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <numeric>

namespace deed {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using Verdict = SmtpReceipt::Verdict;

const SmtpReceipt closing{Verdict::refused_for_now, 421, ""};
const SmtpReceipt cut{Verdict::not_sent, 250, ""};
const SmtpReceipt silent{Verdict::not_sent, 0, "", true};

// Drives a queue over `count` recipients; `server` answers to (recipient, how often it was tried).
struct Driven {
  std::vector<std::size_t> tried;
  std::vector<std::chrono::milliseconds> pauses;
  std::vector<std::size_t> finals;
};
Driven drive(std::size_t count, const std::function<SmtpReceipt(std::size_t, int)>& server,
             MailLimits limits = {}) {
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), 0);
  MailQueue queue(all, std::move(limits));
  std::vector<int> tries(count, 0);
  Driven out;
  for (;;) {
    if (const auto who = queue.next()) {
      out.tried.push_back(*who);
      if (queue.add(*who, server(*who, ++tries[*who]))) out.finals.push_back(*who);
      continue;
    }
    const auto pause = queue.pause();
    if (!pause) return out;
    out.pauses.push_back(*pause);
  }
}

TEST(MailQueue, TriesEverybodyOnceWhereAllIsSaidAtOnce) {
  const Driven done = drive(3, [](std::size_t who, int) { return who == 1 ? refused : accepted; });
  EXPECT_THAT(done.tried, ElementsAre(0, 1, 2));
  EXPECT_THAT(done.finals, ElementsAre(0, 1, 2));
  EXPECT_THAT(done.pauses, IsEmpty());
}

TEST(MailQueue, ComesBackToWhoeverWasPutOffAfterAllOthers) {
  const Driven done = drive(3, [](std::size_t who, int n) { return who == 0 && n < 3 ? refused_for_now : accepted; });
  EXPECT_THAT(done.tried, ElementsAre(0, 1, 2, 0, 0));
  EXPECT_THAT(done.pauses, ElementsAre(seconds(5), seconds(30)));
  EXPECT_THAT(done.finals, ElementsAre(1, 2, 0));
}

TEST(MailQueue, EndsWithTheLastRound) {
  const Driven done = drive(2, [](std::size_t, int) { return refused_for_now; });
  EXPECT_THAT(done.tried, ElementsAre(0, 1, 0, 1, 0, 1, 0, 1));
  EXPECT_THAT(done.pauses, ElementsAre(seconds(5), seconds(30), minutes(2)));
  EXPECT_THAT(done.finals, ElementsAre(0, 1));
}

TEST(MailQueue, LeavesAServerThatNeverAnswered) {
  const Driven done = drive(3, [](std::size_t, int) { return silent; });
  EXPECT_THAT(done.tried, ElementsAre(0));
  EXPECT_THAT(done.pauses, IsEmpty());
}

TEST(MailQueue, TriesNobodyElseAndNeverAgainWithAMailThatIsUnfit) {
  const SmtpReceipt unfit{.verdict = Verdict::not_sent, .code = 354, .is_unfit = true};
  const Driven out = drive(3, [&](std::size_t, int) { return unfit; });
  EXPECT_THAT(out.tried, ElementsAre(0));
  EXPECT_THAT(out.finals, ElementsAre(0));
  EXPECT_THAT(out.pauses, IsEmpty());
}

TEST(MailQueue, WaitsForAServerThatFallsSilentOrCloses) {
  for (const SmtpReceipt& trouble : {silent, closing}) {
    int answers = 0;
    const Driven done = drive(3, [&](std::size_t, int) { return ++answers == 2 ? trouble : accepted; });
    EXPECT_THAT(done.tried, ElementsAre(0, 1, 2, 1));
    EXPECT_THAT(done.pauses, ElementsAre(seconds(5)));
  }
}

TEST(MailQueue, GoesOnWithTheNextWhereOneTransactionWasCutUnsent) {
  const Driven done = drive(3, [](std::size_t who, int n) { return who == 1 && n == 1 ? cut : accepted; });
  EXPECT_THAT(done.tried, ElementsAre(0, 1, 2, 1));
}

TEST(MailQueue, NeverComesBackToOneInDoubtAndStopsAfterTooMany) {
  const Driven done = drive(6, [](std::size_t who, int) { return who == 1 ? accepted : in_doubt; });
  EXPECT_THAT(done.tried, ElementsAre(0, 1, 2, 3));
  const Driven careful = drive(6, [](std::size_t who, int) { return who == 1 ? in_doubt : accepted; }, {.max_in_doubt = 1});
  EXPECT_THAT(careful.tried, ElementsAre(0, 1));
}

}  // namespace
}  // namespace deed
