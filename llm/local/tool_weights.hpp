// Written by scripts/fit_planner.py; do not edit.
#pragma once

#include "deed/llm/local/tool_choice.hpp"

#include <array>

namespace deed::plain {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.6309},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 3.1923},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.6205},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0000},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, 0.7056},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0015},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0005},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -4.0911},
    EvidenceWeight{"unused", &ToolEvidence::unused, -7.2944},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.3991},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -2.6268},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.1284},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.6395},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.4140},
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.5503},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 3.4827},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.4632},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0000},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -0.9388},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.2501},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0002},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -5.1085},
    EvidenceWeight{"unused", &ToolEvidence::unused, -6.0449},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -7.0969},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -2.5522},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.0820},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1182},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.1410},
    EvidenceWeight{"taken", &ToolEvidence::taken, 4.5752},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, -2.5841},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 1.2636},
    EvidenceWeight{"outside", &ToolEvidence::outside, 0.1450},
};
inline constexpr double fit_bias = -1.3118;

}  // namespace deed::plain

namespace deed::told {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.0789},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 3.5738},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.2754},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0000},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, 1.2934},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, 1.0367},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -2.4002},
    EvidenceWeight{"unused", &ToolEvidence::unused, -11.5667},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -2.9778},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -2.5759},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 1.2253},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.2878},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.4979},
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.1445},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 3.0638},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.4251},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0000},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, 0.3848},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, 0.6505},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.7521},
    EvidenceWeight{"unused", &ToolEvidence::unused, -10.5751},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -3.2263},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -3.2870},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 1.1682},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1444},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.7988},
    EvidenceWeight{"taken", &ToolEvidence::taken, 0.8792},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, 0.0000},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 1.2401},
    EvidenceWeight{"outside", &ToolEvidence::outside, -4.1752},
};
inline constexpr double fit_bias = 0.5686;

}  // namespace deed::told
