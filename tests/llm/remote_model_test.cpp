// The thin part: what is sent, when it is sent again, and what is never sent. The HTTP client is a
// script of answers.
#include "deed/llm/chat/chat_format.hpp"
#include "deed/llm/remote/remote_model.hpp"

#include "deed/net/http.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace deed {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// One answer of the server: a body in pieces, then a status or a broken connection.
struct Scripted {
  int status = 200;
  std::vector<std::string> pieces = {};
  HttpHeaders headers = {{"content-type", "text/event-stream"}};
  std::optional<Error> failure = {};
};

class ScriptedHttp final : public HttpClient {
 public:
  std::deque<Scripted> answers;
  std::vector<HttpRequest> requests;

  asio::awaitable<HttpExchange> send(HttpRequest request) override {
    requests.push_back(request);
    DEED_CHECK(!answers.empty(), "the script has no further answer");
    Scripted answer = std::move(answers.front());
    answers.pop_front();
    HttpResponse response{
        .status = answer.status, .headers = answer.headers, .body = {}, .peer = {}};
    for (const std::string& piece : answer.pieces) {
      if (answer.status / 100 != 2) {
        response.body += piece;
        continue;
      }
      const Result<void> taken = request.on_body(piece);
      if (!taken) co_return HttpFailure{taken.error()};
    }
    if (answer.failure) co_return HttpFailure{*answer.failure};
    co_return response;
  }
};

const std::string text_event =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
const std::string usage_event =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":500}}\n\n";
const std::string end_event =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const Scripted good{.pieces = {text_event, end_event, usage_event, "data: [DONE]\n\n"}};

Scripted status(int code, std::string body = {}, HttpHeaders headers = {}) {
  return {.status = code, .pieces = {std::move(body)}, .headers = std::move(headers)};
}
Scripted broken(ErrorKind kind, std::vector<std::string> pieces = {}) {
  return {.pieces = std::move(pieces), .failure = Error{kind, "connection reset by peer"}};
}

class RemoteModelTest : public testing::Test {
 protected:
  // Reply or error of one request; the waits that it would have made are in `waits`.
  Result<Reply> ask(ModelRequest request = {.messages = {{.text = "Hello"}}}) {
    RemoteModelOptions options{
        .url = HttpUrl::parse(url).value(), .model = "m", .key = Secret(key), .info = info};
    options.headers = headers;
    options.secrets = secrets;
    options.retry.wait = [this](milliseconds wait) { return note(waits, wait); };
    options.retry.random = [] { return 0.5; };
    auto model = make_remote_model(std::move(options), make_chat_format({.model = "m"}), http);
    if (!model) return fail(model.error());
    StreamSink sink = [this](const StreamEvent& event) {
      if (const auto* delta = std::get_if<TextDelta>(&event)) told += delta->text;
      if (std::holds_alternative<ReplyRestarted>(event)) told += "|";
    };
    return run_async(io, (*model)->generate(std::move(request), std::move(sink)));
  }

  static Async<void> note(std::vector<milliseconds>& waits, milliseconds wait) {
    waits.push_back(wait);
    co_return Result<void>();
  }

  std::string header_sent(std::string_view name) const {
    for (const auto& [key_sent, value] : http.requests.at(0).headers) {
      if (key_sent == name) return value;
    }
    return "absent";
  }

  asio::io_context io;
  ScriptedHttp http;
  std::string url = "https://example.org/v1/chat/completions", key = "sk-secret-0123456789", told;
  HttpHeaders headers;
  std::vector<Secret> secrets;
  ModelInfo info{.name = "test", .context_window = 1000};
  std::vector<milliseconds> waits;
};

TEST_F(RemoteModelTest, SendsThePromptAndStreamsTheReply) {
  http.answers = {good};
  const Result<Reply> reply = ask();
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "Hi");
  EXPECT_EQ(reply->model, "m");
  EXPECT_EQ(told, "Hi");
  ASSERT_EQ(http.requests.size(), 1u);
  EXPECT_EQ(http.requests[0].method, "POST");
  EXPECT_EQ(http.requests[0].guard, nullptr);
  EXPECT_EQ(header_sent("Authorization"), "Bearer " + key);
  EXPECT_THAT(http.requests[0].body, HasSubstr("\"content\":\"Hello\""));
}

TEST_F(RemoteModelTest, TellsTheSinkOfADocumentToo) {
  http.answers = {
      {.pieces = {"{\"choices\":[{\"message\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}"},
       .headers = {{"content-type", "application/json"}}}};
  ASSERT_OK(ask());
  EXPECT_EQ(told, "Hi");
}

TEST_F(RemoteModelTest, CountsTheCost) {
  info.usd_per_million_input = 2;
  info.usd_per_million_output = 10;
  http.answers = {good};
  const Result<Reply> reply = ask();
  ASSERT_OK(reply);
  EXPECT_DOUBLE_EQ(reply->cost_usd, 0.007);
  info.usd_per_million_cached = 0.5;
  const std::string cached = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":500,"
                             "\"prompt_tokens_details\":{\"cached_tokens\":600}}}\n\n";
  http.answers = {{.pieces = {text_event, end_event, cached, "data: [DONE]\n\n"}}};
  const Result<Reply> again = ask();
  ASSERT_OK(again);
  EXPECT_DOUBLE_EQ(again->cost_usd, (400 * 2 + 600 * 0.5 + 500 * 10) / 1e6);
}

TEST_F(RemoteModelTest, NeverSendsTheKeyOverPlainHttpToAnotherMachine) {
  for (const char* address :
       {"http://example.org/v1/chat/completions", "http://127.example.org/v1",
        "http://localhost.example.org/v1", "http://192.168.0.7:8080/v1", "http://0.0.0.0/v1"}) {
    http.requests.clear();
    http.answers = {good};
    url = address;
    ASSERT_OK(ask());
    for (const auto& [name, value] : http.requests.at(0).headers)
      EXPECT_THAT(value, Not(HasSubstr("secret"))) << address;
    EXPECT_THAT(http.requests[0].body, Not(HasSubstr("secret")));
  }
}

TEST_F(RemoteModelTest, SendsASecretHeaderOnlyWhereAKeyMayGoAndKeepsItOutOfErrors) {
  headers = {{"X-Token", "hidden-token"}, {"X-Team", "blue"}};
  secrets.emplace_back("hidden-token");
  http.answers = {good};
  ASSERT_OK(ask());
  EXPECT_EQ(header_sent("X-Token"), "hidden-token");
  http.requests.clear();
  http.answers = {status(401, R"({"error":{"message":"bad token hidden-token"}})")};
  EXPECT_THAT(ask(), IsError(ErrorKind::denied, Not(HasSubstr("hidden-token"))));
  http.requests.clear();
  http.answers = {good};
  url = "http://example.org/v1/chat/completions";
  ASSERT_OK(ask());
  EXPECT_EQ(header_sent("X-Token"), "absent");
  EXPECT_EQ(header_sent("X-Team"), "blue");
}

TEST_F(RemoteModelTest, SendsTheKeyToThisMachine) {
  for (const char* address :
       {"http://127.0.0.1:8080/v1", "http://localhost:8080/v1", "http://[::1]:8080/v1"}) {
    http.requests.clear();
    http.answers = {good};
    url = address;
    ASSERT_OK(ask());
    EXPECT_EQ(header_sent("Authorization"), "Bearer " + key) << address;
  }
}

TEST_F(RemoteModelTest, SendsNoAuthorizationWithoutAKey) {
  key.clear();
  http.answers = {good};
  ASSERT_OK(ask());
  EXPECT_EQ(header_sent("Authorization"), "absent");
}

TEST_F(RemoteModelTest, RefusesAKeyWithALineBreak) {
  key = "sk-secret\r\nX-Evil: 1";
  EXPECT_THAT(ask(), IsError(ErrorKind::invalid,
                             AllOf(HasSubstr("control characters"), Not(HasSubstr("sk-secret")))));
}

TEST_F(RemoteModelTest, KeepsKeyAndQueryOutOfEveryError) {
  url = "https://example.org/v1/chat/completions?key=sk-other-secret";
  http.answers = {
      status(401, R"({"error":{"message":"Incorrect API key provided: sk-secret-0123456789"}})")};
  const Result<Reply> refused = ask();
  EXPECT_THAT(refused, IsError(ErrorKind::denied,
                               AllOf(HasSubstr("Incorrect API key"), Not(HasSubstr("secret-0")),
                                     Not(HasSubstr("other")))));
  http.answers = {{.failure = Error{ErrorKind::denied, "certificate of sk-secret-0123456789"}}};
  EXPECT_THAT(ask(), IsError(ErrorKind::denied,
                             AllOf(HasSubstr("certificate"), Not(HasSubstr("secret-0")))));
}

TEST_F(RemoteModelTest, AsksThreeTimesWithGrowingWaits) {
  http.answers = {status(503), status(500), good};
  EXPECT_OK(ask());
  EXPECT_THAT(waits, ElementsAre(milliseconds(500), milliseconds(1000)));
}

TEST_F(RemoteModelTest, GivesUpAfterThreeTriesWithTheLastError) {
  http.answers = {status(503), status(503), status(529, R"({"error":{"message":"Overloaded"}})"),
                  good};
  EXPECT_THAT(ask(), IsError(ErrorKind::unavailable, HasSubstr("Overloaded")));
  EXPECT_EQ(http.requests.size(), 3u);
}

TEST_F(RemoteModelTest, SendsTheSameBytesAgain) {
  http.answers = {status(429), good};
  ASSERT_OK(ask());
  EXPECT_EQ(http.requests.at(0).body, http.requests.at(1).body);
}

TEST_F(RemoteModelTest, AsksAgainExactlyForTheStatusesThatMayPass) {
  for (const int code :
       {400, 401, 403, 404, 405, 408, 409, 413, 418, 422, 429, 500, 502, 503, 504}) {
    http.requests.clear();
    http.answers = {status(code), good};
    const bool may_pass = code == 408 || code == 409 || code == 429 || code >= 500;
    EXPECT_EQ(ask().has_value(), may_pass) << code;
    EXPECT_EQ(http.requests.size(), may_pass ? 2u : 1u) << code;
  }
}

TEST_F(RemoteModelTest, WaitsAsLongAsTheServerSays) {
  http.answers = {status(429, "", {{"retry-after", "60"}}),
                  status(429, "", {{"retry-after-ms", "1234"}}), good};
  EXPECT_OK(ask());
  EXPECT_THAT(waits, ElementsAre(milliseconds(60'000), milliseconds(1234)));
}

TEST_F(RemoteModelTest, DoesNotAskAServerAgainThatWantsMoreThanAMinute) {
  http.answers = {status(429, "", {{"retry-after", "61"}}), good};
  EXPECT_THAT(ask(), IsError(ErrorKind::unavailable, HasSubstr("429")));
  EXPECT_TRUE(waits.empty());
}

TEST_F(RemoteModelTest, DoesNotWaitBeyondTheRequestsOwnTime) {
  http.answers = {status(429, "", {{"retry-after", "30"}}), good};
  EXPECT_THAT(ask({.messages = {{.text = "x"}}, .timeout = milliseconds(20'000)}),
              IsError(ErrorKind::unavailable));
  EXPECT_TRUE(waits.empty());
}

TEST_F(RemoteModelTest, AsksAgainWhenNoConnectionCouldBeMade) {
  http.answers = {broken(ErrorKind::unavailable), good};
  EXPECT_OK(ask());
}

TEST_F(RemoteModelTest, DoesNotAskAgainAfterATimeoutACancellationOrARefusal) {
  for (const ErrorKind kind :
       {ErrorKind::timeout, ErrorKind::cancelled, ErrorKind::denied, ErrorKind::limit}) {
    http.requests.clear();
    http.answers = {broken(kind), good};
    EXPECT_THAT(ask(), IsError(kind));
    EXPECT_EQ(http.requests.size(), 1u);
  }
}

TEST_F(RemoteModelTest, AsksAgainWhenAStreamEndedBeforeItsFirstDelta) {
  http.answers = {
      {.pieces = {": keep-alive\n\n"}}, {.pieces = {"data: {\"error\":\"overloaded\"}\n\n"}}, good};
  EXPECT_OK(ask());
  EXPECT_EQ(told, "Hi");
}

TEST_F(RemoteModelTest, AsksAgainForAReplyThatBrokeOffAndTellsTheSink) {
  for (const Scripted& cut :
       {Scripted{.pieces = {text_event}}, broken(ErrorKind::unavailable, {text_event}),
        Scripted{.pieces = {text_event, "data: {\"error\":\"overloaded\"}\n\n"}},
        Scripted{.pieces = {text_event, "data: {damaged\n\n"}}}) {
    http.requests.clear();
    told.clear();
    http.answers = {cut, good};
    const Result<Reply> reply = ask();
    ASSERT_OK(reply);
    EXPECT_EQ(reply->text, "Hi");
    EXPECT_EQ(told, "Hi|Hi");
    EXPECT_EQ(http.requests.size(), 2u);
  }
}

TEST_F(RemoteModelTest, DoesWhatTheServerSaysAboutAskingAgain) {
  http.answers = {status(400, "", {{"x-should-retry", "true"}}), good};
  EXPECT_OK(ask());
  http.requests.clear();
  http.answers = {status(500, "", {{"x-should-retry", "false"}}), good};
  EXPECT_FALSE(ask());
  EXPECT_EQ(http.requests.size(), 1u);
}

TEST_F(RemoteModelTest, RefusesAPictureThatTheModelDoesNotTakeBeforeItSendsAnything) {
  Media picture{"image/png", "cat.png", std::make_shared<const std::string>("x")};
  EXPECT_THAT(ask({.messages = {{.text = "What is it?", .media = {picture}}}}),
              IsError(ErrorKind::unsupported, AllOf(HasSubstr("pictures"), HasSubstr("cat.png"))));
  EXPECT_TRUE(http.requests.empty());
}

TEST_F(RemoteModelTest, SaysThatAStreamEndedEarly) {
  http.answers = {{.pieces = {text_event}}, {.pieces = {text_event}}, {.pieces = {text_event}}};
  EXPECT_THAT(ask(), IsError(ErrorKind::corrupt, HasSubstr("ended early")));
}

TEST_F(RemoteModelTest, KeepsAReplyWhoseConnectionBreaksBehindTheTerminalMarker) {
  http.answers = {broken(ErrorKind::unavailable, {text_event, end_event})};
  const Result<Reply> reply = ask();
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "Hi");
}

TEST_F(RemoteModelTest, MakesUpDifferentIdsInEachTurn) {
  const Scripted call{
      .pieces = {"data: "
                 "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{"
                 "\"name\":\"f\","
                 "\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}]}\n\n"}};
  http.answers = {call, call, call, call};
  ModelRequest request{.messages = {{.text = "x"}}};
  const Result<Reply> first = ask(request), again = ask(request);
  ASSERT_OK(first);
  ASSERT_OK(again);
  request.messages.push_back({.role = Role::assistant, .tool_calls = first->tool_calls});
  const Result<Reply> second = ask(request);
  ASSERT_OK(second);
  // The first call is no longer in the transcript: nothing but the request can tell the ids apart.
  const Result<Reply> shortened = ask({.messages = {{.text = "y"}}});
  ASSERT_OK(shortened);
  EXPECT_EQ(first->tool_calls[0].id, again->tool_calls[0].id);
  EXPECT_NE(first->tool_calls[0].id, shortened->tool_calls[0].id);
  EXPECT_NE(first->tool_calls[0].id, second->tool_calls[0].id);
}

TEST_F(RemoteModelTest, EstimatesTokensFromAbove) {
  auto model =
      make_remote_model({.url = HttpUrl::parse(url).value(), .model = "m", .info = info}, make_chat_format({.model = "m"}), http);
  ASSERT_OK(model);
  EXPECT_GE((*model)->count_tokens("a b c d"), 4);
  EXPECT_GE((*model)->count_tokens(std::string(3000, 'x')), 1000);
}

// The timer itself, with a wait of nothing.
TEST_F(RemoteModelTest, WaitsByATimerWhereNothingElseIsGiven) {
  http.answers = {status(429, "", {{"retry-after", "0"}}), good};
  auto model =
      make_remote_model({.url = HttpUrl::parse(url).value(), .model = "m", .info = info}, make_chat_format({.model = "m"}), http);
  ASSERT_OK(model);
  ModelRequest request{.messages = {{.text = "x"}}};
  EXPECT_OK(run_async(io, (*model)->generate(std::move(request), {})));
}

}  // namespace
}  // namespace deed
