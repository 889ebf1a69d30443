// The stream state machine, fed by hand: recorded streams cut at every byte, broken streams, and
// garbage.
#include "deed/llm/chat/chat_stream.hpp"

#include "deed/tests/llm/recorded_streams.hpp"

#include <random>

namespace deed::chat {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

ReplyReader::Options test_options() {
  std::vector<ToolDefinition> tools;
  for (const char* name : {"email.send", "http.get", "file.read", "file.write", "file.list",
                           "file.find", "time.now"}) {
    tools.push_back({.name = name, .description = {}});
  }
  ReplyReader::Options options{.endpoint = {.where = "http://test/v1"}};
  options.calls.names = ToolNames(tools);
  options.calls.id_seed = [] { return "seed"; };
  return options;
}

Json to_json(const Reply& reply) {
  Json calls = Json::array();
  for (const ToolCall& call : reply.tool_calls) {
    calls.push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  }
  Json out = {
      {"text", reply.text}, {"reasoning", reply.reasoning}, {"tool_calls", std::move(calls)}};
  if (!reply.bad_arguments.empty()) {
    out["bad_arguments"] = Json::array();
    for (const auto& [id, text] : reply.bad_arguments)
      out["bad_arguments"].push_back(Json::array({id, text}));
  }
  out["stop"] = to_string(reply.stop);
  out["usage"] = {{"input", reply.usage.input},
                  {"cached", reply.usage.cached},
                  {"output", reply.usage.output},
                  {"reasoning", reply.usage.reasoning}};
  out["model"] = reply.model;
  return out;
}

std::unique_ptr<ReplyReader> make_reader(ReplyReader::Options options) {
  return std::make_unique<ChatStream>(std::move(options));
}

ReadOutcome read_pieces(const std::vector<std::string_view>& pieces,
                        std::string_view type = "text/event-stream",
                        ReplyReader::Options options = test_options()) {
  return deed::read_pieces(make_reader, pieces, type, std::move(options));
}

Result<Reply> read(std::string_view body, std::string_view type = "text/event-stream") {
  return read_pieces({body}, type).reply;
}

// The first length at which the terminal marker is there: behind the line with a finish_reason, or
// the end of a document.
std::size_t terminal_length(const Recording& recording) {
  if (recording.type == "application/json") return recording.body.rfind('}') + 1;
  const std::size_t at = recording.body.find("\"finish_reason\":\"");
  return recording.body.find_first_of("\r\n", at);
}

class RecordedStream : public testing::TestWithParam<Recording> {};
INSTANTIATE_TEST_SUITE_P(Chat, RecordedStream, testing::ValuesIn(recordings_in("chat")),
                         [](const auto& test) { return test.param.name; });

TEST_P(RecordedStream, GivesItsReply) {
  const Recording& recording = GetParam();
  const Result<Reply> reply = read(recording.body, recording.type);
  ASSERT_OK(reply);
  EXPECT_EQ(to_text(to_json(*reply), 1), to_text(recording.reply, 1));
}

TEST_P(RecordedStream, GivesTheSameReplyAndEventsWhereverItIsCutInTwo) {
  const Recording& recording = GetParam();
  const std::string_view body = recording.body;
  const Heard whole = hear(read_pieces({body}, recording.type).events);
  for (std::size_t i = 0; i <= body.size(); ++i) {
    const auto [reply, events] = read_pieces({body.substr(0, i), body.substr(i)}, recording.type);
    ASSERT_OK(reply);
    ASSERT_EQ(to_json(*reply), recording.reply) << "cut at " << i;
    ASSERT_EQ(hear(events), whole) << "cut at " << i;
  }
}

TEST_P(RecordedStream, GivesTheSameReplyByteByByte) {
  const Recording& recording = GetParam();
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < recording.body.size(); ++i)
    bytes.push_back(std::string_view(recording.body).substr(i, 1));
  const auto [reply, events] = read_pieces(bytes, recording.type);
  ASSERT_OK(reply);
  EXPECT_EQ(to_json(*reply), recording.reply);
}

TEST_P(RecordedStream, IsAnErrorWhenItEndsAnywhereBeforeItsTerminalMarker) {
  const Recording& recording = GetParam();
  for (std::size_t i = 0; i < terminal_length(recording); ++i) {
    const Result<Reply> reply = read(std::string_view(recording.body).substr(0, i), recording.type);
    ASSERT_THAT(reply, IsError(ErrorKind::corrupt, HasSubstr("ended early"))) << "cut at " << i;
  }
}

TEST_P(RecordedStream, KeepsTextAndCallsWhenItEndsBehindItsTerminalMarker) {
  const Recording& recording = GetParam();
  for (std::size_t i = terminal_length(recording); i < recording.body.size(); ++i) {
    const Result<Reply> reply = read(std::string_view(recording.body).substr(0, i), recording.type);
    ASSERT_OK(reply) << "cut at " << i;
    Json got = to_json(*reply);
    got["usage"] = recording.reply["usage"];
    ASSERT_EQ(got, recording.reply) << "cut at " << i;
  }
}

TEST_P(RecordedStream, TellsTheSinkWhatTheReplyHolds) {
  const Recording& recording = GetParam();
  const auto [reply, events] = read_pieces({recording.body}, recording.type);
  ASSERT_OK(reply);
  const Heard heard = hear(events);
  EXPECT_EQ(heard.text, reply->text);
  EXPECT_EQ(heard.reasoning, reply->reasoning);
  EXPECT_EQ(heard.arguments.size(), reply->tool_calls.size());
}

// One chunk with this delta, then the end.
std::string chunk(const Json& delta, const Json& finish = nullptr) {
  Json choice = {{"index", 0}, {"delta", delta}, {"finish_reason", finish}};
  Json whole = {{"choices", Json::array({std::move(choice)})}};
  return "data: " + to_text(whole) + "\n\n";
}
std::string call_chunk(const Json& entry) {
  Json delta = {{"tool_calls", Json::array({entry})}};
  return chunk(delta);
}
Json entry(std::optional<int> index, const std::string& id, const std::string& name,
           const Json& arguments) {
  Json out = Json::object();
  if (index) out["index"] = *index;
  if (!id.empty()) out["id"] = id;
  out["function"] = Json::object();
  if (!name.empty()) out["function"]["name"] = name;
  out["function"]["arguments"] = arguments;
  return out;
}
const std::string the_end =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: "
    "[DONE]\n\n";

std::vector<ToolCall> calls_of(const std::vector<Json>& entries) {
  std::string body;
  for (const Json& e : entries) body += call_chunk(e);
  const Result<Reply> reply = read(body + the_end);
  EXPECT_OK(reply);
  return reply ? reply->tool_calls : std::vector<ToolCall>();
}

TEST(ChatStream, JoinsCallsWhosePiecesAreMixed) {
  const auto calls =
      calls_of({entry(0, "a", "file__read", "{\"path\""), entry(1, "b", "file__list", "{\"path\""),
                entry(0, "", "", ":\"x\"}"), entry(1, "", "", ":\"y\"}")});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0], (ToolCall{"a", "file.read", {{"path", "x"}}}));
  EXPECT_EQ(calls[1], (ToolCall{"b", "file.list", {{"path", "y"}}}));
}

TEST(ChatStream, TakesANameThatEachPieceRepeatsOnce) {
  const auto calls =
      calls_of({entry(0, "a", "file__read", "{\"path\""), entry(0, "a", "file__read", ":\"x\"}"),
                entry(0, "a", "file__read", "")});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0], (ToolCall{"a", "file.read", {{"path", "x"}}}));
}

TEST(ChatStream, TakesAnIdThatChangesWithEachPieceOfACallAsOneCall) {
  const auto calls =
      calls_of({entry(0, "a1", "file__read", "{\"path\""), entry(0, "a2", "", ":\"x\"}")});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0], (ToolCall{"a1", "file.read", {{"path", "x"}}}));
}

TEST(ChatStream, JoinsPiecesThatHaveNeitherNumberNorId) {
  const auto calls =
      calls_of({entry({}, "", "file__read", "{\"path\""), entry({}, "", "", ":\"x\"}"),
                entry({}, "", "file__read", "{\"path\":\"y\"}")});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0], (ToolCall{"call_seed_0", "file.read", {{"path", "x"}}}));
  EXPECT_EQ(calls[1], (ToolCall{"call_seed_1", "file.read", {{"path", "y"}}}));
}

TEST(ChatStream, TakesBracesInStringsForTextWhenItLooksForTheEndOfACall) {
  const auto calls = calls_of({entry(0, "", "file__read", "{\"path\":\"}\\\"}{\""),
                               entry(0, "", "file__read", "}"), entry(0, "", "file__read", "{}")});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].arguments, (Json{{"path", "}\"}{"}}));
}

TEST(ChatStream, ReplacesIdsThatTheTranscriptAlreadyHas) {
  ReplyReader::Options options = test_options();
  options.calls.transcript = {{.role = Role::assistant, .text = {}, .tool_calls = {{"call_0", "a"}, {"call_seed_0", "b"}}}};
  const std::string body = call_chunk(entry(0, "call_0", "file__read", "{}")) +
                           call_chunk(entry(1, "x", "file__read", "{}")) +
                           call_chunk(entry(2, "x", "file__list", "{}")) + the_end;
  const Result<Reply> reply = read_pieces({body}, "text/event-stream", options).reply;
  ASSERT_OK(reply);
  ASSERT_EQ(reply->tool_calls.size(), 3u);
  EXPECT_EQ(reply->tool_calls[0].id, "call_seed_1");
  EXPECT_EQ(reply->tool_calls[1].id, "x");
  EXPECT_EQ(reply->tool_calls[2].id, "call_seed_2");
}

TEST(ChatStream, TakesAbsentArgumentsForAnEmptyObject) {
  const auto calls = calls_of({entry(0, "a", "time__now", ""), entry(1, "b", "time__now", nullptr),
                               entry(2, "c", "time__now", "null")});
  ASSERT_EQ(calls.size(), 3u);
  for (const ToolCall& call : calls) EXPECT_EQ(call.arguments, Json::object());
}

TEST(ChatStream, ReportsArgumentsThatAreNoJsonObjectByCallId) {
  for (const char* bad : {"{\"path\":", "[1]", "\"text\"", "{} {}", "nonsense"}) {
    const Result<Reply> reply = read(call_chunk(entry(0, "a", "file__read", bad)) + the_end);
    ASSERT_OK(reply);
    ASSERT_EQ(reply->bad_arguments.size(), 1u) << bad;
    EXPECT_EQ(reply->bad_arguments[0], (std::pair<std::string, std::string>("a", bad)));
    EXPECT_EQ(reply->tool_calls[0].arguments, Json::object());
  }
}

TEST(ChatStream, BringsBackAToolNameThatItDoesNotKnowAsItIs) {
  const auto calls =
      calls_of({entry(0, "a", "no__such-tool", "{}"), entry(1, "b", "email.send", "{}")});
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].name, "no__such-tool");
  EXPECT_EQ(calls[1].name, "email.send");
}

TEST(ChatStream, MendsBytesThatAreNotUtf8InText) {
  const Result<Reply> reply = read(
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\xFF"
      "b\"}}]}\n\n" +
      the_end);
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text,
            "a\xEF\xBF\xBD"
            "b");
}

TEST(ChatStream, RefusesArgumentsWithBytesThatAreNotUtf8) {
  const std::string body =
      "data: "
      "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\","
      "\"function\":{\"name\":\"file__read\","
      "\"arguments\":\"{\\\"path\\\":\\\"a\xFF\\\"}\"}}]}}]}\n\n" +
      the_end;
  const Result<Reply> reply = read(body);
  ASSERT_OK(reply);
  ASSERT_EQ(reply->bad_arguments.size(), 1u);
  EXPECT_EQ(reply->bad_arguments[0].second, "{\"path\":\"a\xEF\xBF\xBD\"}");
}

TEST(ChatStream, KeepsAReplacementCharacterThatTheModelWroteInArguments) {
  const auto calls = calls_of({entry(0, "a", "file__read", "{\"path\":\"\xEF\xBF\xBD\"}")});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].arguments, (Json{{"path", "\xEF\xBF\xBD"}}));
}

TEST(ChatStream, SaysThatAWebPageIsNotAnAnswer) {
  for (const char* page : {"<!DOCTYPE html><html>hello</html>", "\n <html></html>"}) {
    EXPECT_THAT(read(page, "text/html"),
                IsError(ErrorKind::corrupt, AllOf(HasSubstr("web page"), HasSubstr("/v1"))));
  }
}

TEST(ChatStream, SaysThatPlainTextIsNotAnAnswer) {
  EXPECT_THAT(read("It works!", "text/plain"), IsError(ErrorKind::corrupt, HasSubstr("It works!")));
}

TEST(ChatStream, TakesADocumentOnlyUnderAJsonContentType) {
  const std::string body = load_file(std::filesystem::path(DEED_SOURCE_DIR) / "tests/data/chat/plain_document.json");
  EXPECT_THAT(read(body, "text/plain"), IsError(ErrorKind::corrupt, HasSubstr("text/plain")));
  EXPECT_OK(read(body, "Application/JSON; charset=utf-8"));
}

TEST(ChatStream, RefusesADocumentWithoutChoices) {
  EXPECT_THAT(read("{\"status\":\"ok\"}", "application/json"),
              IsError(ErrorKind::corrupt, HasSubstr("no choices")));
}

TEST(ChatStream, ReadsThreeMegabytesOfText) {
  const std::string text(3'000'000, 'x');
  const Result<Reply> reply = read(chunk({{"content", text}}) + the_end);
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text.size(), text.size());
}

TEST(ChatStream, RefusesThreeMegabytesOfOneLineThatMeansNothing) {
  EXPECT_THAT(read(std::string(3'000'000, 'x')),
              IsError(ErrorKind::corrupt, HasSubstr("ended early")));
  EXPECT_THAT(read("data: " + std::string(3'000'000, 'x') + "\n\n"),
              IsError(ErrorKind::corrupt, HasSubstr("not JSON")));
}

TEST(ChatStream, RefusesAnEventOverItsLimit) {
  EXPECT_THAT(read("data: " + std::string(5'000'000, 'x')),
              IsError(ErrorKind::corrupt, HasSubstr("an event of more than")));
}

TEST(ChatStream, RefusesAReplyOverItsLimit) {
  std::string body;
  for (int i = 0; i < 6; ++i) body += chunk({{"content", std::string(3'000'000, 'x')}});
  EXPECT_THAT(read(body + the_end), IsError(ErrorKind::corrupt, HasSubstr("a reply of more than")));
}

TEST(ChatStream, RefusesMoreCallsThanAllowed) {
  std::string body;
  for (int i = 0; i < 200; ++i)
    body += call_chunk(entry(i, "id" + std::to_string(i), "time__now", "{}"));
  EXPECT_THAT(read(body + the_end), IsError(ErrorKind::corrupt, HasSubstr("128 tool calls")));
}

TEST(ChatStream, ReportsAnErrorObjectInTheMiddleOfAStream) {
  const std::string text = chunk({{"content", "Hel"}});
  struct Case {
    const char* event;
    ErrorKind kind;
    const char* says;
  };
  const Case cases[] = {
      {"data: {\"error\":{\"message\":\"slot died\",\"type\":\"server_error\",\"code\":500}}\n\n",
       ErrorKind::unavailable, "slot died"},
      {"data: {\"error\":\"out of memory\"}\n\n", ErrorKind::unavailable, "out of memory"},
      {"event: error\ndata: {\"reason\":\"gone\"}\n\n", ErrorKind::unavailable, "gone"},
      {"data: {\"object\":\"error\",\"message\":\"bad "
       "seed\",\"type\":\"BadRequestError\",\"code\":400}\n\n",
       ErrorKind::invalid, "bad seed"},
      {"data: {\"error\":{\"message\":\"too long\",\"code\":\"context_length_exceeded\"}}\n\n",
       ErrorKind::limit, "too long"},
      {"data: {\"error\":{\"code\":502,\"message\":\"Provider returned "
       "error\"},\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},"
       "\"finish_reason\":\"error\"}]}\n\n",
       ErrorKind::unavailable, "Provider returned error"},
  };
  for (const Case& c : cases)
    EXPECT_THAT(read(text + c.event + the_end), IsError(c.kind, HasSubstr(c.says)));
}

TEST(ChatStream, MapsFinishReasons) {
  struct Case {
    const char* reason;
    StopReason stop;
  };
  for (const Case& c :
       {Case{"stop", StopReason::end}, Case{"STOP", StopReason::end},
        Case{"length", StopReason::length}, Case{"content_filter", StopReason::refused},
        Case{"tool_calls", StopReason::end}}) {
    const Result<Reply> reply = read(chunk({{"content", "x"}}, c.reason));
    ASSERT_OK(reply);
    EXPECT_EQ(reply->stop, c.stop) << c.reason;
  }
}

TEST(ChatStream, TakesAFinishReasonThatItDoesNotKnowForABrokenReply) {
  EXPECT_THAT(read(chunk({{"content", "x"}}, "insufficient_system_resource")),
              IsError(ErrorKind::unavailable, HasSubstr("insufficient_system_resource")));
}

TEST(ChatStream, TakesDoneAloneForTheTerminalMarkerButNotForAReply) {
  EXPECT_OK(read(chunk({{"content", "x"}}) + "data: [DONE]"));
  EXPECT_THAT(read("data: [DONE]\n\n"), IsError(ErrorKind::corrupt, HasSubstr("no reply")));
}

TEST(ChatStream, IgnoresWhatComesBehindDone) {
  const Result<Reply> reply =
      read(chunk({{"content", "x"}}) + "data: [DONE]\n\n" + chunk({{"content", "y"}}));
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "x");
}

TEST(ChatStream, ReadsContentThatComesAsParts) {
  const std::string body =
      "data: "
      "{\"choices\":[{\"index\":0,\"delta\":{\"content\":[{\"type\":\"thinking\",\"thinking\":[{"
      "\"type\":\"text\",\"text\":\"hm\"}]},"
      "{\"type\":\"text\",\"text\":\"yes\"}]}}]}\n\n" +
      the_end;
  const Result<Reply> reply = read(body);
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "yes");
  EXPECT_EQ(reply->reasoning, "hm");
}

TEST(ChatStream, IgnoresFurtherChoices) {
  const std::string body =
      "data: "
      "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"no\"}},{\"index\":0,\"delta\":{"
      "\"content\":\"yes\"}}]}\n\n" +
      the_end;
  const Result<Reply> reply = read(body);
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "yes");
}

TEST(ChatStream, KeepsTheKeyOutOfItsErrors) {
  ReplyReader::Options options = test_options();
  options.endpoint.redactor.add(Secret("sk-very-secret-key"));
  for (const char* body : {"data: {\"error\":\"bad key sk-very-secret-key\"}\n\n",
                           "data: sk-very-secret-key\n\n", "sk-very-secret-key\n"}) {
    const Result<Reply> reply = read_pieces({body}, "text/plain", options).reply;
    ASSERT_FALSE(reply);
    EXPECT_THAT(to_string(reply.error()), Not(HasSubstr("very-secret")));
  }
}

// Whatever a server sends, the machine ends with a reply or an error, and a reply has what the loop
// relies on.
void feed_garbage(const std::string& body, std::mt19937& random) {
  ChatStream stream(test_options());
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t n = std::min<std::size_t>(body.size() - at, 1 + random() % 400);
    if (!stream.feed(std::string_view(body).substr(at, n))) return;
    at += n;
  }
  const Result<Reply> reply =
      stream.finish(random() % 2 ? "application/json" : "text/event-stream");
  if (!reply) return;
  std::set<std::string> ids;
  for (const ToolCall& call : reply->tool_calls) {
    EXPECT_TRUE(call.arguments.is_object());
    EXPECT_TRUE(ids.insert(call.id).second) << call.id;
  }
  EXPECT_NO_THROW(to_json(*reply).dump()) << "the reply is not UTF-8";
}

TEST(ChatStream, EndsCleanlyOnDamagedRecordings) {
  std::mt19937 random(20251124);
  const std::string_view spice = "{}[]\",:0-e\\\n\r\xFF\xC3nul";
  for (const Recording& recording : recordings_in("chat")) {
    for (int round = 0; round < 150; ++round) {
      std::string body = recording.body;
      for (unsigned i = 0, n = 1 + random() % 12; i < n; ++i) {
        const std::size_t at = random() % body.size();
        const std::size_t width = random() % 30;
        switch (random() % 3) {
          case 0:
            body[at] = spice[random() % spice.size()];
            break;
          case 1:
            body.erase(at, width);
            break;
          default:
            body.insert(at, body.substr(random() % body.size(), width));
            break;
        }
        if (body.empty()) body = " ";
      }
      feed_garbage(body, random);
    }
  }
}

TEST(ChatStream, EndsCleanlyOnValuesOfTheWrongType) {
  std::mt19937 random(7);
  const std::vector<Json> values = {nullptr,
                                    true,
                                    1,
                                    -1,
                                    1e300,
                                    "",
                                    "x",
                                    Json::array(),
                                    Json::object(),
                                    Json::array({1, "x"}),
                                    Json{{"index", -5}},
                                    Json{{"message", 1}}};
  for (const Recording& recording : recordings_in("chat")) {
    const std::size_t at = recording.body.find('{');
    const auto first =
        parse_json(recording.type == "application/json"
                       ? std::string_view(recording.body)
                       : std::string_view(recording.body)
                             .substr(at, recording.body.find_first_of("\r\n", at) - at));
    ASSERT_OK(first);
    const Json flat = first->flatten();
    for (const auto& [pointer, old] : flat.items()) {
      for (const Json& value : values) {
        for (std::string path = pointer; !path.empty(); path = path.substr(0, path.rfind('/'))) {
          Json changed = *first;
          changed[Json::json_pointer(path)] = value;
          feed_garbage("data: " + to_text(changed) + "\n\n" + the_end, random);
          feed_garbage(to_text(changed), random);
        }
      }
    }
  }
}

}  // namespace
}  // namespace deed::chat
