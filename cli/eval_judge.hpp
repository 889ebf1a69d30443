// Whether a reply is what a row of `deed eval` expects. Nothing is asked, nothing runs.
#pragma once

#include <string>
#include <vector>

#include "deed/cli/eval_rows.hpp"
#include "deed/llm/message.hpp"

namespace deed {

/// What is wrong with the reply, each as "wanted …; came …" with long texts cut; empty: all that the row expects holds.
std::vector<std::string> judge_reply(const EvalRow& row, const Reply& reply);

/// Equal as JSON: members in any order, 1 equal to 1.0.
bool is_same_json(const Json& a, const Json& b);

}  // namespace deed
