// Markdown (CommonMark) as HTML that may be put into a mail: no HTML of the text's own, links only to http, https and mailto, and no
// pictures (they would tell the sender who reads). Source: https://spec.commonmark.org/0.30/
#pragma once

#include <string>
#include <string_view>

#include "deed/core/result.hpp"

namespace deed {

/// errors  limit: a text of more than 256 KiB
Result<std::string> html_of_markdown(std::string_view text);

}  // namespace deed
