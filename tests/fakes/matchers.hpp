// Matchers for Result, so that a failed test prints the error: EXPECT_OK(r); EXPECT_THAT(r, IsError(ErrorKind::limit, HasSubstr("x"))).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "deed/core/result.hpp"

namespace deed {

inline void PrintTo(const Error& error, std::ostream* out) {
  *out << to_string(error.kind) << ": " << to_string(error);
}
template <class T>
void PrintTo(const Result<T>& result, std::ostream* out) {
  if (result) *out << "a value";
  else PrintTo(result.error(), out);
}

MATCHER(IsOk, negation ? "is an error" : "is a value") {
  if (arg.has_value()) return true;
  *result_listener << to_string(arg.error().kind) << ": " << to_string(arg.error());
  return false;
}
MATCHER_P(IsError, kind, "is an error of the kind") {
  if (arg.has_value()) return *result_listener << "a value", false;
  *result_listener << to_string(arg.error().kind) << ": " << to_string(arg.error());
  return arg.error().kind == kind;
}
MATCHER_P2(IsError, kind, text, "is an error of the kind whose text matches") {
  if (arg.has_value()) return *result_listener << "a value", false;
  *result_listener << to_string(arg.error().kind) << ": " << to_string(arg.error());
  return arg.error().kind == kind && testing::ExplainMatchResult(text, to_string(arg.error()), result_listener);
}

}  // namespace deed

#define EXPECT_OK(...) EXPECT_THAT((__VA_ARGS__), ::deed::IsOk())
#define ASSERT_OK(...) ASSERT_THAT((__VA_ARGS__), ::deed::IsOk())
