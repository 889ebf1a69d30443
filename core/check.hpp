// A broken invariant is a bug, not an Error: it ends the process, in every build. Runs survive that by design.
#pragma once

namespace deed {

/// Prints `text` with the place to standard error and aborts. Called by DEED_CHECK.
[[noreturn]] void check_failed(const char* condition, const char* file, int line, const char* text);

}  // namespace deed

#define DEED_CHECK(condition, text)                                               \
  do {                                                                            \
    if (!(condition)) ::deed::check_failed(#condition, __FILE__, __LINE__, text); \
  } while (false)
