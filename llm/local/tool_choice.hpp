// Which tool a step is for. Asked the other way round ("how likely are these words, if this is the
// tool?") even a very small model answers well; what it does not see, that a tool needs an address
// which is not there, is added as a rule.
#pragma once

#include "deed/llm/local/material.hpp"
#include "deed/llm/local/scorer.hpp"
#include "deed/llm/local/tool_evidence.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// One number of ToolEvidence and what it is worth.
struct EvidenceWeight {
  std::string_view name;
  double ToolEvidence::*value;
  double weight;
};
double weigh(const ToolEvidence& evidence, std::span<const EvidenceWeight> weights);

/// Log-odds, fitted by scripts/fit_planner.py (see tool_weights.hpp) but for the last three, which are
/// how sure an effect has to be.
struct ToolChoiceWeights {
  std::span<const EvidenceWeight> first;  ///< which tools are worth asking the model about
  std::span<const EvidenceWeight> tool;   ///< which tool
  std::span<const EvidenceWeight> fit;   ///< that tool, or none
  double fit_bias = 0;
  double tie = 0;             ///< tools so close to the best are compared once more, by their names
  double verb_margin = 0;  ///< by so much its verb has to suit an effect better than any other tool
  double reading_margin = 0;  ///< by so much an effect has to be likelier than the best tool without
};
/// One set for tools that say how they are asked for, one for tools of which only a description is
/// known.
const ToolChoiceWeights& fitted_weights(const ToolList& tools);

/// All that the choice is made of.
struct ToolLook {
  std::vector<ToolEvidence> tools = {};  ///< in the order of the tools
  std::vector<bool> asked = {};  ///< the model was asked about this one; no other can be meant
  std::vector<std::optional<std::size_t>> readers = {};  ///< what has to be read for each before
  double talk = 0, other = 0;  ///< log P of the words as conversation, and as any other request
  bool is_question = false;    ///< the words ask for an answer
  bool has_critical = false;   ///< an address, a URL or a path is named
};

struct ToolChoice {
  std::optional<std::size_t> tool;     ///< nullopt: none fits
  std::optional<std::size_t> nearest;  ///< the best tool, fitting or not
  bool takes_last_result = false;      ///< it needs a text, and only the last result can be it
  std::optional<std::size_t> reader;   ///< what has to read something for it first
  bool is_talk = false;                ///< none fits, and the words are likelier as conversation
  bool is_outside = false;             ///< the words ask for something that no tool on offer does
  double fit = 0;                      ///< log-odds that the nearest tool is meant, against none
  Choice record;
};

class ToolChooser {
 public:
  explicit ToolChooser(Scorer& scorer) : scorer_(scorer) {}

  /// errors  as Scorer::score
  Result<ToolLook> look(const ClauseStep& step, const ToolList& tools);

  /// Of these tools; made once for a list that comes again.
  const Lexicon& lexicon(const ToolList& tools);

  /// errors  as Scorer::score
  Result<ToolChoice> choose(const ClauseStep& step, const ToolList& tools);

 private:
  struct Likelihood {
    std::vector<double> tools, others;
    std::vector<double> verb_tools, verb_others;  // of the first word with content
  };
  Result<Likelihood> likelihood(const std::string& clause, const ToolList& tools,
                                const std::vector<bool>& asked);
  std::vector<bool> worth_asking(const ToolLook& look, const ToolList& tools) const;

  Result<void> break_tie(const std::string& clause, const ToolList& tools,
                         const std::vector<bool>& asked, std::vector<ToolEvidence>& evidence);

  Scorer& scorer_;
  const ToolChoiceWeights* weights_ = nullptr;  // of the tools last looked at
  ToolList listed_;  // whose words lexicon_ has
  std::optional<Lexicon> lexicon_;
  std::map<std::string, Likelihood>
      known_;  ///< by clause and tools: the same step may be looked at again
};

/// The words that the planner shows the model for a clause: long quotations and long clauses are
/// shortened in the middle.
std::string shortened(const std::string& clause, std::size_t longest_quote = 200);

}  // namespace deed
