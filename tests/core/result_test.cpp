#include "deed/core/result.hpp"

#include "deed/tests/fakes/matchers.hpp"

#include <memory>

namespace deed {
namespace {

Result<int> number(bool good) {
  if (!good) return fail(ErrorKind::not_found, "no number", "here", "look there");
  return 7;
}

Result<int> next_number(bool good) {
  DEED_TRY(const int n, number(good));
  return n + 1;
}

Result<void> nothing(bool good) {
  DEED_OK(number(good).has_value() ? Result<void>() : fail(ErrorKind::limit, "too much"));
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_EQ(*number(true), 7);
  EXPECT_EQ(number(true).value_or(1), 7);
  EXPECT_EQ(number(false).value_or(1), 1);
  EXPECT_THAT(number(false), IsError(ErrorKind::not_found));
}

TEST(Result, TryGivesTheErrorBackAndGoesOnWithAValue) {
  EXPECT_EQ(*next_number(true), 8);
  EXPECT_EQ(next_number(false).error(),
            (Error{ErrorKind::not_found, "no number", "here", "look there"}));
  EXPECT_OK(nothing(true));
  EXPECT_THAT(nothing(false), IsError(ErrorKind::limit));
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(Result, ContextIsAddedOnlyWhereNothingStands) {
  const auto kept = with_context(number(false), "elsewhere", "other hint");
  EXPECT_EQ(kept.error().where, "here");
  EXPECT_EQ(kept.error().hint, "look there");
  const auto added =
      with_context(Result<int>(fail(ErrorKind::invalid, "bad")), "line 3", "mend it");
  EXPECT_EQ(to_string(added.error()), "bad (line 3): mend it");
  EXPECT_EQ(*with_context(number(true), "elsewhere"), 7);
}

TEST(Result, PrintsOnlyThePartsThatAreThere) {
  EXPECT_EQ(to_string(Error{ErrorKind::invalid, "bad"}), "bad");
  EXPECT_EQ(to_string(Error{ErrorKind::invalid, "bad", "", "mend it"}), "bad: mend it");
  EXPECT_EQ(to_string(Error{ErrorKind::invalid, "bad", "x"}), "bad (x)");
}

TEST(Result, NamesEveryKindAsItStandsInJson) {
  std::vector<std::string> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::internal); ++kind)
    names.push_back(to_string(static_cast<ErrorKind>(kind)));
  EXPECT_THAT(names, testing::ElementsAre("invalid", "not_found", "conflict", "denied",
                                          "unavailable", "timeout", "cancelled", "limit", "corrupt",
                                          "unsupported", "internal"));
}

using ResultDeathTest = testing::Test;

TEST(ResultDeathTest, ValueOfAFailedResultEndsTheProcessAndSaysWhy) {
  EXPECT_DEATH(number(false).value(), "no number");
  EXPECT_DEATH(nothing(false).value(), "failed Result");
}

TEST(ResultDeathTest, ErrorOfAGoodResultEndsTheProcess) {
  EXPECT_DEATH((void)number(true).error(), "holds a value");
  EXPECT_DEATH((void)Result<void>().error(), "holds a value");
}

}  // namespace
}  // namespace deed
