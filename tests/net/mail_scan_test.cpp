#include "deed/net/mail_scan.hpp"

#include <gmock/gmock.h>

#include <string>

namespace deed {
namespace {

bool has_only_crlf(const std::string& message) {
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '\0') return false;
    if (message[i] == '\r' && (i + 1 == message.size() || message[i + 1] != '\n')) return false;
    if (message[i] == '\n' && (i == 0 || message[i - 1] != '\r')) return false;
  }
  return true;
}

// Over all short messages of a letter, a dot, CR, LF and NUL, in pieces of every size.
TEST(MailScan, FindsEveryLineEndThatIsNotCrlfAndEveryNulAndCountsTheLinesWithADot) {
  constexpr std::string_view alphabet("a.\r\n\0", 5);
  constexpr std::size_t all[] = {5, 25, 125, 625, 3125};
  for (std::size_t size = 1; size <= 5; ++size) {
    for (std::size_t number = 0; number < all[size - 1]; ++number) {
      std::string message;
      for (std::size_t i = 0, rest = number; i < size; ++i, rest /= 5) message += alphabet[rest % 5];
      SCOPED_TRACE(testing::PrintToString(message));
      std::uint64_t dotted = message[0] == '.';
      for (std::size_t at = message.find("\r\n."); at != std::string::npos; at = message.find("\r\n.", at + 3)) ++dotted;
      for (std::size_t piece = 1; piece <= size; ++piece) {
        MailScan scan;
        for (std::size_t i = 0; i < size; i += piece) scan.feed(std::string_view(message).substr(i, piece));
        ASSERT_EQ(!scan.bad_byte_at_end(), has_only_crlf(message));
        ASSERT_EQ(scan.size(), size);
        if (has_only_crlf(message)) {
          ASSERT_EQ(scan.dotted_lines(), dotted);
        }
      }
    }
  }
}

TEST(MailScan, SaysWhereTheFirstBadByteIs) {
  const auto first_bad = [](std::string_view text) {
    MailScan scan;
    scan.feed(text);
    return scan.bad_byte_at_end();
  };
  EXPECT_EQ(first_bad("ab\r\nc\nd\r"), 5u);
  EXPECT_EQ(first_bad("ab\rc"), 2u);
  EXPECT_EQ(first_bad("ab\r"), 2u);
  EXPECT_EQ(first_bad(std::string_view("a\r\n\0", 4)), 3u);
}

}  // namespace
}  // namespace deed
