// Which file a word of a manifest means.
#pragma once

#include <string>

#include "deed/core/result.hpp"

namespace deed {

/// "/usr/bin/jq" is itself, "./jq" is in the folder, and "jq" is looked for in the system's folders (never in $PATH, which is whatever
/// the caller's shell has).
/// folder  absolute
/// errors  invalid: another form; not_found: no such file, or it cannot be run
Result<std::string> program_path(const std::string& word, const std::string& folder);

}  // namespace deed
