// The answer to a chat completions request. The terminal marker is "[DONE]", a finish_reason, or the end of a whole JSON document.
// Source: https://platform.openai.com/docs/api-reference/chat/streaming
#pragma once

#include "deed/llm/remote/reply_reader.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace deed {

class ChatStream final : public ReplyReader {
 public:
  /// replay_to, replay_member  as ChatWireOptions have them: what is kept to be sent back, and for whom
  explicit ChatStream(Options options, std::string replay_to = {}, std::string replay_member = {});

 private:
  Result<void> take(const Json& value, std::string_view event) override;
  bool take_word(std::string_view word) override;
  Result<void> take_document(const Json& value) override;
  Result<void> end(Reply& reply) override;

  Result<void> take_choice(const Json& choice);
  Result<void> take_message(const Json& message);
  Result<void> take_content(const Json& content);
  Result<void> take_calls(const Json& calls);
  Result<void> take_finish_reason(const std::string& reason);
  void take_usage(const Json& usage);

  std::string replay_to_, replay_member_;
  Json details_ = Json::array();  // OpenRouter's reasoning_details, in the order in which they came
  bool has_choice_ = false, is_done_ = false;
  std::optional<StopReason> stop_;
  std::string refusal_;
};

}  // namespace deed
