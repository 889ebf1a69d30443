#include "deed/llm/message.hpp"

namespace deed {

const char* to_string(StopReason reason) {
  switch (reason) {
    case StopReason::end:
      return "end";
    case StopReason::tool_calls:
      return "tool_calls";
    case StopReason::length:
      return "length";
    case StopReason::refused:
      return "refused";
  }
  return "end";
}

}  // namespace deed
