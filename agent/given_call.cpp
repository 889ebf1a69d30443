#include "deed/agent/given_call.hpp"

namespace deed {
namespace {

class GivenCallModel final : public Model {
 public:
  const ModelInfo& info() const override { return info_; }
  std::int64_t count_tokens(std::string_view text) const override { return static_cast<std::int64_t>(text.size()); }

  Async<Reply> generate(ModelRequest request, StreamSink) override {
    Reply reply;
    reply.model = info_.name;
    if (request.messages.size() > 1) {
      const Message& last = request.messages.back();
      reply.text = last.text;
      reply.stop = last.is_error ? StopReason::refused : StopReason::end;
      co_return reply;
    }
    const auto call = parse_json(request.messages.empty() ? "" : request.messages.front().text);
    if (!call || !call->is_object() || !call->contains("arguments")) {
      co_return fail(ErrorKind::corrupt, "the run's request is not a call");
    }
    reply.tool_calls.push_back({"call", string_at(*call, "tool"), call->at("arguments")});
    reply.stop = StopReason::tool_calls;
    co_return reply;
  }

 private:
  ModelInfo info_{.name = given_call_model_name};
};

}  // namespace

std::string given_call_request(const std::string& tool, const Json& arguments) {
  return to_text(Json{{"tool", tool}, {"arguments", arguments}});
}

std::unique_ptr<Model> make_given_call_model() { return std::make_unique<GivenCallModel>(); }

}  // namespace deed
