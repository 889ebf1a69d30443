#include "deed/llm/anthropic/claude_traits.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace deed {
namespace {

struct Version {
  int major = 0, minor = 0;
  auto operator<=>(const Version&) const = default;
};

constexpr Version newest = {99, 0};

// One or two digits: longer numbers in names are dates.
std::optional<int> version_number(std::string_view part) {
  const bool is_number = !part.empty() && part.size() <= 2 && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return std::nullopt;
  return std::stoi(std::string(part));
}

// "claude-opus-4-1-20250805" and "claude-3-7-sonnet-latest": the first number, and the one right behind it.
std::optional<Version> version_of(std::string_view model) {
  if (!model.starts_with("claude-")) return std::nullopt;
  const auto parts = split(model, '-');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto major = version_number(parts[i]);
    if (!major) continue;
    const auto minor = i + 1 < parts.size() ? version_number(parts[i + 1]) : std::nullopt;
    return Version{*major, minor.value_or(0)};
  }
  return newest;
}

}  // namespace

ClaudeTraits claude_traits(std::string_view model) {
  const std::string name = lower_ascii(model.substr(model.rfind('/') + 1));
  const auto version = version_of(name);
  ClaudeTraits traits;
  if (!version) return traits;
  if (*version < Version{3, 7}) traits.thinking = Thinking::none;
  if (*version >= Version{4, 6}) traits.thinking = Thinking::adaptive;
  traits.thinks_by_itself = *version >= Version{5, 0};
  traits.takes_sampling = *version <= Version{4, 6};
  if (name.starts_with("claude-opus-4") && *version <= Version{4, 1}) traits.max_output_tokens = 32'000;
  return traits;
}

}  // namespace deed
