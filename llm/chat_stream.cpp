#include "deed/llm/chat_stream.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <initializer_list>

namespace deed {
namespace {

constexpr std::size_t head_bytes = 200;

// How servers name the same four ends. Some write them in capitals.
struct FinishReason {
  std::string_view name;
  StopReason stop;
};
constexpr FinishReason finish_reasons[] = {
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

const Json& member(const Json& object, std::string_view key) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto it = object.find(key);
  return it != object.end() ? *it : null;
}

std::int64_t count_at(const Json& object, std::string_view key) {
  const Json& value = member(object, key);
  if (!value.is_number_integer()) return 0;
  return std::max<std::int64_t>(0, value.get<std::int64_t>());
}

std::string first_text(const Json& object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (std::string text = string_at(object, key); !text.empty()) return text;
  }
  return {};
}

}  // namespace

ChatStream::ChatStream(Options options)
    : options_(std::move(options)), parser_(options_.max_event_bytes), calls_(options_.calls) {}

Unexpected ChatStream::corrupt(std::string what, std::string hint) const {
  return fail(ErrorKind::corrupt, std::move(what), options_.endpoint.where, std::move(hint));
}

std::string ChatStream::quoted(std::string_view text) const {
  return escaped(options_.endpoint.redactor.redact(std::string(text)));
}

std::vector<StreamEvent> ChatStream::take_events() { return std::exchange(events_, {}); }

Result<std::vector<StreamEvent>> ChatStream::feed(std::string_view bytes) {
  if (body_ == Body::undecided) {
    // Blank lines keep a connection alive while the model works, before a document too; a byte
    // order mark may come first.
    const std::size_t begin = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (begin == std::string_view::npos) return std::vector<StreamEvent>();
    bytes.remove_prefix(begin);
    if (bytes[0] == '<') {
      return corrupt("the model's server answered with a web page instead of JSON",
                     "check the address, which usually ends with /v1");
    }
    body_ = bytes[0] == '{' || bytes[0] == '[' ? Body::document : Body::events;
  }
  if (body_ == Body::document) {
    DEED_OK(count(bytes.size()));
    head_ += bytes;
  } else {
    DEED_OK(feed_events(bytes));
  }
  return take_events();
}

Result<void> ChatStream::feed_events(std::string_view bytes) {
  if (head_.size() < head_bytes) head_ += bytes.substr(0, head_bytes - head_.size());
  const auto events = parser_.feed(bytes);
  if (!events) {
    return corrupt("the model's server sent an event of more than " +
                   human_bytes(options_.max_event_bytes));
  }
  for (const sse::Event& event : *events) DEED_OK(take_event(event));
  return {};
}

Result<void> ChatStream::take_event(const sse::Event& event) {
  const std::string_view data = trim(event.data);
  if (data.empty() || is_done_) return {};
  if (data == "[DONE]") {
    is_done_ = is_complete_ = true;
    return {};
  }
  const bool is_damaged = !is_utf8(data);
  const auto chunk = parse_json(is_damaged ? to_utf8(data) : std::string(data));
  if (!chunk) {
    return corrupt("the model's server sent an event that is not JSON: " + quoted(data));
  }
  if (event.type == "error" && !find_complaint(*chunk)) {
    return fail(to_error(ProviderComplaint{.message = to_text(*chunk)}, options_.endpoint));
  }
  return take_chunk(*chunk, is_damaged);
}

Result<void> ChatStream::take_document(std::string_view content_type) {
  if (lower_ascii(content_type).find("json") == std::string::npos) {
    return corrupt("the answer is neither an event stream nor JSON, but " +
                   escaped(content_type.empty() ? "of no type" : content_type));
  }
  const bool is_damaged = !is_utf8(head_);
  const auto document = parse_json(is_damaged ? to_utf8(head_) : head_);
  if (!document) return corrupt("the JSON of the answer is not valid or ended early");
  size_ = 0;
  DEED_OK(take_chunk(*document, is_damaged));
  if (!has_choice_) return corrupt("the answer has no choices: " + quoted(head_));
  is_complete_ = true;
  return {};
}

Result<void> ChatStream::take_chunk(const Json& chunk, bool is_damaged) {
  if (!chunk.is_object()) return corrupt("the model's server sent JSON that is not an object");
  if (const auto complaint = find_complaint(chunk)) {
    return fail(to_error(*complaint, options_.endpoint));
  }
  if (std::string model = string_at(chunk, "model"); !model.empty()) {
    reply_.model = std::move(model);
  }
  if (const Json& usage = member(chunk, "usage"); usage.is_object()) take_usage(usage);
  const Json& choices = member(chunk, "choices");
  if (!choices.is_array()) return {};
  for (const Json& choice : choices) {
    // One reply was asked for: what else a server offers is not ours.
    if (choice.is_object() && count_at(choice, "index") == 0) {
      DEED_OK(take_choice(choice, is_damaged));
    }
  }
  return {};
}

Result<void> ChatStream::take_choice(const Json& choice, bool is_damaged) {
  has_choice_ = true;
  const Json& delta = member(choice, "delta");
  DEED_OK(take_message(delta.is_object() ? delta : member(choice, "message"), is_damaged));
  if (const std::string reason = string_at(choice, "finish_reason"); !reason.empty()) {
    return take_finish_reason(reason);
  }
  return {};
}

Result<void> ChatStream::take_message(const Json& message, bool is_damaged) {
  if (!message.is_object()) return {};
  add_reasoning(first_text(message, {"reasoning_content", "reasoning"}));
  DEED_OK(take_content(member(message, "content")));
  if (std::string text = string_at(message, "refusal"); !text.empty()) {
    refusal_ += text;
    add_text(text);
  }
  DEED_OK(take_calls(member(message, "tool_calls"), is_damaged));
  return count(0);
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

Result<void> ChatStream::take_calls(const Json& calls, bool is_damaged) {
  if (calls.is_null()) return {};
  if (!calls.is_array()) return corrupt("the reply's tool_calls are not a list");
  for (const Json& entry : calls) {
    auto delta = calls_.add(entry, is_damaged);
    if (!delta) return corrupt(delta.error().what);
    size_ += delta->arguments.size();
    events_.push_back(*std::move(delta));
  }
  return {};
}

Result<void> ChatStream::take_finish_reason(const std::string& reason) {
  const std::string name = lower_ascii(reason);
  for (const FinishReason& known : finish_reasons) {
    if (known.name != name) continue;
    stop_ = known.stop;
    is_complete_ = true;
    return {};
  }
  // "error", "abort", "insufficient_system_resource", …: what stands so far is not the whole reply.
  return fail(ErrorKind::unavailable, "the model's server broke the reply off: " + quoted(reason),
              options_.endpoint.where, "try again later");
}

void ChatStream::take_usage(const Json& usage) {
  TokenUsage& total = reply_.usage;
  total.input = count_at(usage, "prompt_tokens");
  total.output = count_at(usage, "completion_tokens");
  total.cached = std::max(count_at(member(usage, "prompt_tokens_details"), "cached_tokens"),
                          count_at(usage, "prompt_cache_hit_tokens"));
  total.reasoning = count_at(member(usage, "completion_tokens_details"), "reasoning_tokens");
}

void ChatStream::add_text(const std::string& text) {
  if (text.empty()) return;
  reply_.text += text;
  size_ += text.size();
  events_.push_back(TextDelta{text});
}

void ChatStream::add_reasoning(const std::string& text) {
  if (text.empty()) return;
  reply_.reasoning += text;
  size_ += text.size();
  events_.push_back(ReasoningDelta{text});
}

Result<void> ChatStream::count(std::size_t bytes) {
  size_ += bytes;
  if (size_ <= options_.max_reply_bytes) return {};
  return corrupt("the model's server sent a reply of more than " +
                 human_bytes(options_.max_reply_bytes));
}

Result<Reply> ChatStream::finish(std::string_view content_type) {
  if (body_ == Body::document) {
    DEED_OK(take_document(content_type));
  } else if (!is_complete_) {
    // The blank line behind the last event may be missing; a cut event shows itself by not being
    // JSON.
    const auto tail = parser_.has_unfinished() ? feed_events("\n\n") : Result<void>();
    if (!tail && tail.error().kind != ErrorKind::corrupt) return fail(tail.error());
  }
  if (!is_complete_) {
    if (!head_.empty() && !has_choice_ &&
        lower_ascii(content_type).find("event-stream") == std::string::npos) {
      return corrupt("the answer is neither an event stream nor JSON: " + quoted(head_));
    }
    return corrupt("the stream ended early", "the reply is not complete; try again");
  }
  if (!has_choice_) return corrupt("the stream holds no reply");
  calls_.finish(reply_);
  const bool has_calls = !reply_.tool_calls.empty();
  reply_.stop = stop_.value_or(StopReason::end);
  // Several servers say "stop" behind tool calls.
  if (has_calls && reply_.stop == StopReason::end) reply_.stop = StopReason::tool_calls;
  if (!has_calls && reply_.stop == StopReason::tool_calls) reply_.stop = StopReason::end;
  if (!refusal_.empty()) reply_.stop = StopReason::refused;
  return std::move(reply_);
}

}  // namespace deed
