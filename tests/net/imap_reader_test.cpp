// What an IMAP server may say, cut anywhere, and what is none.
#include "deed/net/imap_reader.hpp"
#include "deed/net/imap_wire.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/net/imap_pieces.hpp"

#include <random>

namespace deed {
namespace {

using testing::ElementsAre;

std::vector<ImapResponse> read_all(std::string_view text, std::size_t piece = 1) {
  ImapReader reader;
  std::vector<ImapResponse> out;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    reader.feed(text.substr(at, piece));
    for (;;) {
      auto response = reader.next();
      EXPECT_OK(response);
      if (!response || !*response) break;
      out.push_back(**std::move(response));
    }
  }
  return out;
}

std::string written(const ImapValue& value) {
  if (value.kind != ImapValue::Kind::list) return value.kind == ImapValue::Kind::text ? "'" + value.text + "'" : value.text;
  std::string out;
  for (const ImapValue& part : value.list) out += (out.empty() ? "" : " ") + written(part);
  return "(" + out + ")";
}

TEST(ImapReader, ReadsTheSameHoweverItIsCut) {
  const std::string text =
      "* OK [CAPABILITY IMAP4rev1] ready (for \"you\r\n* 12 FETCH (UID 7 FLAGS (\\Seen) BODY[HEADER.FIELDS (FROM \"To\")] {9}\r\nFrom: a)\n X \"q\\\"\\\\\" NIL)\r\n"
      "* LIST (\\HasNoChildren) \"/\" {3}\r\na\r\n\r\n+ go {5}\r\nD1 NO [TRYCREATE] no {7}\r\n";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    const auto all = read_all(text, piece);
    ASSERT_EQ(all.size(), 5u) << piece;
    EXPECT_EQ(all[0].code, "CAPABILITY IMAP4rev1");
    EXPECT_EQ(all[0].text, "ready (for \"you");
    EXPECT_EQ(all[1].number, 12u);
    EXPECT_EQ(all[1].word, "FETCH");
    EXPECT_EQ(written(all[1].values.at(0)), "(UID 7 FLAGS (\\Seen) BODY[HEADER.FIELDS (FROM \"To\")] 'From: a)\n' X 'q\"\\' NIL)");
    EXPECT_EQ(all[2].values.at(2).text, "a\r\n");
    EXPECT_EQ(all[3].tag, "+");
    EXPECT_EQ(all[4].code, "TRYCREATE");
    EXPECT_EQ(all[4].text, "no {7}");
  }
}

TEST(ImapReader, ReadsALiteralWithoutTheBlankBeforeIt) {
  const auto all = read_all("* 1 FETCH (UID 1 BODY[]<0>{5}\r\nhello)\r\n");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(read_fetch_answer(all[0])->bytes, "hello");
}

TEST(ImapReader, RefusesWhatIsNoResponse) {
  for (const char* text : {"* LIST (a\r\n", "* LIST a)\r\n", "* LIST \"a\r\n", "* LIST {3} a\r\n", " x\r\n", "* LIST {99999999999}\r\n"}) {
    ImapReader reader;
    reader.feed(text);
    EXPECT_THAT(reader.next(), testing::Not(IsOk())) << text;
  }
}

TEST(ImapReader, HasLimits) {
  ImapReader bytes({.response_bytes = 100});
  bytes.feed("* SEARCH " + std::string(200, '1'));
  EXPECT_THAT(bytes.next(), IsError(ErrorKind::limit));
  ImapReader literal({.response_bytes = 100});
  literal.feed("* 1 FETCH (BODY[] {101}\r\n");
  EXPECT_THAT(literal.next(), IsError(ErrorKind::limit));
  ImapReader values({.values = 10});
  values.feed("* SEARCH 1 2 3 4 5 6 7 8 9 10 11\r\n");
  EXPECT_THAT(values.next(), IsError(ErrorKind::limit));
  ImapReader depth;
  depth.feed("* X " + std::string(10'000, '(') + "\r\n");
  EXPECT_THAT(depth.next(), IsError(ErrorKind::limit));
}

TEST(ImapReader, ReadsAMailboxOfAHundredThousandMessages) {
  std::string text = "* SEARCH";
  for (int uid = 1; uid <= 100'000; ++uid) text += " " + std::to_string(uid);
  const auto all = read_all(text + "\r\n", 4096);
  ASSERT_EQ(all.size(), 1u);
  const auto uids = read_search_answer(all);
  ASSERT_OK(uids);
  EXPECT_EQ(uids->size(), 100'000u);
}

// Whatever comes, it is read or refused, and no byte is lost to the reader's own fault.
TEST(ImapReader, SurvivesGarbage) {
  std::mt19937 random(7);
  const std::string parts[] = {"* ", "(", ")", "\"", "{3}\r\n", "\r\n", "FETCH ", "[", "]", "\\", "12 ", "abc", "{", "}", "\n", std::string("\0\xff", 2)};
  for (int round = 0; round < 3000; ++round) {
    ImapReader reader;
    bool is_broken = false;
    for (int i = 0; i < 60 && !is_broken; ++i) {
      reader.feed(parts[random() % std::size(parts)]);
      for (auto next = reader.next(); !is_broken; next = reader.next()) {
        is_broken = !next;
        if (is_broken || !*next) break;
      }
    }
  }
}

TEST(ImapWire, ReadsNamesBackFromModifiedUtf7) {
  for (const char* name : {"Sent", "R&D", "~peter/mail/台北/日本語", "😀", "Entwürfe", "a&b-c"}) {
    EXPECT_EQ(read_mailbox_name(imap_mailbox_name(name)), name);
  }
  for (const char* broken : {"&", "&*-", "&AA-", "&2D0-", "&3AA-", "&AAo-"}) EXPECT_EQ(read_mailbox_name(broken), broken);
}

TEST(ImapWire, SendsTextBeyondAsciiAsALiteral) {
  const ImapCommand command = imap_search_command({.from = "ann", .subject = "Grüße", .is_seen = false, .uid_from = 9});
  EXPECT_THAT(pieces_of(command), ElementsAre("UID SEARCH CHARSET UTF-8 UID 9:* UNSEEN FROM \"ann\" SUBJECT {7}", "Grüße"));
}

TEST(ImapWire, WritesDaysAsImapDoes) {
  const TimePoint day = TimePoint(std::chrono::seconds(1'772'323'200));  // 2026-03-01
  EXPECT_THAT(pieces_of(imap_search_command({.since = day})), ElementsAre("UID SEARCH SINCE 1-Mar-2026"));
  EXPECT_THAT(pieces_of(imap_search_command({})), ElementsAre("UID SEARCH ALL"));
}

TEST(ImapWire, WritesNumbersAsRanges) {
  const std::uint32_t uids[] = {7, 1, 2, 3, 9, 10};
  EXPECT_EQ(uid_set(uids), "1:3,7,9:10");
}

TEST(ImapWire, RefusesFlagsThatWouldBreakOut) {
  EXPECT_EQ(flag_list({"\\Seen", "$Important"}).value(), "(\\Seen $Important)");
  for (const char* bad : {"", "\\", "a b", "a)", "a\r\n", "\"", "ü"}) EXPECT_THAT(flag_list({bad}), IsError(ErrorKind::invalid)) << bad;
}

}  // namespace
}  // namespace deed
