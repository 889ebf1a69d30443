// Written by scripts/fit_planner.py; do not edit.
#pragma once

#include "deed/llm/local/tool_choice.hpp"

#include <array>

namespace deed::plain {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.8508},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 4.0845},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.4235},
    EvidenceWeight{"missing", &ToolEvidence::missing, -7.0141},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.4683},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -4.1351},
    EvidenceWeight{"unused", &ToolEvidence::unused, -8.2082},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -5.9620},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.7844},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.3283},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3631},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.2882},
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.2434},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 4.4802},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.9058},
    EvidenceWeight{"missing", &ToolEvidence::missing, -6.4153},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.0777},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -4.3869},
    EvidenceWeight{"unused", &ToolEvidence::unused, -6.8905},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -5.9279},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.5434},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, -0.0916},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1057},
    EvidenceWeight{"heard", &ToolEvidence::heard, 0.1038},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.0131},
    EvidenceWeight{"taken", &ToolEvidence::taken, 5.2091},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, -2.5226},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 0.8922},
    EvidenceWeight{"outside", &ToolEvidence::outside, -0.1756},
};
inline constexpr double fit_bias = -1.2323;

}  // namespace deed::plain

namespace deed::told {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.0186},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 3.7298},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.2118},
    EvidenceWeight{"missing", &ToolEvidence::missing, -3.5496},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, 0.5240},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.0292},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.7372},
    EvidenceWeight{"unused", &ToolEvidence::unused, -9.3986},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -4.0829},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -6.7617},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, -0.6666},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3101},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.4515},
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.0449},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 0.8062},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.3885},
    EvidenceWeight{"missing", &ToolEvidence::missing, -3.8942},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -0.5493},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.8518},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.3305},
    EvidenceWeight{"unused", &ToolEvidence::unused, -6.7675},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -2.7636},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -6.8620},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, -0.7873},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1905},
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.7889},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.6614},
    EvidenceWeight{"taken", &ToolEvidence::taken, 0.6415},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, 0.0000},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 1.0510},
    EvidenceWeight{"outside", &ToolEvidence::outside, -4.8725},
};
inline constexpr double fit_bias = -1.0321;

}  // namespace deed::told
