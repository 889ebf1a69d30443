// What a step of a task reads, wherever in it that stands.
#pragma once

#include <vector>

#include "deed/agent/task/task.hpp"

namespace deed {

/// All references of the step: in its texts, its condition, its loop (the key among it) and its rules of approval.
std::vector<Reference> references_of(const Step& step);

}  // namespace deed
