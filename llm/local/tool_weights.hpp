// Written by scripts/fit_planner.py; do not edit.
#pragma once

#include "deed/llm/local/tool_choice.hpp"

#include <array>

namespace deed {

inline constexpr std::array tool_weights = {
    EvidenceWeight{"channel", &ToolEvidence::channel, 0.6157},
    EvidenceWeight{"name_tie", &ToolEvidence::name_tie, 1.7574},
    EvidenceWeight{"own_said", &ToolEvidence::own_said, 6.8749},
    EvidenceWeight{"said_own", &ToolEvidence::said_own, 1.0653},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 5.0621},
    EvidenceWeight{"missing", &ToolEvidence::missing, -8.0283},
    EvidenceWeight{"missing_all", &ToolEvidence::missing_all, -2.4571},
    EvidenceWeight{"referred", &ToolEvidence::referred, -4.0173},
    EvidenceWeight{"no_text", &ToolEvidence::no_text, -8.1074},
    EvidenceWeight{"unused", &ToolEvidence::unused, -6.8487},
    EvidenceWeight{"wrong_shape", &ToolEvidence::wrong_shape, -6.7439},
    EvidenceWeight{"unused_text", &ToolEvidence::unused_text, -5.5499},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, -0.4359},
    EvidenceWeight{"spare_numbers", &ToolEvidence::spare_numbers, 0.0686},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 3.6565},
};
inline constexpr std::array fit_weights = {
    EvidenceWeight{"above_other", &ToolEvidence::above_other, 0.1066},
    EvidenceWeight{"said_own", &ToolEvidence::said_own, 1.0565},
    EvidenceWeight{"name_said", &ToolEvidence::name_said, 3.1492},
    EvidenceWeight{"taken", &ToolEvidence::taken, 4.0939},
    EvidenceWeight{"missing_numbers", &ToolEvidence::missing_numbers, -2.5931},
    EvidenceWeight{"enum_said", &ToolEvidence::enum_said, 0.8578},
};
inline constexpr double fit_bias = -1.5788, name_tie_below = 3.0, verb_margin = 0.5, reading_margin = 2.5;

}  // namespace deed
