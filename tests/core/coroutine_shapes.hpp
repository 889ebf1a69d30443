// Finds the coroutine shapes that g++ 12 compiles into double frees, without a word
// (docs/extending.md has the table). A scanner over tokens and brackets, not a parser: it looks at
// each co_await, at the bracket around it, at its statement and at the call that it awaits.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace deed::testing_shapes {

struct Finding {
  int line = 0;
  std::string what;
  bool operator==(const Finding&) const = default;
};

struct Token {
  std::string text;
  int line = 0;
  std::size_t parent = std::string::npos;  ///< the bracket around it
  std::size_t match = std::string::npos;   ///< of a bracket: the other one
};

/// `source` without comments, preprocessor lines and the insides of literals; line breaks stay.
std::string stripped(std::string_view source);

/// Everything in `source` that style.md's table refuses, in order.
std::vector<Finding> find_bad_coroutine_shapes(std::string_view source);

}  // namespace deed::testing_shapes
