// Answers of Gemini's generateContent, fed by hand: recorded streams cut at every byte, broken streams, and garbage.
#include "deed/llm/gemini/gemini_stream.hpp"

#include "deed/tests/llm/recorded_streams.hpp"

namespace deed::gemini {
namespace {

using testing::HasSubstr;

std::unique_ptr<ReplyReader> make_reader(ReplyReader::Options options) { return std::make_unique<GeminiStream>(std::move(options), "me"); }

Result<Reply> read(std::string_view body, std::string_view type = "text/event-stream") { return read_pieces(make_reader, {body}, type).reply; }

// Behind the line with a finishReason or a blockReason, or the end of a document.
std::size_t terminal_length(const Recording& recording) {
  if (recording.type == "application/json") return recording.body.find_last_of("}]") + 1;
  const std::size_t at = std::min(recording.body.find("\"finishReason\":"), recording.body.find("\"blockReason\":"));
  return recording.body.find_first_of("\r\n", at);
}

class RecordedGeminiStream : public testing::TestWithParam<Recording> {};
INSTANTIATE_TEST_SUITE_P(Gemini, RecordedGeminiStream, testing::ValuesIn(recordings_in("gemini")), [](const auto& test) { return test.param.name; });

TEST_P(RecordedGeminiStream, GivesItsReplyAndTellsTheSinkOfIt) { expect_its_reply(make_reader, GetParam()); }

TEST_P(RecordedGeminiStream, GivesTheSameReplyAndEventsWhereverItIsCutInTwo) { expect_the_same_wherever_cut_in_two(make_reader, GetParam()); }

TEST_P(RecordedGeminiStream, GivesTheSameReplyByteByByte) { expect_the_same_byte_by_byte(make_reader, GetParam()); }

TEST_P(RecordedGeminiStream, IsAnErrorWhenItEndsAnywhereBeforeItsTerminalMarker) {
  expect_an_error_before(terminal_length(GetParam()), make_reader, GetParam());
}

TEST_P(RecordedGeminiStream, KeepsAllWhenItEndsBehindItsTerminalMarker) {
  expect_all_but_the_usage_from(terminal_length(GetParam()), make_reader, GetParam());
}

std::string chunk(const Json& parts, const Json& finish = nullptr) {
  Json candidate = {{"content", {{"parts", parts}, {"role", "model"}}}};
  if (!finish.is_null()) candidate["finishReason"] = finish;
  const Json whole = {{"candidates", Json::array({candidate})}};
  return "data: " + to_text(whole) + "\n\n";
}
Json text(const std::string& said) { return {{"text", said}}; }
Json call(const Json& function) { return {{"functionCall", function}}; }
std::string chunk_of(const Json& part, const Json& finish = nullptr) { return chunk(Json::array({part}), finish); }

TEST(GeminiStream, MapsEachFinishReason) {
  struct Case {
    const char* name;
    StopReason stop;
  };
  const Case cases[] = {{"STOP", StopReason::end},           {"MAX_TOKENS", StopReason::length},          {"SAFETY", StopReason::refused},
                        {"RECITATION", StopReason::refused}, {"PROHIBITED_CONTENT", StopReason::refused}, {"BLOCKLIST", StopReason::refused},
                        {"SPII", StopReason::refused}};
  for (const Case& c : cases) {
    const Result<Reply> reply = read(chunk_of(text("x"), c.name));
    ASSERT_OK(reply) << c.name;
    EXPECT_EQ(reply->stop, c.stop) << c.name;
    EXPECT_EQ(reply->text, "x") << c.name;
  }
}

TEST(GeminiStream, AsksAgainForAReplyThatEndedByAFault) {
  for (const char* reason : {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "OTHER", "FINISH_REASON_UNSPECIFIED", "TOMORROWS_REASON"}) {
    EXPECT_THAT(read(chunk_of(text("x"), reason)), IsError(ErrorKind::unavailable, HasSubstr(reason)));
  }
}

TEST(GeminiStream, SaysWhatTheServerSaysOfAFaultAndOfARefusal) {
  const auto ended = [](const char* reason) {
    return "data: {\"candidates\":[{\"finishReason\":\"" + std::string(reason) + "\",\"finishMessage\":\"because of the moon\"}]}\n\n";
  };
  EXPECT_THAT(read(ended("MALFORMED_FUNCTION_CALL")), IsError(ErrorKind::unavailable, HasSubstr("the moon")));
  const Result<Reply> refused = read(ended("SAFETY"));
  ASSERT_OK(refused);
  EXPECT_EQ(refused->text, "because of the moon");
}

TEST(GeminiStream, IsAnErrorWithoutCandidates) {
  EXPECT_THAT(read("data: {\"candidates\":[]}\n\n"), IsError(ErrorKind::corrupt, HasSubstr("ended early")));
  EXPECT_THAT(read("data: {\"usageMetadata\":{}}\n\n"), IsError(ErrorKind::corrupt, HasSubstr("ended early")));
  for (const char* document : {"{}", "[]", "[{}]", "[1,\"x\",null]", "{\"candidates\":[]}"}) {
    EXPECT_THAT(read(document, "application/json"), IsError(ErrorKind::corrupt, HasSubstr("no candidates"))) << document;
  }
}

TEST(GeminiStream, IsAnErrorWhereADocumentDoesNotSayThatItIsWhole) {
  EXPECT_THAT(read("[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]}}]}]", "application/json"),
              IsError(ErrorKind::corrupt, HasSubstr("ended early")));
}

TEST(GeminiStream, TellsParallelCallsApartWhateverTheirIds) {
  Json function = {{"name", "file__read"}, {"args", {{"path", "x"}}}, {"id", "same"}};
  const Result<Reply> reply = read(chunk(Json::array({call(function), call(function)})) + chunk_of(call({{"name", "time__now"}}), "STOP"));
  ASSERT_OK(reply);
  ASSERT_EQ(reply->tool_calls.size(), 3u);
  EXPECT_EQ(reply->tool_calls[0].id, "same");
  EXPECT_EQ(reply->tool_calls[1], (ToolCall{"call_seed_1", "file.read", {{"path", "x"}}}));
  EXPECT_EQ(reply->tool_calls[2], (ToolCall{"call_seed_2", "time.now", Json::object()}));
  EXPECT_EQ(reply->stop, StopReason::tool_calls);
}

TEST(GeminiStream, ReportsArgumentsThatAreNoObject) {
  const Result<Reply> reply = read(chunk_of(call({{"name", "file__read"}, {"args", Json::array({1})}}), "STOP"));
  ASSERT_OK(reply);
  ASSERT_EQ(reply->bad_arguments.size(), 1u);
  EXPECT_EQ(reply->bad_arguments[0].second, "[1]");
}

TEST(GeminiStream, ReportsAnErrorInTheMiddleOfAStreamAndOfAnArray) {
  const std::string error = "{\"error\":{\"code\":503,\"message\":\"The model is overloaded.\",\"status\":\"UNAVAILABLE\"}}";
  EXPECT_THAT(read(chunk_of(text("x")) + "data: " + error + "\n\n"), IsError(ErrorKind::unavailable, HasSubstr("overloaded")));
  EXPECT_THAT(read("[" + error + "]", "application/json"), IsError(ErrorKind::unavailable, HasSubstr("overloaded")));
  EXPECT_THAT(read("data: {\"error\":{\"code\":400,\"message\":\"API key not valid\",\"status\":\"INVALID_ARGUMENT\"}}\n\n"),
              IsError(ErrorKind::invalid, HasSubstr("API key")));
}

TEST(GeminiStream, MendsBytesThatAreNotUtf8InTextAndRefusesThemInArguments) {
  const std::string body = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\xFF\"},{\"functionCall\":{\"name\":\"file__read\",\"args\":{\"path\":\"\xFF\"}}}]},"
                           "\"finishReason\":\"STOP\"}]}\n\n";
  const Result<Reply> reply = read(body);
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "a\xEF\xBF\xBD");
  EXPECT_EQ(reply->bad_arguments.size(), 1u);
}

TEST(GeminiStream, SurvivesMembersOfTheWrongType) {
  for (const char* data :
       {"{\"candidates\":{}}", "{\"candidates\":[1,null,[]]}", "{\"candidates\":[{\"content\":[]}]}", "{\"candidates\":[{\"content\":{\"parts\":7}}]}",
        "{\"candidates\":[{\"content\":{\"parts\":[1,null,{\"text\":5},{\"thought\":\"yes\"},{\"functionCall\":[]}]}}]}", "{\"promptFeedback\":3}",
        "{\"candidates\":[{\"finishReason\":5}]}", "{\"usageMetadata\":{\"promptTokenCount\":-4,\"thoughtsTokenCount\":\"x\"}}", "{\"modelVersion\":[]}",
        "{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":7,\"args\":\"{}\",\"id\":{}},\"thoughtSignature\":9}]}}]}"}) {
    EXPECT_OK(read(std::string("data: ") + data + "\n\n" + chunk_of(text("x"), "STOP"))) << data;
  }
}

TEST(GeminiStream, SaysWhatIsNoAnswer) {
  EXPECT_THAT(read("<html>hello</html>", "text/html"), IsError(ErrorKind::corrupt, HasSubstr("web page")));
  EXPECT_THAT(read("It works!", "text/plain"), IsError(ErrorKind::corrupt, HasSubstr("It works!")));
  EXPECT_THAT(read("data: nonsense\n\n"), IsError(ErrorKind::corrupt, HasSubstr("not JSON")));
}

TEST(GeminiStream, ReadsALineOfThreeMegabytes) {
  const Result<Reply> reply = read(chunk_of(text(std::string(3'000'000, 'x')), "STOP"));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text.size(), 3'000'000u);
  EXPECT_THAT(read("data: " + std::string(3'000'000, 'x') + "\n\n"), IsError(ErrorKind::corrupt, HasSubstr("not JSON")));
}

TEST(GeminiStream, RefusesSignaturesOverTheLimitOfAReply) {
  std::string body;
  for (int i = 0; i < 6; ++i) body += chunk_of({{"text", ""}, {"thoughtSignature", std::string(3'000'000, 'x')}});
  EXPECT_THAT(read(body + chunk_of(text("x"), "STOP")), IsError(ErrorKind::corrupt, HasSubstr("more signatures")));
}

TEST(GeminiStream, RefusesMoreCallsThanAllowed) {
  std::string body;
  for (int i = 0; i < 200; ++i) body += chunk_of(call({{"name", "time__now"}}));
  EXPECT_THAT(read(body + chunk_of(text("x"), "STOP")), IsError(ErrorKind::corrupt, HasSubstr("128 tool calls")));
}

}  // namespace
}  // namespace deed::gemini
