// What Anthropic's Messages API is asked, to the byte where it matters.
#include "deed/llm/anthropic/anthropic_wire.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/anthropic/anthropic_schema.hpp"
#include "deed/llm/anthropic/anthropic_stream.hpp"
#include "deed/tests/llm/messages.hpp"
#include "deed/tests/llm/opened_model.hpp"
#include "deed/tests/llm/random_transcripts.hpp"

#include <gtest/gtest.h>

#include <set>

namespace deed::anthropic {
namespace {

using testing::HasSubstr;
using testing::Not;

const AnthropicWireOptions budget_model{.model = "claude-sonnet-4-5", .replay_to = "me"};
const AnthropicWireOptions adaptive_model{.model = "claude-opus-4-6", .replay_to = "me"};

Json thinking(const std::string& text, const std::string& signature) {
  return {{"type", "thinking"}, {"thinking", text}, {"signature", signature}};
}

Json body_of(const ModelRequest& request, const AnthropicWireOptions& options = budget_model) {
  const auto body = parse_json(to_anthropic_wire(request, options));
  EXPECT_OK(body);
  return body ? *body : Json();
}

ModelRequest sample() {
  ModelRequest request{.system = "You act."};
  request.messages = {user("Get both and mail them."),
                      assistant("", {{"c1", "http.get", {{"url", "https://a.example"}}}, {"c2", "http.get", {{"url", "https://b.example"}}}},
                                Json::array({thinking("Two pages.", "sig1")})),
                      result("c1", "http.get", "120 €"),
                      result("c2", "http.get", "no"),
                      user("Be quick."),
                      assistant("Done.")};
  request.messages.push_back(user("Thanks"));
  const Json schema = {{"type", "object"}, {"properties", {{"url", {{"type", "string"}}}}}};
  request.tools = {{.name = "http.get", .description = "Fetch", .parameters = schema}, {.name = "time.now", .description = "The time"}};
  return request;
}

TEST(AnthropicWire, SaysARequestAsTheApiHasIt) {
  ModelRequest request = sample();
  Message failed = result("c2", "http.get", "no");
  failed.is_error = true;
  request.messages.replace(3, failed);
  request.temperature = 0.5;
  request.stop = {"END", " \n"};
  const Json expected = parse_json(R"({
    "model": "claude-sonnet-4-5", "stream": true,
    "tools": [
      {"name": "http__get", "description": "Fetch", "input_schema": {"type": "object", "properties": {"url": {"type": "string"}}}},
      {"name": "time__now", "description": "The time", "input_schema": {"type": "object", "properties": {}},
        "cache_control": {"type": "ephemeral"}}],
    "system": [{"type": "text", "text": "You act.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
      {"role": "user", "content": [{"type": "text", "text": "Get both and mail them."}]},
      {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "Two pages.", "signature": "sig1"},
        {"type": "tool_use", "id": "c1", "name": "http__get", "input": {"url": "https://a.example"}},
        {"type": "tool_use", "id": "c2", "name": "http__get", "input": {"url": "https://b.example"}}]},
      {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "c1", "content": "120 €"},
        {"type": "tool_result", "tool_use_id": "c2", "content": "no", "is_error": true},
        {"type": "text", "text": "Be quick."}]},
      {"role": "assistant", "content": [{"type": "text", "text": "Done."}]},
      {"role": "user", "content": [{"type": "text", "text": "Thanks", "cache_control": {"type": "ephemeral"}}]}],
    "max_tokens": 2048, "temperature": 0.5, "stop_sequences": ["END"]})")
                            .value();
  EXPECT_EQ(to_text(body_of(request), 1), to_text(expected, 1));
}

TEST(AnthropicWire, LeavesOutWhatIsNotAskedFor) {
  const Json body = body_of({.messages = {user("Hi")}});
  for (const char* key : {"tools", "system", "tool_choice", "temperature", "top_p", "thinking", "output_config", "stop_sequences"}) {
    EXPECT_FALSE(body.contains(key)) << key;
  }
}

TEST(AnthropicWire, MarksAtMostFourPlacesForTheCache) {
  const std::string body = to_anthropic_wire(sample(), budget_model);
  std::size_t marks = 0;
  for (std::size_t at = body.find("cache_control"); at != std::string::npos; at = body.find("cache_control", at + 1)) ++marks;
  EXPECT_EQ(marks, 3u);
}

TEST(AnthropicWire, BeginsEachTurnWithTheBytesOfTheTurnBeforeButForTheMark) {
  const ModelRequest whole = sample();
  std::string before;
  for (std::size_t n = 1; n <= whole.messages.size(); ++n) {
    ModelRequest turn = whole;
    turn.messages.cut(n);
    const std::string body = to_anthropic_wire(turn, budget_model);
    EXPECT_TRUE(body.starts_with(before)) << body << "\ndoes not begin with\n" << before;
    before = body.substr(0, body.rfind(",\"cache_control\""));
    EXPECT_GT(before.size(), 100u);
  }
}

TEST(AnthropicWire, AWriterThatGoesOnGivesTheBytesOfOneThatBegins) {
  const ModelRequest whole = sample();
  AnthropicWire writer(budget_model);
  for (std::size_t n = 0; n <= whole.messages.size(); ++n) {
    ModelRequest turn = whole;
    turn.messages.cut(n);
    EXPECT_EQ(writer.write(turn), to_anthropic_wire(turn, budget_model));
    EXPECT_EQ(writer.write(turn), to_anthropic_wire(turn, budget_model));
  }
  ModelRequest changed = whole;
  changed.messages.replace(1, assistant("other"));
  EXPECT_EQ(writer.write(changed), to_anthropic_wire(changed, budget_model));
  changed.messages.cut(1);
  EXPECT_EQ(writer.write(changed), to_anthropic_wire(changed, budget_model));
  EXPECT_EQ(writer.write(sample()), to_anthropic_wire(sample(), budget_model));
}

TEST(AnthropicWire, SendsThinkingBackToItsOwnProviderOnly) {
  const ModelRequest request = sample();
  EXPECT_THAT(to_anthropic_wire(request, budget_model), HasSubstr("sig1"));
  for (const char* other : {"", "you", "me2"}) {
    EXPECT_THAT(to_anthropic_wire(request, {.model = "claude-sonnet-4-5", .replay_to = other}), Not(HasSubstr("sig1"))) << other;
  }
  ModelRequest foreign = sample();
  foreign.messages.replace(1, assistant("", {{"c1", "http.get"}}, Json{{"reasoning_content", "secret"}}, "deepseek"));
  EXPECT_THAT(to_anthropic_wire(foreign, budget_model), Not(HasSubstr("secret")));
}

TEST(AnthropicWire, SendsThinkingBackUnmodifiedAndWhereItStood) {
  const Json redacted = {{"type", "redacted_thinking"}, {"data", "xyz"}};
  const Json items = Json::array({redacted, thinking("a \"quote\"\n€", "s1"), {{"type", "text"}, {"bytes", 5}}, thinking("b", "s2"), {{"type", "tool_use"}},
                                  thinking("c", "s3")});
  ModelRequest request{.messages = {user("x"), assistant("AAAAABBB", {{"c1", "f"}, {"c2", "f"}}, items), result("c1", "f", "1"), result("c2", "f", "2")}};
  const Json content = body_of(request)["messages"][1]["content"];
  ASSERT_EQ(content.size(), 8u);
  EXPECT_EQ(content[0], redacted);
  EXPECT_EQ(to_text(content[1]), to_text(thinking("a \"quote\"\n€", "s1")));
  EXPECT_EQ(content[2]["text"], "AAAAA");
  EXPECT_EQ(content[3], thinking("b", "s2"));
  EXPECT_EQ(content[4]["id"], "c1");
  EXPECT_EQ(content[5], thinking("c", "s3"));
  EXPECT_EQ(content[6]["text"], "BBB");
  EXPECT_EQ(content[7]["id"], "c2");
}

TEST(AnthropicWire, KeepsToTheMessageWhereTheReplayedPlacesNoLongerFit) {
  const Json items = Json::array({{{"type", "text"}, {"bytes", 1}}, thinking("b", "s2"), {{"type", "tool_use"}}, {{"type", "tool_use"}}, {{"type", "text"}, {"bytes", 99}}, 7,
                                  {{"type", "unknown"}}});
  ModelRequest request{.messages = {user("x"), assistant("€!", {{"c1", "f"}}, items), result("c1", "f", "1")}};
  const Json content = body_of(request)["messages"][1]["content"];
  ASSERT_EQ(content.size(), 3u);  // the first byte of "€" alone is no text
  EXPECT_EQ(content[0], thinking("b", "s2"));
  EXPECT_EQ(content[1]["id"], "c1");
  EXPECT_EQ(content[2]["text"], "€!");
}

TEST(AnthropicWire, GivesBackWhatTheStreamKept) {
  ReplyReader::Options options;
  AnthropicStream stream(options, "me");
  const Json blocks = Json::array({thinking("first", "s1"), {{"type", "text"}, {"text", "Zoë: "}}, thinking("second", "s2"), {{"type", "text"}, {"text", "look."}},
                                   {{"type", "tool_use"}, {"id", "toolu_1"}, {"name", "f"}, {"input", {{"a", 1}}}}});
  const Json document = {{"content", blocks}, {"stop_reason", "tool_use"}};
  ASSERT_OK(stream.feed(to_text(document)));
  const Result<Reply> reply = stream.finish("application/json");
  ASSERT_OK(reply);
  Message said = assistant(reply->text, reply->tool_calls);
  said.replay = reply->replay;
  ModelRequest request{.messages = {user("x"), said, result("toolu_1", "f", "1")}};
  EXPECT_EQ(to_text(body_of(request)["messages"][1]["content"], 1), to_text(blocks, 1));
}

TEST(AnthropicWire, AsksForThinkingWithinABudgetBelowTheLimitOfTokens) {
  struct Case {
    Effort effort;
    int budget;
  };
  for (const Case& c : {Case{Effort::low, 2048}, Case{Effort::medium, 8192}, Case{Effort::high, 24'576}}) {
    const Json body = body_of({.messages = {user("x")}, .temperature = 0.5, .top_p = 0.5, .effort = c.effort});
    EXPECT_EQ(body["thinking"], (Json{{"type", "enabled"}, {"budget_tokens", c.budget}}));
    EXPECT_EQ(body["max_tokens"], 2048 + c.budget);
    EXPECT_FALSE(body.contains("temperature"));
    EXPECT_FALSE(body.contains("top_p"));
  }
  for (const Effort effort : {Effort::none, Effort::as_it_likes}) {
    const Json body = body_of({.messages = {user("x")}, .temperature = 0.5, .effort = effort});
    EXPECT_FALSE(body.contains("thinking"));
    EXPECT_EQ(body["max_tokens"], 2048);
    EXPECT_EQ(body["temperature"], 0.5);
  }
}

TEST(AnthropicWire, AsksForNoMoreTokensThanTheModelCanGive) {
  const auto asked = [](const char* model, std::int64_t max_tokens) {
    return body_of({.messages = {user("x")}, .max_tokens = max_tokens, .effort = Effort::high}, {.model = model})["max_tokens"];
  };
  EXPECT_EQ(asked("claude-opus-4-1-20250805", 20'000), 32'000);
  EXPECT_EQ(asked("claude-opus-4-20250514", 2048), 26'624);
  EXPECT_EQ(asked("claude-sonnet-4-5", 60'000), 64'000);
  EXPECT_EQ(asked("claude-opus-4-6", 100'000), 100'000);
}

TEST(AnthropicWire, AsksForThinkingInTheWordsOfTheModel) {
  const auto asked = [](const char* model) { return body_of({.messages = {user("x")}, .effort = Effort::medium}, {.model = model}); };
  for (const char* model : {"claude-opus-4-6", "claude-sonnet-5", "claude-opus-4-7-20260416", "anthropic/claude-opus-5-5", "Claude-Fable-5-1"}) {
    EXPECT_EQ(asked(model)["thinking"]["type"], "adaptive") << model;
    EXPECT_EQ(asked(model)["output_config"], (Json{{"effort", "medium"}})) << model;
  }
  for (const char* model : {"claude-3-7-sonnet-20250219", "claude-sonnet-4-20250514", "claude-opus-4-5-20251101", "claude-haiku-4-5", "MiniMax-M2"}) {
    EXPECT_EQ(asked(model)["thinking"]["type"], "enabled") << model;
    EXPECT_FALSE(asked(model).contains("output_config")) << model;
  }
  for (const char* model : {"claude-3-5-sonnet-20241022", "claude-3-haiku-20240307", "claude-3-5-haiku-latest"}) {
    EXPECT_FALSE(asked(model).contains("thinking")) << model;
    EXPECT_EQ(asked(model)["max_tokens"], 2048) << model;
  }
}

TEST(AnthropicWire, GrantsTokensToModelsThatThinkUnasked) {
  const auto asked = [](const char* model, Effort effort) { return body_of({.messages = {user("x")}, .effort = effort}, {.model = model}); };
  for (const char* model : {"claude-sonnet-5", "claude-fable-5-1", "claude-mythos-preview"}) {
    const Json as_it_likes = asked(model, Effort::as_it_likes), none = asked(model, Effort::none);
    EXPECT_EQ(as_it_likes["thinking"]["type"], "adaptive") << model;
    EXPECT_FALSE(as_it_likes.contains("output_config")) << model;
    EXPECT_EQ(as_it_likes["max_tokens"], 2048 + 8192) << model;
    EXPECT_EQ(none["output_config"], (Json{{"effort", "low"}})) << model;
  }
  for (const Effort effort : {Effort::as_it_likes, Effort::none}) EXPECT_FALSE(asked("claude-opus-4-8", effort).contains("thinking"));
}

TEST(AnthropicWire, SendsNoSamplingToModelsThatRefuseIt) {
  const auto asked = [](const char* model, ModelRequest request) { return body_of(request, {.model = model}); };
  const ModelRequest both{.messages = {user("x")}, .temperature = 1.5, .top_p = 0.9};
  EXPECT_EQ(asked("claude-opus-4-6", both)["temperature"], 1.0);
  EXPECT_FALSE(asked("claude-opus-4-6", both).contains("top_p"));
  EXPECT_FALSE(asked("claude-opus-4-7", both).contains("temperature"));
  EXPECT_FALSE(asked("claude-sonnet-5", both).contains("temperature"));
  EXPECT_EQ(asked("claude-haiku-4-5", {.messages = {user("x")}, .top_p = 0.9})["top_p"], 0.9);
}

TEST(AnthropicWire, LeavesThinkingOffInATurnThatBeganWithout) {
  ModelRequest request{.messages = {user("x"), assistant("", {{"c1", "f"}}), result("c1", "f", "1")}, .effort = Effort::low};
  EXPECT_FALSE(body_of(request).contains("thinking"));
  EXPECT_TRUE(body_of(request, adaptive_model).contains("thinking"));
  request.messages.replace(1, assistant("", {{"c1", "f"}}, Json::array({thinking("a", "s")}), "somebody else"));
  EXPECT_FALSE(body_of(request).contains("thinking"));
  request.messages.replace(1, assistant("", {{"c1", "f"}}, Json::array({thinking("a", "s")})));
  EXPECT_TRUE(body_of(request).contains("thinking"));
  // Between results a model need not think again.
  request.messages.push_back(assistant("", {{"c2", "f"}}));
  request.messages.push_back(result("c2", "f", "2"));
  EXPECT_TRUE(body_of(request).contains("thinking"));
}

TEST(AnthropicWire, ThinksAgainInTheTurnAfterOneWithoutThinking) {
  ModelRequest request{.messages = {user("x"), assistant("", {{"c1", "f"}}), result("c1", "f", "1"), assistant("y"), user("z")}, .effort = Effort::low};
  EXPECT_TRUE(body_of(request).contains("thinking"));
}

TEST(AnthropicWire, SaysWhichToolMayBeCalled) {
  ModelRequest request = sample();
  EXPECT_FALSE(body_of(request).contains("tool_choice"));
  request.tool_choice.mode = ToolCalling::Mode::required;
  EXPECT_EQ(body_of(request)["tool_choice"], (Json{{"type", "any"}}));
  request.tool_choice = {ToolCalling::Mode::named, "http.get"};
  request.parallel_tool_calls = false;
  EXPECT_EQ(body_of(request)["tool_choice"], (Json{{"type", "tool"}, {"name", "http__get"}, {"disable_parallel_tool_use", true}}));
  request.effort = Effort::low;
  request.messages.cut(1);
  EXPECT_EQ(body_of(request)["tool_choice"], (Json{{"type", "auto"}, {"disable_parallel_tool_use", true}}));
  request.tool_choice.mode = ToolCalling::Mode::none;
  EXPECT_EQ(body_of(request)["tool_choice"], (Json{{"type", "none"}}));
}

TEST(AnthropicWire, DefinesTheToolsOfEarlierCallsWhereNoneMayBeCalledAnyMore) {
  ModelRequest request = sample();
  request.tools = {};
  const Json body = body_of(request);
  ASSERT_EQ(body["tools"].size(), 1u);
  EXPECT_EQ(body["tools"][0]["name"], "http__get");
  EXPECT_EQ(body["tool_choice"], (Json{{"type", "none"}}));
}

TEST(AnthropicWire, CarriesAPictureAndADocumentByteForByte) {
  const std::string picture = "\x89PNG\r\n\x1A\n" + every_byte(), document = "%PDF-1.7\n" + every_byte();
  Message shown = result("c1", "file.read", "Here");
  shown.media = {media("image/png", "cat.png", picture), media("application/pdf", "bill.pdf", document)};
  ModelRequest request{.messages = {user("Look", {media("image/jpeg", "x.jpg", picture), media("application/pdf", "", document)}),
                                    assistant("", {{"c1", "file.read"}}), shown}};
  const Json messages = body_of(request)["messages"];
  const Json& asked = messages[0]["content"];
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_EQ(asked[0]["type"], "image");
  EXPECT_EQ(asked[0]["source"]["media_type"], "image/jpeg");
  EXPECT_EQ(asked[1]["type"], "document");
  EXPECT_FALSE(asked[1].contains("title"));
  EXPECT_EQ(asked[2]["text"], "Look");
  const Json& answered = messages[2]["content"][0]["content"];
  ASSERT_EQ(answered.size(), 3u);
  EXPECT_EQ(answered[0], (Json{{"type", "text"}, {"text", "Here"}}));
  EXPECT_EQ(answered[2]["title"], "bill.pdf");
  for (const Json* block : {&asked[0], &answered[1]}) {
    EXPECT_EQ((*block)["source"]["type"], "base64");
    EXPECT_EQ(parse_base64((*block)["source"]["data"].get<std::string>()).value(), picture);
  }
  for (const Json* block : {&asked[1], &answered[2]}) {
    EXPECT_EQ((*block)["source"]["media_type"], "application/pdf");
    EXPECT_EQ(parse_base64((*block)["source"]["data"].get<std::string>()).value(), document);
  }
}

TEST(AnthropicWire, SendsNoBlankTextWhichTheApiRefuses) {
  Message failed = result("c2", "f", " ");
  failed.is_error = true;
  ModelRequest request{.system = " \n", .messages = {user(" "), assistant(" \n", {{"c1", "f"}, {"c2", "f"}}), result("c1", "f", ""), failed, user("")}};
  const Json body = body_of(request);
  EXPECT_FALSE(body.contains("system"));
  EXPECT_FALSE(body["messages"][2]["content"][0].contains("content"));
  EXPECT_EQ(body["messages"][2]["content"][1]["content"], "The call failed.");
  for (const Json& message : body["messages"]) {
    EXPECT_FALSE(message["content"].empty());
    for (const Json& block : message["content"]) {
      EXPECT_FALSE(block["type"] == "text" && trim(block["text"].get<std::string>()).empty());
    }
  }
}

TEST(AnthropicWire, MapsIdsToTheAlphabetOfTheApiSoThatTheyStayDifferent) {
  std::vector<ToolCall> calls;
  ModelRequest request{.messages = {user("x")}};
  for (const char* id : {"a.b", "a__b", "a_b", "a/b", "a b", "A_B", "é", "call_1", "toolu_01T1x1fJ34qAmk2tNTrN7Up6", ""}) calls.push_back({id, "f"});
  calls.push_back({std::string(200, 'x'), "f"});
  request.messages.push_back(assistant("", calls));
  for (const ToolCall& call : calls) request.messages.push_back(result(call.id, "f", "1"));
  const Json messages = body_of(request)["messages"];
  std::set<std::string> seen;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::string id = messages[1]["content"][i]["id"];
    EXPECT_TRUE(!id.empty() && id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string::npos) << id;
    EXPECT_TRUE(seen.insert(id).second) << id;
    EXPECT_EQ(messages[2]["content"][i]["tool_use_id"], id);
  }
  EXPECT_TRUE(seen.contains("toolu_01T1x1fJ34qAmk2tNTrN7Up6"));
}

TEST(AnthropicWire, AsksForASchemaWhereTheTextMustBeJson) {
  const Json schema = {{"type", "object"}, {"properties", {{"n", {{"type", "integer"}, {"minimum", 1}}}}}, {"required", {"n"}}};
  const Json body = body_of({.messages = {user("x")}, .response_schema = schema, .effort = Effort::high}, adaptive_model);
  EXPECT_EQ(body["output_config"]["effort"], "high");
  EXPECT_EQ(body["output_config"]["format"]["type"], "json_schema");
  EXPECT_EQ(body["output_config"]["format"]["schema"]["additionalProperties"], false);
}

TEST(AnthropicSchema, LeavesOutWhatTheApiRefusesAndSaysItInWords) {
  const Json schema = parse_json(R"({
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": {"type": "string"},
    "properties": {"n": {"type": "integer", "description": "A number.", "minimum": 1, "maximum": 9},
                   "minimum": {"type": "string", "format": "email", "minLength": 3},
                   "list": {"type": "array", "minItems": 2, "items": {"type": ["object", "null"], "properties": {}}},
                   "one": {"oneOf": [{"type": "string", "format": "weird"}, {"$ref": "#/$defs/d"}]}},
    "$defs": {"d": {"type": "array", "minItems": 1, "items": {"enum": [1, 2]}}}, "required": ["n"]})")
                          .value();
  const Json expected = parse_json(R"({
    "type": "object",
    "properties": {"n": {"type": "integer", "description": "A number. {\"minimum\":1,\"maximum\":9}"},
                   "minimum": {"type": "string", "format": "email", "description": "{\"minLength\":3}"},
                   "list": {"type": "array", "items": {"type": ["object", "null"], "properties": {}, "additionalProperties": false},
                            "description": "{\"minItems\":2}"},
                   "one": {"anyOf": [{"type": "string", "description": "{\"format\":\"weird\"}"}, {"$ref": "#/$defs/d"}]}},
    "$defs": {"d": {"type": "array", "minItems": 1, "items": {"enum": [1, 2]}}}, "required": ["n"], "additionalProperties": false})")
                            .value();
  EXPECT_EQ(to_text(structured_output_schema(schema), 1), to_text(expected, 1));
}

TEST(AnthropicWire, IsValidJsonInUtf8WhateverTheMessagesHold) {
  const std::string wild = std::string("\xC3(\0\x1b[31m\xE2\x82", 10);
  ModelRequest request{.system = "\xFF\x01\"\\"};
  request.messages = {user(wild), assistant(wild, {{wild, wild, {{wild, wild}}}}, Json::array({thinking(wild, wild)})), result(wild, wild, wild)};
  const std::string body = to_anthropic_wire(request, {.model = wild, .replay_to = "me"});
  EXPECT_TRUE(is_utf8(body));
  EXPECT_OK(parse_json(body));
}

// What the API demands of every conversation: the roles take turns and the user begins, the results of a turn are the first blocks behind
// it, in order, and no text is blank.
void expect_valid(const Json& body) {
  const Json& messages = body["messages"];
  Json calls = Json::array();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    ASSERT_EQ(messages[i]["role"], i % 2 == 0 ? "user" : "assistant");
    const Json& content = messages[i]["content"];
    ASSERT_FALSE(content.empty());
    for (std::size_t b = 0; b < calls.size(); ++b) {
      ASSERT_EQ(content.at(b)["type"], "tool_result");
      ASSERT_EQ(content[b]["tool_use_id"], calls[b]);
    }
    for (std::size_t b = calls.size(); b < content.size(); ++b) ASSERT_NE(content[b]["type"], "tool_result");
    calls = Json::array();
    for (const Json& block : content) {
      ASSERT_FALSE(block["type"] == "text" && trim(block["text"].get<std::string>()).empty());
      if (block["type"] == "tool_use") calls.push_back(block["id"]);
    }
  }
  ASSERT_TRUE(calls.empty());
}

TEST(AnthropicWire, IsAsTheApiDemandsForFiveHundredRandomConversations) {
  RandomTranscripts random(1, {Json::array({thinking("a", "s")}), Json::array({thinking("a", "s"), {{"type", "text"}, {"bytes", 3}}, thinking("b", "t")}),
                               Json::array({{{"type", "tool_use"}}, thinking("c", "u")}), Json{{"reasoning_content", "x"}}});
  AnthropicWire writer(budget_model);
  for (int i = 0; i < 500; ++i) {
    ModelRequest request{.messages = random.next(), .effort = i % 2 == 0 ? Effort::low : Effort::none};
    const std::string body = writer.write(request);
    ASSERT_EQ(body, to_anthropic_wire(request, budget_model));
    ASSERT_TRUE(is_utf8(body));
    ASSERT_NO_FATAL_FAILURE(expect_valid(body_of(request))) << body;
  }
}

class AnthropicModelTest : public OpenedModel {};

TEST_F(AnthropicModelTest, SendsKeyAndVersionInTheHeadersOfTheApi) {
  variables = {{"ANTHROPIC_API_KEY", "sk-ant"}, {"ANTHROPIC_AUTH_TOKEN", "token"}};
  const HttpRequest request = request_of("anthropic:claude-sonnet-4-5");
  EXPECT_EQ(request.url.text(), "https://api.anthropic.com/v1/messages");
  EXPECT_EQ(header(request, "x-api-key"), "sk-ant");
  EXPECT_EQ(header(request, "Authorization"), "absent");
  EXPECT_EQ(header(request, "anthropic-version"), "2023-06-01");
  EXPECT_THAT(request.body, HasSubstr("\"model\":\"claude-sonnet-4-5\""));
}

TEST_F(AnthropicModelTest, SendsATokenAsBearer) {
  variables = {{"ANTHROPIC_AUTH_TOKEN", "token"}};
  const HttpRequest request = request_of("anthropic:claude-sonnet-4-5");
  EXPECT_EQ(header(request, "x-api-key"), "absent");
  EXPECT_EQ(header(request, "Authorization"), "Bearer token");
}

TEST_F(AnthropicModelTest, FindsTheMessagesOfAnotherServer) {
  struct Case {
    const char* base;
    const char* url;
  };
  for (const Case& c : {Case{"http://127.0.0.1:9", "http://127.0.0.1:9/v1/messages"}, Case{"http://127.0.0.1:9/", "http://127.0.0.1:9/v1/messages"},
                        Case{"http://127.0.0.1:9/v1/", "http://127.0.0.1:9/v1/messages"},
                        Case{"https://api.example.org/anthropic?beta=true", "https://api.example.org/anthropic/v1/messages?beta=true"},
                        Case{"https://api.example.org/x/v1/messages", "https://api.example.org/x/v1/messages"}}) {
    variables = {{"ANTHROPIC_BASE_URL", c.base}};
    EXPECT_EQ(request_of("anthropic:m").url.text(), c.url);
  }
}

TEST_F(AnthropicModelTest, GivesAModelItsThinkingBackAndNoOtherModelOrServer) {
  http.document = R"({"content":[{"type":"thinking","thinking":"Hm","signature":"sig-of-it"},{"type":"text","text":"Hi"}],"stop_reason":"end_turn"})";
  variables = {{"ANTHROPIC_API_KEY", "k"}};
  const Result<Reply> reply = ask("anthropic:claude-opus-4-6", {user("x")});
  ASSERT_OK(reply);
  Message said = assistant(reply->text);
  said.replay = reply->replay;
  const Transcript messages = {user("x"), said, user("y")};
  ASSERT_OK(ask("anthropic:claude-opus-4-6", messages));
  EXPECT_THAT(http.requests.back().body, HasSubstr("sig-of-it"));
  ASSERT_OK(ask("anthropic:claude-opus-4-7", messages));
  EXPECT_THAT(http.requests.back().body, Not(HasSubstr("sig-of-it")));
  variables = {{"ANTHROPIC_BASE_URL", "https://example.org"}};
  ASSERT_OK(ask("anthropic:claude-opus-4-6", messages));
  EXPECT_THAT(http.requests.back().body, Not(HasSubstr("sig-of-it")));
}

TEST_F(AnthropicModelTest, SaysThatItNeedsAKey) {
  const ModelEnvironment environment{.executor = io.get_executor(), .http = &http};
  EXPECT_THAT(open_model("anthropic:claude-sonnet-4-5", environment), IsError(ErrorKind::denied, HasSubstr("set ANTHROPIC_API_KEY")));
}

}  // namespace
}  // namespace deed::anthropic
