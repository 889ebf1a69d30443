// The model's context as a pure function of the run's state, always within the model's window.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "deed/agent/state.hpp"
#include "deed/llm/model.hpp"
#include "deed/tools/registry.hpp"

namespace deed {

struct ContextOptions {
  std::int64_t window = 0;              ///< tokens of prompt and reply; 0: no limit
  std::int64_t max_reply_tokens = 2048;
  std::function<std::int64_t(std::string_view)> count_tokens;
  /// Whether the model takes it; what it does not take is named to it only. Empty: nothing is taken.
  std::function<bool(const Media&)> takes;
  Effort effort = Effort::as_it_likes;
  std::string system = {};              ///< instead of deed's own instructions
  std::optional<Json> schema = {};      ///< of the answer
  std::size_t result_bytes = 16u << 10;  ///< of one tool result; of a longer one an excerpt (agent/excerpt.hpp), marked as cut
};

struct BuiltContext {
  ModelRequest request;
  std::int64_t estimated_tokens = 0;
  std::int64_t cut_results = 0;  ///< tool results replaced by a note
  /// Of the system prompt and the messages: h(0) = SHA-256(system), h(n) = SHA-256(h(n-1) and message n as JSON text), in hex.
  std::string sha256;
};

/// Builds the transcript of a run's state, turn after turn. What was built for an earlier state of the same run is kept, so that
/// a turn costs what it added.
///
/// What does not fit is left out in this order: tool results, the oldest first, without the last step's; then whole steps, the
/// oldest first; then the end of the user's words; then the middle of the last results. Nothing is lost: the journal keeps all
/// of it, and a note says what was cut and where it is.
/// Every call has a result, so the transcript is valid for every provider. While all fits, a longer run's context begins with
/// the very messages of before.
class ContextBuilder {
 public:
  /// tools  those of the registry at this moment
  ContextBuilder(const Registry& tools, ContextOptions options);

  /// state  of one run, with each call a later one. The calls of the steps that were there the last time had ended
  BuiltContext build(const State& state);

 private:
  struct Kept {
    std::int64_t size = 0;  // tokens
    int step = 0;           // 0: the user's words
  };
  class Fitting;

  void take_in(const State& state, const Entry& entry);
  void add(Message message, int step);
  void add_result(const std::string& id, const CallState& call, int step);
  void show(const std::vector<Media>& media, Message& message) const;
  std::int64_t tokens(std::string_view text) const;
  std::int64_t size_of(const Message& message) const;

  ContextOptions options_;
  ModelRequest head_;          // system and tools
  std::int64_t head_size_ = 0;
  Transcript messages_;        // of all entries taken in, uncut
  std::string wanted_;         // the user's last words: what matters in a long result
  std::vector<Kept> kept_;     // one for each message
  std::int64_t size_ = 0;      // of them all
  std::string chain_;          // their hash, see BuiltContext::sha256
  std::size_t taken_in_ = 0;   // entries of the state
};

/// The same for one state.
BuiltContext build_context(const State& state, const Registry& tools, const ContextOptions& options);

}  // namespace deed
