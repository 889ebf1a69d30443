#include "deed/agent/task/task_keys.hpp"

#include <array>

namespace deed {
namespace {

using Name = std::string_view;

constexpr std::array task = {Name("deed"), Name("name"), Name("description"), Name("inputs"), Name("secrets"), Name("model"), Name("budget"), Name("steps"), Name("outputs")};
constexpr std::array input = {Name("default"), Name("description")};
constexpr std::array step = {Name("id"), Name("needs"), Name("for"), Name("if"), Name("on_error")};
constexpr std::array tool_step = {Name("tool"), Name("with"), Name("timeout"), Name("retry"), Name("on_unknown"), Name("approve")};
constexpr std::array llm_step = {Name("llm"), Name("system"), Name("schema"), Name("model"), Name("budget"), Name("timeout"), Name("retry")};
constexpr std::array agent_step = {Name("agent"), Name("tools"), Name("model"), Name("budget"), Name("timeout")};
constexpr std::array use_step = {Name("use"), Name("with"), Name("budget"), Name("timeout")};
constexpr std::array wait_step = {Name("wait")};
constexpr std::array budget = {Name("max_cost"), Name("max_steps"), Name("max_calls"), Name("max_tokens"), Name("max_time")};
constexpr std::array retry = {Name("max"), Name("wait")};
constexpr std::array approve = {Name("first"), Name("when")};
constexpr std::array wait = {Name("until"), Name("signal")};
constexpr std::array loop = {Name("key"), Name("max"), Name("concurrency")};
constexpr std::array csv_rows = {Name("csv"), Name("encoding"), Name("separator")};
constexpr std::array jsonl_rows = {Name("jsonl")};
constexpr std::array sqlite_rows = {Name("sqlite"), Name("query")};
constexpr std::array list_items = {Name("list")};

}  // namespace

std::span<const std::string_view> known_keys(TaskKeys place) {
  switch (place) {
    case TaskKeys::task: return task;
    case TaskKeys::input: return input;
    case TaskKeys::step: return step;
    case TaskKeys::tool_step: return tool_step;
    case TaskKeys::llm_step: return llm_step;
    case TaskKeys::agent_step: return agent_step;
    case TaskKeys::use_step: return use_step;
    case TaskKeys::wait_step: return wait_step;
    case TaskKeys::budget: return budget;
    case TaskKeys::retry: return retry;
    case TaskKeys::approve: return approve;
    case TaskKeys::wait: return wait;
    case TaskKeys::loop: return loop;
    case TaskKeys::csv_rows: return csv_rows;
    case TaskKeys::jsonl_rows: return jsonl_rows;
    case TaskKeys::sqlite_rows: return sqlite_rows;
    case TaskKeys::list_items: return list_items;
  }
  return {};
}

}  // namespace deed
