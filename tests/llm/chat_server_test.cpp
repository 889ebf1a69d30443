// A model by its name over the real HTTP client, against a server on loopback that answers rightly
// and wrongly.
#include "deed/llm/model.hpp"
#include "deed/net/http.hpp"
#include "deed/tests/fakes/http_server.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace deed {
namespace {

using fakes::HttpReply;
using fakes::SeenRequest;
using testing::HasSubstr;

const std::string event_stream = "text/event-stream";

std::string recording(const std::string& name) {
  std::ifstream in(std::filesystem::path(DEED_SOURCE_DIR) / "tests/data/chat" / name,
                   std::ios::binary);
  EXPECT_TRUE(in) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

class ChatServerTest : public testing::Test {
 protected:
  // One request to a server that answers the first time with `replies[0]` and so on, the last for
  // ever.
  Result<Reply> ask(std::vector<HttpReply> replies,
                    std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
    std::size_t next = 0;
    fakes::HttpServer server(
        [&](const SeenRequest&) { return replies[std::min(next++, replies.size() - 1)]; });
    ModelEnvironment environment{.executor = io_.get_executor(), .http = client_.get()};
    auto model = open_model(server.url("/v1") + "#m", environment);
    if (!model) return fail(model.error());
    ModelRequest request{.messages = {{.text = "Hello"}}, .timeout = timeout};
    StreamSink sink = [this](const StreamEvent& event) {
      if (const auto* delta = std::get_if<TextDelta>(&event)) told_ += delta->text;
    };
    Result<Reply> reply = run_async(io_, (*model)->generate(std::move(request), std::move(sink)));
    requests_ = server.requests();
    return reply;
  }

  asio::io_context io_;
  std::unique_ptr<HttpClient> client_ = make_http_client(io_.get_executor(), HttpSettings{});
  std::vector<SeenRequest> requests_;
  std::string told_;
};

TEST_F(ChatServerTest, StreamsAReply) {
  const Result<Reply> reply =
      ask({HttpReply::chunked({recording("openai_text.sse")}, event_stream)});
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, told_);
  EXPECT_THAT(reply->text, HasSubstr("120,00 €"));
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].target, "/v1/chat/completions");
  EXPECT_EQ(requests_[0].header("content-type"), "application/json");
}

TEST_F(ChatServerTest, TakesAReplyThatIsNotStreamed) {
  const Result<Reply> reply =
      ask({HttpReply::ok(recording("plain_document.json"), "application/json")});
  ASSERT_OK(reply);
  EXPECT_EQ(reply->text, "On it.");
}

TEST_F(ChatServerTest, AsksThriceAndThenSaysThatTheStreamEndedEarly) {
  const std::string whole = recording("openai_text.sse");
  EXPECT_THAT(ask({HttpReply::chunked({whole.substr(0, whole.size() / 2)}, event_stream)}),
              IsError(ErrorKind::corrupt, HasSubstr("ended early")));
  EXPECT_EQ(requests_.size(), 3u);
}

TEST_F(ChatServerTest, FailsWhenTheConnectionIsCutInTheMiddleOfEachTry) {
  HttpReply cut = HttpReply::chunked({recording("openai_text.sse").substr(0, 1000)}, event_stream);
  const auto steps = cut.steps();
  HttpReply begun;
  begun.send(std::get<HttpReply::Bytes>(steps[0]).bytes)
      .send(std::get<HttpReply::Bytes>(steps[1]).bytes)
      .reset();
  EXPECT_THAT(ask({begun}), IsError(ErrorKind::unavailable));
  EXPECT_EQ(requests_.size(), 3u);
}

TEST_F(ChatServerTest, TakesTheReplyThatIsWholeAfterOneThatBrokeOff) {
  const std::string whole = recording("openai_text.sse");
  EXPECT_OK(ask({HttpReply::chunked({whole.substr(0, whole.size() / 2)}, event_stream), HttpReply::chunked({whole}, event_stream)}));
  EXPECT_EQ(requests_.size(), 2u);
}

TEST_F(ChatServerTest, AsksAgainWhenTheServerIsStillLoading) {
  EXPECT_OK(ask(
      {HttpReply::status(503, "{\"error\":{\"message\":\"Loading model\"}}", "Retry-After: 0\r\n"),
       HttpReply::chunked({recording("llama_server_call.sse")}, event_stream)}));
  EXPECT_EQ(requests_.size(), 2u);
}

TEST_F(ChatServerTest, ShowsTheProvidersWordsAboutARefusal) {
  EXPECT_THAT(ask({HttpReply::status(401, "{\"error\":{\"message\":\"no such key\"}}")}),
              IsError(ErrorKind::denied, HasSubstr("no such key")));
}

TEST_F(ChatServerTest, SaysThatAWebPageIsNotAnAnswer) {
  EXPECT_THAT(ask({HttpReply::ok("<!DOCTYPE html><title>Router</title>", "text/html")}),
              IsError(ErrorKind::corrupt, HasSubstr("web page")));
}

TEST_F(ChatServerTest, RefusesThreeMegabytesOfOneLine) {
  EXPECT_THAT(ask({HttpReply::ok("data: " + std::string(3'000'000, 'x') + "\n\n", event_stream)}),
              IsError(ErrorKind::corrupt, HasSubstr("not JSON")));
}

TEST_F(ChatServerTest, FailsOnBytesThatAreNotHttp) { EXPECT_FALSE(ask({HttpReply::garbage()})); }

TEST_F(ChatServerTest, EndsAtItsTimeWhenTheServerNeverAnswers) {
  EXPECT_THAT(ask({HttpReply::never_answer()}, std::chrono::milliseconds(300)),
              IsError(ErrorKind::timeout));
}

TEST_F(ChatServerTest, SaysThatNobodyListens) {
  const std::string url = "http://127.0.0.1:" + std::to_string(fakes::unused_port());
  ModelEnvironment environment{.executor = io_.get_executor(), .http = client_.get()};
  auto model = open_model(url + "#m", environment);
  ASSERT_OK(model);
  ModelRequest request{.messages = {{.text = "Hello"}}, .timeout = std::chrono::milliseconds(400)};
  const Result<Reply> reply = run_async(io_, (*model)->generate(std::move(request), {}));
  EXPECT_THAT(reply, IsError(ErrorKind::unavailable, HasSubstr("127.0.0.1")));
}

}  // namespace
}  // namespace deed
