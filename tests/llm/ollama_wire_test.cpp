// The bytes that an Ollama server is asked with, and where it is.
#include "deed/llm/ollama/ollama_wire.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/media.hpp"
#include "deed/llm/ollama/ollama_server.hpp"
#include "deed/tests/fakes/matchers.hpp"

#include <gtest/gtest.h>

namespace deed::ollama {
namespace {

ModelRequest sample() {
  ModelRequest request{.system = "You act."};
  request.messages = {
      {.text = "Get the page and mail it."},
      {.role = Role::assistant, .text = "", .tool_calls = {{"c1", "http.get", {{"url", "https://example.org"}}}}, .replay = {"me", {{"thinking", "First the page."}}}},
      {.role = Role::tool, .text = "120 €", .tool_call_id = "c1", .tool_name = "http.get"},
      {.role = Role::assistant, .text = "Done."}};
  const Json schema = {{"type", "object"}, {"properties", {{"url", {{"type", "string"}}}}}};
  request.tools = {{.name = "http.get", .description = "Fetch", .parameters = schema}, {.name = "time.now", .description = "The time"}};
  return request;
}

Json body_of(const ModelRequest& request, const OllamaWireOptions& options = {.model = "qwen3:8b", .replay_to = "me", .num_ctx = 8192}) {
  auto body = parse_json(to_ollama_wire(request, options));
  EXPECT_OK(body);
  return body ? *body : Json();
}

TEST(OllamaWire, SaysARequestAsTheApiHasIt) {
  ModelRequest request = sample();
  request.temperature = 0.5;
  request.top_p = 0.9;
  request.seed = 7;
  request.stop = {"END"};
  request.effort = Effort::high;
  request.response_schema = Json{{"type", "object"}};
  const Json expected = parse_json(R"({
    "model": "qwen3:8b", "stream": true, "truncate": false, "shift": false,
    "tools": [
      {"type": "function", "function": {"name": "http__get", "description": "Fetch",
        "parameters": {"type": "object", "properties": {"url": {"type": "string"}}}}},
      {"type": "function", "function": {"name": "time__now", "description": "The time", "parameters": {"type": "object", "properties": {}}}}],
    "messages": [
      {"role": "system", "content": "You act."},
      {"role": "user", "content": "Get the page and mail it."},
      {"role": "assistant", "content": "", "thinking": "First the page.",
       "tool_calls": [{"id": "c1", "function": {"name": "http__get", "arguments": {"url": "https://example.org"}}}]},
      {"role": "tool", "tool_name": "http__get", "tool_call_id": "c1", "content": "120 €"},
      {"role": "assistant", "content": "Done."}],
    "format": {"type": "object"}, "think": true,
    "options": {"num_predict": 2048, "num_ctx": 8192, "temperature": 0.5, "top_p": 0.9, "seed": 7, "stop": ["END"]}})").value();
  EXPECT_EQ(to_text(body_of(request), 1), to_text(expected, 1));
}

TEST(OllamaWire, SendsThoughtsBackToTheirOwnProviderOnly) {
  for (const char* other : {"", "somebody else"}) {
    EXPECT_EQ(to_ollama_wire(sample(), {.model = "m", .replay_to = other}).find("First the page"), std::string::npos) << other;
  }
}

TEST(OllamaWire, LeavesOutWhatIsNotAskedFor) {
  const Json body = body_of({.messages = {{.text = "Hi"}}}, {.model = "m"});
  for (const char* key : {"tools", "format", "think"}) EXPECT_FALSE(body.contains(key)) << key;
  EXPECT_EQ(body["options"], (Json{{"num_predict", 2048}}));
}

TEST(OllamaWire, SaysHowMuchToThinkAsTheModelTakesIt) {
  ModelRequest request{.messages = {{.text = "Hi"}}, .effort = Effort::none};
  EXPECT_EQ(body_of(request)["think"], false);
  request.effort = Effort::low;
  EXPECT_EQ(body_of(request)["think"], true);
  EXPECT_EQ(body_of(request, {.model = "gpt-oss:20b"})["think"], "low");
}

TEST(OllamaWire, AsksForOneDocumentWhereTheServerCannotStream) {
  EXPECT_EQ(body_of({.messages = {{.text = "Hi"}}, .stream = false})["stream"], false);
}

TEST(OllamaWire, SendsNoToolsWhereNoneMayBeCalled) {
  ModelRequest request = sample();
  request.tool_choice = {.mode = ToolCalling::Mode::none};
  EXPECT_FALSE(body_of(request).contains("tools"));
}

TEST(OllamaWire, ShowsPicturesByteForByteAndThoseOfResultsBehindTheLastOfTheTurn) {
  std::string bytes;
  for (int i = 0; i < 512; ++i) bytes += static_cast<char>(i);
  const Media picture = make_media("a.png", "\x89PNG\r\n\x1A\n" + bytes).value();
  ModelRequest request;
  request.messages = {{.text = "Look", .media = {picture}},
                      {.role = Role::assistant, .text = "", .tool_calls = {{"c1", "file.read"}, {"c2", "file.read"}}},
                      {.role = Role::tool, .text = "a picture", .media = {picture}, .tool_call_id = "c1", .tool_name = "file.read"},
                      {.role = Role::tool, .text = "nothing", .tool_call_id = "c2", .tool_name = "file.read"}};
  const Json messages = body_of(request)["messages"];
  ASSERT_EQ(messages.size(), 5u);
  EXPECT_EQ(messages[0]["images"], Json::array({base64(*picture.bytes)}));
  EXPECT_EQ(parse_base64(messages[0]["images"][0].get<std::string>()).value(), *picture.bytes);
  EXPECT_EQ(messages[3]["role"], "tool");
  EXPECT_EQ(messages[4]["role"], "user");
  EXPECT_EQ(messages[4]["images"], messages[0]["images"]);
}

TEST(OllamaWire, BeginsEachTurnWithTheBytesOfTheTurnBefore) {
  const ModelRequest whole = sample();
  std::string before;
  for (std::size_t n = 1; n <= whole.messages.size(); ++n) {
    ModelRequest turn = whole;
    turn.messages.cut(n);
    const std::string body = to_ollama_wire(turn, {.model = "m", .replay_to = "me"});
    EXPECT_TRUE(body.starts_with(before)) << body << "\ndoes not begin with\n" << before;
    before = body.substr(0, body.rfind("],\"options\""));
    EXPECT_GT(before.size(), 100u);
  }
}

TEST(OllamaWire, IsValidJsonInUtf8WhateverTheMessagesHold) {
  const std::string wild = std::string("\xC3(\0\x1b[31m\xE2\x82", 10);
  ModelRequest request{.system = wild};
  request.messages = {{.text = wild}, {.role = Role::assistant, .text = wild, .tool_calls = {{wild, wild, {{wild, wild}}}}},
                      {.role = Role::tool, .text = wild, .tool_call_id = wild, .tool_name = wild}};
  const std::string body = to_ollama_wire(request, {.model = wild});
  EXPECT_TRUE(is_utf8(body));
  EXPECT_OK(parse_json(body));
}

TEST(OllamaAddress, IsReadAsOllamasOwnClientReadsIt) {
  struct Case {
    const char* host;
    const char* address;
  };
  const Case cases[] = {
      {"", "http://127.0.0.1:11434"},
      {"  \"box\" ", "http://box:11434"},
      {"box:1234", "http://box:1234"},
      {":1234", "http://127.0.0.1:1234"},
      {"0.0.0.0", "http://127.0.0.1:11434"},
      {"0.0.0.0:8080", "http://127.0.0.1:8080"},
      {"[::]:8080", "http://[::1]:8080"},
      {"::1", "http://[::1]:11434"},
      {"[::1]", "http://[::1]:11434"},
      {"[fe80::2]:99", "http://[fe80::2]:99"},
      {"http://box", "http://box:80"},
      {"https://box", "https://box:443"},
      {"https://box:8443/", "https://box:8443"},
      {"https://box/ollama", "https://box:443/ollama"},
      {"ollama.com", "https://ollama.com:443"},
      {"box:http", "http://box:11434"},
      {"box:99999", "http://box:11434"},
  };
  for (const Case& c : cases) EXPECT_EQ(ollama_address(c.host), c.address) << c.host;
}

TEST(OllamaAddress, FindsTheApiOfABase) {
  for (const char* base : {"http://box:11434", "http://box:11434/", "http://box:11434/api", "http://box:11434/api/"}) {
    EXPECT_EQ(ollama_url(HttpUrl::parse(base).value(), "/chat").value().text(), "http://box:11434/api/chat") << base;
  }
}

}  // namespace
}  // namespace deed::ollama
