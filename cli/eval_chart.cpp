#include "deed/cli/eval_chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "deed/core/text.hpp"

namespace deed {
namespace {

// The picture's measures, in its own pixels.
constexpr double margin = 24, top = 96, row_height = 46, bar_height = 20;
constexpr double label_width = 230, panel_width = 210, panel_gap = 76;
constexpr const char* green = "#2f7d4f";
constexpr const char* blue = "#3b6ea8";
constexpr const char* ochre = "#b07a1e";
constexpr const char* dark = "#222";
constexpr const char* grey = "#666";

std::string number(double value) {
  char out[32];
  std::snprintf(out, sizeof out, "%.1f", value);
  return out;
}

std::string rectangle(double x, double y, double width, double height, const char* fill) {
  return "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(std::max(0.0, width)) + "\" height=\"" + number(height) +
         "\" fill=\"" + fill + "\"/>\n";
}
std::string line(double x1, double y1, double x2, double y2, const char* stroke, double width = 1) {
  return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) + "\" stroke=\"" + stroke +
         "\" stroke-width=\"" + number(width) + "\"/>\n";
}
struct Style {
  int size = 13;
  const char* fill = dark;
  const char* weight = "normal";
};
std::string words(double x, double y, std::string_view text, const Style& style = {}) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" font-size=\"" + std::to_string(style.size) + "\" fill=\"" + style.fill +
         "\" font-weight=\"" + style.weight + "\">" + xml_text(text) + "</text>\n";
}

double panel_x(int index) { return margin + label_width + index * (panel_width + panel_gap); }
double row_y(std::size_t index) { return top + 14 + static_cast<double>(index) * row_height; }

// The end of a long name tells models apart; its beginning, the provider.
std::string shortened(const std::string& name) {
  constexpr std::size_t most = 26, head = 9;
  if (name.size() <= most) return name;
  return std::string(utf8_prefix(name, head)) + "…" + std::string(utf8_suffix(name, most - head));
}

std::string label(const ModelOutcomes& model, double y) {
  return "<g><title>" + xml_text(model.name + (model.model == model.name ? "" : ": " + model.model)) + "</title>" +
         words(margin, y + bar_height - 5, shortened(model.name), {.size = 12, .weight = "bold"}) + "</g>\n";
}

std::string success_bar(const ModelSummary& sum, double y) {
  const double x = panel_x(0), middle = y + bar_height / 2;
  if (sum.total == 0) return words(x + 4, y + bar_height - 5, "not asked", {.fill = grey});
  const double low = x + sum.interval.low * panel_width, high = x + sum.interval.high * panel_width;
  std::string out = rectangle(x, y, sum.success() * panel_width, bar_height, green);
  out += line(low, middle, high, middle, dark, 1.5);
  out += line(low, middle - 5, low, middle + 5, dark, 1.5) + line(high, middle - 5, high, middle + 5, dark, 1.5);
  const std::string told = percent_text(sum.success()) + "  (" + std::to_string(sum.passed) + "/" + std::to_string(sum.total) + ")";
  return out + words(x + 3, y + bar_height + 14, told, {.size = 12, .fill = grey});
}

// A bar of `value`, and a mark at `mark` if there is one; `largest` fills the panel.
struct Measure {
  std::optional<double> value, mark;
  double largest = 0;
  std::string told;
  const char* fill = blue;
};
std::string measure_bar(int panel, const Measure& measure, double y) {
  const double x = panel_x(panel);
  if (!measure.value) return words(x + 4, y + bar_height - 5, "-", {.fill = grey});
  const auto length = [&](double value) { return measure.largest > 0 ? value / measure.largest * panel_width : 0; };
  std::string out = rectangle(x, y, std::max(1.0, length(*measure.value)), bar_height, measure.fill);
  if (measure.mark) {
    const double end = x + length(*measure.mark), middle = y + bar_height / 2;
    out += line(x + length(*measure.value), middle, end, middle, dark, 1.5) + line(end, middle - 5, end, middle + 5, dark, 1.5);
  }
  return out + words(x + 3, y + bar_height + 14, measure.told, {.size = 12, .fill = grey});
}

std::string headings(const Evaluation& evaluation, double bottom) {
  std::string asked = std::to_string(evaluation.rows) + (evaluation.rows == 1 ? " row" : " rows");
  if (evaluation.repeat > 1) asked += ", each asked " + std::to_string(evaluation.repeat) + " times";
  if (!evaluation.stopped.empty()) asked += "; not all was asked: " + evaluation.stopped;
  std::string out = words(margin, 36, evaluation.file, {.size = 18, .weight = "bold"}) + words(margin, 58, asked, {.fill = grey});
  const char* titles[] = {"success, with its 95% interval", "cost of a row", "time: median, and p95"};
  for (int i = 0; i < 3; ++i) {
    out += words(panel_x(i), top - 8, titles[i], {.weight = "bold"}) + line(panel_x(i), top, panel_x(i), bottom, grey);
  }
  for (const double share : {0.25, 0.5, 0.75, 1.0}) {
    const double x = panel_x(0) + share * panel_width;
    out += line(x, top, x, bottom, "#ddd");
  }
  return out;
}

std::string cells_html(const std::vector<std::string>& cells, const char* tag) {
  std::string out = "<tr>";
  for (const std::string& cell : cells) out += "<" + std::string(tag) + ">" + xml_text(cell) + "</" + tag + ">";
  return out + "</tr>\n";
}

}  // namespace

std::string xml_text(std::string_view text) {
  std::string out, good = to_utf8(text);
  for (const std::string_view none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {  // U+FFFE and U+FFFF
    for (std::size_t at = 0; (at = good.find(none, at)) != std::string::npos;) good.replace(at, none.size(), "\xEF\xBF\xBD");
  }
  for (const char c : good) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else if (c == '\'') out += "&#39;";
    else if (u < 0x20 && c != '\n' && c != '\t') out += "\xEF\xBF\xBD";
    else out += c;
  }
  return out;
}

std::string chart_svg(const Evaluation& evaluation) {
  std::vector<ModelSummary> sums;
  double most_usd = 0, most_ms = 0;
  for (const ModelOutcomes& model : evaluation.models) {
    sums.push_back(summarise(model));
    most_usd = std::max(most_usd, sums.back().cost_usd_per_row.value_or(0));
    most_ms = std::max(most_ms, sums.back().p95_ms.value_or(0));
  }
  const double bottom = row_y(sums.size()), width = panel_x(2) + panel_width + margin, height = bottom + margin;
  const std::string size = number(width) + "\" height=\"" + number(height) + "\" viewBox=\"0 0 " + number(width) + " " + number(height);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"" + size + "\" font-family=\"system-ui, sans-serif\">\n";
  out += "<title>" + xml_text("Models on " + evaluation.file) + "</title>\n" + rectangle(0, 0, width, height, "#fff");
  out += headings(evaluation, bottom);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const ModelSummary& sum = sums[i];
    out += label(evaluation.models[i], row_y(i)) + success_bar(sum, row_y(i));
    out += measure_bar(1, {sum.cost_usd_per_row, {}, most_usd, cost_text(sum.cost_usd_per_row) + "  (" + cost_text(sum.cost_usd) + " in all)", ochre},
                       row_y(i));
    out += measure_bar(2, {sum.median_ms, sum.p95_ms, most_ms, time_text(sum.median_ms) + ", " + time_text(sum.p95_ms), blue}, row_y(i));
  }
  return out + "</svg>\n";
}

std::string chart_html(const Evaluation& evaluation) {
  const auto cells = table_cells(evaluation);
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + xml_text("Models on " + evaluation.file) +
                    "</title>\n<style>body{font:14px system-ui,sans-serif;margin:2em;color:#222;background:#fff}svg{max-width:100%;height:auto}"
                    "table{border-collapse:collapse;margin:1em 0}th,td{padding:.3em .7em;text-align:right;border-bottom:1px solid #ddd}"
                    "th:first-child,td:first-child{text-align:left}pre{white-space:pre-wrap}</style>\n</head>\n<body>\n";
  out += chart_svg(evaluation) + "<table>\n" + cells_html(cells.front(), "th");
  for (std::size_t i = 1; i < cells.size(); ++i) out += cells_html(cells[i], "td");
  out += "</table>\n";
  for (const ModelOutcomes& model : evaluation.models) {
    if (!model.problem.empty()) out += "<p>" + xml_text(model.name + ": not asked: " + model.problem) + "</p>\n";
  }
  const std::string failures = failures_text(evaluation);
  if (!failures.empty()) out += "<details><summary>Rows that did not pass</summary>\n<pre>" + xml_text(failures) + "</pre></details>\n";
  return out + "</body>\n</html>\n";
}

}  // namespace deed
