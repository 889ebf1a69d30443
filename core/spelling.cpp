#include "deed/core/spelling.hpp"

#include <algorithm>
#include <vector>

#include "deed/core/text.hpp"

namespace deed {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string_view> names) {
  constexpr std::size_t max_bytes = 128;
  if (name.empty() || name.size() > max_bytes) return std::nullopt;
  const std::string asked = lower_ascii(name);
  std::optional<std::string> nearest;
  std::size_t least = std::max<std::size_t>(1, (name.size() + 1) / 3) + 1;
  for (const std::string_view candidate : names) {
    if (candidate.size() > max_bytes) continue;
    const std::size_t distance = edit_distance(asked, lower_ascii(candidate));
    // Nothing is left of a word of which every letter is another.
    if (distance >= least || distance >= std::max(name.size(), candidate.size())) continue;
    least = distance;
    nearest = std::string(candidate);
  }
  return nearest;
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> names) {
  const auto nearest = nearest_name(name, names);
  return nearest ? "did you mean \"" + *nearest + "\"?" : std::string();
}

}  // namespace deed
