// What the planner asks of a language model: how likely a text is, and at most a short line of its
// own. Everything else that it decides is code, so a test can put a fake here and needs no weights.
#pragma once

#include "deed/core/result.hpp"
#include "deed/llm/message.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

using Tokens = std::vector<std::int32_t>;

/// One text whose likelihood is asked for, behind the shared prefix and after `given`, which is
/// read but not judged.
struct Candidate {
  Tokens given = {};
  Tokens text;
};

struct ScoreQuestion {
  Tokens prefix;
  std::vector<Candidate> candidates;
  bool judges_end = false;  ///< also say how likely the line ends after each token
  bool keeps_given =
      false;  ///< the same `given` texts will come again behind this prefix: worth keeping
};

/// Natural logarithms of probabilities.
struct TextScore {
  std::vector<double> tokens;  ///< of each token of the text
  std::vector<double> ends =
      {};  ///< of the line's end after each token; only where it was asked for

  double sum() const;
  /// The whole text and then the end of the line.
  double line() const;
};

struct CompleteOptions {
  std::int64_t max_tokens = 40;
  bool stops_at_line_end = true;
  double temperature = 0;  ///< 0: always the likeliest token
  double top_p = 1;        ///< of the likeliest tokens, so many that this probability is reached
  std::uint64_t seed = 0;
  double repeat_penalty = 1.0;  ///< above 1: tokens of the last 64 become less likely
  std::function<void(std::string_view)> on_text = {};  ///< whole UTF-8 characters, as they come
};

struct Completion {
  std::string text;
  std::int64_t tokens = 0;
  bool is_whole = false;  ///< ended by itself, not by max_tokens
};

/// What will be asked again and again: a prefix with the texts given behind it, and another prefix.
struct Preparation {
  Tokens prefix;
  std::vector<Tokens> given = {};
  Tokens other;
};

class Scorer {
 public:
  virtual ~Scorer() = default;

  /// Reads these now, or takes them from a file of an earlier process, so that later questions find
  /// them read. Nothing of them may be private. Changes no answer, only how soon it comes.
  /// errors  as `score`
  virtual Result<void> prepare(const Preparation&) { return {}; }

  /// Tokens of `text`, none of them a control token, whatever the text says.
  virtual Tokens tokenize(std::string_view text) = 0;
  /// What a document begins with, to put before a prompt; may be empty.
  virtual Tokens document_start() = 0;

  /// One score for each candidate, in their order.
  /// errors  cancelled, timeout; limit: longer than the context; internal
  virtual Result<std::vector<TextScore>> score(const ScoreQuestion& question) = 0;

  /// What the model would write after `prefix`.
  /// errors  as `score`
  virtual Result<Completion> complete(const Tokens& prefix, const CompleteOptions& options) = 0;

  /// All tokens read and made so far.
  virtual TokenUsage usage() const = 0;
};

/// Probabilities (0 to 1, summing to 1) of alternatives with these scores in nats.
std::vector<double> softmax(const std::vector<double>& scores);

/// A Choice between `values`, best first, at most 8 kept.
Choice make_choice(std::string about, const std::vector<std::string>& values,
                   const std::vector<double>& scores, std::string origin);

}  // namespace deed
