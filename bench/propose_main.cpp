// Proposals of the embedded model for lines on standard input, to measure it before the command can.
#include <iostream>

#include "deed/cli/propose.hpp"
#include "deed/llm/local/local_model.hpp"

int main(int argc, char** argv) {
  deed::ModelEnvironment environment;
  environment.models_dir = argc > 2 ? argv[2] : ".";
  auto model = deed::open_local_model(argc > 1 ? argv[1] : "smollm2", environment);
  if (!model) {
    std::cerr << deed::to_string(model.error()) << '\n';
    return 2;
  }
  return deed::propose(**model, std::cin, std::cout);
}
