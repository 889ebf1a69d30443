#include <cstdio>
#include <exception>

#include "deed/cli/command.hpp"

int main(int argc, char** argv) {
  try {
    return deed::run_command(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "deed: a fault of this program: %s\n", e.what());
    return 1;
  }
}
