// Where the tests of the embedded model look for its weights.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace deed {

/// $DEED_MODELS, else the user's models folder.
inline std::string models_dir() {
  if (const char* dir = std::getenv("DEED_MODELS")) return dir;
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr ? home : "") + "/.local/share/deed/models";
}
inline std::string smollm2_file() { return models_dir() + "/SmolLM2-135M-Instruct.Q4_1.gguf"; }

}  // namespace deed

#define DEED_SKIP_WITHOUT_MODEL()                                              \
  if (!std::filesystem::exists(::deed::smollm2_file()))                        \
  GTEST_SKIP() << "the model is not installed (deed models install smollm2): " \
               << ::deed::smollm2_file()
