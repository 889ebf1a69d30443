#include "deed/llm/chat/chat_stream.hpp"

#include "deed/core/text.hpp"

#include <algorithm>

namespace deed {
namespace {

// How servers name the same four ends. Some write them in capitals.
constexpr NamedStop chat_finish_reasons[] = {
    {"stop", StopReason::end},
    {"eos", StopReason::end},
    {"end_turn", StopReason::end},
    {"stop_sequence", StopReason::end},
    {"complete", StopReason::end},
    {"tool_calls", StopReason::tool_calls},
    {"tool_use", StopReason::tool_calls},
    {"function_call", StopReason::tool_calls},
    {"length", StopReason::length},
    {"max_tokens", StopReason::length},
    {"model_length", StopReason::length},
    {"content_filter", StopReason::refused},
    {"refusal", StopReason::refused},
    {"safety", StopReason::refused},
};

}  // namespace

ChatStream::ChatStream(Options options, std::string replay_to, std::string replay_member)
    : ReplyReader(std::move(options), Framing::events), replay_to_(std::move(replay_to)), replay_member_(std::move(replay_member)) {}

bool ChatStream::take_word(std::string_view word) {
  if (is_done_) return true;
  if (word != "[DONE]") return false;
  is_done_ = true;
  complete();
  return true;
}

Result<void> ChatStream::take_document(const Json& value) {
  DEED_OK(take(value, "message"));
  if (!has_choice_) return corrupt("the answer has no choices: " + quoted(to_text(value)));
  complete();
  return {};
}

Result<void> ChatStream::take(const Json& chunk, std::string_view) {
  if (!chunk.is_object()) return corrupt("the model's server sent JSON that is not an object");
  if (std::string model = string_at(chunk, "model"); !model.empty()) reply_.model = std::move(model);
  if (const Json& usage = member(chunk, "usage"); usage.is_object()) take_usage(usage);
  const Json& choices = member(chunk, "choices");
  if (!choices.is_array()) return {};
  for (const Json& choice : choices) {
    // One reply was asked for: what else a server offers is not ours.
    if (choice.is_object() && count_at(choice, "index") == 0) DEED_OK(take_choice(choice));
  }
  return {};
}

Result<void> ChatStream::take_choice(const Json& choice) {
  has_choice_ = true;
  const Json& delta = member(choice, "delta");
  DEED_OK(take_message(delta.is_object() ? delta : member(choice, "message")));
  if (const std::string reason = string_at(choice, "finish_reason"); !reason.empty()) {
    return take_finish_reason(reason);
  }
  return {};
}

Result<void> ChatStream::take_message(const Json& message) {
  if (!message.is_object()) return {};
  add_reasoning(first_text(message, {"reasoning_content", "reasoning"}));
  if (const Json& details = member(message, "reasoning_details"); details.is_array()) {
    for (const Json& detail : details) details_.push_back(detail);
  }
  DEED_OK(take_content(member(message, "content")));
  if (std::string text = string_at(message, "refusal"); !text.empty()) {
    refusal_ += text;
    add_text(text);
  }
  DEED_OK(take_calls(member(message, "tool_calls")));
  return {};
}

// Text, or parts of text and thinking (Mistral's reasoning models).
Result<void> ChatStream::take_content(const Json& content) {
  if (content.is_null()) return {};
  if (content.is_string()) return add_text(content.get<std::string>()), Result<void>();
  if (!content.is_array())
    return corrupt("the reply's content is neither text nor a list of parts");
  for (const Json& part : content) {
    add_text(string_at(part, "text"));
    const Json& thinking = member(part, "thinking");
    if (thinking.is_string()) add_reasoning(thinking.get<std::string>());
    if (!thinking.is_array()) continue;
    for (const Json& inner : thinking) add_reasoning(string_at(inner, "text"));
  }
  return {};
}

Result<void> ChatStream::take_calls(const Json& calls) {
  if (calls.is_null()) return {};
  if (!calls.is_array()) return corrupt("the reply's tool_calls are not a list");
  for (const Json& entry : calls) DEED_OK(add_call(entry));
  return {};
}

Result<void> ChatStream::take_finish_reason(const std::string& reason) {
  stop_ = stop_named(lower_ascii(reason), chat_finish_reasons);
  // "error", "abort", "insufficient_system_resource", …: what stands so far is not the whole reply.
  if (!stop_) return broken_off(reason);
  return complete(), Result<void>();
}

void ChatStream::take_usage(const Json& usage) {
  TokenUsage& total = reply_.usage;
  total.input = count_at(usage, "prompt_tokens");
  total.output = count_at(usage, "completion_tokens");
  total.cached = std::max(count_at(member(usage, "prompt_tokens_details"), "cached_tokens"),
                          count_at(usage, "prompt_cache_hit_tokens"));
  total.reasoning = count_at(member(usage, "completion_tokens_details"), "reasoning_tokens");
}

Result<void> ChatStream::end(Reply& reply) {
  if (!has_choice_) return corrupt("the stream holds no reply");
  reply.stop = stop_.value_or(StopReason::end);
  if (!refusal_.empty()) reply.stop = StopReason::refused;
  // In a loop of tool calls DeepSeek wants its reasoning back as text, OpenRouter as the details that it sent.
  if (replay_member_ == "reasoning_details" && !details_.empty()) {
    reply.replay = {replay_to_, Json{{replay_member_, std::move(details_)}}};
  } else if (replay_member_ == "reasoning_content" && !reply.reasoning.empty()) {
    reply.replay = {replay_to_, Json{{replay_member_, reply.reasoning}}};
  }
  return {};
}

}  // namespace deed
