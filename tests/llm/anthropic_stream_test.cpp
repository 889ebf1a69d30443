// Answers of Anthropic's Messages API, fed by hand: recorded streams cut at every byte, broken streams, and garbage.
#include "deed/llm/anthropic/anthropic_stream.hpp"

#include "deed/tests/llm/recorded_streams.hpp"

namespace deed::anthropic {
namespace {

using testing::HasSubstr;

std::unique_ptr<ReplyReader> make_reader(ReplyReader::Options options) { return std::make_unique<AnthropicStream>(std::move(options), "me"); }

Result<Reply> read(std::string_view body, std::string_view type = "text/event-stream") { return read_pieces(make_reader, {body}, type).reply; }

// Behind the line with message_stop, or the end of a document.
std::size_t terminal_length(const Recording& recording) {
  if (recording.type == "application/json") return recording.body.rfind('}') + 1;
  return recording.body.find_first_of("\r\n", recording.body.find("\"message_stop\""));
}

class RecordedAnthropicStream : public testing::TestWithParam<Recording> {};
INSTANTIATE_TEST_SUITE_P(Anthropic, RecordedAnthropicStream, testing::ValuesIn(recordings_in("anthropic")),
                         [](const auto& test) { return test.param.name; });

TEST_P(RecordedAnthropicStream, GivesItsReplyAndTellsTheSinkOfIt) { expect_its_reply(make_reader, GetParam()); }

TEST_P(RecordedAnthropicStream, GivesTheSameReplyAndEventsWhereverItIsCutInTwo) { expect_the_same_wherever_cut_in_two(make_reader, GetParam()); }

TEST_P(RecordedAnthropicStream, GivesTheSameReplyByteByByte) { expect_the_same_byte_by_byte(make_reader, GetParam()); }

TEST_P(RecordedAnthropicStream, IsAnErrorWhenItEndsAnywhereBeforeItsTerminalMarker) {
  expect_an_error_before(terminal_length(GetParam()), make_reader, GetParam());
}

TEST_P(RecordedAnthropicStream, KeepsAllWhenItEndsBehindItsTerminalMarker) {
  expect_all_but_the_usage_from(terminal_length(GetParam()), make_reader, GetParam());
}

std::string event(const Json& value) { return "event: " + string_at(value, "type") + "\ndata: " + to_text(value) + "\n\n"; }
std::string begin(int index, const Json& block) { return event({{"type", "content_block_start"}, {"index", index}, {"content_block", block}}); }
std::string delta(int index, const Json& piece) { return event({{"type", "content_block_delta"}, {"index", index}, {"delta", piece}}); }
std::string stop(int index) { return event({{"type", "content_block_stop"}, {"index", index}}); }
std::string text(int index, const std::string& piece) { return delta(index, {{"type", "text_delta"}, {"text", piece}}); }
std::string json_piece(int index, const std::string& piece) { return delta(index, {{"type", "input_json_delta"}, {"partial_json", piece}}); }
std::string begin_text(int index) { return begin(index, {{"type", "text"}, {"text", ""}}); }
std::string begin_call(int index, const std::string& id, const std::string& name) {
  return begin(index, {{"type", "tool_use"}, {"id", id}, {"name", name}, {"input", Json::object()}});
}
Json thought(const std::string& said, const std::string& signature) {
  return {{"type", "thinking"}, {"thinking", said}, {"signature", signature}};
}
std::string ending(const std::string& reason) {
  return event({{"type", "message_delta"}, {"delta", {{"stop_reason", reason}}}, {"usage", {{"output_tokens", 5}}}}) +
         event({{"type", "message_stop"}});
}
const char* const the_start =
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1}}}\n\n";

TEST(AnthropicStream, MapsEachStopReason) {
  struct Case {
    const char* name;
    StopReason stop;
  };
  const Case cases[] = {{"end_turn", StopReason::end},       {"stop_sequence", StopReason::end},  {"pause_turn", StopReason::end},
                        {"max_tokens", StopReason::length},  {"refusal", StopReason::refused},    {"model_context_window_exceeded", StopReason::length},
                        {"tool_use", StopReason::end /* there is none */}};
  for (const Case& c : cases) {
    const Result<Reply> reply = read(the_start + begin_text(0) + text(0, "x") + stop(0) + ending(c.name));
    ASSERT_OK(reply) << c.name;
    EXPECT_EQ(reply->stop, c.stop) << c.name;
  }
}

TEST(AnthropicStream, AsksAgainForAReplyThatStoppedForAReasonItDoesNotKnow) {
  EXPECT_THAT(read(the_start + begin_text(0) + text(0, "x") + stop(0) + ending("melted")), IsError(ErrorKind::unavailable, HasSubstr("melted")));
}

TEST(AnthropicStream, TakesCallsForCallsWhateverTheStopReason) {
  const Result<Reply> reply = read(the_start + begin_call(0, "a", "time__now") + stop(0) + ending("end_turn"));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->stop, StopReason::tool_calls);
}

TEST(AnthropicStream, GivesAnEmptyReplyWithoutBlocks) {
  const Result<Reply> reply = read(the_start + ending("end_turn"));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "");
  EXPECT_EQ(reply->stop, StopReason::end);
}

TEST(AnthropicStream, RefusesAnEndWithoutABeginning) {
  EXPECT_THAT(read(ending("end_turn")), IsError(ErrorKind::corrupt, HasSubstr("no reply")));
}

TEST(AnthropicStream, TakesNothingThatComesBehindTheEnd) {
  const Result<Reply> reply =
      read(the_start + begin_text(0) + text(0, "x") + stop(0) + ending("end_turn") + begin_text(0) + text(0, "y") + stop(0) + ending("refusal"));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "x");
  EXPECT_EQ(reply->stop, StopReason::end);
}

TEST(AnthropicStream, KeepsTheInputOfABlockThatIsNeverEnded) {
  const auto begun = [](const char* path) { return begin(0, {{"type", "tool_use"}, {"id", path}, {"name", "file__read"}, {"input", {{"path", path}}}}); };
  const Result<Reply> reply = read(the_start + begun("a") + begun("b") + ending("tool_use"));
  ASSERT_OK(reply);
  ASSERT_EQ(reply->tool_calls.size(), 2u);
  EXPECT_EQ(reply->tool_calls[0].arguments, (Json{{"path", "a"}}));
  EXPECT_EQ(reply->tool_calls[1].arguments, (Json{{"path", "b"}}));
}

TEST(AnthropicStream, SetsThoughtsApartForPeopleOnly) {
  const std::string body = the_start + begin(0, thought("One.", "s1")) + stop(0) + begin(1, thought("", "s2")) + stop(1) + begin(2, thought("Two.", "s3")) +
                           stop(2) + ending("end_turn");
  const Result<Reply> reply = read(body);
  ASSERT_OK(reply);
  EXPECT_EQ(reply->reasoning, "One.\n\nTwo.");
  EXPECT_EQ(reply->replay.items, (Json::array({thought("One.", "s1"), thought("", "s2"), thought("Two.", "s3")})));
}

TEST(AnthropicStream, RefusesAPieceOfABlockThatNeverBegan) {
  EXPECT_THAT(read(the_start + text(3, "x") + ending("end_turn")), IsError(ErrorKind::corrupt, HasSubstr("had not begun")));
  EXPECT_THAT(read(the_start + begin_text(0) + stop(0) + text(0, "x") + ending("end_turn")), IsError(ErrorKind::corrupt, HasSubstr("had not begun")));
}

TEST(AnthropicStream, KeepsBlocksWithTheSameNumberOrIdApart) {
  const std::string body = the_start + begin_call(0, "x", "file__read") + json_piece(0, "{\"path\":\"a\"}") + stop(0) + begin_call(0, "x", "file__read") +
                           json_piece(0, "{\"path\":\"b\"}") + stop(0) + begin_call(0, "", "file__read") + json_piece(0, "{\"path\":\"c\"}") + stop(0) +
                           ending("tool_use");
  const Result<Reply> reply = read(body);
  ASSERT_OK(reply);
  ASSERT_EQ(reply->tool_calls.size(), 3u);
  EXPECT_EQ(reply->tool_calls[0], (ToolCall{"x", "file.read", {{"path", "a"}}}));
  EXPECT_EQ(reply->tool_calls[1], (ToolCall{"call_seed_1", "file.read", {{"path", "b"}}}));
  EXPECT_EQ(reply->tool_calls[2], (ToolCall{"call_seed_2", "file.read", {{"path", "c"}}}));
}

// As llama-server does before the last piece of a block.
TEST(AnthropicStream, TakesABlockThatIsBegunAgainBeforeItHasEndedForTheSameBlock) {
  const auto begun = [](int index, const char* id) { return begin(index, {{"type", "tool_use"}, {"id", id}, {"name", "file__read"}}); };
  const std::string body = the_start + begin(0, {{"type", "thinking"}, {"thinking", ""}}) + delta(0, {{"type", "thinking_delta"}, {"thinking", "H"}}) +
                           begin(0, {{"type", "thinking"}, {"thinking", ""}}) + delta(0, {{"type", "thinking_delta"}, {"thinking", "m"}}) + stop(0) + begin_text(1) +
                           text(1, "a") + begin_text(1) + text(1, "b") + stop(1) + begun(2, "x") + json_piece(2, "{\"path\":\"") + begun(2, "x") +
                           json_piece(2, "a\"}") + begun(3, "y") + json_piece(3, "{}") + stop(2) + stop(3) + ending("tool_use");
  const Result<Reply> reply = read(body);
  ASSERT_OK(reply);
  EXPECT_EQ(reply->reasoning, "Hm");
  EXPECT_EQ(reply->text, "ab");
  ASSERT_EQ(reply->tool_calls.size(), 2u);
  EXPECT_EQ(reply->tool_calls[0], (ToolCall{"x", "file.read", {{"path", "a"}}}));
  EXPECT_EQ(reply->tool_calls[1], (ToolCall{"y", "file.read", Json::object()}));
}

// llama-server leaves it out where the first token is a part of a character.
TEST(AnthropicStream, NeedsNoMessageStartWhereTheReplyIsThere) {
  const Result<Reply> reply = read(begin_text(0) + text(0, "\xF0\x9F\x91\x8B Hi") + stop(0) + ending("end_turn"));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "\xF0\x9F\x91\x8B Hi");
  EXPECT_EQ(reply->usage.output, 5);
  EXPECT_THAT(read(begin_text(0) + text(0, "x")), IsError(ErrorKind::corrupt, HasSubstr("ended early")));
}

TEST(AnthropicStream, JoinsCallsWhosePiecesAreMixed) {
  const std::string body = the_start + begin_call(0, "a", "file__read") + begin_call(1, "b", "file__list") + json_piece(0, "{\"path\"") +
                           json_piece(1, "{\"path\"") + json_piece(0, ":\"x\"}") + json_piece(1, ":\"y\"}") + ending("tool_use");
  const Result<Reply> reply = read(body);
  ASSERT_OK(reply);
  ASSERT_EQ(reply->tool_calls.size(), 2u);
  EXPECT_EQ(reply->tool_calls[0], (ToolCall{"a", "file.read", {{"path", "x"}}}));
  EXPECT_EQ(reply->tool_calls[1], (ToolCall{"b", "file.list", {{"path", "y"}}}));
}

TEST(AnthropicStream, ReportsArgumentsThatWereCutByTheLimitByCallId) {
  const Result<Reply> reply = read(the_start + begin_call(0, "a", "file__read") + json_piece(0, "{\"path\":\"x") + stop(0) + ending("max_tokens"));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->stop, StopReason::length);
  ASSERT_EQ(reply->bad_arguments.size(), 1u);
  EXPECT_EQ(reply->bad_arguments[0], (std::pair<std::string, std::string>("a", "{\"path\":\"x")));
}

TEST(AnthropicStream, KeepsThinkingForNobodyElseThanItsOwnProvider) {
  const std::string body = the_start + begin(0, {{"type", "thinking"}, {"thinking", "Hm"}, {"signature", "s"}}) + stop(0) + begin_text(1) + text(1, "x") +
                           stop(1) + ending("end_turn");
  const Result<Reply> reply = read(body);
  ASSERT_OK(reply);
  EXPECT_EQ(reply->replay.provider, "me");
  EXPECT_EQ(reply->replay.items, (Json::array({{{"type", "thinking"}, {"thinking", "Hm"}, {"signature", "s"}}})));
}

TEST(AnthropicStream, ReportsAnErrorEventByItsType) {
  struct Case {
    const char* type;
    ErrorKind kind;
  };
  const Case cases[] = {{"overloaded_error", ErrorKind::unavailable}, {"api_error", ErrorKind::unavailable}, {"rate_limit_error", ErrorKind::unavailable},
                        {"invalid_request_error", ErrorKind::invalid}, {"authentication_error", ErrorKind::denied}, {"permission_error", ErrorKind::denied},
                        {"not_found_error", ErrorKind::not_found},     {"billing_error", ErrorKind::denied}};
  for (const Case& c : cases) {
    const std::string body = the_start + begin_text(0) + text(0, "x") + event({{"type", "error"}, {"error", {{"type", c.type}, {"message", "Oh no"}}}});
    EXPECT_THAT(read(body), IsError(c.kind, HasSubstr("Oh no"))) << c.type;
  }
}

TEST(AnthropicStream, MendsBytesThatAreNotUtf8InTextAndRefusesThemInArguments) {
  const std::string body = the_start + begin_text(0) + "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\xFF\"}}\n\n" +
                           stop(0) + begin_call(1, "c", "file__read") +
                           "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"path\\\":\\\"\xFF\\\"}\"}}\n\n" +
                           stop(1) + ending("tool_use");
  const Result<Reply> reply = read(body);
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "a\xEF\xBF\xBD");
  ASSERT_EQ(reply->bad_arguments.size(), 1u);
}

TEST(AnthropicStream, SurvivesMembersOfTheWrongType) {
  for (const char* data : {"{\"type\":1}", "{\"type\":\"content_block_start\"}", "{\"type\":\"content_block_start\",\"index\":\"x\",\"content_block\":[1]}",
                           "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":3,\"name\":[],\"input\":\"x\"}}",
                           "{\"type\":\"content_block_start\",\"index\":-9223372036854775808,\"content_block\":{\"type\":\"thinking\",\"thinking\":{},\"signature\":7}}",
                           "{\"type\":\"message_delta\",\"delta\":null,\"usage\":[]}", "{\"type\":\"message_start\"}", "{\"type\":\"ping\",\"message\":7}",
                           "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":5},\"usage\":{\"output_tokens\":-3,\"input_tokens\":1e99}}"}) {
    EXPECT_OK(read(the_start + std::string("data: ") + data + "\n\n" + ending("end_turn"))) << data;
  }
}

TEST(AnthropicStream, RefusesADocumentWithoutContent) {
  for (const char* document : {"{\"status\":\"ok\"}", "{\"content\":\"text\",\"stop_reason\":\"end_turn\"}"}) {
    EXPECT_THAT(read(document, "application/json"), IsError(ErrorKind::corrupt, HasSubstr("no content")));
  }
}

TEST(AnthropicStream, SaysWhatIsNoAnswer) {
  EXPECT_THAT(read("<html>hello</html>", "text/html"), IsError(ErrorKind::corrupt, HasSubstr("web page")));
  EXPECT_THAT(read("It works!", "text/plain"), IsError(ErrorKind::corrupt, HasSubstr("It works!")));
  EXPECT_THAT(read("data: nonsense\n\n"), IsError(ErrorKind::corrupt, HasSubstr("not JSON")));
  EXPECT_THAT(read("data: [1]\n\n"), IsError(ErrorKind::corrupt, HasSubstr("not an object")));
}

TEST(AnthropicStream, ReadsALineOfThreeMegabytes) {
  const Result<Reply> reply = read(the_start + begin_text(0) + text(0, std::string(3'000'000, 'x')) + stop(0) + ending("end_turn"));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text.size(), 3'000'000u);
  EXPECT_THAT(read("data: " + std::string(3'000'000, 'x') + "\n\n"), IsError(ErrorKind::corrupt, HasSubstr("not JSON")));
}

TEST(AnthropicStream, RefusesThinkingOverTheLimitOfAReplyEvenWhereNobodySeesIt) {
  std::string body = the_start + begin(0, {{"type", "thinking"}, {"thinking", ""}});
  for (int i = 0; i < 6; ++i) body += delta(0, {{"type", "signature_delta"}, {"signature", std::string(3'000'000, 'x')}});
  EXPECT_THAT(read(body + ending("end_turn")), IsError(ErrorKind::corrupt, HasSubstr("more thinking")));
}

}  // namespace
}  // namespace deed::anthropic
