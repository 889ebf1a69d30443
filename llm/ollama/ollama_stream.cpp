#include "deed/llm/ollama/ollama_stream.hpp"

#include "deed/core/text.hpp"

#include <utility>

namespace deed {

OllamaStream::OllamaStream(Options options, std::string replay_to)
    : ReplyReader(std::move(options), Framing::lines), replay_to_(std::move(replay_to)) {}

Result<void> OllamaStream::take_document(const Json& value) { return corrupt("the answer is no reply: " + quoted(to_text(value))); }

Result<void> OllamaStream::take(const Json& line, std::string_view) {
  if (is_done_) return {};
  if (std::string model = string_at(line, "model"); !model.empty()) reply_.model = std::move(model);
  DEED_OK(take_message(member(line, "message")));
  const Json& done = member(line, "done");
  return done.is_boolean() && done.get<bool>() ? take_end(line) : Result<void>();
}

Result<void> OllamaStream::take_message(const Json& message) {
  if (!message.is_object()) return {};
  has_message_ = true;
  add_reasoning(string_at(message, "thinking"));
  const Json& content = member(message, "content");
  if (!content.is_string() && !content.is_null()) return corrupt("the reply's content is no text");
  add_text(string_at(message, "content"));
  const Json& calls = member(message, "tool_calls");
  if (calls.is_null()) return {};
  if (!calls.is_array()) return corrupt("the reply's tool_calls are not a list");
  for (const Json& call : calls) DEED_OK(take_call(call));
  return {};
}

// The server's own index starts again with each line in some versions, so each call gets a number here.
Result<void> OllamaStream::take_call(const Json& call) {
  if (!call.is_object()) return corrupt("a tool call is not a JSON object");
  Json entry = {{"index", calls_++}, {"id", string_at(call, "id")}, {"function", member(call, "function")}};
  return add_call(entry);
}

Result<void> OllamaStream::take_end(const Json& line) {
  const std::string reason = lower_ascii(string_at(line, "done_reason"));
  reply_.usage.input = count_at(line, "prompt_eval_count");
  reply_.usage.output = count_at(line, "eval_count");
  if (reason == "length") {
    stop_ = StopReason::length;
  } else if (reason == "load" || reason == "unload") {
    // The model was only put into memory or out of it.
    return broken_off("it answered with the word '" + reason + "' instead of a reply");
  } else if (!reason.empty() && reason != "stop" && reason != "tool_calls") {
    return broken_off(reason);
  }
  is_done_ = true;
  return complete(), Result<void>();
}

Result<void> OllamaStream::end(Reply& reply) {
  if (!has_message_) return corrupt("the stream holds no reply");
  reply.stop = stop_;
  // A model that thinks has forgotten why it made its calls, unless it is told.
  if (!reply.reasoning.empty()) reply.replay = {replay_to_, Json{{"thinking", reply.reasoning}}};
  return {};
}

}  // namespace deed
