#include "deed/net/sse.hpp"

#include "deed/tests/fakes/matchers.hpp"

namespace deed::sse {

void PrintTo(const Event& event, std::ostream* out) {
  *out << event.type << " #" << event.id << ": " << event.data;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Event> feed_whole(std::string_view bytes) {
  Parser parser;
  return *parser.feed(bytes);
}

void feed_into(std::vector<Event>& out, Parser& parser, std::string_view bytes) {
  const Result<std::vector<Event>> events = parser.feed(bytes);
  ASSERT_OK(events);
  out.insert(out.end(), events->begin(), events->end());
}

// Cut into `first` bytes, one byte, and the rest.
std::vector<Event> feed_cut(std::string_view bytes, std::size_t first) {
  Parser parser;
  std::vector<Event> out;
  for (const std::string_view piece : {bytes.substr(0, first), bytes.substr(first, 1),
                                       bytes.substr(std::min(first + 1, bytes.size()))}) {
    feed_into(out, parser, piece);
  }
  return out;
}

constexpr std::string_view stream =
    "\xEF\xBB\xBF"
    "data: one\n\n"
    ": a comment\r\n"
    "event: add\r\nid: 7\r\ndata: two\r\ndata:  lines\r\n\r\n"
    "data\r\r"
    "id\ndata: {\"a\": \"\xC3\xA4\"}\nretry: 10\nunknown: x\n\n"
    "event: no data\n\n"
    "data: unfinished\n";

const std::vector<Event> events = {{"message", "one", ""},
                                   {"add", "two\n lines", "7"},
                                   {"message", "", "7"},
                                   {"message", "{\"a\": \"\xC3\xA4\"}", ""}};

TEST(SseParser, ReadsEventsWithEveryLineEndCommentsAndByteOrderMark) {
  EXPECT_EQ(feed_whole(stream), events);
}

TEST(SseParser, GivesTheSameEventsWhereverTheInputIsCut) {
  for (std::size_t i = 0; i < stream.size(); ++i) {
    EXPECT_EQ(feed_cut(stream, i), events) << "cut at " << i;
  }
}

TEST(SseParser, GivesTheSameEventsByteByByte) {
  Parser parser;
  std::vector<Event> out;
  for (const char c : stream) {
    feed_into(out, parser, {&c, 1});
  }
  EXPECT_EQ(out, events);
}

TEST(SseParser, EndsAnEventAtOnceAfterALoneCarriageReturn) {
  Parser parser;
  EXPECT_THAT(*parser.feed("data: x\r\r"), ElementsAre(Event{"message", "x", ""}));
  EXPECT_THAT(*parser.feed("\ndata: y\n\n"), ElementsAre(Event{"message", "y", ""}));
}

TEST(SseParser, KeepsAByteOrderMarkBehindTheStart) {
  EXPECT_THAT(feed_whole("data: a\n\n\xEF\xBB\xBF"
                         "data: b\n\n"),
              ElementsAre(Event{"message", "a", ""}));
}

TEST(SseParser, IgnoresAnIdWithNul) {
  EXPECT_THAT(feed_whole(std::string_view("id: a\0b\ndata: x\n\n", 17)),
              ElementsAre(Event{"message", "x", ""}));
}

TEST(SseParser, RefusesALineOfThreeMegabytesUnderASmallerLimit) {
  Parser parser(1u << 20);
  const std::string piece(64u << 10, 'x');
  Result<std::vector<Event>> result = parser.feed("data: ");
  for (int i = 0; i < 48 && result; ++i) result = parser.feed(piece);
  EXPECT_THAT(result, IsError(ErrorKind::limit, testing::HasSubstr("1.0 MB")));
  EXPECT_THAT(parser.feed("\n\ndata: x\n\n"), IsError(ErrorKind::limit));
}

TEST(SseParser, TakesALineOfThreeMegabytesUnderTheDefaultLimit) {
  const std::string data(3'000'000, 'x');
  EXPECT_THAT(feed_whole("data: " + data + "\n\n"), ElementsAre(Event{"message", data, ""}));
}

TEST(SseParser, CountsAllDataLinesOfOneEventAgainstTheLimit) {
  Parser parser(100);
  const std::string line = "data: " + std::string(40, 'x') + "\n";
  EXPECT_OK(parser.feed(line));
  EXPECT_OK(parser.feed(line));
  EXPECT_THAT(parser.feed(line), IsError(ErrorKind::limit));
}

TEST(SseParser, TakesManySmallEventsWhateverTheyComeToTogether) {
  Parser parser(100);
  for (int i = 0; i < 100; ++i)
    EXPECT_THAT(*parser.feed("data: 123456789\n\n"), testing::SizeIs(1));
}

TEST(SseParser, KnowsWhetherAnEventHadBegun) {
  Parser parser;
  EXPECT_FALSE(parser.has_unfinished());
  EXPECT_THAT(*parser.feed("data: x\n\n: ping"), testing::SizeIs(1));
  EXPECT_FALSE(parser.has_unfinished());
  EXPECT_THAT(*parser.feed("\nda"), IsEmpty());
  EXPECT_TRUE(parser.has_unfinished());
  EXPECT_THAT(*parser.feed("ta:\n"), IsEmpty());
  EXPECT_TRUE(parser.has_unfinished());
  EXPECT_THAT(*parser.feed("\n"), testing::SizeIs(1));
  EXPECT_FALSE(parser.has_unfinished());
}

}  // namespace
}  // namespace deed::sse
