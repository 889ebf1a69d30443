// What `deed eval` found out, and how it is told: a table for people, a document for programs. docs/eval.md says how to read both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "deed/core/json.hpp"
#include "deed/llm/message.hpp"

namespace deed {

enum class RowStatus {
  passed,
  failed,  ///< the model answered, and something that was expected does not hold
  error,   ///< no answer
};
const char* to_string(RowStatus status);

/// One asking of one row.
struct RowOutcome {
  std::string id;
  std::size_t line = 0;
  int attempt = 1;  ///< from 1, with --repeat
  RowStatus status = RowStatus::passed;
  std::vector<std::string> problems = {};  ///< what was wanted and what came, or the error
  Reply reply = {};                        ///< of an error empty
  std::int64_t latency_ms = 0;             ///< from the request to the end of the reply, further tries included
};

struct ModelOutcomes {
  std::string name;        ///< as the user said it
  std::string model = {};  ///< what that means: an alias's model
  bool has_price = false;
  std::string problem = {};  ///< why it could not be opened
  std::vector<RowOutcome> rows = {};
};

struct Evaluation {
  std::string file;
  std::size_t rows = 0;  ///< to be asked, without repetitions
  int repeat = 1;
  std::string stopped = {};  ///< why not all was asked
  std::vector<ModelOutcomes> models = {};
};

struct Interval {
  double low = 0, high = 1;
};
/// Where the share of successes lies with 95% confidence. Source: E. B. Wilson, 1927; Brown, Cai and DasGupta, 2001
Interval wilson_interval(std::size_t passed, std::size_t total);

struct ModelSummary {
  std::size_t total = 0, passed = 0, failed = 0, errors = 0;
  Interval interval = {};
  std::optional<double> cost_usd = {}, cost_usd_per_row = {};  ///< absent: no price is known
  TokenUsage usage = {};
  std::optional<double> median_ms = {}, p95_ms = {};  ///< of those that were answered

  double success() const { return total == 0 ? 0 : static_cast<double>(passed) / static_cast<double>(total); }
};
ModelSummary summarise(const ModelOutcomes& outcomes);

/// The least of `values` that is not below the share `part` of them (nearest rank). nullopt: there are none.
std::optional<double> percentile(std::vector<std::int64_t> values, double part);

/// "$0.0012", with two digits that count; "-" for nothing.
std::string cost_text(std::optional<double> usd);
/// "850 ms", "12.3 s"; "-" for nothing.
std::string time_text(std::optional<double> ms);
std::string percent_text(double share);

/// The table's cells: a row of headings, then one for each model.
std::vector<std::vector<std::string>> table_cells(const Evaluation& evaluation);
/// The table with aligned columns, a line for each model that could not be opened, and why not all was asked.
std::string table_text(const Evaluation& evaluation);
/// The rows that did not pass, by model.
std::string failures_text(const Evaluation& evaluation);
/// The document of --json, version 1.
Json to_json(const Evaluation& evaluation);

}  // namespace deed
