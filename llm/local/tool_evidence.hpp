// What speaks for a tool and against it, in a step's words: numbers that the chooser weighs. What a
// model of this size does not see (that a tool needs an address which is not there) is counted here
// by code; how much each count is worth is not decided here.
#pragma once

#include "deed/llm/local/lexicon.hpp"
#include "deed/llm/local/material.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace deed {

struct ToolEvidence {
  double channel = 0;      ///< log P(the words | the tool's signature), nats
  double above_other = 0;  ///< the same less that of the likelier of the stand-ins for "no tool"
  double verb_above_other = 0;  ///< the same of the first word with content alone: "Delete" of
                                ///< "Delete notes.txt", whose path alone suits many tools
  double name_tie = 0;     ///< log P(the tool's name | the words) less the best one's, nats; 0 unless
                           ///< an effect and other tools are nearly as good as each other
  double own_said = 0;     ///< share of the telling words of its name and description in the clause
  double heard = 0;        ///< how telling the clause's words are that the tool says or is asked with
  double verb_heard = 0;   ///< the same of the first word with content alone
  double outside = 0;      ///< 1: a word for something that no tool on offer does
  double name_said = 0.5;  ///< share of the telling words of its name alone that are said
  double missing = 0;      ///< required addresses, URLs and paths with nothing to come from
  double missing_all = 0;  ///< the same where the words hold none of any kind
  double referred = 0;     ///< required ones that only "it" can stand for, beside others in the words
  double no_text = 0;      ///< required texts with nothing to come from
  double vague_text = 0;   ///< required texts that no quotation, dictation or result gives
  double unused = 0;       ///< kinds of address, URL or path in the words that no argument takes
  double wrong_shape = 0;  ///< a folder where a file is wanted, or the other way round
  double unused_text = 0;  ///< a quotation or dictated text, or an "it", and no place for it
  double taken = 0;        ///< kinds of address, URL or path in the words that an argument takes
  double missing_numbers = 0;  ///< required numbers beyond those in the words
  double spare_numbers = 0;    ///< numbers in the words beyond those that the tool takes
  double enum_said = 0;        ///< arguments with a fixed set of values, one of which is said
  double lost_address = 0;  ///< 1: an email address in the words that no argument takes
  double has_cause = 0;  ///< 1: something in the words calls for the effect of this tool
};

/// All but what a model has to be asked for, of tool number `index`. Pure. `reader`: the tool that
/// reads something for it before, so that it lacks no text, and what that reading takes is not left over.
ToolEvidence evidence_for(const ToolList& tools, std::size_t index, const ClauseStep& step,
                          const Material& material, const Lexicon& lexicon,
                          std::optional<std::size_t> reader = {});

}  // namespace deed
