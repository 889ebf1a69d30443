// A model that says what the test wrote down, and remembers what it was asked.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "deed/llm/model.hpp"

namespace deed {

class ScriptedModel final : public Model {
 public:
  explicit ScriptedModel(std::vector<Result<Reply>> replies = {}) : replies_(replies.begin(), replies.end()) {}

  static Reply says(std::string text) { return {.text = std::move(text)}; }
  static Reply calls(std::string tool, Json arguments) {
    return {.text = "", .tool_calls = {{"c", std::move(tool), std::move(arguments)}}, .stop = StopReason::tool_calls};
  }

  const ModelInfo& info() const override {
    info_.context_window = window;
    return info_;
  }
  void prices(double input, double output) { info_.usd_per_million_input = input, info_.usd_per_million_output = output; }
  std::int64_t count_tokens(std::string_view text) const override { return static_cast<std::int64_t>(text.size() / 4); }
  Async<Reply> generate(ModelRequest request, StreamSink) override {
    requests.push_back(std::move(request));
    if (on_request) on_request();
    if (replies_.empty()) co_return fail(ErrorKind::unavailable, "the script has ended");
    Result<Reply> reply = std::move(replies_.front());
    replies_.pop_front();
    co_return reply;
  }

  std::int64_t window = 0;
  std::vector<ModelRequest> requests;
  std::function<void()> on_request;

 private:
  std::deque<Result<Reply>> replies_;
  mutable ModelInfo info_{.name = "scripted"};
};

}  // namespace deed
