// The answer of an Ollama server: one JSON object a line. The terminal marker is "done": true; a body that is not streamed is one such
// line. Calls come whole. Source: https://docs.ollama.com/api/streaming; https://github.com/ollama/ollama, api/types.go (ChatResponse)
#pragma once

#include "deed/llm/remote/reply_reader.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace deed {

class OllamaStream final : public ReplyReader {
 public:
  /// replay_to  whom the thoughts of the reply belong to (Replay::provider)
  explicit OllamaStream(Options options, std::string replay_to = {});

 private:
  Result<void> take(const Json& value, std::string_view event) override;
  Result<void> take_document(const Json& value) override;
  Result<void> end(Reply& reply) override;

  Result<void> take_message(const Json& message);
  Result<void> take_call(const Json& call);
  Result<void> take_end(const Json& line);

  std::string replay_to_;
  std::int64_t calls_ = 0;
  bool has_message_ = false, is_done_ = false;
  StopReason stop_ = StopReason::end;
};

}  // namespace deed
