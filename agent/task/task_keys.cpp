#include "deed/agent/task/task_keys.hpp"

#include <array>

namespace deed {
namespace {

using Name = std::string_view;

constexpr std::array task_keys = {Name("deed"), Name("name"), Name("description"), Name("inputs"), Name("secrets"), Name("model"), Name("budget"), Name("steps"), Name("outputs")};
constexpr std::array input_keys = {Name("default"), Name("description")};
constexpr std::array step_keys = {Name("id"), Name("needs"), Name("for"), Name("if"), Name("on_error")};
constexpr std::array tool_step_keys = {Name("tool"), Name("with"), Name("timeout"), Name("retry"), Name("on_unknown"), Name("approve")};
constexpr std::array llm_step_keys = {Name("llm"), Name("system"), Name("schema"), Name("model"), Name("budget"), Name("timeout"), Name("retry")};
constexpr std::array agent_step_keys = {Name("agent"), Name("tools"), Name("model"), Name("budget"), Name("timeout")};
constexpr std::array use_step_keys = {Name("use"), Name("with"), Name("budget"), Name("timeout")};
constexpr std::array wait_step_keys = {Name("wait")};
constexpr std::array budget_keys = {Name("max_cost"), Name("max_steps"), Name("max_calls"), Name("max_tokens"), Name("max_time")};
constexpr std::array retry_keys = {Name("max"), Name("wait")};
constexpr std::array approve_keys = {Name("first"), Name("when")};
constexpr std::array wait_keys = {Name("until"), Name("signal")};
constexpr std::array loop_keys = {Name("key"), Name("max"), Name("concurrency")};
constexpr std::array csv_rows_keys = {Name("csv"), Name("encoding"), Name("separator")};
constexpr std::array jsonl_rows_keys = {Name("jsonl")};
constexpr std::array sqlite_rows_keys = {Name("sqlite"), Name("query")};
constexpr std::array list_items_keys = {Name("list")};

}  // namespace

std::span<const std::string_view> known_keys(TaskKeys place) {
  switch (place) {
    case TaskKeys::task: return task_keys;
    case TaskKeys::input: return input_keys;
    case TaskKeys::step: return step_keys;
    case TaskKeys::tool_step: return tool_step_keys;
    case TaskKeys::llm_step: return llm_step_keys;
    case TaskKeys::agent_step: return agent_step_keys;
    case TaskKeys::use_step: return use_step_keys;
    case TaskKeys::wait_step: return wait_step_keys;
    case TaskKeys::budget: return budget_keys;
    case TaskKeys::retry: return retry_keys;
    case TaskKeys::approve: return approve_keys;
    case TaskKeys::wait: return wait_keys;
    case TaskKeys::loop: return loop_keys;
    case TaskKeys::csv_rows: return csv_rows_keys;
    case TaskKeys::jsonl_rows: return jsonl_rows_keys;
    case TaskKeys::sqlite_rows: return sqlite_rows_keys;
    case TaskKeys::list_items: return list_items_keys;
  }
  return {};
}

}  // namespace deed
