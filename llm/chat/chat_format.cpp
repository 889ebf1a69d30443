#include "deed/llm/chat/chat_format.hpp"

#include "deed/llm/chat/chat_stream.hpp"

#include <utility>

namespace deed {
namespace {

class ChatFormat final : public WireFormat {
 public:
  explicit ChatFormat(ChatWireOptions options)
      : replay_to_(options.replay_to), replay_member_(options.replay_member), wire_(std::move(options)) {}

  std::string write(const ModelRequest& request) override { return wire_.write(request); }

  std::unique_ptr<ReplyReader> reader(ReplyReader::Options options) const override {
    return std::make_unique<ChatStream>(std::move(options), replay_to_, replay_member_);
  }

 private:
  std::string replay_to_, replay_member_;
  ChatWire wire_;
};

}  // namespace

std::unique_ptr<WireFormat> make_chat_format(ChatWireOptions options) {
  return std::make_unique<ChatFormat>(std::move(options));
}

}  // namespace deed
