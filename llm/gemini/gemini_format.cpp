#include "deed/llm/gemini/gemini_format.hpp"

#include "deed/llm/gemini/gemini_stream.hpp"

#include <utility>

namespace deed {
namespace {

class GeminiFormat final : public WireFormat {
 public:
  explicit GeminiFormat(GeminiWireOptions options) : replay_to_(options.replay_to), wire_(std::move(options)) {}

  std::string write(const ModelRequest& request) override { return wire_.write(request); }

  std::unique_ptr<ReplyReader> reader(ReplyReader::Options options) const override {
    return std::make_unique<GeminiStream>(std::move(options), replay_to_);
  }

 private:
  std::string replay_to_;
  GeminiWire wire_;
};

}  // namespace

std::unique_ptr<WireFormat> make_gemini_format(GeminiWireOptions options) { return std::make_unique<GeminiFormat>(std::move(options)); }

}  // namespace deed
