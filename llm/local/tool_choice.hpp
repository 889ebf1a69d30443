// Which tool a step is for. Asked the other way round ("how likely are these words, if this is the
// tool?") even a very small model answers well; what it does not see, that a tool needs an address
// which is not there, is added as a rule.
#pragma once

#include "deed/llm/local/material.hpp"
#include "deed/llm/local/scorer.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace deed {

/// In nats. Set by hand on development data.
struct ToolChoiceWeights {
  double missing = 8.0;      ///< a required address, URL, path or text has nothing to come from
  double missing_all = 2.0;  ///< the same where the words hold no address, URL or path of any kind
  double unused = 4.8;       ///< a kind of address, URL or path in the words that no argument takes
  double wrong_shape = 4.8;  ///< a folder where a file is wanted, or the other way round
  double unused_text = 4.8;  ///< a quotation or dictated text, and no argument takes text
  double named =
      5.0;  ///< times the share of the tool's words that stand in the clause: against other tools …
  double named_fit = 10.0;  ///< … and against no tool
  double taken =
      4.0;  ///< a kind of address, URL or path in the words that an argument takes: it fits better
  double fits_per_word =
      0.5;  ///< below so much above "any other request" for each word of the clause no tool fits …
  double fits_at_most = 14.0;  ///< … up to this
  double tie = 3.0;       ///< tools so close to the best are compared once more, by their names …
  double tie_name = 0.3;  ///< … with this weight
  double reading_margin =
      2.0;  ///< by so much an effect has to be likelier than the best tool without one
};

struct ToolChoice {
  std::optional<std::size_t> tool;     ///< nullopt: none fits
  std::optional<std::size_t> nearest;  ///< the best tool, fitting or not
  bool is_talk = false;                ///< none fits, and the words are likelier as conversation
  double fit = 0;                      ///< nats above "any other request"
  Choice record;
};

class ToolChooser {
 public:
  explicit ToolChooser(Scorer& scorer, ToolChoiceWeights weights = {})
      : scorer_(scorer), weights_(weights) {}

  /// errors  as Scorer::score
  Result<ToolChoice> choose(const Step& step, const ToolList& tools);

 private:
  struct Likelihood {
    std::vector<double> tools, others;
  };
  Result<Likelihood> likelihood(const std::string& clause,
                                const ToolList& tools);

  Result<void> break_tie(const std::string& clause, const ToolList& tools,
                         std::vector<double>& scores);

  Scorer& scorer_;
  ToolChoiceWeights weights_;
  std::map<std::string, Likelihood>
      known_;  ///< by clause and tools: the same step may be looked at again
};

/// How far a step's material is from what the tool needs: 0 or less, in nats.
double misfit(const ToolDefinition& tool, const Step& step, const Material& material,
              const ToolChoiceWeights& weights);

/// Whether the clause has words that are content: not its verb, no function words, not the tool's
/// own words, and not in an address, a URL or a path.
bool is_content(const Span& word, const Material& material, const std::set<std::string>& own_stems);
/// Stems of all that the tool says of itself.
std::set<std::string> own_stems(const ToolDefinition& tool);

/// The words that the planner shows the model for a clause: long quotations and long clauses are
/// shortened in the middle.
std::string shortened(const std::string& clause);

}  // namespace deed
