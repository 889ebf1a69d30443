#include "deed/llm/local/scorer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace deed {

double TextScore::sum() const { return std::accumulate(tokens.begin(), tokens.end(), 0.0); }

double TextScore::line() const { return sum() + (ends.empty() ? 0.0 : ends.back()); }

std::vector<double> softmax(const std::vector<double>& scores) {
  if (scores.empty()) return {};
  const double top = *std::max_element(scores.begin(), scores.end());
  std::vector<double> result(scores.size());
  std::transform(scores.begin(), scores.end(), result.begin(),
                 [&](double s) { return std::exp(s - top); });
  const double sum = std::accumulate(result.begin(), result.end(), 0.0);
  for (double& p : result) p /= sum;
  return result;
}

Choice make_choice(std::string about, const std::vector<std::string>& values,
                   const std::vector<double>& scores, std::string origin) {
  constexpr std::size_t kept = 8;
  const std::vector<double> probabilities = softmax(scores);
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  Choice choice{.about = std::move(about), .origin = std::move(origin)};
  for (std::size_t i = 0; i < std::min(kept, order.size()); ++i)
    choice.alternatives.push_back({values[order[i]], probabilities[order[i]]});
  if (!order.empty()) choice.chosen = values[order[0]];
  return choice;
}

}  // namespace deed
