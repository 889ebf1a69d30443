#include "deed/llm/responses/responses_stream.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/responses/responses_wire.hpp"

#include <algorithm>
#include <utility>

namespace deed {
namespace {

// Where a text stands: its item, and its part of the item.
std::string item_place(const Json& event) {
  const Json& index = member(event, "output_index");
  if (index.is_number_integer()) return to_text(index);
  const std::string id = string_at(event, "item_id");
  return id.empty() ? string_at(member(event, "item"), "id") : id;
}
std::string part_place(const std::string& item, std::string_view kind, std::size_t part) {
  return item + '/' + std::string(kind) + std::to_string(part);
}
std::string content_place(const Json& event) {
  return part_place(item_place(event), "content", static_cast<std::size_t>(count_at(event, "content_index")));
}
// Summaries and the thoughts themselves; events of both kinds end at the same place as the item's parts.
std::string thought_place(const Json& event) {
  const bool is_summary = event.contains("summary_index");
  return part_place(item_place(event), is_summary ? "summary" : "content",
                    static_cast<std::size_t>(count_at(event, is_summary ? "summary_index" : "content_index")));
}

std::string text_of_part(const Json& part) { return first_text(part, {"text", "refusal"}); }

}  // namespace

ResponsesStream::ResponsesStream(Options options, std::string replay_to)
    : ReplyReader(std::move(options), Framing::events), replay_to_(std::move(replay_to)) {}

Result<void> ResponsesStream::take(const Json& value, std::string_view event) {
  struct Row {
    std::string_view type;
    Result<void> (ResponsesStream::*take)(const Json&);
  };
  // Events that are not here (created, in_progress, queued, the life of hosted tools, what is to come) say nothing about the reply.
  static constexpr Row rows[] = {
      {"response.output_item.added", &ResponsesStream::take_item_added},
      {"response.output_item.done", &ResponsesStream::take_item_done},
      {"response.content_part.done", &ResponsesStream::take_part_done},
      {"response.output_text.delta", &ResponsesStream::take_text_piece},
      {"response.output_text.done", &ResponsesStream::take_text},
      {"response.refusal.delta", &ResponsesStream::take_refusal_piece},
      {"response.refusal.done", &ResponsesStream::take_refusal},
      {"response.reasoning_summary_text.delta", &ResponsesStream::take_reasoning_piece},
      {"response.reasoning_summary_text.done", &ResponsesStream::take_reasoning},
      {"response.reasoning_text.delta", &ResponsesStream::take_reasoning_piece},
      {"response.reasoning_text.done", &ResponsesStream::take_reasoning},
      {"response.function_call_arguments.delta", &ResponsesStream::take_arguments_piece},
      {"response.function_call_arguments.done", &ResponsesStream::take_arguments},
      {"response.completed", &ResponsesStream::take_completed},
      {"response.incomplete", &ResponsesStream::take_incomplete},
      {"response.failed", &ResponsesStream::take_failed},
  };
  if (is_done_) return {};
  const std::string type = string_at(value, "type", event);
  if (type == "error") return failure(value);
  for (const Row& row : rows) {
    if (row.type == type) return (this->*row.take)(value);
  }
  return {};
}

Result<void> ResponsesStream::take_document(const Json& value) {
  const std::string status = string_at(value, "status");
  if (status.empty() && !member(value, "output").is_array()) return corrupt("the answer is no response: " + quoted(to_text(value)));
  return take_final(value, status.empty() ? "completed" : status);
}

Result<void> ResponsesStream::take_item_added(const Json& event) {
  has_item_ = true;
  const Json& item = member(event, "item");
  if (string_at(item, "type") != "function_call") return {};
  return take_entry(calls_.begin(ResponseCalls::place_of(event), item));
}

Result<void> ResponsesStream::take_item_done(const Json& event) {
  has_item_ = true;
  const Json& item = member(event, "item");
  const std::string type = string_at(item, "type"), place = item_place(event);
  if (type == "function_call") return take_entry(calls_.whole(ResponseCalls::place_of(event), item));
  if (type == "reasoning") {
    take_reasoning_item(place, item);
    keep_reasoning(reasoning_, item);
  }
  if (const Json& parts = member(item, "content"); type == "message" && parts.is_array()) {
    for (std::size_t i = 0; i < parts.size(); ++i) take_part(part_place(place, "content", i), parts[i]);
  }
  return {};
}

Result<void> ResponsesStream::take_part_done(const Json& event) {
  const Json& part = member(event, "part");
  // The parts of a reasoning item end with this event, too, on servers that show thoughts.
  if (string_at(part, "type") == "reasoning_text") return {};
  return take_part(content_place(event), part), Result<void>();
}

void ResponsesStream::take_part(const std::string& place, const Json& part) {
  if (string_at(part, "type") == "refusal") is_refused_ = true;
  add_text(texts_.finish(place, text_of_part(part)));
}

Result<void> ResponsesStream::take_text_piece(const Json& event) {
  has_item_ = true;
  const std::string piece = string_at(event, "delta");
  texts_.add(content_place(event), piece);
  return add_text(piece), Result<void>();
}

Result<void> ResponsesStream::take_text(const Json& event) {
  has_item_ = true;
  return add_text(texts_.finish(content_place(event), text_of_part(event))), Result<void>();
}

Result<void> ResponsesStream::take_refusal_piece(const Json& event) {
  is_refused_ = true;
  return take_text_piece(event);
}

Result<void> ResponsesStream::take_refusal(const Json& event) {
  is_refused_ = true;
  return take_text(event);
}

Result<void> ResponsesStream::take_reasoning_piece(const Json& event) {
  const std::string place = thought_place(event), piece = string_at(event, "delta");
  if (piece.empty()) return {};
  if (!thoughts_.has(place) && !reply_.reasoning.empty()) add_reasoning("\n\n");
  thoughts_.add(place, piece);
  return add_reasoning(piece), Result<void>();
}

Result<void> ResponsesStream::take_reasoning(const Json& event) {
  const std::string place = thought_place(event), text = string_at(event, "text");
  if (!text.empty() && !thoughts_.has(place) && !reply_.reasoning.empty()) add_reasoning("\n\n");
  if (!text.empty()) add_reasoning(thoughts_.finish(place, text));
  return {};
}

void ResponsesStream::take_reasoning_item(const std::string& place, const Json& item) {
  for (const char* kind : {"summary", "content"}) {
    const Json& parts = member(item, kind);
    for (std::size_t i = 0; parts.is_array() && i < parts.size(); ++i) {
      const std::string text = string_at(parts[i], "text"), at = part_place(place, kind, i);
      if (text.empty()) continue;
      if (!thoughts_.has(at) && !reply_.reasoning.empty()) add_reasoning("\n\n");
      add_reasoning(thoughts_.finish(at, text));
    }
  }
}

// With store: false the server knows an item only by what it holds itself, so one that holds nothing would be refused.
void ResponsesStream::keep_reasoning(Json& items, const Json& item) const {
  const Json& content = member(item, "content");
  const bool holds_text = content.is_array() && !content.empty();
  if (string_at(item, "encrypted_content").empty() && !holds_text) return;
  Json kept = {{"type", "reasoning"}, {"id", string_at(item, "id")}, {"summary", Json::array()}};
  if (const Json& summary = member(item, "summary"); summary.is_array()) kept["summary"] = summary;
  if (holds_text) kept["content"] = content;
  if (const Json& secret = member(item, "encrypted_content"); secret.is_string()) kept["encrypted_content"] = secret;
  items.push_back(std::move(kept));
}

Result<void> ResponsesStream::take_arguments_piece(const Json& event) {
  has_item_ = true;
  return take_entry(calls_.piece(ResponseCalls::place_of(event), string_at(event, "delta")));
}

Result<void> ResponsesStream::take_arguments(const Json& event) {
  has_item_ = true;
  return take_entry(calls_.whole(ResponseCalls::place_of(event), event));
}

Result<void> ResponsesStream::take_entry(Result<Json> entry) {
  if (!entry) return corrupt(entry.error().what);
  return entry->is_null() ? Result<void>() : add_call(*entry);
}

Result<void> ResponsesStream::take_final(const Json& response, std::string status) {
  // An event that calls the response completed although it is not: the response itself knows.
  const std::string own = string_at(response, "status");
  if (status == "completed" && (own == "incomplete" || own == "failed" || own == "cancelled")) status = own;
  if (status == "failed") return failure(member(response, "error"));
  if (status != "completed" && status != "incomplete") return broken_off("the response is " + status);
  if (std::string model = string_at(response, "model"); !model.empty()) reply_.model = std::move(model);
  take_usage(member(response, "usage"));
  if (const Json& output = member(response, "output"); output.is_array()) DEED_OK(take_output(output));
  if (status == "incomplete") DEED_OK(take_incomplete_reason(response));
  // llama-server calls a response completed that it cut at the limit of tokens.
  if (max_tokens() > 0 && reply_.usage.output >= responses_max_tokens(max_tokens())) is_cut_ = true;
  if (status == "completed") {
    for (Json& entry : calls_.left()) DEED_OK(take_entry(std::move(entry)));
  }
  is_done_ = true;
  return complete(), Result<void>();
}

Result<void> ResponsesStream::take_output(const Json& output) {
  for (std::size_t i = 0; i < output.size(); ++i) {
    const Json& item = output[i];
    const std::string type = string_at(item, "type");
    has_item_ = true;
    if (type == "function_call") DEED_OK(take_entry(calls_.final(static_cast<std::int64_t>(i), item)));
    if (type == "reasoning") keep_reasoning(final_reasoning_, item);
    // Only where nothing was streamed of them: items may stand at another place here.
    if (type == "reasoning" && thoughts_.empty()) take_reasoning_item(std::to_string(i), item);
    const Json& parts = member(item, "content");
    if (type != "message" || !parts.is_array()) continue;
    for (const Json& part : parts) {
      final_text_ += text_of_part(part);
      if (string_at(part, "type") == "refusal") is_refused_ = true;
    }
  }
  // What was not streamed is told to the sink; a text that differs counts, but the sink has heard the other one.
  if (final_text_.starts_with(reply_.text)) add_text(final_text_.substr(reply_.text.size()));
  return {};
}

Result<void> ResponsesStream::take_incomplete_reason(const Json& response) {
  const std::string reason = string_at(member(response, "incomplete_details"), "reason");
  is_cut_ = true;
  if (reason == "content_filter") is_refused_ = true;
  if (reason.empty() || reason == "max_output_tokens" || reason == "max_tokens" || reason == "content_filter") return {};
  return broken_off(reason);
}

void ResponsesStream::take_usage(const Json& usage) {
  if (!usage.is_object()) return;
  reply_.usage.input = count_at(usage, "input_tokens");
  reply_.usage.cached = count_at(member(usage, "input_tokens_details"), "cached_tokens");
  reply_.usage.cache_written = count_at(member(usage, "input_tokens_details"), "cache_write_tokens");
  reply_.usage.output = count_at(usage, "output_tokens");
  reply_.usage.reasoning = count_at(member(usage, "output_tokens_details"), "reasoning_tokens");
}

Unexpected ResponsesStream::failure(const Json& error) const {
  const std::string code = string_at(error, "code"), message = string_at(error, "message");
  ProviderComplaint complaint{.code = code, .message = message.empty() ? code : message};
  return fail(to_error(complaint, endpoint()));
}

Result<void> ResponsesStream::end(Reply& reply) {
  if (!has_item_ && !is_cut_) return corrupt("the response holds no output");
  if (calls_.has_nameless()) return corrupt("the response holds a tool call without a name");
  reply.text = final_text_.empty() ? texts_.all() : final_text_;
  // A call in which the reply was cut: its arguments may be JSON by chance.
  for (std::size_t i = 0; is_cut_ && i < reply.tool_calls.size(); ++i) {
    ToolCall& call = reply.tool_calls[i];
    const bool is_bad = std::any_of(reply.bad_arguments.begin(), reply.bad_arguments.end(), [&](const auto& bad) { return bad.first == call.id; });
    if (calls_.is_whole(i) || is_bad) continue;
    reply.bad_arguments.emplace_back(call.id, to_text(call.arguments));
    call.arguments = Json::object();
  }
  if (is_cut_) reply.stop = StopReason::length;
  if (is_refused_) reply.stop = StopReason::refused;
  Json& items = final_reasoning_.empty() ? reasoning_ : final_reasoning_;
  if (!items.empty()) reply.replay = {replay_to_, std::move(items)};
  return {};
}

}  // namespace deed
