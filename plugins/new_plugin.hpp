// The folder that an author begins with: a plugin of one tool that builds and passes its own test as it stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "deed/core/result.hpp"

namespace deed {

enum class PluginLanguage { c, cpp, python, sh };
const char* to_string(PluginLanguage language);
/// errors  invalid: no such language, with those that there are
Result<PluginLanguage> parse_plugin_language(std::string_view text);

/// Makes `folder` with a plugin `name`: plugin.toml, a source, a Makefile (`make`, `make test`) and a README.md. Its one tool is
/// NAME.hello.
///
/// folder   does not exist yet; the folder that it is in does
/// name     a letter, then letters, digits and '_', at most 32
/// returns  the names of the files in it
/// errors   invalid: the name, or there is something at `folder`, which is left as it is; denied, unavailable: what could
///          not be written; what was written before stays
Result<std::vector<std::string>> new_plugin(const std::string& folder, std::string_view name, PluginLanguage language);

}  // namespace deed
