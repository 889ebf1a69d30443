// Answers of the Responses API, fed by hand: recorded streams cut at every byte, broken streams, and garbage.
#include "deed/llm/responses/responses_stream.hpp"

#include "deed/tests/llm/recorded_streams.hpp"

namespace deed::responses {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::unique_ptr<ReplyReader> make_reader(ReplyReader::Options options) { return std::make_unique<ResponsesStream>(std::move(options), "me"); }

Result<Reply> read(std::string_view body, std::string_view type = "text/event-stream") { return read_pieces(make_reader, {body}, type).reply; }

// Behind the line with the final response, or the end of a document.
std::size_t terminal_length(const Recording& recording) {
  if (recording.type == "application/json") return recording.body.rfind('}') + 1;
  const std::size_t at =
      std::min(recording.body.find("{\"type\":\"response.completed\""), recording.body.find("{\"type\":\"response.incomplete\""));
  return recording.body.find_first_of("\r\n", at);
}

class RecordedResponsesStream : public testing::TestWithParam<Recording> {};
INSTANTIATE_TEST_SUITE_P(Responses, RecordedResponsesStream, testing::ValuesIn(recordings_in("responses")),
                         [](const auto& test) { return test.param.name; });

TEST_P(RecordedResponsesStream, GivesItsReplyAndTellsTheSinkOfIt) { expect_its_reply(make_reader, GetParam()); }

TEST_P(RecordedResponsesStream, GivesTheSameReplyAndEventsWhereverItIsCutInTwo) { expect_the_same_wherever_cut_in_two(make_reader, GetParam()); }

TEST_P(RecordedResponsesStream, GivesTheSameReplyByteByByte) { expect_the_same_byte_by_byte(make_reader, GetParam()); }

TEST_P(RecordedResponsesStream, IsAnErrorWhenItEndsAnywhereBeforeItsTerminalMarker) {
  expect_an_error_before(terminal_length(GetParam()), make_reader, GetParam());
}

TEST_P(RecordedResponsesStream, KeepsAllWhenItEndsBehindItsTerminalMarker) {
  expect_all_but_the_usage_from(terminal_length(GetParam()), make_reader, GetParam());
}

std::string event(const Json& value) { return "event: " + string_at(value, "type") + "\ndata: " + to_text(value) + "\n\n"; }
std::string text_piece(const std::string& delta) {
  return event({{"type", "response.output_text.delta"}, {"item_id", "m"}, {"output_index", 0}, {"content_index", 0}, {"delta", delta}});
}
Json message(const std::string& text) {
  return {{"type", "message"}, {"id", "m"}, {"content", Json::array({{{"type", "output_text"}, {"text", text}}})}};
}
Json call_item(const std::string& id, const std::string& call_id, const std::string& name, const std::string& arguments) {
  return {{"type", "function_call"}, {"id", id}, {"call_id", call_id}, {"name", name}, {"arguments", arguments}};
}
std::string item_event(const char* kind, int index, const Json& item) {
  return event({{"type", std::string("response.output_item.") + kind}, {"output_index", index}, {"item", item}});
}
std::string arguments_piece(int index, const std::string& item_id, const std::string& delta) {
  return event({{"type", "response.function_call_arguments.delta"}, {"item_id", item_id}, {"output_index", index}, {"delta", delta}});
}
std::string completed(const Json& output = Json::array()) {
  return event({{"type", "response.completed"}, {"response", {{"status", "completed"}, {"output", output}}}});
}
std::vector<ToolCall> calls_of(const std::string& body) {
  const Result<Reply> reply = read(body);
  EXPECT_OK(reply);
  return reply ? reply->tool_calls : std::vector<ToolCall>();
}

TEST(ResponsesStream, TakesTheTextOfTheFinalResponseWhereItDiffersFromWhatWasStreamed) {
  const Result<Reply> reply = read(text_piece("Hallo") + completed(Json::array({message("Hello")})));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "Hello");
}

TEST(ResponsesStream, AddsWhatTheStreamLeftOutOfAText) {
  const auto [reply, events] = read_pieces(make_reader, {text_piece("Hel") + completed(Json::array({message("Hello")}))});
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "Hello");
  EXPECT_EQ(hear(events).text, "Hello");
}

TEST(ResponsesStream, DoesNotDoubleATextThatTheFinalResponseHasAtAnotherPlace) {
  const std::string thought = item_event("added", 0, {{"type", "reasoning"}, {"id", "r"}});
  const std::string piece = event({{"type", "response.output_text.delta"}, {"item_id", "m"}, {"output_index", 1}, {"delta", "Hi"}});
  const auto [reply, events] = read_pieces(make_reader, {thought + piece + completed(Json::array({message("Hi")}))});
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "Hi");
  EXPECT_EQ(hear(events).text, "Hi");
}

TEST(ResponsesStream, MakesACallOnceWhenTheFinalResponseHasItAtAnotherPlaceOrWithAnotherId) {
  const std::string streamed = item_event("added", 1, call_item("f", "c1", "time__now", "")) + arguments_piece(1, "f", "{}");
  for (const Json& again : {call_item("f", "c1", "time__now", "{}"), call_item("g", "c2", "time__now", "{}")}) {
    const auto calls = calls_of(streamed + completed(Json::array({again})));
    ASSERT_EQ(calls.size(), 1u) << again;
    EXPECT_EQ(calls[0], (ToolCall{"c1", "time.now", Json::object()}));
  }
}

TEST(ResponsesStream, KeepsCallsApartThatHaveTheSamePlaceOrTheSameIds) {
  const Json a = call_item("f", "c", "file__read", "{\"path\":\"a\"}"), b = call_item("f", "c", "file__read", "{\"path\":\"b\"}");
  const auto repeated = calls_of(item_event("added", 0, a) + item_event("done", 0, a) + item_event("added", 1, b) + item_event("done", 1, b) +
                                 completed(Json::array({a, b})));
  ASSERT_EQ(repeated.size(), 2u);
  EXPECT_EQ(repeated[0], (ToolCall{"c", "file.read", {{"path", "a"}}}));
  EXPECT_EQ(repeated[1], (ToolCall{"call_seed_1", "file.read", {{"path", "b"}}}));
  const Json c = call_item("g", "d", "file__read", "{\"path\":\"b\"}");
  const auto at_0 = calls_of(item_event("added", 0, call_item("f", "c", "file__read", "")) + arguments_piece(0, "f", "{\"path\":\"a\"}") +
                             item_event("added", 0, call_item("g", "d", "file__read", "")) + arguments_piece(0, "g", "{\"path\":\"b\"}") +
                             completed(Json::array({a, c})));
  ASSERT_EQ(at_0.size(), 2u);
  EXPECT_EQ(at_0[0], (ToolCall{"c", "file.read", {{"path", "a"}}}));
  EXPECT_EQ(at_0[1], (ToolCall{"d", "file.read", {{"path", "b"}}}));
}

TEST(ResponsesStream, MakesUpIdsThatAreMissing) {
  const auto calls = calls_of(completed(Json::array({call_item("", "", "time__now", ""), call_item("", "", "time__now", "{}")})));
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].id, "call_seed_0");
  EXPECT_EQ(calls[1].id, "call_seed_1");
}

TEST(ResponsesStream, WaitsForTheNameOfACallWhosePiecesComeFirst) {
  const std::string pieces = arguments_piece(0, "f", "{\"path\"") + arguments_piece(0, "f", ":\"x\"}");
  const auto calls = calls_of(pieces + item_event("done", 0, call_item("f", "c", "file__read", "{\"path\":\"x\"}")) + completed());
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0], (ToolCall{"c", "file.read", {{"path", "x"}}}));
  EXPECT_THAT(read(pieces + completed()), IsError(ErrorKind::corrupt, HasSubstr("without a name")));
}

TEST(ResponsesStream, TakesArgumentsThatOnlyTheAddedItemHas) {
  const std::string added = item_event("added", 0, call_item("f", "c", "file__read", "{\"path\":\"x\"}"));
  const auto repeated = calls_of(added + arguments_piece(0, "f", "{\"path\":\"x\"}") + completed());
  ASSERT_EQ(repeated.size(), 1u);
  EXPECT_EQ(repeated[0].arguments, (Json{{"path", "x"}}));
  const auto alone = calls_of(added + completed());
  ASSERT_EQ(alone.size(), 1u);
  EXPECT_EQ(alone[0].arguments, (Json{{"path", "x"}}));
}

TEST(ResponsesStream, RefusesACallWhosePiecesAreNotWhatItsItemSays) {
  const std::string streamed = item_event("added", 0, call_item("f", "c", "file__read", "")) + arguments_piece(0, "f", "{\"path\":\"a\"}");
  EXPECT_THAT(read(streamed + completed(Json::array({call_item("f", "c", "file__read", "{\"path\":\"b\"}")}))),
              IsError(ErrorKind::corrupt, HasSubstr("tool call")));
  EXPECT_OK(read(streamed + completed(Json::array({call_item("f", "c", "file__read", "{ \"path\": \"a\" }")}))));
}

TEST(ResponsesStream, ReportsArgumentsThatAreNoJsonObjectByCallId) {
  for (const char* bad : {"{\"path\":", "[1]", "\"text\"", "nonsense"}) {
    const Result<Reply> reply = read(completed(Json::array({call_item("f", "c", "file__read", bad)})));
    ASSERT_OK(reply);
    ASSERT_EQ(reply->bad_arguments.size(), 1u) << bad;
    EXPECT_EQ(reply->bad_arguments[0], (std::pair<std::string, std::string>("c", bad)));
  }
}

TEST(ResponsesStream, SaysWhyAResponseFailed) {
  struct Case {
    const char* code;
    ErrorKind kind;
  };
  for (const Case& c : {Case{"server_error", ErrorKind::unavailable}, Case{"rate_limit_exceeded", ErrorKind::unavailable},
                        Case{"vector_store_timeout", ErrorKind::unavailable}, Case{"invalid_prompt", ErrorKind::invalid},
                        Case{"unsupported_image_media_type", ErrorKind::invalid}, Case{"image_too_large", ErrorKind::invalid},
                        Case{"context_length_exceeded", ErrorKind::limit}, Case{"insufficient_quota", ErrorKind::denied}}) {
    const Json error = {{"code", c.code}, {"message", "the reason"}};
    const Json failed = {{"status", "failed"}, {"error", error}, {"output", Json::array()}};
    const Json in_stream = {{"type", "response.failed"}, {"response", failed}};
    EXPECT_THAT(read(text_piece("Hel") + event(in_stream)), IsError(c.kind, HasSubstr("the reason"))) << c.code;
  }
}

TEST(ResponsesStream, ReportsAnErrorEventInTheMiddleOfAStream) {
  for (const char* data : {R"({"type":"error","code":"server_error","message":"slot died","param":null,"sequence_number":3})",
                           R"({"type":"error","error":{"type":"server_error","code":"server_error","message":"slot died"}})",
                           R"({"error":{"message":"slot died","type":"server_error"}})"}) {
    EXPECT_THAT(read(text_piece("Hel") + "event: error\ndata: " + data + "\n\n" + completed()),
                IsError(ErrorKind::unavailable, HasSubstr("slot died")))
        << data;
  }
}

TEST(ResponsesStream, DoesNotBelieveAnEventThatCallsAnIncompleteResponseCompleted) {
  const Json response = {{"status", "incomplete"}, {"incomplete_details", {{"reason", "max_output_tokens"}}}, {"output", Json::array({message("x")})}};
  const Result<Reply> reply = read(event({{"type", "response.completed"}, {"response", response}}));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->stop, StopReason::length);
}

// As llama-server says it.
TEST(ResponsesStream, DoesNotBelieveThatAReplyIsCompletedThatUsedAllTheTokensItWasGranted) {
  const auto stop_at = [](int output, std::int64_t granted) {
    const Json call = {{"type", "function_call"}, {"id", "f"}, {"call_id", "c"}, {"name", "file__read"}, {"arguments", "{\"path\":\"x"}, {"status", "completed"}};
    const Json response = {{"status", "completed"}, {"output", Json::array({message("x"), call})}, {"usage", {{"input_tokens", 9}, {"output_tokens", output}}}};
    ReplyReader::Options options = recorded_options();
    options.max_tokens = granted;
    const Result<Reply> reply = read_pieces(make_reader, {to_text(response)}, "application/json", options).reply;
    EXPECT_OK(reply);
    EXPECT_EQ(reply->bad_arguments.size(), 1u);
    return reply->stop;
  };
  EXPECT_EQ(stop_at(99, 100), StopReason::tool_calls);
  EXPECT_EQ(stop_at(100, 100), StopReason::length);
  EXPECT_EQ(stop_at(15, 4), StopReason::tool_calls) << "the API grants 16 at least";
  EXPECT_EQ(stop_at(16, 4), StopReason::length);
  EXPECT_EQ(stop_at(5000, 0), StopReason::tool_calls);
}

TEST(ResponsesStream, MapsTheReasonsOfAnIncompleteResponse) {
  const auto incomplete = [](const char* reason) {
    const Json response = {{"status", "incomplete"}, {"incomplete_details", {{"reason", reason}}}, {"output", Json::array({message("x")})}};
    return event({{"type", "response.incomplete"}, {"response", response}});
  };
  const Result<Reply> filtered = read(incomplete("content_filter"));
  ASSERT_OK(filtered);
  EXPECT_EQ(filtered->stop, StopReason::refused);
  EXPECT_THAT(read(incomplete("power_cut")), IsError(ErrorKind::unavailable, HasSubstr("power_cut")));
}

TEST(ResponsesStream, TakesADocumentThatIsNotDoneForABrokenReply) {
  EXPECT_THAT(read(R"({"status":"queued","output":[]})", "application/json"), IsError(ErrorKind::unavailable, HasSubstr("queued")));
  EXPECT_THAT(read(R"({"status":"failed","error":{"code":"server_error","message":"gone"}})", "application/json"),
              IsError(ErrorKind::unavailable, HasSubstr("gone")));
  EXPECT_THAT(read(R"({"ok":true})", "application/json"), IsError(ErrorKind::corrupt, HasSubstr("no response")));
}

TEST(ResponsesStream, TakesAResponseThatHoldsNothingForAnError) {
  EXPECT_THAT(read(completed()), IsError(ErrorKind::corrupt, HasSubstr("no output")));
  EXPECT_THAT(read("data: [DONE]\n\n"), IsError(ErrorKind::corrupt, HasSubstr("ended early")));
}

TEST(ResponsesStream, IgnoresWhatComesBehindTheFinalResponse) {
  const Result<Reply> reply = read(text_piece("x") + completed() + text_piece("y") + completed(Json::array({message("z")})));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "x");
}

TEST(ResponsesStream, KeepsNoReasoningThatTheServerCouldNotRead) {
  const Result<Reply> reply = read(completed(Json::array({{{"type", "reasoning"}, {"id", "rs"}, {"summary", Json::array()}}, message("x")})));
  ASSERT_OK(reply);
  EXPECT_TRUE(reply->replay.items.is_null());
}

TEST(ResponsesStream, MendsBytesThatAreNotUtf8InTextAndRefusesThemInArguments) {
  const Result<Reply> text = read("data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\xFF\"}\n\n" + completed());
  ASSERT_OK(text);
  EXPECT_EQ(text->text, "a\xEF\xBF\xBD");
  const std::string item = R"("item":{"type":"function_call","call_id":"c","name":"file__read","arguments":"{\"path\":\")" "\xFF" R"(\"}"})";
  const Result<Reply> call = read("data: {\"type\":\"response.output_item.done\"," + item + "}\n\n" + completed());
  ASSERT_OK(call);
  ASSERT_EQ(call->bad_arguments.size(), 1u);
}

TEST(ResponsesStream, ReadsThreeMegabytesInOneLineAndRefusesThemWhereTheyMeanNothing) {
  const Result<Reply> reply = read(text_piece(std::string(3'000'000, 'x')) + completed());
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text.size(), 3'000'000u);
  EXPECT_THAT(read("data: " + std::string(3'000'000, 'x') + "\n\n"), IsError(ErrorKind::corrupt, HasSubstr("not JSON")));
}

TEST(ResponsesStream, FailsOnGarbageWithoutCrashing) {
  for (const char* body : {"", "hello", "<html></html>", "data: [1]\n\n", "data: null\n\n", "data: {}\n\n", "{\"output\":7}",
                           "data: {\"type\":\"response.completed\"}\n\n", "data: {\"type\":\"response.failed\"}\n\n",
                           "data: {\"type\":\"response.output_item.done\",\"item\":7}\n\n", "data: {\"type\":7}\n\n"}) {
    EXPECT_FALSE(read(body, "text/plain")) << body;
  }
  for (const char* odd : {R"({"type":"response.output_item.added","item":null})", R"({"type":"response.content_part.done"})",
                          R"({"type":"response.output_text.delta","delta":{}})", R"({"type":"response.output_item.done","item":{"type":"message","content":[1,null]}})",
                          R"({"type":"response.output_item.done","item":{"type":"reasoning","summary":[3],"content":"x"}})"}) {
    EXPECT_OK(read("data: " + std::string(odd) + "\n\n" + completed(Json::array({message("x"), 7, nullptr})))) << odd;
  }
}

TEST(ResponsesStream, RefusesMoreCallsThanAllowed) {
  Json output = Json::array();
  for (int i = 0; i < 200; ++i) output.push_back(call_item("f" + std::to_string(i), "c" + std::to_string(i), "time__now", "{}"));
  EXPECT_THAT(read(completed(output)), IsError(ErrorKind::corrupt, HasSubstr("128 tool calls")));
}

TEST(ResponsesStream, KeepsTheKeyOutOfItsErrors) {
  ReplyReader::Options options = recorded_options();
  options.endpoint.redactor.add(Secret("sk-secret-0123456789"));
  const std::string body = event({{"type", "response.failed"},
                                  {"response", {{"status", "failed"}, {"error", {{"code", "server_error"}, {"message", "key sk-secret-0123456789 died"}}}}}});
  EXPECT_THAT(read_pieces(make_reader, {body}, "text/event-stream", options).reply,
              IsError(ErrorKind::unavailable, AllOf(HasSubstr("died"), Not(HasSubstr("secret-0")))));
}

}  // namespace
}  // namespace deed::responses
