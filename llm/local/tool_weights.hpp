// Written by scripts/fit_planner.py; do not edit.
#pragma once

#include "deed/llm/local/tool_choice.hpp"

#include <array>

namespace deed::plain {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.8034},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 4.4842},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.7915},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0282},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.3858},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0006},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -3.8712},
    EvidenceWeight{"unused", &ToolEvidence::unused, -8.0882},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.0703},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.7672},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.3732},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3922},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.4375},
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.3408},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 5.3011},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.2557},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0093},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.0469},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0594},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -4.3947},
    EvidenceWeight{"unused", &ToolEvidence::unused, -6.4820},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.2112},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.7013},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, -0.0274},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1247},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.1499},
    EvidenceWeight{"taken", &ToolEvidence::taken, 4.7826},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, -2.5614},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 0.8985},
    EvidenceWeight{"outside", &ToolEvidence::outside, 0.0084},
};
inline constexpr double fit_bias = -1.3843;

}  // namespace deed::plain

namespace deed::told {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.1474},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 3.9216},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.3633},
    EvidenceWeight{"missing", &ToolEvidence::missing, -3.1498},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, 0.3694},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.0288},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.6041},
    EvidenceWeight{"unused", &ToolEvidence::unused, -9.6202},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -3.1409},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -4.2189},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.2346},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3863},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.5652},
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.6079},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 1.8984},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.1972},
    EvidenceWeight{"missing", &ToolEvidence::missing, -5.2127},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -0.9532},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.4175},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.7621},
    EvidenceWeight{"unused", &ToolEvidence::unused, -7.4665},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -2.8324},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.5266},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.7239},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1830},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.0459},
    EvidenceWeight{"taken", &ToolEvidence::taken, -0.0686},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, 0.0000},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 1.2844},
    EvidenceWeight{"outside", &ToolEvidence::outside, -5.2255},
};
inline constexpr double fit_bias = 0.3390;

}  // namespace deed::told
