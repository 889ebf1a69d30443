// Written by scripts/fit_planner.py; do not edit.
#pragma once

#include "deed/llm/local/tool_choice.hpp"

#include <array>

namespace deed::plain {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.8059},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 4.4836},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.7922},
    EvidenceWeight{"missing", &ToolEvidence::missing, -4.7456},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.3852},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -3.8721},
    EvidenceWeight{"unused", &ToolEvidence::unused, -8.0891},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.0712},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.7677},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.3734},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3481},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.4229},
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.3610},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 5.2668},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.3024},
    EvidenceWeight{"missing", &ToolEvidence::missing, -4.3834},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.0569},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -3.6083},
    EvidenceWeight{"unused", &ToolEvidence::unused, -6.5184},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.1881},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.7046},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, -0.0507},
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
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.1355},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 4.0354},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.3412},
    EvidenceWeight{"missing", &ToolEvidence::missing, -3.0151},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, 0.3711},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.1255},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.6019},
    EvidenceWeight{"unused", &ToolEvidence::unused, -9.6113},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -3.0029},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -4.1866},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.2348},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3554},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.6274},
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.5317},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 1.6360},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.2337},
    EvidenceWeight{"missing", &ToolEvidence::missing, -4.4858},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -0.8631},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.5865},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.7321},
    EvidenceWeight{"unused", &ToolEvidence::unused, -7.3628},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -2.7790},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.1691},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.9876},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1958},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.0522},
    EvidenceWeight{"taken", &ToolEvidence::taken, -0.1354},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, 0.0000},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 1.2571},
    EvidenceWeight{"outside", &ToolEvidence::outside, -5.2554},
};
inline constexpr double fit_bias = 0.2297;

}  // namespace deed::told
