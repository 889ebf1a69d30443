#include "deed/llm/model.hpp"

namespace deed {

const char* to_string(Effort effort) {
  switch (effort) {
    case Effort::none:
      return "none";
    case Effort::low:
      return "low";
    case Effort::medium:
      return "medium";
    case Effort::high:
      return "high";
    case Effort::as_it_likes:
      break;
  }
  return "";
}

std::optional<Effort> parse_effort(std::string_view name) {
  for (const Effort effort : {Effort::as_it_likes, Effort::none, Effort::low, Effort::medium, Effort::high}) {
    if (name == to_string(effort)) return effort;
  }
  return std::nullopt;
}

const char* to_string(ToolFormat format) {
  switch (format) {
    case ToolFormat::automatic:
      return "auto";
    case ToolFormat::trained:
      return "trained";
    case ToolFormat::planner:
      return "planner";
  }
  return "auto";
}

std::optional<ToolFormat> parse_tool_format(std::string_view name) {
  for (const ToolFormat format : {ToolFormat::automatic, ToolFormat::trained, ToolFormat::planner}) {
    if (name == to_string(format)) return format;
  }
  return std::nullopt;
}

}  // namespace deed
