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
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -3.8712},
    EvidenceWeight{"unused", &ToolEvidence::unused, -8.0882},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.0703},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.7672},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.3732},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3474},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.4229},
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.3601},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 5.2659},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.3040},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0103},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.0572},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -3.6084},
    EvidenceWeight{"unused", &ToolEvidence::unused, -6.5195},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.1870},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.7048},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, -0.0506},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1250},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.1470},
    EvidenceWeight{"taken", &ToolEvidence::taken, 4.7713},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, -2.5625},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 0.8984},
    EvidenceWeight{"outside", &ToolEvidence::outside, 0.0534},
};
inline constexpr double fit_bias = -1.3878;

}  // namespace deed::plain

namespace deed::told {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.1448},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 4.0641},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.3443},
    EvidenceWeight{"missing", &ToolEvidence::missing, -3.1854},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, 0.3748},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.1178},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.6061},
    EvidenceWeight{"unused", &ToolEvidence::unused, -9.6296},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -3.0157},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -4.1973},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.2377},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3585},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.6332},
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.5693},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 1.7127},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.2341},
    EvidenceWeight{"missing", &ToolEvidence::missing, -5.0811},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -0.8640},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.5745},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.7465},
    EvidenceWeight{"unused", &ToolEvidence::unused, -7.3830},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -2.7887},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.2083},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 1.0066},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1897},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.0480},
    EvidenceWeight{"taken", &ToolEvidence::taken, -0.1063},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, 0.0000},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 1.2798},
    EvidenceWeight{"outside", &ToolEvidence::outside, -5.2078},
};
inline constexpr double fit_bias = 0.1976;

}  // namespace deed::told
