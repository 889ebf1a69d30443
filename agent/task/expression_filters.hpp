// The filters of expressions: each a pure function of a value and its arguments.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "deed/core/json.hpp"

namespace deed {

/// What an evaluation may still make, so that no chain of filters grows without end.
class TextBudget {
 public:
  static constexpr std::size_t max_bytes = 16u << 20;

  /// errors  limit
  Result<void> take(std::size_t bytes);

 private:
  std::size_t left_ = max_bytes;
};

struct FilterSpec {
  std::string_view name;
  std::size_t min_arguments = 0, max_arguments = 0;
  /// nullptr: `default`, which the evaluation itself does.
  Result<Json> (*apply)(const Json& value, const std::vector<Json>& arguments, TextBudget& budget) = nullptr;
};

std::span<const FilterSpec> filter_specs();

/// std::string_view::find in linear time, whatever the texts are: they may come from a page that wants this to take forever.
std::size_t find_in(std::string_view text, std::string_view part, std::size_t from = 0);

/// About what a value takes in memory; in time linear in it.
std::size_t weight_of(const Json& value);

/// "a text", "a number", "a list", …: for messages.
const char* kind_of(const Json& value);

}  // namespace deed
