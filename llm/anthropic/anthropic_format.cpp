#include "deed/llm/anthropic/anthropic_format.hpp"

#include "deed/llm/anthropic/anthropic_stream.hpp"

#include <utility>

namespace deed {
namespace {

class AnthropicFormat final : public WireFormat {
 public:
  explicit AnthropicFormat(AnthropicWireOptions options) : replay_to_(options.replay_to), wire_(std::move(options)) {}

  std::string write(const ModelRequest& request) override { return wire_.write(request); }

  // Source: https://platform.claude.com/docs/en/api/versioning
  HttpHeaders headers() const override { return {{"anthropic-version", "2023-06-01"}}; }

  std::unique_ptr<ReplyReader> reader(ReplyReader::Options options) const override {
    return std::make_unique<AnthropicStream>(std::move(options), replay_to_);
  }

 private:
  std::string replay_to_;
  AnthropicWire wire_;
};

}  // namespace

std::unique_ptr<WireFormat> make_anthropic_format(AnthropicWireOptions options) {
  return std::make_unique<AnthropicFormat>(std::move(options));
}

}  // namespace deed
