#include "bench.hpp"

#include <string_view>

// Without an argument everything is measured; "processes" or "turns" is one half alone, as for a profiler.
int main(int argc, char** argv) {
  const std::string_view only = argc > 1 ? argv[1] : "";
  if (only != "turns") deed::bench::measure_processes();
  if (only != "processes") deed::bench::measure_turns();
}
