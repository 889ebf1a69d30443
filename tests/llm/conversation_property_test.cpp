// Whatever a conversation was like, what chat completions, Responses and Ollama are asked is as their APIs demand: the shape of each
// message by JSON Schemas, who may speak when by hand. Sources: https://platform.openai.com/docs/api-reference/chat/create,
// https://platform.openai.com/docs/api-reference/responses/create, https://docs.ollama.com/api/chat. What Anthropic and Gemini demand
// stands in signed_conversation_property_test.cpp.
#include "deed/core/base64.hpp"
#include "deed/llm/chat/chat_wire.hpp"
#include "deed/llm/ollama/ollama_wire.hpp"
#include "deed/llm/responses/responses_wire.hpp"
#include "deed/tests/llm/random_conversations.hpp"

namespace deed {
namespace {

// Each turn that the model was asked in the course of the conversation, and the last: its body up to the end of its messages, which
// everything after them follows, is how the next body begins.
template <class Write>
void expect_each_turn_to_begin_with_the_one_before(const Transcript& whole, const Write& write) {
  const std::string empty = write(Transcript());
  const std::size_t tail = empty.size() - empty.rfind("[]") - 1;
  std::string before;
  for (std::size_t end = 0; end <= whole.size(); ++end) {
    if (end < whole.size() && whole[end].role != Role::assistant) continue;
    Transcript turn = whole;
    turn.cut(end);
    std::string body = write(turn);
    ASSERT_EQ(body.substr(0, before.size()), before);
    before = body.substr(0, body.size() - tail);
  }
}

// Chat completions.

const ChatWireOptions chat{.model = "m", .replay_to = "me", .replay_member = "reasoning_content"};

Schema chat_message() {
  const Json part = any_of({
      an_object({{"type", only("text")}, {"text", matching(".|\\n")}}, {"type", "text"}),
      an_object({{"type", only("image_url")}, {"image_url", an_object({{"url", matching("^data:image/png;base64," + base64_text)}}, {"url"})}}, {"type", "image_url"}),
      an_object({{"type", only("input_audio")}, {"input_audio", an_object({{"data", matching("^" + base64_text)}, {"format", {{"enum", {"wav", "mp3"}}}}}, {"data", "format"})}}, {"type", "input_audio"}),
      an_object({{"type", only("file")}, {"file", an_object({{"filename", text()}, {"file_data", matching("^data:application/pdf;base64," + base64_text)}}, {"filename", "file_data"})}}, {"type", "file"}),
  });
  const Json function = an_object({{"name", tool_name}, {"arguments", text()}}, {"name", "arguments"});
  const Json calls = some(an_object({{"id", text()}, {"type", only("function")}, {"function", function}}, {"id", "type", "function"}));
  return compiled(any_of({
      an_object({{"role", only("system")}, {"content", text()}}, {"role", "content"}),
      an_object({{"role", only("user")}, {"content", any_of({text(), some(part)})}}, {"role", "content"}),
      an_object({{"role", only("assistant")}, {"content", text()}, {"reasoning_content", text()}}, {"role", "content"}),
      an_object({{"role", only("assistant")}, {"content", {{"type", {"string", "null"}}}}, {"tool_calls", calls}, {"reasoning_content", text()}}, {"role", "content", "tool_calls"}),
      an_object({{"role", only("tool")}, {"tool_call_id", text()}, {"content", text()}}, {"role", "tool_call_id", "content"}),
  }));
}

void expect_valid_chat(const Json& messages, const Schema& shape, const Transcript& transcript) {
  Ledger ledger;
  std::vector<Json> replayed;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Json& message = messages[i];
    expect_no_issues(shape, message);
    if (message["role"] == "tool") {
      ledger.result(message["tool_call_id"]);
      continue;
    }
    ledger.expect_settled();
    EXPECT_TRUE(message["role"] != "system" || i == 0);
    if (message.contains("reasoning_content")) replayed.push_back({{"reasoning_content", message["reasoning_content"]}});
    if (!message.contains("tool_calls")) continue;
    for (const Json& call : message["tool_calls"]) {
      ledger.call(call["id"]);
      expect_arguments_in_text(call["function"]["arguments"]);
    }
  }
  ledger.expect_settled();
  EXPECT_EQ(replayed, own_thoughts(transcript));
}

TEST(RandomConversations, AreAsChatCompletionsDemand) {
  const Schema shape = chat_message();
  ChatWire writer(chat);
  std::size_t i = 0;
  for (const Transcript& transcript : conversations_with({thought_of_chat, {"image/png", "application/pdf", "audio/wav", "audio/mpeg"}})) {
    SCOPED_TRACE(i);
    const ModelRequest request = request_of(transcript, i++);
    const std::string body = to_chat_wire(request, chat);
    ASSERT_EQ(writer.write(request), body);
    ASSERT_TRUE(is_utf8(body));
    const auto wire = parse_json(body);
    ASSERT_OK(wire);
    expect_valid_chat((*wire)["messages"], shape, transcript);
    if (HasFailure()) FAIL() << body;
  }
}

TEST(RandomConversations, GrowAtTheEndForChatCompletions) {
  for (const Transcript& transcript : conversations_with({thought_of_chat, {"image/png", "application/pdf", "audio/wav"}})) {
    ChatWire writer(chat);
    ASSERT_NO_FATAL_FAILURE(expect_each_turn_to_begin_with_the_one_before(
        transcript, [&](const Transcript& turn) { return writer.write({.messages = turn}); }));
  }
}

// Responses.

const ResponsesWireOptions responses{.model = "gpt-5", .replay_to = "me"};

Schema responses_item() {
  const Json parts = some(any_of({
      an_object({{"type", only("input_text")}, {"text", matching(".|\\n")}}, {"type", "text"}),
      an_object({{"type", only("input_image")}, {"image_url", matching("^data:image/png;base64," + base64_text)}, {"detail", {{"enum", {"low", "high", "auto"}}}}}, {"type", "image_url", "detail"}),
      an_object({{"type", only("input_file")}, {"filename", matching(".|\\n")}, {"file_data", matching("^data:application/pdf;base64," + base64_text)}}, {"type", "filename", "file_data"}),
  }));
  const Json call_id = {{"type", "string"}, {"minLength", 1}, {"maxLength", 64}};
  return compiled(any_of({
      an_object({{"type", only("message")}, {"role", only("user")}, {"content", any_of({text(), parts})}}, {"type", "role", "content"}),
      an_object({{"type", only("message")}, {"role", only("assistant")}, {"content", matching(".|\\n")}}, {"type", "role", "content"}),
      an_object({{"type", only("function_call")}, {"call_id", call_id}, {"name", tool_name}, {"arguments", text()}}, {"type", "call_id", "name", "arguments"}),
      an_object({{"type", only("function_call_output")}, {"call_id", call_id}, {"output", any_of({text(), parts})}}, {"type", "call_id", "output"}),
      an_object({{"type", only("reasoning")}, {"id", text()}, {"summary", {{"type", "array"}}}, {"encrypted_content", text()}}, {"type", "id", "summary", "encrypted_content"}),
  }));
}

void expect_valid_responses(const Json& input, const Schema& shape, const Transcript& transcript) {
  Ledger ledger;
  Json replayed = Json::array(), own = Json::array();
  std::string last;
  for (const Json& item : input) {
    expect_no_issues(shape, item);
    const std::string type = item["type"];
    // Reasoning without the item that it led to is an error.
    const bool is_led_to = type == "reasoning" || type == "function_call" || (type == "message" && item["role"] == "assistant");
    EXPECT_TRUE(last != "reasoning" || is_led_to) << type;
    if (type == "function_call") {
      if (last != "function_call") ledger.expect_settled();
      ledger.call(item["call_id"]);
      expect_arguments_in_text(item["arguments"]);
    } else if (type == "function_call_output") {
      ledger.result(item["call_id"]);
    } else {
      ledger.expect_settled();
    }
    if (type == "reasoning") replayed.push_back(item);
    last = type;
  }
  ledger.expect_settled();
  EXPECT_NE(last, "reasoning");
  for (const Json& items : own_thoughts(transcript)) own.insert(own.end(), items.begin(), items.end());
  EXPECT_EQ(replayed, own);
}

TEST(RandomConversations, AreAsResponsesDemands) {
  const Schema shape = responses_item();
  std::size_t i = 0;
  for (const Transcript& transcript : conversations_with({thoughts_of_responses, {"image/png", "application/pdf"}})) {
    SCOPED_TRACE(i);
    const std::string body = to_responses_wire(request_of(transcript, i++), responses);
    ASSERT_TRUE(is_utf8(body));
    const auto wire = parse_json(body);
    ASSERT_OK(wire);
    expect_valid_responses((*wire)["input"], shape, transcript);
    if (HasFailure()) FAIL() << body;
  }
}

TEST(RandomConversations, GrowAtTheEndForResponses) {
  for (const Transcript& transcript : conversations_with({thoughts_of_responses, {"image/png", "application/pdf"}})) {
    ASSERT_NO_FATAL_FAILURE(expect_each_turn_to_begin_with_the_one_before(
        transcript, [&](const Transcript& turn) { return to_responses_wire({.messages = turn}, responses); }));
  }
}

// Ollama.

const OllamaWireOptions ollama{.model = "qwen3:8b", .replay_to = "me"};

Schema ollama_message() {
  const Json function = an_object({{"name", tool_name}, {"arguments", {{"type", "object"}}}}, {"name", "arguments"});
  const Json calls = some(an_object({{"id", text()}, {"function", function}}, {"id", "function"}));
  return compiled(any_of({
      an_object({{"role", only("system")}, {"content", text()}}, {"role", "content"}),
      an_object({{"role", only("user")}, {"content", text()}, {"images", some(matching("^" + base64_text))}}, {"role", "content"}),
      an_object({{"role", only("assistant")}, {"content", text()}, {"thinking", text()}, {"tool_calls", calls}}, {"role", "content"}),
      an_object({{"role", only("tool")}, {"tool_name", tool_name}, {"tool_call_id", text()}, {"content", text()}}, {"role", "tool_name", "tool_call_id", "content"}),
  }));
}

void expect_valid_ollama(const Json& messages, const Schema& shape, const Transcript& transcript) {
  Ledger ledger;
  std::vector<Json> replayed;
  for (const Json& message : messages) {
    expect_no_issues(shape, message);
    if (message["role"] == "tool") {
      ledger.result(message["tool_call_id"]);
      continue;
    }
    ledger.expect_settled();
    if (message.contains("thinking")) replayed.push_back({{"thinking", message["thinking"]}});
    if (!message.contains("tool_calls")) continue;
    for (const Json& call : message["tool_calls"]) ledger.call(call["id"]);
  }
  ledger.expect_settled();
  EXPECT_EQ(replayed, own_thoughts(transcript));
}

TEST(RandomConversations, AreAsOllamaDemands) {
  const Schema shape = ollama_message();
  std::size_t i = 0;
  for (const Transcript& transcript : conversations_with({thought_of_ollama, {"image/png"}})) {
    SCOPED_TRACE(i);
    const std::string body = to_ollama_wire(request_of(transcript, i++), ollama);
    ASSERT_TRUE(is_utf8(body));
    const auto wire = parse_json(body);
    ASSERT_OK(wire);
    expect_valid_ollama((*wire)["messages"], shape, transcript);
    if (HasFailure()) FAIL() << body;
  }
}

TEST(RandomConversations, GrowAtTheEndForOllama) {
  for (const Transcript& transcript : conversations_with({thought_of_ollama, {"image/png"}})) {
    ASSERT_NO_FATAL_FAILURE(expect_each_turn_to_begin_with_the_one_before(
        transcript, [&](const Transcript& turn) { return to_ollama_wire({.messages = turn}, ollama); }));
  }
}

// What all three rely on, and what the conversations hold for these tests to mean something.

TEST(RandomConversations, ShowTheMediaOfEveryMessage) {
  const Habits habits{thought_of_chat, {"image/png", "application/pdf"}};
  for (const Transcript& transcript : conversations_with(habits)) {
    std::size_t held = 0, shown = 0;
    for (const Message& message : transcript) held += message.media.size();
    const auto wire = parse_json(to_chat_wire({.messages = transcript}, chat));
    ASSERT_OK(wire);
    for (const Json& message : (*wire)["messages"]) {
      if (!message["content"].is_array()) continue;
      for (const Json& part : message["content"]) shown += part["type"] != "text";
    }
    ASSERT_EQ(shown, held);
  }
}

TEST(RandomConversations, AreMendedOnceAndForAll) {
  for (const Transcript& transcript : conversations_with({thought_of_chat, {"image/png"}})) {
    const Transcript again = mended(transcript);
    ASSERT_EQ(again.size(), transcript.size());
    ASSERT_EQ(again.shared_head(transcript), transcript.size());
  }
}

TEST(RandomConversations, HoldAllThatTheseTestsAreAbout) {
  std::size_t parallel = 0, missing = 0, own = 0, foreign = 0, shown_by_results = 0, damaged = 0, empty = 0;
  for (const Transcript& transcript : conversations_with({thought_of_chat, {"image/png", "application/pdf"}})) {
    for (const Message& message : transcript) {
      parallel += message.tool_calls.size() > 1;
      missing += message.text.starts_with("There is no result");
      own += message.replay.provider == "me";
      foreign += message.replay.provider == "other" && !message.replay.items.is_null();
      shown_by_results += message.role == Role::tool && !message.media.empty();
      damaged += !is_utf8(message.text);
      empty += message.role == Role::user && message.text.empty();
    }
  }
  for (const std::size_t count : {parallel, missing, own, foreign, shown_by_results, damaged, empty}) EXPECT_GT(count, 10u);
}

}  // namespace
}  // namespace deed
