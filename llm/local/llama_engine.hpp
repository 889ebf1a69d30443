// llama.cpp behind Scorer: a model and its KV cache. The cache holds a few prefixes side by side
// (the prompt for choosing a tool, a form, a chat), each reused as far as the next prompt begins
// with the same tokens; candidates branch off a prefix as sequences of their own and are judged in
// shared batches. Source: llama.h of llama.cpp
#pragma once

#include "deed/llm/local/llama_chat.hpp"
#include "deed/llm/local/scorer.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

struct llama_model;
struct llama_context;
struct llama_vocab;

namespace deed {

struct LlamaDeleter {
  void operator()(llama_model* model) const;
  void operator()(llama_context* context) const;
};
using LlamaModelPtr = std::unique_ptr<llama_model, LlamaDeleter>;

/// The vocabulary alone, for counting tokens before the weights are loaded.
/// errors  corrupt: llama.cpp cannot read it
Result<LlamaModelPtr> load_vocabulary(const std::string& path);
/// Tokens of `text`, none of them a control token unless `reads_control`. Any thread.
Tokens tokenize(const llama_vocab& vocabulary, std::string_view text, bool reads_control = false);
const llama_vocab& vocabulary_of(const llama_model& model);

/// When the work in progress has to stop; read by llama.cpp's threads while it computes.
struct StopSignal {
  std::atomic<bool> is_cancelled = false;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();

  bool is_raised() const { return is_cancelled || std::chrono::steady_clock::now() > deadline; }
};

struct ChatTurn {
  std::string role;  ///< "system", "user", "assistant"
  std::string text;
};

/// How a reply is written under a guide. Borrowed texts outlive the call.
struct WriteOptions {
  std::int64_t max_tokens = 2048;
  double temperature = 0;  ///< 0: always the likeliest token that may stand there
  double top_p = 1;
  std::uint64_t seed = 0;
  const ReplyGuide* guide = nullptr;
  std::vector<std::string> stops = {};  ///< besides those of the guide
  std::function<void(std::string_view)> on_text = {};  ///< all that was written so far, in whole UTF-8 characters
};

/// One thread at a time.
class LlamaEngine final : public Scorer {
 public:
  struct Options {
    std::string path;
    int threads = 0;  ///< 0: one fewer than there are cores
    int max_context = 8192;
    std::string cache_dir = {};  ///< for prepared prompts, made if absent; empty: none are kept
  };

  /// Takes seconds. `stop` is borrowed, outlives the engine, and stops whatever it computes.
  /// errors  corrupt, unsupported: llama.cpp cannot load the file. limit: not enough memory
  static Result<std::unique_ptr<LlamaEngine>> load(const Options& options, const StopSignal& stop);
  ~LlamaEngine() override;

  Tokens tokenize(std::string_view text) override;
  Tokens document_start() override;
  Result<void> prepare(const Preparation& wanted) override;
  Result<std::vector<TextScore>> score(const ScoreQuestion& question) override;
  Result<Completion> complete(const Tokens& prefix, const CompleteOptions& options) override;
  TokenUsage usage() const override { return usage_; }

  /// The turns in the model's own chat format, ending where the assistant speaks. What a turn says
  /// is never read as a control token.
  Result<Tokens> chat_prompt(const std::vector<ChatTurn>& turns);
  int context_size() const { return context_size_; }

  /// What the file says of how it chats.
  ChatSource chat_source() const;
  /// A prompt as its template wrote it.
  Tokens prompt_tokens(const std::vector<PromptPart>& parts) const;
  /// A reply behind `prompt`, with the texts of control tokens in it, since formats are made of them. Where the guide has a grammar,
  /// no token stands where the grammar does not allow it.
  /// errors  as `score`; unsupported: llama.cpp cannot read the grammar
  Result<Completion> write(const Tokens& prompt, const WriteOptions& options);

 private:
  static constexpr int prefix_slots = 3, max_branches = 61, max_scratch = 64;
  static constexpr int max_sequences = prefix_slots + max_branches + max_scratch;

  // One prompt whose keys and values are in the cache, under the sequence id that is its index.
  struct Prefix {
    Tokens tokens;
    std::vector<float> logits = {};  ///< behind the last token
    std::uint64_t last_use = 0;
  };
  // A candidate's `given` text behind a prefix, kept without its last token, which is read again to
  // get its logits.
  struct Branch {
    int sequence;
    std::size_t prefix;
    Tokens given;
  };
  struct Item {
    std::int32_t token, position, sequence;
    bool wants_logits = false;
    std::size_t candidate = 0;
    std::ptrdiff_t index = 0;  ///< in the candidate's text; negative within `given`
  };
  struct Batch;

  LlamaEngine(LlamaModelPtr model, const StopSignal& stop, const Options& options);
  Result<void> open_context(const Options& options);
  void find_line_ends();

  Result<std::size_t> hold_prefix(const Tokens& prefix);
  std::size_t pick_slot(const Tokens& prefix, std::size_t& common);
  Result<void> make_room(std::size_t slot, std::size_t tokens);
  void drop_prefix(std::size_t slot);
  void drop_branches(std::optional<std::size_t> slot);
  Result<const Branch*> hold_branch(std::size_t slot, const Tokens& given);
  Result<void> extend(std::size_t slot, const std::int32_t* tokens, std::size_t count);
  Result<void> decode(const std::vector<Item>& items);
  Error stopped(int code) const;
  void forget_all();

  std::string state_key(const Preparation& wanted) const;
  std::string give_state();
  bool take_state(const Preparation& wanted, const std::string& bytes);

  Result<void> judge(std::size_t slot, const ScoreQuestion& question, bool keeps,
                     std::vector<TextScore>& scores);
  void read_logits(const std::vector<Item>& items, const ScoreQuestion& question,
                   std::vector<TextScore>& scores);
  double log_sum(const float* logits) const;
  double end_of_line(const float* logits, double normaliser) const;
  std::int32_t sample(const std::vector<float>& logits, const Tokens& recent,
                      const CompleteOptions& options, std::mt19937_64& random) const;
  std::string text_of(std::int32_t token) const;

  LlamaModelPtr model_;
  const StopSignal& stop_;
  std::unique_ptr<llama_context, LlamaDeleter> context_;
  std::unique_ptr<Batch> batch_;
  const llama_vocab* vocabulary_ = nullptr;
  int vocabulary_size_ = 0, context_size_ = 0;
  Tokens line_ends_;
  std::array<Prefix, prefix_slots> prefixes_;
  std::vector<Branch> branches_;
  std::uint64_t uses_ = 0;
  TokenUsage usage_;
  std::string path_, cache_dir_;
  std::string prepared_;  // the key of what `prepare` last did
};

}  // namespace deed
