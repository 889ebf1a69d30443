// Written by scripts/fit_planner.py; do not edit.
#pragma once

#include "deed/llm/local/tool_choice.hpp"

#include <array>

namespace deed::plain {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.8047},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 4.4748},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.7875},
    EvidenceWeight{"missing", &ToolEvidence::missing, -5.1639},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.3857},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -3.8710},
    EvidenceWeight{"unused", &ToolEvidence::unused, -8.0793},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.0203},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.6846},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.3726},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3973},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.4575},
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.3712},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 5.2505},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.2302},
    EvidenceWeight{"missing", &ToolEvidence::missing, -4.7818},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.0458},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -3.9687},
    EvidenceWeight{"unused", &ToolEvidence::unused, -6.4192},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.1758},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.4553},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, -0.0516},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1257},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.1505},
    EvidenceWeight{"taken", &ToolEvidence::taken, 4.7935},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, -2.5687},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 0.8953},
    EvidenceWeight{"outside", &ToolEvidence::outside, 0.0190},
};
inline constexpr double fit_bias = -1.3964;

}  // namespace deed::plain

namespace deed::told {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.1378},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 4.0305},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.3457},
    EvidenceWeight{"missing", &ToolEvidence::missing, -3.0804},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, 0.3741},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.1017},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.6202},
    EvidenceWeight{"unused", &ToolEvidence::unused, -9.6231},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -3.0089},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -4.1868},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.2388},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3583},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.6211},
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.5231},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 1.7080},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.2359},
    EvidenceWeight{"missing", &ToolEvidence::missing, -4.4876},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -0.8348},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.5684},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.7469},
    EvidenceWeight{"unused", &ToolEvidence::unused, -7.1622},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -2.7516},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.3392},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.8777},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1992},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.0816},
    EvidenceWeight{"taken", &ToolEvidence::taken, -0.1628},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, 0.0000},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 1.2433},
    EvidenceWeight{"outside", &ToolEvidence::outside, -5.2751},
};
inline constexpr double fit_bias = 0.2586;

}  // namespace deed::told
