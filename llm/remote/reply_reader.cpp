#include "deed/llm/remote/reply_reader.hpp"

#include "deed/core/text.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr std::size_t head_bytes = 200;

}  // namespace

std::optional<StopReason> stop_named(std::string_view name, std::span<const NamedStop> rows) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const NamedStop& known) { return known.name == name; });
  return row == rows.end() ? std::nullopt : std::optional(row->stop);
}

ReplyReader::ReplyReader(Options options, Framing framing)
    : options_(std::move(options)), framing_(framing), parser_(options_.max_event_bytes), calls_(options_.calls) {}

Unexpected ReplyReader::corrupt(std::string what, std::string hint) const {
  return fail(ErrorKind::corrupt, std::move(what), options_.endpoint.where, std::move(hint));
}

Unexpected ReplyReader::broken_off(std::string_view why) const {
  return fail(ErrorKind::unavailable, "the model's server broke the reply off: " + quoted(why), options_.endpoint.where,
              "try again later");
}

std::string ReplyReader::quoted(std::string_view text) const {
  return escaped(options_.endpoint.redactor.redact(std::string(text)));
}

std::vector<StreamEvent> ReplyReader::take_events() { return std::exchange(events_, {}); }

Result<void> ReplyReader::refuse_complaint(const Json& value) const {
  if (const auto complaint = find_complaint(value)) return fail(to_error(*complaint, options_.endpoint));
  return {};
}

Result<void> ReplyReader::decide(std::string_view bytes) {
  if (bytes[0] == '<') {
    return corrupt("the model's server answered with a web page instead of JSON",
                   "check the address, which usually ends with /v1");
  }
  const bool is_json = bytes[0] == '{' || bytes[0] == '[';
  // A document is one line of JSON to whoever reads lines.
  body_ = is_json && (framing_ == Framing::events || bytes[0] == '[') ? Body::document : Body::stream;
  return {};
}

Result<std::vector<StreamEvent>> ReplyReader::feed(std::string_view bytes) {
  if (body_ == Body::undecided) {
    // Blank lines keep a connection alive while the model works, before a document too; a byte order mark may come first.
    const std::size_t begin = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (begin == std::string_view::npos) return std::vector<StreamEvent>();
    bytes.remove_prefix(begin);
    DEED_OK(decide(bytes));
  }
  if (body_ == Body::document) {
    DEED_OK(count(bytes.size()));
    head_ += bytes;
  } else {
    DEED_OK(feed_stream(bytes));
  }
  return take_events();
}

Result<void> ReplyReader::feed_stream(std::string_view bytes) {
  if (head_.size() < head_bytes) head_ += bytes.substr(0, head_bytes - head_.size());
  if (framing_ == Framing::lines) return feed_lines(bytes);
  const auto events = parser_.feed(bytes);
  if (!events) return corrupt("the model's server sent an event of more than " + human_bytes(options_.max_event_bytes));
  for (const sse::Event& event : *events) DEED_OK(take_data(event.data, event.type));
  return {};
}

Result<void> ReplyReader::feed_lines(std::string_view bytes) {
  for (;;) {
    const std::size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (line_.size() > options_.max_event_bytes) {
      return corrupt("the model's server sent a line of more than " + human_bytes(options_.max_event_bytes));
    }
    if (end == std::string_view::npos) return {};
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    DEED_OK(take_data(line, "message"));
  }
}

Result<void> ReplyReader::take_data(std::string_view text, std::string_view event) {
  const std::string_view data = trim(text);
  if (data.empty() || take_word(data)) return {};
  is_damaged_ = !is_utf8(data);
  const auto value = parse_json(is_damaged_ ? to_utf8(data) : std::string(data));
  if (!value) return corrupt("the model's server sent an event that is not JSON: " + quoted(data));
  if (!value->is_object()) return corrupt("the model's server sent JSON that is not an object");
  DEED_OK(refuse_complaint(*value));
  if (event == "error") return fail(to_error(ProviderComplaint{.message = to_text(*value)}, options_.endpoint));
  DEED_OK(take(*value, event));
  return count(0);
}

Result<void> ReplyReader::take_whole(std::string_view content_type) {
  if (lower_ascii(content_type).find("json") == std::string::npos) {
    return corrupt("the answer is neither " + framing_name() + " nor JSON, but " +
                   escaped(content_type.empty() ? "of no type" : content_type));
  }
  is_damaged_ = !is_utf8(head_);
  const auto document = parse_json(is_damaged_ ? to_utf8(head_) : head_);
  if (!document) return corrupt("the JSON of the answer is not valid or ended early");
  size_ = 0;
  DEED_OK(refuse_complaint(*document));
  return take_document(*document);
}

void ReplyReader::add_text(const std::string& text) {
  if (text.empty()) return;
  reply_.text += text;
  size_ += text.size();
  events_.push_back(TextDelta{text});
}

void ReplyReader::add_reasoning(const std::string& text) {
  if (text.empty()) return;
  reply_.reasoning += text;
  size_ += text.size();
  events_.push_back(ReasoningDelta{text});
}

Result<void> ReplyReader::add_call(const Json& entry) {
  auto delta = calls_.add(entry, is_damaged_);
  if (!delta) return corrupt(delta.error().what);
  size_ += delta->arguments.size();
  events_.push_back(*std::move(delta));
  return {};
}

Result<void> ReplyReader::count(std::size_t bytes) {
  size_ += bytes;
  if (size_ <= options_.max_reply_bytes) return {};
  return corrupt("the model's server sent a reply of more than " + human_bytes(options_.max_reply_bytes));
}

Result<Reply> ReplyReader::finish(std::string_view content_type) {
  if (body_ == Body::document) {
    DEED_OK(take_whole(content_type));
  } else if (!is_complete_) {
    // The end of the last line or event may be missing; a cut one shows itself by not being JSON.
    const bool has_tail = framing_ == Framing::lines ? !line_.empty() : parser_.has_unfinished();
    const auto tail = has_tail ? feed_stream("\n\n") : Result<void>();
    if (!tail && tail.error().kind != ErrorKind::corrupt) return fail(tail.error());
  }
  if (!is_complete_) {
    const bool has_type = lower_ascii(content_type).find(framing_ == Framing::events ? "event-stream" : "json") != std::string::npos;
    if (body_ == Body::stream && !has_type && head_.find('{') == std::string::npos) {
      return corrupt("the answer is neither " + framing_name() + " nor JSON: " + quoted(head_));
    }
    return corrupt("the stream ended early", "the reply is not complete; try again");
  }
  calls_.finish(reply_);
  DEED_OK(end(reply_));
  const bool has_calls = !reply_.tool_calls.empty();
  if (has_calls && reply_.stop == StopReason::end) reply_.stop = StopReason::tool_calls;
  if (!has_calls && reply_.stop == StopReason::tool_calls) reply_.stop = StopReason::end;
  return std::move(reply_);
}

}  // namespace deed
