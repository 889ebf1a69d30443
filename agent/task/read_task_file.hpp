// Task files of this machine.
#pragma once

#include <string>

#include "deed/core/result.hpp"

namespace deed {

/// The text of a file, for parse_task; "-" is standard input.
/// errors  not_found; denied; limit: larger than what parse_source takes, told without reading more; unavailable
Result<std::string> read_task_file(const std::string& path);

}  // namespace deed
