// The bytes that the Responses API is asked with.
#include "deed/llm/responses/responses_wire.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/media.hpp"
#include "deed/tests/fakes/matchers.hpp"

#include <gtest/gtest.h>

namespace deed::responses {
namespace {

Json thought(const char* secret) {
  return {{"type", "reasoning"}, {"id", "rs_1"}, {"summary", Json::array()}, {"encrypted_content", secret}};
}

ModelRequest sample() {
  ModelRequest request{.system = "You act."};
  request.messages = {
      {.text = "Get the page and mail it."},
      {.role = Role::assistant, .text = "", .tool_calls = {{"c1", "http.get", {{"url", "https://example.org"}}}}, .replay = {"me", Json::array({thought("gAAA")})}},
      {.role = Role::tool, .text = "120 €", .tool_call_id = "c1", .tool_name = "http.get"},
      {.role = Role::assistant, .text = "Done."}};
  const Json schema = {{"type", "object"}, {"properties", {{"url", {{"type", "string"}}}}}};
  request.tools = {{.name = "http.get", .description = "Fetch", .parameters = schema}, {.name = "time.now", .description = "The time"}};
  return request;
}

Json body_of(const ModelRequest& request, const ResponsesWireOptions& options = {.model = "gpt-5-mini", .replay_to = "me"}) {
  auto body = parse_json(to_responses_wire(request, options));
  EXPECT_OK(body);
  return body ? *body : Json();
}

TEST(ResponsesWire, SaysARequestAsTheApiHasIt) {
  ModelRequest request = sample();
  request.top_p = 0.5;
  request.effort = Effort::low;
  request.parallel_tool_calls = false;
  request.tool_choice = {.mode = ToolCalling::Mode::named, .name = "http.get"};
  const Json expected = parse_json(R"({
    "model": "gpt-5-mini", "stream": true, "store": false, "include": ["reasoning.encrypted_content"], "instructions": "You act.",
    "tools": [
      {"type": "function", "name": "http__get", "description": "Fetch",
       "parameters": {"type": "object", "properties": {"url": {"type": "string"}}}, "strict": false},
      {"type": "function", "name": "time__now", "description": "The time", "parameters": {"type": "object", "properties": {}}, "strict": false}],
    "input": [
      {"type": "message", "role": "user", "content": "Get the page and mail it."},
      {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
      {"type": "function_call", "call_id": "c1", "name": "http__get", "arguments": "{\"url\":\"https://example.org\"}"},
      {"type": "function_call_output", "call_id": "c1", "output": "120 €"},
      {"type": "message", "role": "assistant", "content": "Done."}],
    "tool_choice": {"type": "function", "name": "http__get"}, "parallel_tool_calls": false,
    "max_output_tokens": 2048, "top_p": 0.5, "reasoning": {"effort": "low", "summary": "auto"}})").value();
  EXPECT_EQ(to_text(body_of(request), 1), to_text(expected, 1));
}

TEST(ResponsesWire, SendsReasoningBackToItsOwnProviderOnly) {
  for (const char* other : {"", "somebody else"}) {
    const std::string body = to_responses_wire(sample(), {.model = "gpt-5-mini", .replay_to = other});
    EXPECT_EQ(body.find("gAAA"), std::string::npos) << other;
    EXPECT_EQ(body.find("rs_1"), std::string::npos) << other;
  }
}

TEST(ResponsesWire, LeavesOutWhatIsNotAskedForAndWhatTheApiDoesNotHave) {
  ModelRequest request{.messages = {{.text = "Hi"}}};
  request.seed = 7;
  request.stop = {"END"};
  request.tool_choice = {.mode = ToolCalling::Mode::required};
  const Json body = body_of(request);
  for (const char* key : {"tools", "tool_choice", "text", "temperature", "top_p", "seed", "stop", "reasoning", "instructions", "parallel_tool_calls"}) {
    EXPECT_FALSE(body.contains(key)) << key;
  }
}

TEST(ResponsesWire, AsksForEncryptedReasoningFromModelsThatReasonOnly) {
  const ModelRequest request{.messages = {{.text = "Hi"}}};
  for (const char* model : {"o1", "o3-mini", "o4-mini", "gpt-5", "gpt-5.1-codex", "openai/gpt-5"}) EXPECT_TRUE(body_of(request, {.model = model}).contains("include")) << model;
  for (const char* model : {"gpt-4.1", "gpt-4o", "gpt-5-chat-latest", "qwen3"}) EXPECT_FALSE(body_of(request, {.model = model}).contains("include")) << model;
}

TEST(ResponsesWire, SaysNothingOfEffortToModelsThatCannotReason) {
  ModelRequest request{.messages = {{.text = "Hi"}}, .effort = Effort::none};
  EXPECT_FALSE(body_of(request, {.model = "gpt-4.1"}).contains("reasoning"));
  EXPECT_EQ(body_of(request, {.model = "gpt-oss-20b"})["reasoning"], (Json{{"effort", "none"}}));
}

TEST(ResponsesWire, AsksForOneDocumentWhereTheServerCannotStream) {
  EXPECT_EQ(body_of({.messages = {{.text = "Hi"}}, .stream = false})["stream"], false);
}

TEST(ResponsesWire, AsksForASchemaWhereTheTextMustBeJson) {
  ModelRequest request{.messages = {{.text = "Hi"}}};
  request.response_schema = Json{{"type", "object"}};
  const Json format = body_of(request)["text"]["format"];
  EXPECT_EQ(format["type"], "json_schema");
  EXPECT_EQ(format["schema"], (Json{{"type", "object"}}));
}

TEST(ResponsesWire, AsksForAtLeastTheTokensThatTheApiAllows) {
  ModelRequest request{.messages = {{.text = "Hi"}}, .max_tokens = 1};
  EXPECT_EQ(body_of(request)["max_output_tokens"], 16);
}

TEST(ResponsesWire, ShowsPicturesAndDocumentsByteForByte) {
  std::string bytes;
  for (int i = 0; i < 512; ++i) bytes += static_cast<char>(i);
  const Media picture = make_media("a.png", "\x89PNG\r\n\x1A\n" + bytes).value(), document = make_media("b.pdf", "%PDF-1.7" + bytes).value();
  ModelRequest request;
  request.messages = {{.text = "Look", .media = {picture, document}},
                      {.role = Role::assistant, .text = "", .tool_calls = {{"c1", "file.read"}}},
                      {.role = Role::tool, .text = "", .media = {picture}, .tool_call_id = "c1", .tool_name = "file.read"}};
  const Json input = body_of(request)["input"];
  const Json shown = input[0]["content"], output = input[2]["output"];
  ASSERT_EQ(shown.size(), 3u);
  EXPECT_EQ(shown[0], (Json{{"type", "input_text"}, {"text", "Look"}}));
  EXPECT_EQ(shown[1], (Json{{"type", "input_image"}, {"image_url", "data:image/png;base64," + base64(*picture.bytes)}, {"detail", "auto"}}));
  EXPECT_EQ(shown[2], (Json{{"type", "input_file"}, {"filename", "b.pdf"}, {"file_data", "data:application/pdf;base64," + base64(*document.bytes)}}));
  EXPECT_EQ(parse_base64(shown[2]["file_data"].get<std::string>().substr(28)).value(), *document.bytes);
  ASSERT_EQ(output.size(), 1u);
  EXPECT_EQ(output[0], shown[1]);
}

TEST(ResponsesWire, ShortensIdsThatTheApiWouldRefuseAlikeInCallAndResult) {
  const std::string id(200, 'x');
  ModelRequest request;
  request.messages = {{.text = "Hi"},
                      {.role = Role::assistant, .text = "", .tool_calls = {{id, "time.now"}}},
                      {.role = Role::tool, .text = "now", .tool_call_id = id, .tool_name = "time.now"}};
  const Json input = body_of(request)["input"];
  EXPECT_LE(input[1]["call_id"].get<std::string>().size(), 64u);
  EXPECT_EQ(input[1]["call_id"], input[2]["call_id"]);
}

TEST(ResponsesWire, BeginsEachTurnWithTheBytesOfTheTurnBefore) {
  const ModelRequest whole = sample();
  std::string before;
  for (std::size_t n = 1; n <= whole.messages.size(); ++n) {
    ModelRequest turn = whole;
    turn.messages.cut(n);
    turn.max_tokens = 2048 - static_cast<std::int64_t>(n);
    const std::string body = to_responses_wire(turn, {.model = "gpt-5", .replay_to = "me"});
    EXPECT_TRUE(body.starts_with(before)) << body << "\ndoes not begin with\n" << before;
    before = body.substr(0, body.rfind("],\"max_output_tokens\""));
    EXPECT_GT(before.size(), 100u);
  }
}

TEST(ResponsesWire, IsValidJsonInUtf8WhateverTheMessagesHold) {
  const std::string wild = std::string("\xC3(\0\x1b[31m\xE2\x82", 10);
  ModelRequest request{.system = wild};
  request.messages = {{.text = wild}, {.role = Role::assistant, .text = wild, .tool_calls = {{wild, wild, {{wild, wild}}}}},
                      {.role = Role::tool, .text = wild, .tool_call_id = wild, .tool_name = wild}};
  const std::string body = to_responses_wire(request, {.model = wild});
  EXPECT_TRUE(is_utf8(body));
  EXPECT_OK(parse_json(body));
}

}  // namespace
}  // namespace deed::responses
