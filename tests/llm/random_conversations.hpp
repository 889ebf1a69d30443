// What the tests of random conversations share: the conversations, and how a request's shape is said and checked.
#pragma once

#include "deed/core/schema.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/model.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/llm/random_transcripts.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace deed {

constexpr int conversations = 500;

// What assistant messages have to replay: of chat completions, Ollama, Responses, Anthropic, Gemini.
inline const Json thought_of_chat = {{"reasoning_content", "Hm, \xE2\x82\xAC"}};
inline const Json thought_of_ollama = {{"thinking", "Let me see"}};
inline const Json thoughts_of_responses = Json::array({{{"type", "reasoning"}, {"id", "rs_1"}, {"summary", Json::array()}, {"encrypted_content", "gAAA"}},
                                                {{"type", "reasoning"}, {"id", "rs_2"}, {"summary", Json::array()}, {"encrypted_content", "gBBB"}}});
inline const Json thoughts_of_anthropic = Json::array({{{"type", "thinking"}, {"thinking", "Well"}, {"signature", "c2ln"}}});
inline const Json thoughts_of_gemini = Json::array({{{"type", "call"}, {"id", "g1"}, {"thoughtSignature", "dGg="}}});
inline const std::vector<Json> thoughts = {thought_of_chat, thought_of_ollama, thoughts_of_responses,
                                    thoughts_of_anthropic, thoughts_of_gemini};

// What a conversation is made of besides.
struct Habits {
  Json own_thought;                     // what "me" may have to replay; whatever else there is came from another
  std::vector<std::string> media_types; // what the model takes
  std::string id_head = {};             // ids as another provider makes them
};

// Results have the names of their calls, as the loop gives them.
inline Transcript named_after_calls(const Transcript& transcript) {
  Transcript out;
  std::map<std::string, std::string> names;
  for (Message message : transcript) {
    for (const ToolCall& call : message.tool_calls) names[call.id] = call.name;
    if (message.role == Role::tool) message.tool_name = names[message.tool_call_id];
    out.push_back(std::move(message));
  }
  return out;
}

inline Transcript with(const Habits& habits, const Transcript& transcript) {
  Transcript out;
  std::size_t media = 0;
  const auto id_of = [&](const std::string& id) { return id.empty() ? id : habits.id_head + id; };
  for (Message message : transcript) {
    if (message.replay.items != habits.own_thought) message.replay.provider = "other";
    for (Media& part : message.media) part.media_type = habits.media_types[media++ % habits.media_types.size()];
    for (ToolCall& call : message.tool_calls) call.id = id_of(call.id);
    message.tool_call_id = id_of(message.tool_call_id);
    out.push_back(std::move(message));
  }
  return named_after_calls(mended(out));
}

inline std::vector<Transcript> conversations_with(Habits habits) {
  RandomTranscripts random(7, thoughts);
  std::vector<Transcript> out;
  for (int i = 0; i < conversations; ++i) {
    habits.id_head = i % 3 == 0 ? std::string(70, 'x') : "";
    out.push_back(with(habits, random.next()));
  }
  return out;
}

inline ModelRequest request_of(const Transcript& messages, std::size_t variant) {
  ModelRequest request{.system = variant % 2 ? "You act. \xC3(" : "", .messages = messages};
  if (variant % 3) request.tools.push_back({.name = "http.get", .description = "Fetches \xFF", .parameters = {{"type", "object"}, {"properties", Json::object()}}});
  return request;
}

inline Json an_object(Json properties, Json required) {
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}, {"additionalProperties", false}};
}
inline Json text() { return {{"type", "string"}}; }
inline Json matching(const std::string& pattern) { return {{"type", "string"}, {"pattern", pattern}}; }
inline Json only(const std::string& value) { return {{"const", value}}; }
inline Json some(Json items) { return {{"type", "array"}, {"minItems", 1}, {"items", std::move(items)}}; }
inline Json any_of(std::initializer_list<Json> schemas) { return {{"anyOf", Json(std::vector<Json>(schemas))}}; }
inline const Json tool_name = matching("^[a-zA-Z0-9_-]{1,64}$");
inline const std::string base64_text = "[A-Za-z0-9+/]+={0,2}$";

inline Schema compiled(Json schema) {
  auto result = Schema::compile(std::move(schema));
  EXPECT_OK(result);
  return *std::move(result);
}

inline void expect_no_issues(const Schema& schema, const Json& value) {
  for (const SchemaIssue& issue : schema.check(value)) ADD_FAILURE() << issue.path << ": " << issue.what << " in " << to_text(value);
}

// The calls that wait for their results, which have to come before anything else, in the order of the calls.
class Ledger {
 public:
  void call(const std::string& id) {
    EXPECT_FALSE(id.empty());
    EXPECT_TRUE(seen_.insert(id).second) << "a second call " << id;
    open_.push_back(id);
  }
  void result(const std::string& id) {
    ASSERT_FALSE(open_.empty()) << "a result of no call: " << id;
    EXPECT_EQ(id, open_.front());
    open_.erase(open_.begin());
  }
  void expect_settled() const { EXPECT_TRUE(open_.empty()) << "no result of " << open_.front(); }

 private:
  std::set<std::string> seen_;
  std::vector<std::string> open_;
};

inline void expect_arguments_in_text(const Json& arguments) {
  const auto value = parse_json(arguments.get<std::string>());
  ASSERT_OK(value);
  EXPECT_TRUE(value->is_object());
}

// What is replayed, in order: all that is the provider's own and nothing else.
inline std::vector<Json> own_thoughts(const Transcript& transcript) {
  std::vector<Json> out;
  for (const Message& message : transcript) {
    if (message.replay.provider == "me") out.push_back(message.replay.items);
  }
  return out;
}

}  // namespace deed
