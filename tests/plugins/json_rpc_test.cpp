#include "deed/plugins/json_rpc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deed/tests/fakes/matchers.hpp"

namespace deed::rpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(JsonRpcLines, AreTheSameWhereverTheBytesAreCut) {
  const std::string text = "one\r\ntwo\n\nthree\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Lines lines;
    std::vector<std::string> all;
    for (const std::string& part : {text.substr(0, cut), text.substr(cut)}) {
      const auto some = lines.feed(part);
      ASSERT_TRUE(some);
      all.insert(all.end(), some->begin(), some->end());
    }
    EXPECT_THAT(all, ElementsAre("one", "two", "three")) << cut;
  }
}

TEST(JsonRpcLines, RefuseALineOverTheLimitAlsoWithoutItsEnd) {
  Lines whole(10), parts(10), fits(10);
  EXPECT_THAT(whole.feed("12345678901\n"), IsError(ErrorKind::limit));
  EXPECT_OK(parts.feed("123456"));
  EXPECT_THAT(parts.feed("78901"), IsError(ErrorKind::limit));
  EXPECT_OK(fits.feed("1234567890\n1234567890\n"));
}

TEST(JsonRpc, ReadsWhatItWrote) {
  const std::vector<Message> messages = {Request{7, "tools/call", {{"name", "x"}}}, Request{"seven", "ping", Json::object()},
                                         Notification{"notifications/initialized", Json::object()}, Response{7, Json{{"tools", Json::array()}}},
                                         Response{"a", Fault{-32601, "no such method"}}};
  for (const Message& message : messages) {
    const std::string line = line_of(message);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    const auto again = parse(line.substr(0, line.size() - 1));
    ASSERT_TRUE(again);
    EXPECT_EQ(line_of(*again), line);
  }
}

TEST(JsonRpc, RefusesWhatIsNoMessage) {
  for (const char* line : {"", "hello", "{", "[]", "1", "null", R"({"id":1,"result":{}})", R"({"jsonrpc":"1.0","id":1,"result":{}})",
                           R"({"jsonrpc":"2.0"})", R"({"jsonrpc":"2.0","id":null,"result":1})", R"({"jsonrpc":"2.0","id":1})",
                           R"({"jsonrpc":"2.0","id":1.5,"method":"x"})", R"({"jsonrpc":"2.0","id":1,"method":2})",
                           R"({"jsonrpc":"2.0","id":1,"method":"x","params":[1]})", R"({"jsonrpc":"2.0","id":1,"error":"x"})",
                           R"([{"jsonrpc":"2.0","id":1,"result":{}}])", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}"}) {
    EXPECT_THAT(parse(line), IsError(ErrorKind::invalid)) << line;
  }
}

}  // namespace
}  // namespace deed::rpc
