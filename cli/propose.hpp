// `deed propose`: what a model would call, for lines of requests; nothing runs. For measuring
// models and for scripts.
#pragma once

#include "deed/llm/model.hpp"

#include <boost/asio/io_context.hpp>
#include <iosfwd>

namespace deed {

struct ProposeOptions {
  std::size_t max_line_bytes = 16u << 20;
};

/// Reads lines {"id", "request" or "messages", "tools": [function objects as OpenAI has them]} and
/// writes one line
/// {"id", "calls": [{"name", "arguments"}]} for each, in their order, and {"id", "error"} for a
/// line that cannot be answered. Messages are those of chat completions, tool calls and their
/// results among them; a tool may say "changes_world": true and "asks_user": true beside its
/// function.
///
/// io       the loop that the model works on; it is run here, line by line
/// returns  the exit code: 0, or 1 if any line had an error
int propose(Model& model, asio::io_context& io, std::istream& in, std::ostream& out,
            const ProposeOptions& options = {});

}  // namespace deed
