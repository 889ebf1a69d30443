// What a plugin says while it works on a call, and how it is answered: the one place where the words of a library and those of a
// program meet the loop.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "deed/agent/wakeup.hpp"
#include "deed/plugins/plugin_host.hpp"

namespace deed {

struct WantsDispatch {
  std::function<void(Result<void>)> answer;
};
struct WantsSecret {
  std::string name;
  std::function<void(Result<Secret>)> answer;
};
/// As the plugin wrote it; nothing of it has been judged.
struct WantsHttp {
  std::string method, url;
  HttpHeaders headers = {};
  std::string body = {};
  std::function<void(Result<HttpResponse>)> answer;
};
struct SaysProgress {
  std::string line;
};
using PluginMessage = std::variant<WantsDispatch, WantsSecret, WantsHttp, SaysProgress, PluginAnswer>;

/// Loop thread only.
class CallInbox {
 public:
  void push(PluginMessage message) {
    messages_.push_back(std::move(message));
    wakeup_.wake();
  }
  asio::awaitable<PluginMessage> next();

 private:
  std::deque<PluginMessage> messages_;
  Wakeup wakeup_;
};

inline constexpr std::size_t max_plugin_http_bytes = 16u << 20;
inline constexpr std::size_t max_progress_bytes = 500;

/// Serves what the call wants until its answer comes.
/// inbox  shared with whoever fills it
/// ctx    nullptr in a preview: no dispatch, no request, no secret
asio::awaitable<PluginAnswer> serve_call(std::shared_ptr<CallInbox> inbox, ToolContext* ctx, PluginServices services);

}  // namespace deed
