#include "deed/llm/gemini/gemini_stream.hpp"

#include "deed/llm/gemini/gemini_parts.hpp"

#include <algorithm>

namespace deed {
namespace {

// What is not among them ended by a fault: MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, MALFORMED_RESPONSE, OTHER.
constexpr NamedStop gemini_finish_reasons[] = {
    {"STOP", StopReason::end},
    {"FUNCTION_CALL", StopReason::tool_calls},  // no word of the API, but of servers that speak it
    {"MAX_TOKENS", StopReason::length},
    {"SAFETY", StopReason::refused},
    {"RECITATION", StopReason::refused},
    {"LANGUAGE", StopReason::refused},
    {"BLOCKLIST", StopReason::refused},
    {"PROHIBITED_CONTENT", StopReason::refused},
    {"SPII", StopReason::refused},
    {"IMAGE_SAFETY", StopReason::refused},
};

bool is_replayed(const Json& item) { return item.contains("thoughtSignature") || item.contains("id") || item.contains("part"); }

}  // namespace

GeminiStream::GeminiStream(Options options, std::string replay_to)
    : ReplyReader(options, Framing::events), replay_to_(std::move(replay_to)), max_signature_bytes_(options.max_reply_bytes) {}

Result<void> GeminiStream::take(const Json& value, std::string_view) {
  if (std::string model = string_at(value, "modelVersion"); !model.empty()) reply_.model = std::move(model);
  take_usage(member(value, "usageMetadata"));
  if (const Json& candidates = member(value, "candidates"); candidates.is_array()) {
    for (const Json& candidate : candidates) {
      // One reply was asked for: what else a server offers is not ours.
      if (candidate.is_object() && count_at(candidate, "index") == 0) DEED_OK(take_candidate(candidate));
    }
  }
  const Json& feedback = member(value, "promptFeedback");
  if (const std::string reason = string_at(feedback, "blockReason"); !reason.empty()) {
    const std::string why = string_at(feedback, "blockReasonMessage");
    refuse(why.empty() ? "The prompt was blocked: " + reason : why);
  }
  return {};
}

Result<void> GeminiStream::take_document(const Json& value) {
  if (!value.is_array()) {
    DEED_OK(take(value, "message"));
  } else {
    for (const Json& chunk : value) {
      DEED_OK(refuse_complaint(chunk));
      DEED_OK(take(chunk, "message"));
    }
  }
  if (!is_complete() && !has_candidate_) return corrupt("the answer has no candidates: " + quoted(to_text(value)));
  return {};
}

Result<void> GeminiStream::take_candidate(const Json& candidate) {
  has_candidate_ = true;
  if (const Json& parts = member(member(candidate, "content"), "parts"); parts.is_array()) {
    for (const Json& part : parts) DEED_OK(take_part(part));
  }
  return take_finish_reason(string_at(candidate, "finishReason"), string_at(candidate, "finishMessage"));
}

Result<void> GeminiStream::take_part(const Json& part) {
  const std::string signature = string_at(part, "thoughtSignature");
  signature_bytes_ += signature.size();
  if (signature_bytes_ > max_signature_bytes_) return corrupt("the model's server sent more signatures than a reply may hold");
  if (member(part, "thought") == true) {
    add_reasoning(string_at(part, "text"));
    if (!signature.empty()) items_.push_back({{"type", "part"}, {"part", part}});
    return {};
  }
  if (const Json& call = member(part, "functionCall"); call.is_object()) return take_call(call, signature);
  if (member(part, "text").is_string()) take_text(string_at(part, "text"), signature);
  return {};
}

Result<void> GeminiStream::take_call(const Json& call, const std::string& signature) {
  const std::string id = string_at(call, "id");
  const Json& args = member(call, "args");
  const Json function = {{"name", tool_name_from_gemini(string_at(call, "name"))}, {"arguments", args}};
  DEED_OK(add_call({{"index", calls_++}, {"id", id}, {"function", function}}));
  Json item = {{"type", "call"}};
  if (!id.empty()) item["id"] = id;
  if (!signature.empty()) item["thoughtSignature"] = signature;
  items_.push_back(std::move(item));
  return {};
}

// Pieces of text that bear no signature are one part; one that bears a signature stays a part of its own.
void GeminiStream::take_text(const std::string& text, const std::string& signature) {
  add_text(text);
  const bool goes_on = !items_.empty() && string_at(items_.back(), "type") == "text" && !items_.back().contains("thoughtSignature");
  if (signature.empty() && goes_on) {
    Json& bytes = items_.back()["bytes"];
    bytes = bytes.get<std::size_t>() + text.size();
    return;
  }
  Json item = {{"type", "text"}, {"bytes", text.size()}};
  if (!signature.empty()) item["thoughtSignature"] = signature;
  items_.push_back(std::move(item));
}

Result<void> GeminiStream::take_finish_reason(const std::string& reason, const std::string& message) {
  if (reason.empty()) return {};
  const std::optional<StopReason> known = stop_named(reason, gemini_finish_reasons);
  if (!known) return broken_off(message.empty() ? reason : reason + ": " + message);
  if (*known == StopReason::refused) return refuse(message.empty() ? "The reply was stopped: " + reason : message), Result<void>();
  stop_ = *known;
  complete();
  return {};
}

void GeminiStream::refuse(const std::string& why) {
  if (reply_.text.empty()) add_text(why);
  stop_ = StopReason::refused;
  complete();
}

// Each chunk tells the counts of all so far.
void GeminiStream::take_usage(const Json& usage) {
  if (!usage.is_object()) return;
  TokenUsage& total = reply_.usage;
  total.reasoning = count_at(usage, "thoughtsTokenCount");
  total.input = count_at(usage, "promptTokenCount") + count_at(usage, "toolUsePromptTokenCount");
  total.cached = count_at(usage, "cachedContentTokenCount");
  total.output = count_at(usage, "candidatesTokenCount") + total.reasoning;
}

Result<void> GeminiStream::end(Reply& reply) {
  reply.stop = stop_;
  while (!items_.empty() && !is_replayed(items_.back())) items_.erase(items_.size() - 1);
  if (!items_.empty()) reply.replay = {replay_to_, std::move(items_)};
  return {};
}

}  // namespace deed
