#include "deed/llm/transcript.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace deed {
namespace {

constexpr const char* no_result = "There is no result: the call was not run.";

class Mending {
 public:
  explicit Mending(const Transcript& from) : from_(from) {}

  Transcript run() {
    for (std::size_t i = 0; i < from_.size();) {
      const Message& message = from_[i];
      if (message.role == Role::assistant) {
        i = take_turn(i);
        continue;
      }
      if (message.role == Role::user) out_.share(from_, i);
      ++i;  // a result behind no call answers nothing
    }
    return std::move(out_);
  }

 private:
  // An assistant message with the results behind it; gives where the next one begins.
  std::size_t take_turn(std::size_t at) {
    std::size_t end = at + 1;
    while (end < from_.size() && from_[end].role == Role::tool) ++end;
    const Message& message = from_[at];
    if (message.text.empty() && message.tool_calls.empty()) return end;
    if (out_.empty()) out_.push_back({.role = Role::user, .text = "(The beginning of the conversation was left out.)"});
    const std::vector<std::string> ids = unique_ids(message);
    share_or_rename(at, ids);
    std::vector<bool> used(end - at, false);
    for (std::size_t c = 0; c < ids.size(); ++c) add_result(at, end, used, message.tool_calls[c], ids[c]);
    return end;
  }

  std::vector<std::string> unique_ids(const Message& message) {
    std::vector<std::string> ids;
    for (const ToolCall& call : message.tool_calls) {
      std::string id = call.id.empty() ? "call" : call.id;
      for (int n = 2; !taken_.insert(id).second; ++n) id = (call.id.empty() ? "call" : call.id) + "_" + std::to_string(n);
      ids.push_back(std::move(id));
    }
    return ids;
  }

  void share_or_rename(std::size_t at, const std::vector<std::string>& ids) {
    const Message& message = from_[at];
    bool is_right = true;
    for (std::size_t c = 0; c < ids.size(); ++c) is_right &= message.tool_calls[c].id == ids[c];
    if (is_right) return out_.share(from_, at);
    Message renamed = message;
    for (std::size_t c = 0; c < ids.size(); ++c) renamed.tool_calls[c].id = ids[c];
    out_.push_back(std::move(renamed));
  }

  // The first result of the call that no call before it has.
  void add_result(std::size_t at, std::size_t end, std::vector<bool>& used, const ToolCall& call, const std::string& id) {
    for (std::size_t i = at + 1; i < end; ++i) {
      if (used[i - at] || from_[i].tool_call_id != call.id) continue;
      used[i - at] = true;
      if (id == call.id) return out_.share(from_, i);
      Message renamed = from_[i];
      renamed.tool_call_id = id;
      return out_.push_back(std::move(renamed));
    }
    out_.push_back({.role = Role::tool, .text = no_result, .tool_call_id = id, .tool_name = call.name, .is_error = true});
  }

  const Transcript& from_;
  Transcript out_;
  std::set<std::string> taken_;
};

}  // namespace

Transcript mended(const Transcript& transcript) { return Mending(transcript).run(); }

}  // namespace deed
