#include "deed/llm/anthropic/anthropic_stream.hpp"

#include "deed/llm/anthropic/anthropic_blocks.hpp"

#include <algorithm>

namespace deed {
namespace {

// Source: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
constexpr NamedStop stop_reasons[] = {
    {"end_turn", StopReason::end},       {"stop_sequence", StopReason::end}, {"pause_turn", StopReason::end},
    {"tool_use", StopReason::tool_calls}, {"max_tokens", StopReason::length}, {"model_context_window_exceeded", StopReason::length},
    {"refusal", StopReason::refused},
};

void take_count(std::int64_t& count, const Json& usage, std::string_view key) {
  if (member(usage, key).is_number_integer()) count = count_at(usage, key);
}

}  // namespace

AnthropicStream::AnthropicStream(Options options, std::string replay_to)
    : ReplyReader(options, Framing::events), replay_to_(std::move(replay_to)), max_thinking_bytes_(options.max_reply_bytes) {}

Result<void> AnthropicStream::take(const Json& value, std::string_view) {
  if (is_complete()) return {};
  const std::string type = string_at(value, "type");
  const std::int64_t index = count_at(value, "index");
  if (type == "message_start") return take_start(member(value, "message")), Result<void>();
  if (type == "content_block_start") return begin_block(index, member(value, "content_block"));
  if (type == "content_block_delta") return take_delta(index, member(value, "delta"));
  if (type == "content_block_stop") return end_block(index);
  if (type == "message_delta") {
    take_usage(member(value, "usage"));
    return take_stop_reason(member(value, "delta"));
  }
  if (type == "message_stop") {
    if (!has_begun_) return corrupt("the stream holds no reply");
    while (!open_.empty()) DEED_OK(end_block(open_.begin()->first));
    complete();
  }
  return {};
}

Result<void> AnthropicStream::take_document(const Json& value) {
  const Json& content = member(value, "content");
  if (!content.is_array()) return corrupt("the answer has no content: " + quoted(to_text(value)));
  take_start(value);
  for (std::size_t i = 0; i < content.size(); ++i) {
    DEED_OK(begin_block(static_cast<std::int64_t>(i), content[i]));
    DEED_OK(end_block(static_cast<std::int64_t>(i)));
  }
  DEED_OK(take_stop_reason(value));
  complete();
  return {};
}

void AnthropicStream::take_start(const Json& message) {
  has_begun_ = true;
  reply_.model = string_at(message, "model");
  take_usage(member(message, "usage"));
}

// llama-server begins a block a second time before the last piece of it.
bool AnthropicStream::is_open(std::int64_t index, const Json& block) const {
  const auto found = open_.find(index);
  if (found == open_.end() || found->second.type != string_at(block, "type")) return false;
  const bool is_call = found->second.type == "tool_use";
  if (is_call) return !found->second.id.empty() && found->second.id == string_at(block, "id") && !block.contains("input");
  return first_text(block, {"text", "thinking", "signature"}).empty();
}

// In a stream a block begins empty; in a document it is all there.
Result<void> AnthropicStream::begin_block(std::int64_t index, const Json& block) {
  // llama-server leaves out message_start where the first token is a part of a character.
  has_begun_ = true;
  if (is_open(index, block)) return {};
  DEED_OK(end_block(index));
  Block begun{.type = string_at(block, "type"), .id = string_at(block, "id")};
  if (begun.type == "text") {
    add_said(string_at(block, "text"));
  } else if (is_thinking(block)) {
    begun.item = items_.size();
    items_.push_back(begun.type == "thinking" ? Json{{"type", "thinking"}, {"thinking", ""}, {"signature", ""}} : block);
    thinking_bytes_ += to_text(items_.back()).size();
    if (begun.type == "thinking") {
      DEED_OK(think(items_.back(), string_at(block, "thinking")));
      DEED_OK(extend(items_.back(), "signature", string_at(block, "signature")));
    }
  } else if (begun.type == "tool_use") {
    begun.input = member(block, "input");
    begun.call = calls_++;
    items_.push_back({{"type", "tool_use"}});
    const Json function = {{"name", string_at(block, "name")}, {"arguments", ""}};
    DEED_OK(add_call({{"index", begun.call}, {"id", string_at(block, "id")}, {"function", function}}));
  }
  open_[index] = std::move(begun);
  return {};
}

Result<void> AnthropicStream::take_delta(std::int64_t index, const Json& delta) {
  const auto found = open_.find(index);
  if (found == open_.end()) return corrupt("the model's server went on with a part of the reply that it had not begun");
  Block& block = found->second;
  const std::string type = string_at(delta, "type");
  if (block.type == "text" && type == "text_delta") {
    add_said(string_at(delta, "text"));
  } else if (block.type == "thinking" && type == "thinking_delta") {
    return think(items_[block.item], string_at(delta, "thinking"));
  } else if (block.type == "thinking" && type == "signature_delta") {
    return extend(items_[block.item], "signature", string_at(delta, "signature"));
  } else if (block.type == "tool_use" && type == "input_json_delta") {
    const std::string piece = string_at(delta, "partial_json");
    block.has_arguments |= !piece.empty();
    return add_call({{"index", block.call}, {"function", {{"arguments", piece}}}});
  }
  return {};
}

Result<void> AnthropicStream::end_block(std::int64_t index) {
  const auto found = open_.find(index);
  if (found == open_.end()) return {};
  const Block block = std::move(found->second);
  open_.erase(found);
  const bool has_input = !block.input.is_null() && !(block.input.is_object() && block.input.empty());
  if (block.type != "tool_use" || block.has_arguments || !has_input) return {};
  // Some servers send the arguments with the beginning of the block.
  return add_call({{"index", block.call}, {"function", {{"arguments", block.input}}}});
}

Result<void> AnthropicStream::take_stop_reason(const Json& message) {
  const std::string reason = string_at(message, "stop_reason");
  if (reason.empty()) return {};
  stop_ = stop_named(reason, stop_reasons);
  if (!stop_) return broken_off(reason);
  if (stop_ == StopReason::refused && reply_.text.empty()) {
    const std::string why = string_at(member(message, "stop_details"), "explanation");
    add_said(why.empty() ? "The model refused to answer." : why);
  }
  return {};
}

// Counts are of the whole reply so far; what an event leaves out stays as it was.
void AnthropicStream::take_usage(const Json& usage) {
  TokenUsage& total = reply_.usage;
  // The input is told in three parts, of which the API counts none twice.
  std::int64_t plain = total.input - total.cached - total.cache_written;
  take_count(plain, usage, "input_tokens");
  take_count(total.cached, usage, "cache_read_input_tokens");
  take_count(total.cache_written, usage, "cache_creation_input_tokens");
  total.input = plain + total.cached + total.cache_written;
  take_count(total.output, usage, "output_tokens");
  take_count(total.reasoning, member(usage, "output_tokens_details"), "thinking_tokens");
}

void AnthropicStream::add_said(const std::string& text) {
  if (text.empty()) return;
  add_text(text);
  if (items_.empty() || string_at(items_.back(), "type") != "text") items_.push_back({{"type", "text"}, {"bytes", 0}});
  Json& bytes = items_.back()["bytes"];
  bytes = bytes.get<std::size_t>() + text.size();
}

Result<void> AnthropicStream::think(Json& item, const std::string& text) {
  const bool is_another = string_at(item, "thinking").empty() && !reply_.reasoning.empty();
  if (is_another && !text.empty()) add_reasoning("\n\n");
  add_reasoning(text);
  return extend(item, "thinking", text);
}

Result<void> AnthropicStream::extend(Json& item, const char* name, const std::string& text) {
  thinking_bytes_ += text.size();
  if (thinking_bytes_ > max_thinking_bytes_) return corrupt("the model's server sent more thinking than a reply may hold");
  item[name].get_ref<std::string&>() += text;
  return {};
}

Result<void> AnthropicStream::end(Reply& reply) {
  reply.stop = stop_.value_or(StopReason::end);
  Json kept = Json::array();
  for (Json& item : items_) {
    // Thinking that was cut off has no signature, and is refused without.
    const bool is_unsigned = string_at(item, "type") == "thinking" && string_at(item, "signature").empty();
    if (!is_unsigned) kept.push_back(std::move(item));
  }
  while (!kept.empty() && !is_thinking(kept.back())) kept.erase(kept.size() - 1);
  if (!kept.empty()) reply.replay = {replay_to_, std::move(kept)};
  return {};
}

}  // namespace deed
