#include "bench.hpp"

int main() {
  deed::bench::measure_processes();
  deed::bench::measure_turns();
}
