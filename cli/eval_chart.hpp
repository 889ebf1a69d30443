// The chart of `deed eval`: success with its interval, cost and time of each model, side by side. One file without scripts, fonts or
// anything else from elsewhere.
#pragma once

#include <string>
#include <string_view>

#include "deed/cli/eval_report.hpp"

namespace deed {

/// An SVG document. Source: https://www.w3.org/TR/SVG11/
std::string chart_svg(const Evaluation& evaluation);

/// An HTML page: the chart, the table, and the rows that did not pass.
std::string chart_html(const Evaluation& evaluation);

/// `text` for XML and HTML, in content and in quoted attributes; characters that XML cannot hold become U+FFFD.
std::string xml_text(std::string_view text);

}  // namespace deed
