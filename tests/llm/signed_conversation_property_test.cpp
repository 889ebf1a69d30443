// Whatever a conversation was like, what Anthropic and Gemini are asked is as their APIs demand: the shape of the request by JSON Schemas,
// who may speak when and whose signed thoughts may be sent by hand. Sources: https://platform.claude.com/docs/en/api/messages,
// https://platform.claude.com/docs/en/build-with-claude/extended-thinking, https://ai.google.dev/api/generate-content,
// https://ai.google.dev/gemini-api/docs/thought-signatures
#include "deed/llm/anthropic/anthropic_wire.hpp"
#include "deed/llm/gemini/gemini_wire.hpp"
#include "deed/tests/llm/random_conversations.hpp"

namespace deed {
namespace {

// Anthropic.

const AnthropicWireOptions claude{.model = "claude-sonnet-4-5", .replay_to = "me"};

Json block(const std::string& type, Json properties, Json required) {
  properties["type"] = only(type);
  required.push_back("type");
  // A thought cannot be marked.
  if (type != "thinking") properties["cache_control"] = an_object({{"type", only("ephemeral")}}, {"type"});
  return an_object(std::move(properties), std::move(required));
}

Json source_of(const std::string& media_type) {
  return an_object({{"type", only("base64")}, {"media_type", only(media_type)}, {"data", matching("^" + base64_text)}}, {"type", "media_type", "data"});
}

Schema anthropic_body() {
  const Json id = matching("^[a-zA-Z0-9_-]{1,64}$"), said = block("text", {{"text", matching("\\S")}}, {"text"});
  const Json picture = block("image", {{"source", source_of("image/png")}}, {"source"});
  const Json document = block("document", {{"source", source_of("application/pdf")}, {"title", matching("\\S")}}, {"source"});
  const Json result = block("tool_result",
                            {{"tool_use_id", id}, {"is_error", {{"type", "boolean"}}}, {"content", any_of({matching("\\S"), some(any_of({said, picture, document}))})}},
                            {"tool_use_id"});
  const Json call = block("tool_use", {{"id", id}, {"name", tool_name}, {"input", {{"type", "object"}}}}, {"id", "name", "input"});
  const Json thought = block("thinking", {{"thinking", text()}, {"signature", matching(".")}}, {"thinking", "signature"});
  const Json message = any_of({
      an_object({{"role", only("user")}, {"content", some(any_of({said, picture, document, result}))}}, {"role", "content"}),
      an_object({{"role", only("assistant")}, {"content", some(any_of({said, call, thought}))}}, {"role", "content"}),
  });
  const Json whole = {{"type", "integer"}, {"minimum", 1}};
  const Json tool = block("x", {{"name", tool_name}, {"description", text()}, {"input_schema", {{"type", "object"}}}}, {"name", "description", "input_schema"});
  Json tool_schema = tool;
  tool_schema["properties"].erase("type");
  tool_schema["required"] = {"name", "description", "input_schema"};
  return compiled(an_object(
      {{"model", text()}, {"stream", {{"type", "boolean"}}}, {"max_tokens", whole}, {"system", some(said)}, {"tools", some(tool_schema)},
       {"tool_choice", an_object({{"type", {{"enum", {"auto", "any", "none"}}}}}, {"type"})},
       {"thinking", an_object({{"type", only("enabled")}, {"budget_tokens", {{"type", "integer"}, {"minimum", 1024}}}}, {"type", "budget_tokens"})},
       {"messages", {{"type", "array"}, {"items", message}}}},
      {"model", "max_tokens", "messages"}));
}

std::size_t marks_in(const Json& value) {
  if (!value.is_structured()) return 0;
  std::size_t count = value.is_object() && value.contains("cache_control");
  for (const Json& inner : value) count += marks_in(inner);
  return count;
}

// The roles take turns, results are the first blocks of what follows their calls.
void expect_valid_anthropic(const Json& body, const Transcript& transcript) {
  Ledger ledger;
  Json replayed = Json::array(), own = Json::array();
  const Json& messages = body["messages"];
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i]["role"], i % 2 == 0 ? "user" : "assistant");
    for (const Json& item : messages[i]["content"]) {
      const std::string type = item["type"];
      if (type == "tool_result") {
        ledger.result(item["tool_use_id"]);
        continue;
      }
      if (messages[i]["role"] == "user") ledger.expect_settled();
      if (type == "tool_use") ledger.call(item["id"]);
      if (type == "thinking") replayed.push_back(item);
    }
  }
  ledger.expect_settled();
  for (const Json& items : own_thoughts(transcript)) own.insert(own.end(), items.begin(), items.end());
  EXPECT_EQ(replayed, own);
  EXPECT_LE(marks_in(body), 4u);
  if (body.contains("thinking")) {
    EXPECT_GT(body["max_tokens"], body["thinking"]["budget_tokens"]);
  }
  // Tools are defined where calls are.
  EXPECT_TRUE(body.contains("tools") || to_text(messages).find("\"tool_use\"") == std::string::npos);
}

TEST(RandomConversations, AreAsAnthropicDemands) {
  const Schema shape = anthropic_body();
  AnthropicWire writer(claude);
  std::size_t i = 0, thinking = 0;
  for (const Transcript& transcript : conversations_with({thoughts_of_anthropic, {"image/png", "application/pdf"}})) {
    SCOPED_TRACE(i);
    ModelRequest request = request_of(transcript, i++);
    request.effort = i % 2 ? Effort::low : Effort::none;
    const std::string body = to_anthropic_wire(request, claude);
    ASSERT_EQ(writer.write(request), body);
    ASSERT_TRUE(is_utf8(body));
    const auto wire = parse_json(body);
    ASSERT_OK(wire);
    expect_no_issues(shape, *wire);
    expect_valid_anthropic(*wire, transcript);
    thinking += wire->contains("thinking");
    if (HasFailure()) FAIL() << body;
  }
  EXPECT_GT(thinking, 50u);
}

// Gemini.

const std::string waived = "skip_thought_signature_validator";

Schema gemini_body() {
  const Json name = matching("^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$"), id = matching("."), signature = matching(".");
  const Json shown = an_object({{"mimeType", {{"enum", {"image/png", "application/pdf", "audio/wav", "audio/mp3"}}}}, {"data", matching("^" + base64_text)}}, {"mimeType", "data"});
  const Json media = an_object({{"inlineData", shown}}, {"inlineData"});
  const Json said = an_object({{"text", text()}}, {"text"});
  const Json call = an_object({{"functionCall", an_object({{"id", id}, {"name", name}, {"args", {{"type", "object"}}}}, {"name", "args"})}, {"thoughtSignature", signature}},
                              {"functionCall"});
  const Json outcome = any_of({an_object({{"output", text()}}, {"output"}), an_object({{"error", text()}}, {"error"})});
  const Json response = an_object({{"functionResponse", an_object({{"id", id}, {"name", name}, {"response", outcome}, {"parts", some(media)}}, {"name", "response"})}},
                                  {"functionResponse"});
  const Json content = any_of({
      an_object({{"role", only("user")}, {"parts", some(any_of({said, media, response}))}}, {"role", "parts"}),
      an_object({{"role", only("model")}, {"parts", some(any_of({said, call}))}}, {"role", "parts"}),
  });
  const Json function = an_object({{"name", name}, {"description", text()}, {"parametersJsonSchema", {{"type", "object"}}}}, {"name", "description"});
  return compiled(an_object(
      {{"contents", {{"type", "array"}, {"items", content}}}, {"systemInstruction", an_object({{"parts", some(said)}}, {"parts"})},
       {"tools", some(an_object({{"functionDeclarations", some(function)}}, {"functionDeclarations"}))}, {"generationConfig", {{"type", "object"}}}},
      {"contents"}));
}

// Name and id of what is called or answered.
std::pair<std::string, std::string> named(const Json& function) { return {function["name"], function.value("id", "")}; }

// Behind a content with calls stands one with as many responses, in their order, with their names and ids; signatures are the provider's own,
// where they stood, or say that there is none.
void expect_valid_gemini(const Json& contents, const Transcript& transcript, bool is_third) {
  std::vector<std::pair<std::string, std::string>> open;
  std::size_t own = 0, replayed = 0;
  EXPECT_TRUE(contents.empty() || contents[0]["role"] == "user");
  for (const Json& content : contents) {
    std::vector<std::pair<std::string, std::string>> calls, responses;
    for (const Json& part : content["parts"]) {
      if (part.contains("functionResponse")) responses.push_back(named(part["functionResponse"]));
      if (part.contains("functionCall")) calls.push_back(named(part["functionCall"]));
      if (!part.contains("thoughtSignature")) continue;
      const bool is_waived = part["thoughtSignature"] == waived;
      replayed += !is_waived;
      EXPECT_TRUE(is_waived ? is_third : part["thoughtSignature"] == "dGg=") << part;
    }
    EXPECT_EQ(responses, open);
    open = std::move(calls);
  }
  EXPECT_TRUE(open.empty());
  for (const Message& message : transcript) own += message.replay.provider == "me" && !message.tool_calls.empty();
  EXPECT_EQ(replayed, own);
}

TEST(RandomConversations, AreAsGeminiDemands) {
  const Schema shape = gemini_body();
  for (const GeminiWireOptions& options : {GeminiWireOptions{.model = "gemini-2.5-flash", .replay_to = "me"}, GeminiWireOptions{.model = "gemini-3-pro-preview", .replay_to = "me"}}) {
    GeminiWire writer(options);
    std::size_t i = 0, signed_ones = 0;
    for (const Transcript& transcript : conversations_with({thoughts_of_gemini, {"image/png", "application/pdf", "audio/wav", "audio/mpeg"}})) {
      SCOPED_TRACE(i);
      const ModelRequest request = request_of(transcript, i++);
      const std::string body = to_gemini_wire(request, options);
      ASSERT_EQ(writer.write(request), body);
      ASSERT_TRUE(is_utf8(body));
      const auto wire = parse_json(body);
      ASSERT_OK(wire);
      expect_no_issues(shape, *wire);
      expect_valid_gemini((*wire)["contents"], transcript, options.model.starts_with("gemini-3"));
      signed_ones += body.find("dGg=") != std::string::npos;
      if (HasFailure()) FAIL() << body;
    }
    EXPECT_GT(signed_ones, 10u);
  }
}

}  // namespace
}  // namespace deed
