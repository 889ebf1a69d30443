// The commands of a page of docs/, for the tests that walk them.
#pragma once

#include <fstream>
#include <string>
#include <vector>

namespace deed {

/// The indented lines behind `<!-- run: NAME -->`.
inline std::vector<std::string> commands_of_page(const std::string& page, const std::string& name) {
  std::ifstream in(std::string(DEED_SOURCE_DIR) + "/docs/" + page);
  std::vector<std::string> lines;
  bool is_there = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "<!-- run: " + name + " -->") is_there = true;
    else if (is_there && line.starts_with("    ")) lines.push_back(line.substr(4));
    else if (is_there && !line.empty()) break;
  }
  return lines;
}

}  // namespace deed
