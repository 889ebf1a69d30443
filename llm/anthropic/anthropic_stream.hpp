// The answer to a Messages request: numbered content blocks (text, thinking, tool_use), each begun, continued in deltas and ended. The
// terminal marker is "message_stop", or the end of a whole JSON document. Events, blocks and deltas of unknown types mean nothing to us.
// Source: https://platform.claude.com/docs/en/build-with-claude/streaming; .../extended-thinking
#pragma once

#include "deed/llm/remote/reply_reader.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace deed {

class AnthropicStream final : public ReplyReader {
 public:
  /// replay_to  whom signed thinking belongs to (Replay::provider). Its items are the blocks as they came, in order; where text or calls
  ///            stood before a later one of them, {"type": "text", "bytes": N} and {"type": "tool_use"} mark the places
  explicit AnthropicStream(Options options, std::string replay_to = {});

 private:
  struct Block {
    std::string type;
    std::string id = {};           // of a call
    std::size_t item = 0;          // of thinking: which of items_
    std::int64_t call = 0;         // of a call: its number; servers have given two blocks the same index
    bool has_arguments = false;    // of a call: some have come
    Json input = nullptr;          // of a call: what it began with, which counts where nothing follows
  };

  Result<void> take(const Json& value, std::string_view event) override;
  Result<void> take_document(const Json& value) override;
  Result<void> end(Reply& reply) override;

  void take_start(const Json& message);
  bool is_open(std::int64_t index, const Json& block) const;
  Result<void> begin_block(std::int64_t index, const Json& block);
  Result<void> take_delta(std::int64_t index, const Json& delta);
  Result<void> end_block(std::int64_t index);
  Result<void> take_stop_reason(const Json& message);
  void take_usage(const Json& usage);
  void add_said(const std::string& text);
  Result<void> think(Json& item, const std::string& text);
  Result<void> extend(Json& item, const char* name, const std::string& text);

  std::string replay_to_;
  std::size_t max_thinking_bytes_, thinking_bytes_ = 0;
  Json items_ = Json::array();
  std::int64_t calls_ = 0;
  std::map<std::int64_t, Block> open_;  // blocks that have begun and not ended
  bool has_begun_ = false;
  std::optional<StopReason> stop_;
};

}  // namespace deed
