#include "deed/tests/fakes/bytes.hpp"
#include "deed/tools/mail_cache.hpp"

#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/tools/tool_doubles.hpp"

namespace deed {
namespace {

MailContent small_mail(std::string attachment = "a", std::string text = "Hi Ann\n") {
  return {.from = EmailAddress::parse("deed@example.org").value(),
          .to = {EmailAddress::parse("ann@example.org").value()},
          .subject = "Hello",
          .text = std::move(text),
          .attachments = {{"a.bin", std::move(attachment)}}};
}

TEST(MailCache, BuildsTheSameMailOnce) {
  MailCache cache;
  const auto first = cache.build(small_mail(), call_key(), FixedClock().now());
  ASSERT_OK(first);
  EXPECT_EQ(all_of(*first), all_of(build_mail(small_mail(), call_key(), FixedClock().now()).value_or(nullptr)));
  EXPECT_EQ(*cache.build(small_mail(), call_key(), FixedClock().now()), *first);
}

TEST(MailCache, BuildsAgainWhatDiffersInAnything) {
  MailCache cache;
  const auto first = cache.build(small_mail(), call_key(), FixedClock().now());
  const TimePoint later = FixedClock().now() + std::chrono::seconds(1);
  EXPECT_NE(*cache.build(small_mail("b"), call_key(), FixedClock().now()), *first);
  EXPECT_NE(*cache.build(small_mail(), sha256_hex("call 2"), FixedClock().now()), *first);
  EXPECT_NE(*cache.build(small_mail(), call_key(), later), *first);
}

TEST(MailCache, KeepsNoMoreThanTwoMebibytes) {
  MailCache cache;
  const auto first = cache.build(small_mail(), call_key(), FixedClock().now());
  const auto large = cache.build(small_mail("a", std::string(5u << 20, 'x')), call_key(), FixedClock().now());
  EXPECT_EQ(*cache.build(small_mail(), call_key(), FixedClock().now()), *first) << "a large one pushes nobody out";
  EXPECT_EQ(large->use_count(), 1);
  for (int i = 0; i < 8; ++i) {
    EXPECT_OK(cache.build(small_mail("a", std::string(500'000, 'x')), sha256_hex(std::to_string(i)), FixedClock().now()));
  }
  EXPECT_EQ(first->use_count(), 1) << "let go";
}

TEST(MailCache, KeepsTheMailsThatAreUnderWayAndNotAllOfAMerge) {
  MailCache cache;
  const auto first = cache.build(small_mail(), call_key(), FixedClock().now());
  const auto others = [&](int begin, int end) {
    for (int i = begin; i < end; ++i) EXPECT_OK(cache.build(small_mail(), sha256_hex(std::to_string(i)), FixedClock().now()));
  };
  others(0, 64);
  EXPECT_GT(first->use_count(), 1);
  others(64, 200);
  EXPECT_EQ(first->use_count(), 1) << "let go";
}

}  // namespace
}  // namespace deed
