#include "deed/llm/responses/responses_format.hpp"

#include "deed/llm/responses/responses_stream.hpp"

#include <utility>

namespace deed {
namespace {

class ResponsesFormat final : public WireFormat {
 public:
  explicit ResponsesFormat(ResponsesWireOptions options) : options_(std::move(options)) {}

  std::string write(const ModelRequest& request) override { return to_responses_wire(request, options_); }

  std::unique_ptr<ReplyReader> reader(ReplyReader::Options options) const override {
    return std::make_unique<ResponsesStream>(std::move(options), options_.replay_to);
  }

 private:
  ResponsesWireOptions options_;
};

}  // namespace

std::unique_ptr<WireFormat> make_responses_format(ResponsesWireOptions options) {
  return std::make_unique<ResponsesFormat>(std::move(options));
}

}  // namespace deed
