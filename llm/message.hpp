// What a model reads and says, in no provider's wire format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "deed/core/json.hpp"
#include "deed/core/media.hpp"
#include "deed/core/shared_list.hpp"

namespace deed {

/// A tool call that a model made. `id` is unique in its transcript.
struct ToolCall {
  std::string id;
  std::string name;
  Json arguments = Json::object();

  bool operator==(const ToolCall&) const = default;
};

/// What a provider wants back in the next request of the same conversation: signed or encrypted reasoning. Opaque to everybody else,
/// and given to nobody else.
struct Replay {
  std::string provider = {};  ///< whose it is; only a model that calls itself so sends it (see WireOptions::replay_to)
  Json items = nullptr;       ///< in that provider's own form; null: nothing

  bool operator==(const Replay&) const = default;
};

enum class Role { user, assistant, tool };

/// One entry of a transcript. An assistant message may hold calls; each is answered by one tool message with its id.
struct Message {
  Role role = Role::user;
  std::string text;
  std::vector<Media> media = {};          ///< user and tool only
  std::vector<ToolCall> tool_calls = {};  ///< assistant only
  Replay replay = {};                     ///< assistant only
  std::string tool_call_id = {};          ///< tool only
  std::string tool_name = {};             ///< tool only
  bool is_error = false;                  ///< tool only: the call failed or was refused; `text` says why
  bool is_user_words = false;             ///< tool only: `text` is what the user answered to a question
  bool is_cut = false;                    ///< tool only: `text` is not all of the result, so it is no value to copy

  bool operator==(const Message&) const = default;
};

/// What was said, oldest first. Copies share the messages.
using Transcript = SharedList<Message>;

/// A tool as a model sees it.
struct ToolDefinition {
  std::string name;         ///< "email.send"; a provider maps it to what its API accepts and back
  std::string description;
  std::vector<std::string> examples = {};  ///< requests that it is for; only small models need them
  Json parameters = Json::object();        ///< JSON Schema of an object
  bool changes_world = false;        ///< a call has an effect
  bool asks_user = false;            ///< its call puts a question (argument "question") to the user
  std::vector<std::string> copied = {};  ///< arguments that say where it goes or which thing it is about: never to be made up

  bool operator==(const ToolDefinition&) const = default;
};

using ToolList = SharedList<ToolDefinition>;

struct TokenUsage {
  std::int64_t input = 0;   ///< all tokens of the prompt, cached ones included
  std::int64_t cached = 0;  ///< of these, read from a cache
  std::int64_t cache_written = 0;  ///< of these, put into a cache, where a provider asks more for that
  std::int64_t output = 0;  ///< all tokens made, reasoning included
  std::int64_t reasoning = 0;

  TokenUsage& operator+=(const TokenUsage& other) {
    input += other.input, cached += other.cached, cache_written += other.cache_written, output += other.output, reasoning += other.reasoning;
    return *this;
  }
  bool operator==(const TokenUsage&) const = default;
};

/// What a choice was between; told by models that can see it (the embedded one).
struct Alternative {
  std::string value;
  double probability = 0;  ///< among the alternatives, 0 to 1
};
struct Choice {
  std::string about;  ///< "tool", or a JSON pointer of an argument: "/to/0"
  std::vector<Alternative> alternatives;  ///< best first, at most 8
  std::string chosen;
  std::string origin;  ///< "request", "result of http.get", "decoded", "only possibility", …
};

enum class StopReason {
  end,         ///< said all it wanted to
  tool_calls,  ///< wants results
  length,      ///< reached the largest number of tokens
  refused,     ///< says that it cannot or will not do this; `text` says why
};
const char* to_string(StopReason reason);

struct Reply {
  std::string text;
  std::string reasoning = {};  ///< what the model showed of its thoughts, for people
  Replay replay = {};
  std::vector<ToolCall> tool_calls = {};
  /// Arguments that were not JSON, by call id: the text as it came. The loop answers such a call with an error.
  std::vector<std::pair<std::string, std::string>> bad_arguments = {};
  StopReason stop = StopReason::end;
  TokenUsage usage = {};
  double cost_usd = 0;
  std::string model = {};  ///< as the provider named it
  std::vector<std::string> fell_back = {};  ///< models that were asked in vain before, each with the reason
  std::vector<Choice> choices = {};
  std::vector<std::string> plan = {};  ///< the steps that the model means to take; empty: it did not say
};

}  // namespace deed
