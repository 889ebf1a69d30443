// What `deed eval` asks every model: the rows of a file, with all that they name read and checked beforehand.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "deed/cli/eval_rows.hpp"
#include "deed/cli/flags.hpp"
#include "deed/core/media.hpp"
#include "deed/llm/model.hpp"

namespace deed {

struct Questions {
  std::vector<EvalRow> rows;
  std::map<std::string, Media> files;  ///< by path
  ModelRequest builtin;                ///< system prompt and tools of deed itself; filled in by whoever needs them
};

/// The first `limit` rows of the file (0: all; "-": standard input), with the files that they attach, which lie in its folder or below.
/// errors  not_found, limit; those of parse_eval_rows; invalid and denied with the row's line
Result<Questions> load_questions(const std::string& file, std::size_t limit);

/// The system prompt and the tools with which `deed run` would ask; empty where no row wants them. Opens deed's home.
Result<ModelRequest> builtin_request(const std::vector<EvalRow>& rows, const Flags& flags);

/// errors  invalid: a row expects a call of a tool that deed has not
Result<void> check_builtin_calls(const Questions& questions);

/// What `model` is asked for the row; the reply gets at most a quarter of its window.
ModelRequest request_for(const EvalRow& row, const Questions& questions, std::int64_t max_tokens, const Model& model);

}  // namespace deed
