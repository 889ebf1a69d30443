// Written by scripts/fit_planner.py; do not edit.
#pragma once

#include "deed/llm/local/tool_choice.hpp"

#include <array>

namespace deed::plain {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.8188},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 5.3348},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 4.6296},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0000},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.3677},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -3.9533},
    EvidenceWeight{"unused", &ToolEvidence::unused, -8.6405},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.4600},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.8969},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.4294},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.2607},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.3957},
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.7362},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 4.9121},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.5667},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0000},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.0880},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -3.7725},
    EvidenceWeight{"unused", &ToolEvidence::unused, -6.6237},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.4501},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.7584},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, -0.0206},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1254},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.1578},
    EvidenceWeight{"taken", &ToolEvidence::taken, 4.7705},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, -2.5599},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 0.8728},
    EvidenceWeight{"outside", &ToolEvidence::outside, 0.2397},
};
inline constexpr double fit_bias = -1.3920;

}  // namespace deed::plain

namespace deed::told {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 2.9669},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 5.1070},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.0616},
    EvidenceWeight{"missing", &ToolEvidence::missing, -5.4007},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -0.0764},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.1430},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.2958},
    EvidenceWeight{"unused", &ToolEvidence::unused, -10.7314},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -2.5212},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -4.4059},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.1513},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3453},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.5173},
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.3739},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 2.7424},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 0.7707},
    EvidenceWeight{"missing", &ToolEvidence::missing, -6.0959},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -1.0925},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.4637},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.0680},
    EvidenceWeight{"unused", &ToolEvidence::unused, -8.4092},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -2.2517},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -6.0807},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.4235},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1691},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.9941},
    EvidenceWeight{"taken", &ToolEvidence::taken, 0.2865},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, 0.0000},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 1.2559},
    EvidenceWeight{"outside", &ToolEvidence::outside, -5.0620},
};
inline constexpr double fit_bias = 0.1928;

}  // namespace deed::told
