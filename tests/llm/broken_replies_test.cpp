// What servers send that is no reply, to the readers of all five wire formats: web pages, lines without end, bytes that are not UTF-8, JSON
// that is cut, events that nobody knows, nothing at all, ids that come twice. It is an error, or the reply that it is without the damage;
// never a crash, and never a part of a reply taken for the whole. What each format has besides stands in its own tests.
#include "deed/core/text.hpp"
#include "deed/llm/anthropic/anthropic_format.hpp"
#include "deed/llm/chat/chat_format.hpp"
#include "deed/llm/gemini/gemini_format.hpp"
#include "deed/llm/ollama/open_ollama.hpp"
#include "deed/llm/responses/responses_format.hpp"
#include "deed/tests/llm/recorded_streams.hpp"

#include <random>
#include <set>

namespace deed {
namespace {

using testing::HasSubstr;

struct Format {
  std::string name, folder;
  std::unique_ptr<WireFormat> (*make)();
  std::string suffix, type;            // of its streams
  std::vector<std::string> nothing;    // whole answers that hold no reply
  std::string twice;                   // two calls of one id
  bool has_empty_replies = false;      // an answer without content is one that says nothing, as the API documents it

  std::string event(const std::string& data) const { return suffix == ".ndjson" ? data + "\n" : "data: " + data + "\n\n"; }
  friend void PrintTo(const Format& format, std::ostream* out) { *out << format.name; }
};

const std::vector<Format> formats = {
    {.name = "Chat", .folder = "chat", .make = [] { return make_chat_format({.model = "m", .replay_to = "me"}); }, .suffix = ".sse", .type = "text/event-stream",
     .nothing = {R"({"choices":[]})", R"({"choices":null})", R"({"choices":[],"usage":{"prompt_tokens":1}})", "data: {\"choices\":[]}\n\ndata: [DONE]\n\n"},
     .twice = "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":["
              "{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"file__read\",\"arguments\":\"{\\\"path\\\":\\\"a\\\"}\"}},"
              "{\"index\":1,\"id\":\"c\",\"function\":{\"name\":\"file__read\",\"arguments\":\"{\\\"path\\\":\\\"b\\\"}\"}}]},"
              "\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n"},
    {.name = "Responses", .folder = "responses", .make = [] { return make_responses_format({.model = "gpt-5", .replay_to = "me"}); }, .suffix = ".sse",
     .type = "text/event-stream",
     .nothing = {R"({"status":"completed","output":[]})", R"({"output":[]})",
                 "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"output\":[]}}\n\n"},
     .twice = "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"output\":["
              "{\"type\":\"function_call\",\"id\":\"f\",\"call_id\":\"c\",\"name\":\"file__read\",\"arguments\":\"{\\\"path\\\":\\\"a\\\"}\"},"
              "{\"type\":\"function_call\",\"id\":\"f\",\"call_id\":\"c\",\"name\":\"file__read\",\"arguments\":\"{\\\"path\\\":\\\"b\\\"}\"}]}}\n\n"},
    {.name = "Anthropic", .folder = "anthropic", .make = [] { return make_anthropic_format({.model = "claude-sonnet-4-5", .replay_to = "me"}); }, .suffix = ".sse",
     .type = "text/event-stream", .nothing = {R"({"type":"message"})", R"({"type":"message","content":null})", "data: {\"type\":\"message_stop\"}\n\n"},
     .twice = R"({"type":"message","stop_reason":"tool_use","content":[{"type":"tool_use","id":"c","name":"file__read","input":{"path":"a"}},)"
              R"({"type":"tool_use","id":"c","name":"file__read","input":{"path":"b"}}]})",
     .has_empty_replies = true},
    {.name = "Gemini", .folder = "gemini", .make = [] { return make_gemini_format({.model = "gemini-2.5-pro", .replay_to = "me"}); }, .suffix = ".sse",
     .type = "text/event-stream",
     .nothing = {R"({"candidates":[]})", R"({"usageMetadata":{"promptTokenCount":3}})", "[]", "data: {\"candidates\":[]}\n\n"},
     .twice = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"id\":\"c\",\"name\":\"file__read\",\"args\":{\"path\":\"a\"}}},"
              "{\"functionCall\":{\"id\":\"c\",\"name\":\"file__read\",\"args\":{\"path\":\"b\"}}}]},\"finishReason\":\"STOP\"}]}\n\n"},
    {.name = "Ollama", .folder = "ollama", .make = [] { return make_ollama_format({.model = "m", .replay_to = "me"}); }, .suffix = ".ndjson",
     .type = "application/x-ndjson", .nothing = {"{\"done\":true,\"done_reason\":\"stop\"}\n", "{\"model\":\"m\",\"done\":true}\n", "{}\n"},
     .twice = "{\"message\":{\"tool_calls\":[{\"id\":\"c\",\"function\":{\"name\":\"file__read\",\"arguments\":{\"path\":\"a\"}}},"
              "{\"id\":\"c\",\"function\":{\"name\":\"file__read\",\"arguments\":{\"path\":\"b\"}}}]},\"done\":true,\"done_reason\":\"stop\"}\n"},
};

class BrokenReplies : public testing::TestWithParam<Format> {
 protected:
  static Result<Reply> read(std::string_view body, std::string_view type) {
    const auto make = [](ReplyReader::Options options) { return GetParam().make()->reader(std::move(options)); };
    return read_pieces(make, {body}, type).reply;
  }
  static Result<Reply> read(std::string_view body) { return read(body, is_document(body) ? "application/json" : GetParam().type); }
  static bool is_document(std::string_view body) { return GetParam().suffix == ".sse" && (body[0] == '{' || body[0] == '['); }

  // The recorded streams, by name.
  static std::map<std::string, std::string> streams() {
    std::map<std::string, std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(DEED_SOURCE_DIR) / "tests/data" / GetParam().folder)) {
      if (entry.path().extension() == GetParam().suffix) out[entry.path().stem()] = load_file(entry.path());
    }
    EXPECT_GE(out.size(), 5u);
    return out;
  }

  // Where events begin, the end of the last one included.
  static std::vector<std::size_t> borders(const std::string& body) {
    std::vector<std::size_t> out = {0};
    const bool is_lines = GetParam().suffix == ".ndjson";
    const std::string_view end = is_lines ? "\n" : body.find("\r\n") != std::string::npos ? "\r\n\r\n" : "\n\n";
    for (std::size_t at = body.find(end); at != std::string::npos; at = body.find(end, out.back())) out.push_back(at + end.size());
    return out;
  }

  // The events up to the one with which the reply is complete; the index of the border behind it.
  static std::size_t terminal(const std::string& body, const std::vector<std::size_t>& ends) {
    for (std::size_t i = 1; i < ends.size(); ++i) {
      if (read(std::string_view(body).substr(0, ends[i]))) return i;
    }
    ADD_FAILURE() << "no reply in " << body;
    return 0;
  }
};

INSTANTIATE_TEST_SUITE_P(EveryFormat, BrokenReplies, testing::ValuesIn(formats), [](const auto& test) { return test.param.name; });

TEST_P(BrokenReplies, AreNotTakenFromAWebPage) {
  const std::string page = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>data: {}</body></html>\n";
  for (const char* type : {"text/html", "application/json", "text/event-stream", "application/x-ndjson", ""}) {
    for (const std::string& body : {page, "\r\n " + page, "\xEF\xBB\xBF" + page}) EXPECT_THAT(read(body, type), IsError(ErrorKind::corrupt, HasSubstr("web page"))) << type;
  }
}

TEST_P(BrokenReplies, AreNotTakenFromAStreamThatGoesOverIntoAWebPage) {
  for (const auto& [name, body] : streams()) {
    const std::vector<std::size_t> ends = borders(body);
    for (std::size_t i = 1; i < terminal(body, ends); ++i) {
      EXPECT_THAT(read(body.substr(0, ends[i]) + "<html>\n<body>504 Gateway Timeout</body>\n</html>\n"), IsError(ErrorKind::corrupt, testing::_)) << name << ", " << i;
    }
  }
}

TEST_P(BrokenReplies, AreRefusedAtALineOfThreeMegabytesThatMeansNothing) {
  const std::string line(3'000'000, 'x');
  for (const auto& [name, body] : streams()) {
    const std::vector<std::size_t> ends = borders(body);
    const std::size_t middle = ends[1];
    const std::string damaged = body.substr(0, middle) + GetParam().event(line) + body.substr(middle);
    EXPECT_THAT(read(damaged), IsError(ErrorKind::corrupt, HasSubstr("not JSON"))) << name;
    EXPECT_TRUE(terminal(body, ends) == 1 || !read(body.substr(0, middle) + line)) << name;
  }
}

TEST_P(BrokenReplies, AreErrorsWhereTheJsonOfAnyEventIsCutAnywhere) {
  for (const auto& [name, body] : streams()) {
    const std::vector<std::size_t> ends = borders(body);
    const std::size_t last = terminal(body, ends);
    for (std::size_t i = 0; i < last; ++i) {
      const std::string event = body.substr(ends[i], ends[i + 1] - ends[i]);
      const std::size_t begin = event.find('{'), close = event.rfind('}');
      if (begin == std::string::npos) continue;
      for (std::size_t cut = begin + 1; cut <= close; cut += 1 + (close - begin) / 40) {
        const std::string damaged = body.substr(0, ends[i]) + event.substr(0, cut) + event.substr(close + 1) + body.substr(ends[i + 1]);
        ASSERT_THAT(read(damaged), IsError(ErrorKind::corrupt, testing::_)) << name << ", event " << i << " cut at " << cut;
      }
    }
  }
}

TEST_P(BrokenReplies, AreWhatTheyAreWithoutEventsThatNobodyKnows) {
  for (const auto& [name, body] : streams()) {
    const auto plain = read(body);
    ASSERT_OK(plain) << name;
    const std::vector<std::size_t> ends = borders(body);
    for (std::size_t i = 0; i < ends.size(); ++i) {
      for (const char* unknown : {R"({"type":"a.new.event","payload":{"text":"no","delta":"no"}})", R"({"type":7})", "{}"}) {
        std::string event = GetParam().event(unknown);
        if (GetParam().suffix == ".sse") event = "event: a.new.event\nretry: 10\n" + event;
        const auto reply = read(body.substr(0, ends[i]) + event + body.substr(ends[i]));
        ASSERT_OK(reply) << name << ", " << i << ", " << unknown;
        ASSERT_EQ(reply_to_json(*reply), reply_to_json(*plain)) << name << ", " << i << ", " << unknown;
      }
    }
  }
}

TEST_P(BrokenReplies, AreErrorsWhereThereIsNothingInThem) {
  for (const std::string& body : GetParam().nothing) EXPECT_THAT(read(body), IsError(ErrorKind::corrupt, testing::_)) << body;
  for (const char* body : {"", "\n\n", " ", ": alive\n\n"}) EXPECT_FALSE(read(body, GetParam().type)) << body;
  if (!GetParam().has_empty_replies) return;
  const auto reply = read(R"({"type":"message","content":[],"stop_reason":"end_turn"})");
  ASSERT_OK(reply);
  EXPECT_TRUE(reply->text.empty());
}

TEST_P(BrokenReplies, KeepCallsApartThatHaveTheSameId) {
  const auto reply = read(GetParam().twice);
  ASSERT_OK(reply);
  ASSERT_EQ(reply->tool_calls.size(), 2u);
  EXPECT_NE(reply->tool_calls[0].id, reply->tool_calls[1].id);
  EXPECT_EQ(reply->tool_calls[0].arguments, (Json{{"path", "a"}}));
  EXPECT_EQ(reply->tool_calls[1].arguments, (Json{{"path", "b"}}));
  EXPECT_EQ(reply->stop, StopReason::tool_calls);
}

// Whatever a server sends: an error, or a reply that is UTF-8 and has what the loop relies on.
void expect_usable(const Reply& reply) {
  std::set<std::string> ids;
  for (const ToolCall& call : reply.tool_calls) {
    EXPECT_TRUE(call.arguments.is_object());
    EXPECT_TRUE(ids.insert(call.id).second) << call.id;
  }
  EXPECT_NO_THROW(reply_to_json(reply).dump()) << "the reply is not UTF-8";
}

TEST_P(BrokenReplies, SurviveBytesThatAreNotUtf8Anywhere) {
  for (const auto& [name, body] : streams()) {
    for (const char* bytes : {"\xFF", "\xC3", "\xED\xA0\x80", "\xF0\x9F"}) {
      for (std::size_t at = 0; at <= body.size(); at += 1 + body.size() / 300) {
        std::string damaged = body;
        damaged.insert(at, bytes);
        if (const auto reply = read(damaged)) expect_usable(*reply);
      }
    }
  }
}

TEST_P(BrokenReplies, SurviveAnyDamage) {
  std::mt19937 random(20261128);
  const std::string_view spice = "{}[]\",:0-e\\\n\r\xFF\xC3nul";
  std::size_t replies = 0, errors = 0;
  for (const auto& [name, body] : streams()) {
    for (int round = 0; round < 150; ++round) {
      std::string damaged = body;
      for (unsigned i = 0, n = 1 + random() % 12; i < n && !damaged.empty(); ++i) {
        const std::size_t at = random() % damaged.size(), width = random() % 30;
        const unsigned kind = random() % 3;
        if (kind == 0) damaged[at] = spice[random() % spice.size()];
        if (kind == 1) damaged.erase(at, width);
        if (kind == 2) damaged.insert(at, damaged.substr(random() % damaged.size(), width));
      }
      const auto reply = read(damaged, random() % 4 ? GetParam().type : "application/json");
      ++(reply ? replies : errors);
      if (reply) expect_usable(*reply);
    }
  }
  EXPECT_GT(errors, 100u);
  EXPECT_GT(replies, 10u);
}

}  // namespace
}  // namespace deed
