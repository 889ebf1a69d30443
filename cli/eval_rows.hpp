// The rows of `deed eval`: a line of JSON each, with a request and what is expected of the reply. docs/eval.md has the format.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deed/core/json.hpp"
#include "deed/core/schema.hpp"
#include "deed/llm/message.hpp"

namespace deed {

/// A call that the reply must make. Arguments that are named here must be equal, others are free.
struct ExpectedCall {
  std::string name;
  Json arguments = Json::object();
};

/// All that is set must hold.
struct Expectation {
  std::optional<std::string> equals = {};  ///< the whole text, blanks around it aside
  std::vector<std::string> contains = {}, lacks = {};
  std::optional<Json> json = {};                         ///< the text is JSON of this value
  std::optional<std::vector<ExpectedCall>> calls = {};  ///< these and no others, in any order
  bool refuses = false;
};

struct EvalRow {
  std::string id;        ///< unique in the file; "line 3" where the row has none
  std::size_t line = 0;  ///< from 1
  std::string request;
  std::optional<std::string> system = {};
  std::vector<ToolDefinition> tools = {};
  bool has_builtin_tools = false;        ///< instead of `tools`: those that come with deed
  std::vector<std::string> attach = {};  ///< paths as RelativePath has them
  std::optional<Schema> schema = {};     ///< the reply must be JSON of it
  Expectation expect = {};
};

struct EvalLimits {
  std::size_t max_line_bytes = 1u << 20;
  std::size_t max_rows = 10'000;
  std::size_t max_items = 128;  ///< of each list in a row: tools, texts, calls, files
};

/// Reads all rows; empty lines are passed over, and a field that is not known is refused.
///
/// errors  invalid: `where` is "line 3", "line 3, byte 17" or "line 3, /expect/calls/0". limit: a line, a list or the file is too
///         long. unsupported: a keyword of a schema
Result<std::vector<EvalRow>> parse_eval_rows(std::string_view text, const EvalLimits& limits = {});

}  // namespace deed
