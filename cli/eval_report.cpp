#include "deed/cli/eval_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace deed {
namespace {

std::string formatted(const char* format, double value) {
  char out[64];
  std::snprintf(out, sizeof out, format, value);
  return out;
}

std::string counted(std::size_t count, const char* one, const char* many) { return std::to_string(count) + " " + (count == 1 ? one : many); }

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::optional<double> median(std::vector<std::int64_t> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  const auto upper = static_cast<double>(values[half]);
  return values.size() % 2 == 1 ? upper : (upper + static_cast<double>(values[half - 1])) / 2;
}

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json tokens_json(const TokenUsage& usage) {
  return {{"input", usage.input}, {"cached", usage.cached}, {"cache_written", usage.cache_written}, {"output", usage.output}, {"reasoning", usage.reasoning}};
}

Json row_json(const RowOutcome& row, bool has_price) {
  const Reply& reply = row.reply;
  Json calls = Json::array();
  for (const ToolCall& call : reply.tool_calls) calls.push_back({{"name", call.name}, {"arguments", call.arguments}});
  Json out = {{"id", row.id}, {"line", row.line}, {"attempt", row.attempt}, {"status", to_string(row.status)}, {"problems", row.problems}};
  if (row.status == RowStatus::error) return out;
  out["text"] = reply.text;
  out["calls"] = std::move(calls);
  out["stop"] = to_string(reply.stop);
  out["model"] = reply.model;
  out["fell_back"] = reply.fell_back;
  out["cost_usd"] = has_price ? Json(reply.cost_usd) : Json();
  out["tokens"] = tokens_json(reply.usage);
  out["latency_ms"] = row.latency_ms;
  return out;
}

Json model_json(const ModelOutcomes& model) {
  const ModelSummary sum = summarise(model);
  Json rows = Json::array();
  for (const RowOutcome& row : model.rows) rows.push_back(row_json(row, model.has_price));
  return {{"name", model.name},
          {"model", model.model},
          {"problem", model.problem},
          {"asked", sum.total},
          {"passed", sum.passed},
          {"failed", sum.failed},
          {"errors", sum.errors},
          {"success", sum.total == 0 ? Json() : Json(sum.success())},
          {"interval", Json::array({sum.interval.low, sum.interval.high})},
          {"cost_usd", or_null(sum.cost_usd)},
          {"cost_usd_per_row", or_null(sum.cost_usd_per_row)},
          {"tokens", tokens_json(sum.usage)},
          {"latency_ms", {{"median", or_null(sum.median_ms)}, {"p95", or_null(sum.p95_ms)}}},
          {"rows", std::move(rows)}};
}

std::vector<std::string> cells_of(const ModelOutcomes& model) {
  const ModelSummary sum = summarise(model);
  const bool is_unasked = sum.total == 0;
  return {model.name,
          std::to_string(sum.passed) + "/" + std::to_string(sum.total),
          is_unasked ? "-" : percent_text(sum.success()),
          is_unasked ? "-" : percent_text(sum.interval.low) + " to " + percent_text(sum.interval.high),
          std::to_string(sum.failed),
          std::to_string(sum.errors),
          cost_text(sum.cost_usd),
          cost_text(sum.cost_usd_per_row),
          std::to_string(sum.usage.input),
          std::to_string(sum.usage.cached),
          std::to_string(sum.usage.output),
          std::to_string(sum.usage.reasoning),
          time_text(sum.median_ms),
          time_text(sum.p95_ms)};
}

}  // namespace

const char* to_string(RowStatus status) {
  switch (status) {
    case RowStatus::passed: return "passed";
    case RowStatus::failed: return "failed";
    case RowStatus::error: return "error";
  }
  return "error";
}

Interval wilson_interval(std::size_t passed, std::size_t total) {
  if (total == 0) return {};
  constexpr double z = 1.959963984540054;  // of 95%, two-sided
  const auto n = static_cast<double>(total);
  const double share = static_cast<double>(passed) / n;
  const double centre = (share + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  // At the ends the formula gives 0 and 1 but for rounding.
  return {passed == 0 ? 0 : centre - half, passed == total ? 1 : centre + half};
}

std::optional<double> percentile(std::vector<std::int64_t> values, double part) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(values.size())));
  return static_cast<double>(values[std::clamp<std::size_t>(rank, 1, values.size()) - 1]);
}

ModelSummary summarise(const ModelOutcomes& outcomes) {
  ModelSummary out;
  std::vector<std::int64_t> times;
  double cost = 0;
  for (const RowOutcome& row : outcomes.rows) {
    ++out.total;
    ++(row.status == RowStatus::passed ? out.passed : row.status == RowStatus::failed ? out.failed : out.errors);
    if (row.status == RowStatus::error) continue;
    out.usage += row.reply.usage;
    cost += row.reply.cost_usd;
    times.push_back(row.latency_ms);
  }
  out.interval = wilson_interval(out.passed, out.total);
  out.median_ms = median(times);
  out.p95_ms = percentile(times, 0.95);
  if (!outcomes.has_price || times.empty()) return out;
  out.cost_usd = cost;
  out.cost_usd_per_row = cost / static_cast<double>(times.size());
  return out;
}

std::string cost_text(std::optional<double> usd) {
  if (!usd) return "-";
  if (!(*usd > 0)) return "$0";
  const int decimals = std::clamp(1 - static_cast<int>(std::floor(std::log10(*usd))), 2, 8);
  char out[64];
  std::snprintf(out, sizeof out, "$%.*f", decimals, *usd);
  return out;
}

std::string time_text(std::optional<double> ms) {
  if (!ms) return "-";
  return *ms < 10'000 ? formatted("%.0f ms", *ms) : formatted("%.1f s", *ms / 1000);
}

std::string percent_text(double share) { return formatted("%.0f%%", share * 100); }

std::vector<std::vector<std::string>> table_cells(const Evaluation& evaluation) {
  std::vector<std::vector<std::string>> out = {{"model", "passed", "success", "95% interval", "failed", "errors", "cost", "a row", "in", "cached", "out",
                                                "reasoning", "median", "p95"}};
  for (const ModelOutcomes& model : evaluation.models) out.push_back(cells_of(model));
  return out;
}

std::string table_text(const Evaluation& evaluation) {
  const auto cells = table_cells(evaluation);
  std::vector<std::size_t> widths(cells.front().size());
  for (const auto& row : cells) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const auto& row : cells) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - width_of(row[i]), ' ');
      out += i == 0 ? row[i] + blanks : "  " + blanks + row[i];
    }
    out += "\n";
  }
  for (const ModelOutcomes& model : evaluation.models) {
    if (!model.problem.empty()) out += model.name + ": not asked: " + model.problem + "\n";
  }
  if (!evaluation.stopped.empty()) out += "Not all was asked: " + evaluation.stopped + "\n";
  return out;
}

std::string failures_text(const Evaluation& evaluation) {
  std::string out;
  for (const ModelOutcomes& model : evaluation.models) {
    const auto has_passed = [](const RowOutcome& row) { return row.status == RowStatus::passed; };
    const auto passed = static_cast<std::size_t>(std::count_if(model.rows.begin(), model.rows.end(), has_passed));
    if (passed == model.rows.size()) continue;
    out += "\n" + model.name + ": " + counted(model.rows.size() - passed, "row", "rows") + " did not pass\n";
    for (const RowOutcome& row : model.rows) {
      if (has_passed(row)) continue;
      const std::string attempt = evaluation.repeat > 1 ? ", attempt " + std::to_string(row.attempt) : "";
      out += "  " + row.id + " (line " + std::to_string(row.line) + attempt + ")" + (row.status == RowStatus::error ? ", no answer" : "") + "\n";
      for (const std::string& problem : row.problems) out += "    " + problem + "\n";
    }
  }
  return out;
}

Json to_json(const Evaluation& evaluation) {
  Json models = Json::array();
  for (const ModelOutcomes& model : evaluation.models) models.push_back(model_json(model));
  return {{"version", 1},
          {"file", evaluation.file},
          {"rows", evaluation.rows},
          {"repeat", evaluation.repeat},
          {"stopped", evaluation.stopped},
          {"models", std::move(models)}};
}

}  // namespace deed
