// Answers of an Ollama server, fed by hand: recorded streams cut at every byte, broken streams, and garbage.
#include "deed/llm/ollama/ollama_stream.hpp"

#include "deed/tests/llm/recorded_streams.hpp"

namespace deed::ollama {
namespace {

using testing::HasSubstr;

const std::string lines_type = "application/x-ndjson";

std::unique_ptr<ReplyReader> make_reader(ReplyReader::Options options) { return std::make_unique<OllamaStream>(std::move(options), "me"); }

Result<Reply> read(std::string_view body, std::string_view type = lines_type) { return read_pieces(make_reader, {body}, type).reply; }

std::vector<Recording> recordings() {
  const auto folder = std::filesystem::path(DEED_SOURCE_DIR) / "tests/data/ollama";
  std::vector<Recording> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".ndjson") continue;
    Recording recording{.name = entry.path().stem(), .body = load_file(entry.path()), .type = lines_type};
    recording.reply = parse_json(load_file(folder / (recording.name + ".reply.json"))).value();
    out.push_back(std::move(recording));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

// The end of the line that says "done": true; its line break may be missing.
std::size_t terminal_length(const Recording& recording) { return recording.body.rfind('}') + 1; }

class RecordedOllamaStream : public testing::TestWithParam<Recording> {};
INSTANTIATE_TEST_SUITE_P(Ollama, RecordedOllamaStream, testing::ValuesIn(recordings()), [](const auto& test) { return test.param.name; });

TEST_P(RecordedOllamaStream, GivesItsReplyAndTellsTheSinkOfIt) { expect_its_reply(make_reader, GetParam()); }

TEST_P(RecordedOllamaStream, GivesTheSameReplyAndEventsWhereverItIsCutInTwo) { expect_the_same_wherever_cut_in_two(make_reader, GetParam()); }

TEST_P(RecordedOllamaStream, GivesTheSameReplyByteByByte) { expect_the_same_byte_by_byte(make_reader, GetParam()); }

TEST_P(RecordedOllamaStream, IsAnErrorWhenItEndsAnywhereBeforeItsTerminalMarker) {
  expect_an_error_before(terminal_length(GetParam()), make_reader, GetParam());
}

TEST_P(RecordedOllamaStream, KeepsAllWhenItEndsBehindItsTerminalMarker) {
  expect_all_but_the_usage_from(terminal_length(GetParam()), make_reader, GetParam());
}

std::string line(const Json& message) {
  const Json whole = {{"model", "m"}, {"message", message}, {"done", false}};
  return to_text(whole) + "\n";
}
std::string text(const std::string& content) { return line({{"role", "assistant"}, {"content", content}}); }
std::string end(const char* reason = "stop") {
  const Json whole = {{"model", "m"}, {"message", {{"role", "assistant"}, {"content", ""}}}, {"done", true}, {"done_reason", reason}};
  return to_text(whole) + "\n";
}
std::string call(const Json& entry) { return line({{"role", "assistant"}, {"content", ""}, {"tool_calls", Json::array({entry})}}); }

TEST(OllamaStream, MapsEachDoneReason) {
  struct Case {
    const char* reason;
    StopReason stop;
  };
  for (const Case& c : {Case{"stop", StopReason::end}, Case{"", StopReason::end}, Case{"length", StopReason::length}}) {
    const Result<Reply> reply = read(text("x") + end(c.reason));
    ASSERT_OK(reply) << c.reason;
    EXPECT_EQ(reply->stop, c.stop) << c.reason;
  }
}

TEST(OllamaStream, TakesADoneReasonThatIsNoEndOfAReplyForABrokenOne) {
  for (const char* reason : {"load", "unload", "power_cut"}) {
    EXPECT_THAT(read(text("x") + end(reason)), IsError(ErrorKind::unavailable, HasSubstr(reason)));
  }
}

TEST(OllamaStream, ReportsAnErrorLineInTheMiddleOfAStream) {
  EXPECT_THAT(read(text("Hel") + "{\"error\":\"an error was encountered while running the model\"}\n"),
              IsError(ErrorKind::unavailable, HasSubstr("while running the model")));
  EXPECT_THAT(read("{\"error\":\"the input length exceeds the context length\"}\n"), IsError(ErrorKind::limit, HasSubstr("context length")));
}

TEST(OllamaStream, ReplacesIdsThatComeTwice) {
  const Json entry = {{"id", "c"}, {"function", {{"name", "file__read"}, {"arguments", {{"path", "x"}}}}}};
  const Result<Reply> reply = read(call(entry) + call(entry) + end());
  ASSERT_OK(reply);
  ASSERT_EQ(reply->tool_calls.size(), 2u);
  EXPECT_EQ(reply->tool_calls[0].id, "c");
  EXPECT_EQ(reply->tool_calls[1].id, "call_seed_1");
}

TEST(OllamaStream, TakesArgumentsAsTextAndAbsentOnesForAnEmptyObject) {
  const Json as_text = {{"function", {{"name", "file__read"}, {"arguments", "{\"path\":\"x\"}"}}}}, absent = {{"function", {{"name", "time__now"}}}};
  const Result<Reply> reply = read(call(as_text) + call(absent) + end());
  ASSERT_OK(reply);
  ASSERT_EQ(reply->tool_calls.size(), 2u);
  EXPECT_EQ(reply->tool_calls[0].arguments, (Json{{"path", "x"}}));
  EXPECT_EQ(reply->tool_calls[1].arguments, Json::object());
}

TEST(OllamaStream, ReportsArgumentsThatAreNoJsonObjectByCallId) {
  const Json bad = {{"id", "c"}, {"function", {{"name", "file__read"}, {"arguments", Json::array({1})}}}};
  const Result<Reply> reply = read(call(bad) + end());
  ASSERT_OK(reply);
  ASSERT_EQ(reply->bad_arguments.size(), 1u);
  EXPECT_EQ(reply->bad_arguments[0].first, "c");
}

TEST(OllamaStream, MendsBytesThatAreNotUtf8InTextAndRefusesThemInArguments) {
  const Result<Reply> mended = read("{\"message\":{\"content\":\"a\xFF\"},\"done\":true}\n");
  ASSERT_OK(mended);
  EXPECT_EQ(mended->text, "a\xEF\xBF\xBD");
  const Result<Reply> refused = read("{\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":\"\xFF\"}}}]},\"done\":true}\n");
  ASSERT_OK(refused);
  EXPECT_EQ(refused->bad_arguments.size(), 1u);
}

TEST(OllamaStream, ReadsThreeMegabytesInOneLineAndRefusesThemWhereTheyMeanNothing) {
  const Result<Reply> reply = read(text(std::string(3'000'000, 'x')) + end());
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text.size(), 3'000'000u);
  EXPECT_THAT(read(std::string(3'000'000, 'x') + "\n"), IsError(ErrorKind::corrupt, HasSubstr("not JSON")));
  EXPECT_THAT(read("{" + std::string(5'000'000, 'x')), IsError(ErrorKind::corrupt, HasSubstr("a line of more than")));
}

TEST(OllamaStream, TakesAnEndWithoutAMessageForAnError) {
  EXPECT_THAT(read("{\"model\":\"m\",\"done\":true,\"done_reason\":\"stop\"}\n"), IsError(ErrorKind::corrupt, HasSubstr("no reply")));
}

TEST(OllamaStream, IgnoresWhatComesBehindTheEnd) {
  const Result<Reply> reply = read(text("x") + end() + text("y"));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "x");
}

TEST(OllamaStream, FailsOnGarbageWithoutCrashing) {
  for (const char* body : {"", "hello", "<html></html>", "[1]", "null\n", "{}\n", "{\"done\":\"true\"}\n", "{\"message\":7,\"done\":true}\n",
                           "{\"message\":{\"content\":[1]},\"done\":true}\n", "{\"message\":{\"tool_calls\":{}},\"done\":true}\n",
                           "{\"message\":{\"tool_calls\":[7]},\"done\":true}\n"}) {
    EXPECT_FALSE(read(body)) << body;
    EXPECT_FALSE(read(body, "text/plain")) << body;
  }
}

}  // namespace
}  // namespace deed::ollama
