// A library served over a pair of sockets: what may come in, what the library may do, and that every call has one answer.
#include "deed/plugins/serve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <thread>

#include "deed/plugins/json_rpc.hpp"
#include "deed/plugins/quiet_write.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/plugins/own_table.hpp"
#include "deed/tools/beneath.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

class ServeTest : public testing::Test {
 protected:
  ServeTest() {
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    DEED_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, out) == 0, "no sockets");
    to_server_ = OwnedFd(in[0]);
    from_server_ = OwnedFd(out[0]);
    server_ = std::thread([this, input = in[1], output = out[1]] {
      const OwnedFd own_input(input), own_output(output);
      served_ = serve_library(*CLibrary::adopt(own_table::entry, {}), input, output);
    });
  }
  ~ServeTest() override { end(); }

  /// Ends the input, and waits for the server.
  void end() {
    to_server_ = OwnedFd();
    if (server_.joinable()) server_.join();
  }
  Result<void> close() {
    end();
    return served_;
  }
  void say_line(const std::string& line) {
    const std::string whole = line + "\n";
    DEED_CHECK(write_quietly(to_server_.get(), whole) == static_cast<ssize_t>(whole.size()), "the server does not read");
  }
  void say(Json message) {
    message["jsonrpc"] = "2.0";
    say_line(to_text(message));
  }
  /// The next message; null at the end.
  Json hear() {
    while (unread_.empty()) {
      std::string bytes(64u << 10, '\0');
      const ssize_t count = read(from_server_.get(), bytes.data(), bytes.size());
      if (count <= 0) return nullptr;
      const auto lines = lines_.feed(std::string_view(bytes).substr(0, static_cast<std::size_t>(count)));
      for (const std::string& line : lines.value()) unread_.push_back(parse_json(line).value());
    }
    const Json message = unread_.front();
    unread_.erase(unread_.begin());
    return message;
  }
  void begin(const Json& id, const std::string& tool, Json arguments = Json::object(), const char* method = "tools/call") {
    say({{"id", id}, {"method", method}, {"params", {{"name", tool}, {"arguments", std::move(arguments)}, {"_meta", {{"progressToken", id}, {"deed", {{"effect_key", "key"}, {"attempt", 2}}}}}}}});
  }
  /// What comes until a call is answered is dropped.
  Json answer_to(const Json& id) {
    for (;;) {
      const Json message = hear();
      if (message.is_null() || (!message.contains("method") && message["id"] == id)) return message;
    }
  }
  Json call(const std::string& tool, Json arguments = Json::object(), const char* method = "tools/call") {
    begin(++last_id_, tool, std::move(arguments), method);
    return answer_to(last_id_);
  }
  std::string fault_of(const std::string& tool) { return string_at(rpc::member(call(tool), "error"), "message"); }

  OwnedFd to_server_, from_server_;
  rpc::Lines lines_;
  std::vector<Json> unread_;
  std::int64_t last_id_ = 0;
  Result<void> served_;
  std::thread server_;
};

TEST_F(ServeTest, GreetsAndListsItsTools) {
  say({{"id", 1}, {"method", "initialize"}, {"params", {{"protocolVersion", "2024-11-05"}}}});
  const Json hello = answer_to(1)["result"];
  EXPECT_EQ(hello["protocolVersion"], "2024-11-05");
  EXPECT_EQ(hello["serverInfo"], (Json{{"name", "own"}, {"version", "1.0"}}));
  say({{"method", "notifications/initialized"}});
  say({{"id", 2}, {"method", "tools/list"}});
  EXPECT_EQ(answer_to(2)["result"]["tools"][0]["name"], "echo");
  say({{"id", 3}, {"method", "ping"}});
  EXPECT_EQ(answer_to(3)["result"], Json::object());
  say({{"id", 4}, {"method", "resources/list"}});
  EXPECT_EQ(answer_to(4)["error"]["code"], rpc::method_not_found);
}

TEST_F(ServeTest, GivesACallItsArgumentsItsKeyAndItsAttempt) {
  for (const char* tool : {"echo", "quick", "beside"}) {
    EXPECT_EQ(call(tool, {{"name", "Ann"}})["result"]["structuredContent"], (Json{{"got", {{"name", "Ann"}}}, {"key", "key"}, {"attempt", 2}})) << tool;
  }
}

TEST_F(ServeTest, AnswersByIdsThatAreTexts) {
  begin("a text", "echo");
  EXPECT_TRUE(answer_to("a text").contains("result"));
  begin("7", "until_cancelled_beside");
  begin(7, "beside");
  EXPECT_TRUE(answer_to(7).contains("result"));
  say({{"method", "notifications/cancelled"}, {"params", {{"requestId", "7"}}}});
}

TEST_F(ServeTest, EndsACallWhoseAnswerIsWrongAndSaysHow) {
  EXPECT_THAT(fault_of("null_outcome"), HasSubstr("NULL"));
  EXPECT_THAT(fault_of("bad_utf8"), HasSubstr("not UTF-8"));
  EXPECT_THAT(fault_of("half_json"), HasSubstr("not valid JSON"));
  EXPECT_THAT(fault_of("no_status"), HasSubstr("77"));
  EXPECT_THAT(fault_of("huge"), HasSubstr("104.9 MB"));
  EXPECT_THAT(fault_of("throws"), HasSubstr("threw an exception"));
  EXPECT_TRUE(call("echo").contains("result"));
}

TEST_F(ServeTest, TakesTheFirstAnswerFromWhateverThread) {
  EXPECT_EQ(call("twice")["result"]["structuredContent"]["which"], 1);
  EXPECT_EQ(call("from_ten_threads")["result"]["structuredContent"]["from"], "a thread");
  EXPECT_EQ(call("later")["result"]["structuredContent"]["later"], true);
}

TEST_F(ServeTest, AnswersTenCallsAtOnceEachWithItsOwn) {
  for (int i = 1; i <= 10; ++i) begin(i, i % 2 == 0 ? "beside" : "echo", {{"name", std::to_string(i)}});
  std::map<std::int64_t, std::string> names;
  while (names.size() < 10) {
    const Json answer = hear();
    ASSERT_FALSE(answer.is_null());
    names[answer["id"].get<std::int64_t>()] = answer["result"]["structuredContent"]["got"]["name"];
  }
  for (const auto& [id, name] : names) EXPECT_EQ(name, std::to_string(id));
}

TEST_F(ServeTest, RefusesASecondCallOfAnIdAndMoreCallsThanMayOverlap) {
  begin(1, "until_cancelled_beside");
  begin(1, "beside");
  EXPECT_THAT(string_at(answer_to(1)["error"], "message"), HasSubstr("another call has this id"));
  for (int i = 2; i <= 17; ++i) begin(i, "until_cancelled_beside");
  EXPECT_THAT(string_at(answer_to(17)["error"], "message"), HasSubstr("too many calls"));
  for (int i = 1; i <= 16; ++i) say({{"method", "notifications/cancelled"}, {"params", {{"requestId", i}}}});
  EXPECT_TRUE(call("echo").contains("result"));
}

TEST_F(ServeTest, GivesUpACallThatIsCancelledAndDoesNotAnswerIt) {
  begin(100, "until_cancelled");
  begin(101, "echo");  // waits for its thread
  say({{"method", "notifications/cancelled"}, {"params", {{"requestId", 100}}}});
  say({{"method", "notifications/cancelled"}, {"params", {{"requestId", 99}}}});
  say({{"method", "notifications/cancelled"}});
  EXPECT_EQ(hear()["id"], 101);
  begin(100, "echo");  // the id is free
  EXPECT_EQ(hear()["id"], 100);
}

TEST_F(ServeTest, DispatchesByAskingDeed) {
  for (const bool is_allowed : {true, false}) {
    begin("d", "dispatch");
    const Json asked = hear();
    EXPECT_EQ(asked["method"], "deed/dispatching");
    EXPECT_EQ(asked["params"]["call"], "d");
    if (is_allowed) say({{"id", asked["id"]}, {"result", Json::object()}});
    else say({{"id", asked["id"]}, {"error", {{"code", 1}, {"message", "the disk is full"}}}});
    EXPECT_EQ(answer_to("d")["result"]["_meta"]["deed"]["outcome"], is_allowed ? "succeeded" : "failed_without_effect");
  }
}

TEST_F(ServeTest, AsksDeedForSecretsAndRequests) {
  begin(1, "secret", {{"name", "x"}});
  const Json secret = hear();
  EXPECT_EQ(secret["params"], (Json{{"call", 1}, {"name", "known"}}));
  say({{"id", secret["id"]}, {"result", {{"value", "hush-hush"}}}});
  EXPECT_EQ(answer_to(1)["result"]["structuredContent"]["value"], "hush-hush");
  begin(2, "http", {{"url", "https://example.org/"}});
  const Json http = hear();
  EXPECT_EQ(http["params"]["url"], "https://example.org/");
  say({{"id", http["id"]}, {"result", {{"status", 200}, {"headers", Json::object()}, {"body", "hello"}}}});
  EXPECT_EQ(answer_to(2)["result"]["structuredContent"]["body"], "hello");
}

TEST_F(ServeTest, ShowsPreviewsAndGivesVerdicts) {
  EXPECT_EQ(call("dispatch", Json::object(), "deed/preview")["result"]["bytes"], "the bytes");
  EXPECT_EQ(call("dispatch", Json::object(), "deed/probe")["result"]["verdict"], "confirmed");
  EXPECT_THAT(string_at(call("echo", Json::object(), "deed/preview")["error"], "message"), HasSubstr("no such function"));
}

TEST_F(ServeTest, AnswersWhatIsNoMessageWithAFaultAndGoesOn) {
  for (const char* line : {"hello", "{", "[]", "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", "\xff\xfe", "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}"}) {
    say_line(line);
    EXPECT_EQ(hear()["error"]["code"], rpc::parse_error) << line;
  }
  say_line("");
  say({{"id", 50}, {"result", "nobody asked"}});
  EXPECT_EQ(call("gone")["error"]["code"], rpc::invalid_params);
  begin(5, "echo", 7);
  EXPECT_EQ(answer_to(5)["error"]["code"], rpc::invalid_params);
  EXPECT_TRUE(call("echo").contains("result"));
}

TEST_F(ServeTest, GivesUpWhatIsUnderWayWhenItsInputEnds) {
  begin(1, "dispatch");
  EXPECT_EQ(hear()["method"], "deed/dispatching");
  begin(2, "until_cancelled");
  begin(3, "until_cancelled_beside");
  EXPECT_OK(close());
  // No word more: the output ends when the last thread is done with it.
  EXPECT_TRUE(hear().is_null());
}

TEST_F(ServeTest, EndsInTheMiddleOfALineWithoutAnswer) {
  const std::string half = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi";
  ASSERT_EQ(write_quietly(to_server_.get(), half), static_cast<ssize_t>(half.size()));
  EXPECT_OK(close());
  EXPECT_TRUE(hear().is_null());
}

TEST_F(ServeTest, GoesOnWhenNobodyReadsItsAnswers) {
  from_server_ = OwnedFd();
  begin(1, "echo");
  begin(2, "from_ten_threads");
  EXPECT_OK(close());
}

}  // namespace
}  // namespace deed
