// A Scorer without weights: likelihoods come from words in common, so that a test can foresee what
// the planner sees.
#pragma once

#include "deed/llm/local/scorer.hpp"
#include "deed/llm/local/words.hpp"

#include <map>
#include <string>
#include <vector>

namespace deed {

/// A token is a byte. A text is likelier the more of its words stand in `given`; texts in `liked`
/// are likelier still.
class FakeScorer : public Scorer {
 public:
  std::vector<std::string> liked =
      {};  ///< texts (without the leading blank) that the model would choose
  std::string completion = "A line";      ///< what it writes by itself
  std::vector<std::string> prompts = {};  ///< the prefixes that were asked about, as text
  std::optional<Error> failure = {};

  Tokens tokenize(std::string_view text) override {
    Tokens tokens;
    for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
    return tokens;
  }
  Tokens document_start() override { return {}; }

  Result<std::vector<TextScore>> score(const ScoreQuestion& question) override {
    if (failure) return fail(*failure);
    prompts.push_back(text_of(question.prefix));
    std::vector<TextScore> scores;
    for (const Candidate& candidate : question.candidates) {
      const std::string text = text_of(candidate.text);
      double sum =
          6.0 * static_cast<double>(count_common(stems(text_of(candidate.given)), stems(text)));
      for (const std::string& one : liked)
        if (text == " " + one) sum += 40;
      TextScore score;
      score.tokens.assign(candidate.text.size(), 0.0);
      if (!score.tokens.empty()) score.tokens[0] = sum - 1;
      if (question.judges_end) score.ends.assign(candidate.text.size(), -1.0);
      scores.push_back(std::move(score));
      usage_.input += static_cast<std::int64_t>(candidate.text.size());
    }
    return scores;
  }
  Result<Completion> complete(const Tokens& prefix, const CompleteOptions& options) override {
    if (failure) return fail(*failure);
    prompts.push_back(text_of(prefix));
    usage_.output += 1;
    return Completion{.text = completion, .tokens = 1, .is_whole = options.max_tokens > 1};
  }
  TokenUsage usage() const override { return usage_; }

 private:
  static std::string text_of(const Tokens& tokens) {
    std::string text;
    for (const std::int32_t token : tokens) text += static_cast<char>(token);
    return text;
  }
  TokenUsage usage_;
};

}  // namespace deed
