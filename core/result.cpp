#include "deed/core/result.hpp"

#include <cstdio>
#include <cstdlib>

namespace deed {

const char* to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid: return "invalid";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::conflict: return "conflict";
    case ErrorKind::denied: return "denied";
    case ErrorKind::unavailable: return "unavailable";
    case ErrorKind::timeout: return "timeout";
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::limit: return "limit";
    case ErrorKind::corrupt: return "corrupt";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::internal: return "internal";
  }
  return "internal";
}

std::string to_string(const Error& error) {
  std::string text = error.what;
  if (!error.where.empty()) text += " (" + error.where + ")";
  if (!error.hint.empty()) text += ": " + error.hint;
  return text;
}

void check_failed(const char* condition, const char* file, int line, const char* text) {
  std::fprintf(stderr, "deed: broken invariant at %s:%d: %s (%s)\n", file, line, text, condition);
  std::abort();
}

}  // namespace deed
