// The answer to a chat completions request as a state machine without I/O: bytes of the body in,
// stream events and at the end a Reply out. It reads an event stream and also the plain JSON of
// servers that do not stream. A reply counts only when its terminal marker has arrived: "[DONE]", a
// finish_reason, or the end of a whole JSON document. Source:
// https://platform.openai.com/docs/api-reference/chat/streaming
#pragma once

#include "deed/llm/call_assembly.hpp"
#include "deed/llm/model.hpp"
#include "deed/llm/provider_errors.hpp"
#include "deed/net/sse.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

class ChatStream {
 public:
  struct Options {
    Endpoint endpoint = {};
    CallAssembly::Options calls = {};
    std::size_t max_event_bytes = 4u << 20;  ///< of one event
    std::size_t max_reply_bytes =
        16u << 20;  ///< text, reasoning and arguments together; also of a JSON document
  };

  explicit ChatStream(Options options);

  /// Takes the next bytes of the body, cut anywhere, and returns what they completed.
  /// errors  corrupt: no chat completions stream, or larger than allowed. Others as the provider's
  /// error object says
  ///         (`to_error`). The stream is of no use afterwards
  Result<std::vector<StreamEvent>> feed(std::string_view bytes);

  /// Whether the terminal marker has been seen: what breaks from now on costs at most the token
  /// usage.
  bool is_complete() const { return is_complete_; }

  /// The body has ended. Call once.
  /// errors  corrupt: "the stream ended early" where there was no terminal marker; a body that is
  /// neither an event stream nor JSON.
  ///         Others as `feed`
  Result<Reply> finish(std::string_view content_type);

  /// What `finish` completed: the last event without its blank line, or all that a JSON document
  /// holds.
  std::vector<StreamEvent> take_events();

 private:
  enum class Body { undecided, events, document };

  Result<void> feed_events(std::string_view bytes);
  Result<void> take_event(const sse::Event& event);
  Result<void> take_document(std::string_view content_type);
  Result<void> take_chunk(const Json& chunk, bool is_damaged);
  Result<void> take_choice(const Json& choice, bool is_damaged);
  Result<void> take_message(const Json& message, bool is_damaged);
  Result<void> take_content(const Json& content);
  Result<void> take_calls(const Json& calls, bool is_damaged);
  Result<void> take_finish_reason(const std::string& reason);
  void take_usage(const Json& usage);
  void add_text(const std::string& text);
  void add_reasoning(const std::string& text);
  Result<void> count(std::size_t bytes);
  Unexpected corrupt(std::string what, std::string hint = {}) const;
  std::string quoted(std::string_view text) const;

  Options options_;
  sse::Parser parser_;
  CallAssembly calls_;
  Body body_ = Body::undecided;
  std::string
      head_;  ///< of an event stream: its first bytes, for the error; of a document: all of it
  std::size_t size_ = 0;  ///< what the reply holds so far
  bool has_choice_ = false, is_done_ = false, is_complete_ = false;
  std::optional<StopReason> stop_;
  std::string refusal_;
  std::vector<StreamEvent> events_;
  Reply reply_;
};

}  // namespace deed
