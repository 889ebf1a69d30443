#include "deed/tools/mail_header.hpp"

#include "deed/core/text.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string from_line(std::string_view display) {
  return mailbox_header("From", display, EmailAddress::parse("ann@example.org").value());
}
// "<1@x.org>" and on.
std::vector<std::string> ids(std::size_t count, std::size_t first = 1) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back("<" + std::to_string(first + i) + "@x.org>");
  return out;
}

TEST(MailboxHeader, WritesAPlainNameAsWords) {
  EXPECT_EQ(from_line("Ann Lee"), "From: Ann Lee <ann@example.org>\n");
  EXPECT_EQ(from_line(""), "From: ann@example.org\n");
  EXPECT_EQ(from_line("  "), "From: ann@example.org\n");
}

TEST(MailboxHeader, QuotesWhatWouldBeRead) {
  EXPECT_EQ(from_line("Lee, Ann"), "From: \"Lee, Ann\" <ann@example.org>\n");
  EXPECT_EQ(from_line("A. \"B\" \\ <c>"), "From: \"A. \\\"B\\\" \\\\ <c>\" <ann@example.org>\n");
  EXPECT_EQ(from_line("(boss); group:"), "From: \"(boss); group:\" <ann@example.org>\n");
}

TEST(MailboxHeader, EncodesNamesBeyondAsciiAndWhatLooksEncoded) {
  EXPECT_EQ(from_line("Jürgen"), "From: =?utf-8?B?SsO8cmdlbg==?= <ann@example.org>\n");
  EXPECT_THAT(from_line("=?utf-8?Q?x?="), HasSubstr(" =?utf-8?B?PT91dGYtOD9RP3g/PQ==?= <"));
  std::string greek;
  for (int i = 0; i < 120; ++i) greek += "λ";
  for (const std::string_view line : split(from_line(greek), '\n')) EXPECT_LE(line.size(), 76u);
}

TEST(MailboxHeader, RefusesNamesThatAreNoneOrLookLikeAnAddress) {
  for (const std::string& bad :
       {std::string("Ann\r\nBcc: eve@example.net"), std::string("a\nb"), std::string("a\0b", 3),
        std::string("\xff"), std::string("ceo@bank.example"), std::string("ceo\uff20bank.example"),
        std::string("Ann \u202eeel"), std::string("A\u200bnn"), std::string(257, 'a')}) {
    EXPECT_THAT(check_display_name(bad), IsError(ErrorKind::invalid, HasSubstr("sender's name")));
  }
  for (const char* good : {"", "Ann Lee", "علی‌رضا", "山田\u3000太郎", "👩‍👧 Shop", "O'Neil & Sons, Inc."}) {
    EXPECT_OK(check_display_name(good));
  }
}

TEST(IdHeader, KeepsEachIdWholeAndLinesShort) {
  const std::string header = id_header("References", ids(30));
  EXPECT_THAT(header, HasSubstr("References: <1@x.org> <2@x.org>"));
  for (const std::string_view line : split(header, '\n')) EXPECT_LE(line.size(), 76u);
  const std::string long_id = "<" + std::string(880, 'a') + "@x.org>";
  EXPECT_EQ(id_header("In-Reply-To", {long_id}), "In-Reply-To:\n " + long_id + "\n");
}

TEST(IdHeader, RefusesWhatIsNoId) {
  for (const std::string& bad :
       {std::string(""), std::string("a@b"), std::string("<>"), std::string("<a b@c>"),
        std::string("<a@b"), std::string("<a@b>\r\nX: y"), std::string("<ä@b>"),
        std::string("<a@b> <c@d>"), std::string("<a@b><c@d>"), "<" + std::string(900, 'a') + ">"}) {
    EXPECT_THAT(check_message_id(bad), IsError(ErrorKind::invalid, HasSubstr("id of a message")))
        << bad;
  }
  for (const char* good : {"<a@b>", "<CAF+x=.y_z$1@mail.example.org>", "<no-at-sign>"}) {
    EXPECT_OK(check_message_id(good));
  }
}

TEST(ThreadIds, EndWithTheParentAndNameNobodyTwice) {
  EXPECT_THAT(thread_ids({}, ""), IsEmpty());
  EXPECT_THAT(thread_ids({}, "<p@x>"), ElementsAre("<p@x>"));
  EXPECT_THAT(thread_ids({"<a@x>", "<p@x>", "<b@x>", "<a@x>"}, "<p@x>"),
              ElementsAre("<a@x>", "<b@x>", "<p@x>"));
}

TEST(ThreadIds, KeepTheFirstAndTheLastOfALongThread) {
  const auto kept = thread_ids(ids(500), "<p@x.org>");
  ASSERT_THAT(kept, SizeIs(40));
  EXPECT_EQ(kept.front(), "<1@x.org>");
  EXPECT_EQ(kept[1], "<463@x.org>");
  EXPECT_EQ(kept.back(), "<p@x.org>");
  std::vector<std::string> fat;
  for (char c = 'a'; c <= 'z'; ++c) fat.push_back("<" + std::string(880, c) + "@x.org>");
  const auto few = thread_ids(fat, "");
  EXPECT_THAT(few, SizeIs(9));
  EXPECT_EQ(few.front(), fat.front());
  EXPECT_EQ(few.back(), fat.back());
}

TEST(Unsubscribe, OffersOneClickForHttpsOnly) {
  EXPECT_EQ(unsubscribe_headers("https://example.org/u?id=42&t=a%20b").value_or(""),
            "List-Unsubscribe: <https://example.org/u?id=42&t=a%20b>\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n");
  EXPECT_EQ(unsubscribe_headers("mailto:leave@example.org?subject=leave%2042").value_or(""),
            "List-Unsubscribe: <mailto:leave@example.org?subject=leave%2042>\n");
}

TEST(Unsubscribe, RefusesWhatNoReaderShouldFollow) {
  for (const std::string& bad :
       {std::string("http://example.org/u"), std::string("javascript:alert(1)"),
        std::string("https://"), std::string("https://ann:pw@example.org/"),
        std::string("https://example.org/>, <mailto:eve@example.net"), std::string("mailto:"),
        std::string("mailto:nobody"), std::string("mailto:a@x.org,b@x.org"),
        std::string("https://example.org/a b"), std::string("https://example.org/ä"),
        std::string("https://example.org/\r\nX: y"),
        "https://example.org/" + std::string(900, 'a')}) {
    EXPECT_THAT(unsubscribe_headers(bad), IsError(ErrorKind::invalid, HasSubstr("unsubscribe")))
        << bad;
  }
}

}  // namespace
}  // namespace deed
