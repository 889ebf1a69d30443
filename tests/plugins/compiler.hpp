// Compiles what a plugin's author would write: with every warning, and nothing but the headers.
#pragma once

#include "deed/tests/fakes/run_program.hpp"

#include <string>
#include <vector>

namespace deed::tests {

/// Compiles `source` ("c", "c++") and writes nothing. Returns what the compiler said: "" if it had nothing to say.
inline std::string compile_alone(std::vector<std::string> command, const std::string& source, const std::string& language) {
  const std::string headers = DEED_BINARY_DIR "/include";
  for (const char* flag : {"-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-fsyntax-only"}) command.push_back(flag);
  command.insert(command.end(), {"-I" + headers, "-I" + headers + "/deed/plugins", "-x", language, "-"});
  const ProgramEnd end = run_program(command, source);
  return end.code == 0 ? end.output + end.errors : "exit code " + std::to_string(end.code) + ": " + end.output + end.errors;
}

}  // namespace deed::tests
