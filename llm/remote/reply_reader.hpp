// The answer of a model's server as a state machine without I/O: bytes of the body in, stream events and at the end a Reply out. This
// part knows how bodies are framed (server-sent events, JSON lines, one JSON document), the limits, and what a body is that is none
// of these; what the JSON means is each provider's. A reply counts only when its terminal marker has arrived.
#pragma once

#include "deed/llm/model.hpp"
#include "deed/llm/remote/call_assembly.hpp"
#include "deed/llm/remote/provider_errors.hpp"
#include "deed/llm/remote/wire_json.hpp"
#include "deed/net/sse.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// A server's word for the end of a reply.
struct NamedStop {
  std::string_view name;
  StopReason stop;
};
/// nullopt: none of the rows has the name.
std::optional<StopReason> stop_named(std::string_view name, std::span<const NamedStop> rows);

class ReplyReader {
 public:
  enum class Framing {
    events,  ///< server-sent events (WHATWG HTML, section 9.2)
    lines,   ///< one JSON value a line
  };
  struct Options {
    Endpoint endpoint = {};
    CallAssembly::Options calls = {};
    std::int64_t max_tokens = 0;  ///< that were asked for (ModelRequest::max_tokens); 0: not known
    std::size_t max_event_bytes = 4u << 20;   ///< of one event or line
    std::size_t max_reply_bytes = 16u << 20;  ///< text, reasoning and arguments together; also of a JSON document
  };

  ReplyReader(Options options, Framing framing);
  virtual ~ReplyReader() = default;
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  /// Takes the next bytes of the body, cut anywhere, and returns what they completed.
  /// errors  corrupt: not what the API promises, or larger than allowed. Others as the provider's error object says (`to_error`).
  ///         The reader is of no use afterwards
  Result<std::vector<StreamEvent>> feed(std::string_view bytes);

  /// Whether the terminal marker has been seen: what breaks from now on costs at most the token usage.
  bool is_complete() const { return is_complete_; }

  /// The body has ended. Call once.
  /// errors  corrupt: "the stream ended early" where there was no terminal marker; a body that is neither a stream nor JSON.
  ///         Others as `feed`
  Result<Reply> finish(std::string_view content_type);

  /// What `finish` completed: the last event without its blank line, or all that a JSON document holds.
  std::vector<StreamEvent> take_events();

 protected:
  /// One JSON value of the stream. `event` is its type where the framing has one, else "message".
  virtual Result<void> take(const Json& value, std::string_view event) = 0;
  /// A text that is not JSON; gives whether it has a meaning ("[DONE]").
  virtual bool take_word(std::string_view) { return false; }
  /// A body that was not streamed. It is complete afterwards, or an error.
  virtual Result<void> take_document(const Json& value) = 0;
  /// After the terminal marker: what is left to say about the reply before it is given away. Whether its end is that of tool calls is
  /// seen to here: several servers say "stop" behind calls.
  virtual Result<void> end(Reply& reply) = 0;

  void complete() { is_complete_ = true; }
  void add_text(const std::string& text);
  void add_reasoning(const std::string& text);
  /// See CallAssembly::add.
  Result<void> add_call(const Json& entry);
  /// Fails where the value is an error object of a provider.
  Result<void> refuse_complaint(const Json& value) const;
  Unexpected corrupt(std::string what, std::string hint = {}) const;
  /// The server broke the reply off: what stands so far is not the whole.
  Unexpected broken_off(std::string_view why) const;
  /// For errors: redacted, with control characters made visible.
  std::string quoted(std::string_view text) const;
  const Endpoint& endpoint() const { return options_.endpoint; }
  std::int64_t max_tokens() const { return options_.max_tokens; }

  Reply reply_;  ///< its tool calls are filled in when the body has ended

 private:
  enum class Body { undecided, stream, document };

  Result<void> decide(std::string_view bytes);
  Result<void> feed_stream(std::string_view bytes);
  Result<void> feed_lines(std::string_view bytes);
  Result<void> take_data(std::string_view data, std::string_view event);
  Result<void> take_whole(std::string_view content_type);
  Result<void> count(std::size_t bytes);
  std::string framing_name() const { return framing_ == Framing::events ? "an event stream" : "JSON lines"; }

  Options options_;
  Framing framing_;
  sse::Parser parser_;
  CallAssembly calls_;
  Body body_ = Body::undecided;
  std::string head_;     // of a stream: its first bytes, for the error; of a document: all of it
  std::string line_;     // of JSON lines: the one that has begun
  std::size_t size_ = 0;  // what the reply holds so far
  bool is_complete_ = false, is_damaged_ = false;  // damaged: bytes of the value at hand were not UTF-8
  std::vector<StreamEvent> events_;
};

}  // namespace deed
