// Written by scripts/fit_planner.py; do not edit.
#pragma once

#include "deed/llm/local/tool_choice.hpp"

#include <array>

namespace deed::plain {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.8166},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 5.3388},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 4.5955},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0246},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.3584},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0003},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -3.9527},
    EvidenceWeight{"unused", &ToolEvidence::unused, -8.8335},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.4595},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.8186},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.4255},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3509},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.4651},
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.8086},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 4.8757},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.1860},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0086},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.0422},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0635},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.0000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -4.0387},
    EvidenceWeight{"unused", &ToolEvidence::unused, -6.5914},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.5440},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.7427},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, -0.0495},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1300},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.2087},
    EvidenceWeight{"taken", &ToolEvidence::taken, 4.8786},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, -2.5766},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 0.8127},
    EvidenceWeight{"outside", &ToolEvidence::outside, 0.8655},
};
inline constexpr double fit_bias = -1.5163;

}  // namespace deed::plain

namespace deed::told {

inline constexpr std::array first = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 2.9701},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 5.9046},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.0328},
    EvidenceWeight{"missing", &ToolEvidence::missing, -3.3231},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, 0.3571},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.0977},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.5424},
    EvidenceWeight{"unused", &ToolEvidence::unused, -10.9244},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -2.2684},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -4.4584},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.2001},
};
inline constexpr std::array tool = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.3443},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 0.5376},
    EvidenceWeight{"heard", &ToolEvidence::heard, 3.3516},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 3.9869},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 1.0550},
    EvidenceWeight{"missing", &ToolEvidence::missing, -3.0647},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -0.8710},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -0.5122},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.2623},
    EvidenceWeight{"unused", &ToolEvidence::unused, -8.4137},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -2.0983},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -6.1928},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.4711},
};
inline constexpr std::array fit = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1768},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 2.9475},
    EvidenceWeight{"taken", &ToolEvidence::taken, 0.3968},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, 0.0000},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 1.2535},
    EvidenceWeight{"outside", &ToolEvidence::outside, -5.0755},
};
inline constexpr double fit_bias = 0.0000;

}  // namespace deed::told
