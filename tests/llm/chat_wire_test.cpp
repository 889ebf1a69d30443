#include "deed/llm/chat/chat_wire.hpp"

#include "deed/core/text.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/llm/messages.hpp"

#include <gtest/gtest.h>

namespace deed::chat {
namespace {

ModelRequest sample() {
  ModelRequest request{.system = "You act."};
  request.messages = {
      user("Get the page and mail it."),
      assistant("", {{"c1", "http.get", {{"url", "https://example.org"}}}}),
      result("c1", "http.get", "120 €"),
      assistant("Now the mail.", {{"c2", "email.send", {{"to", Json::array({"a@example.org"})}}}}),
      result("c2", "email.send", "sent"),
      assistant("Done.")};
  const Json schema = {{"type", "object"}, {"properties", {{"url", {{"type", "string"}}}}}};
  request.tools = {{.name = "http.get", .description = "Fetch", .parameters = schema},
                   {.name = "time.now", .description = "The time"}};
  return request;
}

TEST(ChatWire, SaysARequestAsTheApiHasIt) {
  ModelRequest request = sample();
  request.temperature = 0.5;
  request.seed = 7;
  const Json expected = parse_json(R"({
    "model": "m", "stream": true, "stream_options": {"include_usage": true},
    "tools": [
      {"type": "function", "function": {"name": "http__get", "description": "Fetch",
        "parameters": {"type": "object", "properties": {"url": {"type": "string"}}}}},
      {"type": "function", "function": {"name": "time__now", "description": "The time",
        "parameters": {"type": "object", "properties": {}}}}],
    "messages": [
      {"role": "system", "content": "You act."},
      {"role": "user", "content": "Get the page and mail it."},
      {"role": "assistant", "content": null, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "http__get", "arguments": "{\"url\":\"https://example.org\"}"}}]},
      {"role": "tool", "tool_call_id": "c1", "content": "120 €"},
      {"role": "assistant", "content": "Now the mail.", "tool_calls": [
        {"id": "c2", "type": "function", "function": {"name": "email__send", "arguments": "{\"to\":[\"a@example.org\"]}"}}]},
      {"role": "tool", "tool_call_id": "c2", "content": "sent"},
      {"role": "assistant", "content": "Done."}],
    "max_tokens": 2048, "temperature": 0.5, "seed": 7})")
                            .value();
  const auto body = parse_json(to_chat_wire(request, {.model = "m"}));
  ASSERT_OK(body);
  EXPECT_EQ(to_text(*body, 1), to_text(expected, 1));
}

TEST(ChatWire, LeavesOutWhatIsNotAskedFor) {
  ModelRequest request{.messages = {user("Hi")}};
  const auto body = parse_json(to_chat_wire(request, {.model = "m"}));
  ASSERT_OK(body);
  for (const char* key : {"tools", "response_format", "temperature", "seed"})
    EXPECT_FALSE(body->contains(key)) << key;
  EXPECT_EQ((*body)["messages"].size(), 1u);
}

TEST(ChatWire, AsksForASchemaWhereTheTextMustBeJson) {
  ModelRequest request{.messages = {user("Hi")}};
  request.response_schema = Json{{"type", "object"}};
  const auto body =
      parse_json(to_chat_wire(request, {.model = "m", .max_tokens_key = "max_completion_tokens"}));
  ASSERT_OK(body);
  EXPECT_EQ((*body)["response_format"]["type"], "json_schema");
  EXPECT_EQ((*body)["response_format"]["json_schema"]["schema"], (Json{{"type", "object"}}));
  EXPECT_EQ((*body)["max_completion_tokens"], 2048);
  EXPECT_FALSE(body->contains("max_tokens"));
}

// The bytes that a provider's cache of prompts can find again: all of a turn's body up to the end
// of its messages.
std::string cacheable(const std::string& body) {
  return body.substr(0, body.rfind("],\"max_tokens\""));
}

TEST(ChatWire, BeginsEachTurnWithTheBytesOfTheTurnBefore) {
  const ModelRequest whole = sample();
  std::string before;
  for (std::size_t n = 1; n <= whole.messages.size(); ++n) {
    ModelRequest turn = whole;
    turn.messages.cut(n);
    turn.max_tokens = 2048 - static_cast<std::int64_t>(n);
    const std::string body = to_chat_wire(turn, {.model = "m"});
    EXPECT_TRUE(body.starts_with(before)) << body << "\ndoes not begin with\n" << before;
    before = cacheable(body);
    EXPECT_GT(before.size(), 100u);
  }
}

TEST(ChatWire, AWriterThatGoesOnGivesTheBytesOfOneThatBegins) {
  const ChatWireOptions options{.model = "m"};
  const ModelRequest whole = sample();
  ChatWire writer(options);
  for (std::size_t n = 1; n <= whole.messages.size(); ++n) {
    ModelRequest turn = whole;
    turn.messages.cut(n);
    EXPECT_EQ(writer.write(turn), to_chat_wire(turn, options));
  }
  // Another message in the middle, fewer of them, other tools, another prompt, another conversation.
  ModelRequest changed = whole;
  changed.messages.replace(1, assistant("other", {}));
  EXPECT_EQ(writer.write(changed), to_chat_wire(changed, options));
  changed.messages.cut(1);
  EXPECT_EQ(writer.write(changed), to_chat_wire(changed, options));
  changed.tools.push_back({.name = "more", .description = "More"});
  EXPECT_EQ(writer.write(changed), to_chat_wire(changed, options));
  changed.tools.cut(1);
  EXPECT_EQ(writer.write(changed), to_chat_wire(changed, options));
  changed.system = "another";
  EXPECT_EQ(writer.write(changed), to_chat_wire(changed, options));
  EXPECT_EQ(writer.write(sample()), to_chat_wire(sample(), options));
  const ModelRequest nothing;
  EXPECT_EQ(writer.write(nothing), to_chat_wire(nothing, options));
}

TEST(ChatWire, GivesTheSameBytesForTheSameRequest) {
  EXPECT_EQ(to_chat_wire(sample(), {.model = "m"}), to_chat_wire(sample(), {.model = "m"}));
}

TEST(ChatWire, IsValidJsonInUtf8WhateverTheMessagesHold) {
  ModelRequest request{.system = "\xFF\x01\"\\"};
  const std::string wild = std::string("\xC3(\0\x1b[31m\xE2\x82", 10);
  request.messages = {user(wild), assistant(wild, {{wild, wild, {{wild, wild}}}}),
                      result(wild, wild, wild)};
  const std::string body = to_chat_wire(request, {.model = wild});
  EXPECT_TRUE(is_utf8(body));
  EXPECT_OK(parse_json(body));
}

}  // namespace
}  // namespace deed::chat
