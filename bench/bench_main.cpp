#include "bench.hpp"

#include <string_view>

// Without an argument everything is measured; "processes", "turns", "effects", "merge" or "plugins" is one part alone, as for a profiler.
int main(int argc, char** argv) {
  const std::string_view only = argc > 1 ? argv[1] : "";
  const auto is_wanted = [&](std::string_view part) { return only.empty() || only == part; };
  if (is_wanted("processes")) deed::bench::measure_processes();
  if (is_wanted("turns")) deed::bench::measure_turns();
  if (is_wanted("effects")) deed::bench::measure_effects();
  if (is_wanted("merge")) deed::bench::measure_merges();
  if (is_wanted("plugins")) deed::bench::measure_plugins();
}
