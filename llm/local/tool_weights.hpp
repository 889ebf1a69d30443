// Written by scripts/fit_planner.py; do not edit.
#pragma once

#include "deed/llm/local/tool_choice.hpp"

#include <array>

namespace deed {

inline constexpr std::array first_weights = {
    EvidenceWeight{"heard", &ToolEvidence::heard, 1.1700},
    EvidenceWeight{"verb_heard", &ToolEvidence::verb_heard, 2.2100},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 3.0500},
    EvidenceWeight{"said_own", &ToolEvidence::said_own, 2.3400},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 0.2500},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.1000},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -0.8200},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0000},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -1.2000},
    EvidenceWeight{"vague_text", &ToolEvidence::vague_text, -1.0000},
    EvidenceWeight{"unused", &ToolEvidence::unused, -5.3800},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -1.8500},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -2.8200},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, -0.4800},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 1.1100},
};
inline constexpr std::array tool_weights = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.6213},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 2.5366},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 6.4858},
    EvidenceWeight{"said_own", &ToolEvidence::said_own, 0.9222},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.6794},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0334},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.4460},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0010},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.1083},
    EvidenceWeight{"unused", &ToolEvidence::unused, -6.3032},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.5041},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.5283},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, -0.4197},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, -0.0121},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 4.8022},
};
inline constexpr std::array fit_weights = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1058},
    EvidenceWeight{"said_own", &ToolEvidence::said_own, 1.1009},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.1198},
    EvidenceWeight{"taken", &ToolEvidence::taken, 4.2831},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, -2.5858},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 0.9602},
};
inline constexpr double fit_bias = -1.5841, name_tie_below = 3.0, verb_margin = 0.5, reading_margin = 2.5;

}  // namespace deed
