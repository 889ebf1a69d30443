#include "deed/plugins/program_path.hpp"

#include <unistd.h>

#include <filesystem>

#include "deed/core/checked.hpp"

namespace deed {

Result<std::string> program_path(const std::string& word, const std::string& folder) {
  const auto can_run = [](const std::string& path) {
    std::error_code ec;
    return std::filesystem::is_regular_file(path, ec) && access(path.c_str(), X_OK) == 0;
  };
  const auto none = [&](const std::string& path) { return fail(ErrorKind::not_found, "there is no such program", escaped(path)); };
  if (word.starts_with('/')) return can_run(word) ? Result<std::string>(word) : none(word);
  if (word.starts_with("./")) {
    DEED_TRY(const RelativePath path, RelativePath::parse(word));
    const std::string whole = folder + "/" + path.text();
    return can_run(whole) ? Result<std::string>(whole) : none(whole);
  }
  if (word.empty() || word.find('/') != std::string::npos) {
    return fail(ErrorKind::invalid, "not a name for a program: \"" + escaped(word) + "\"", "", "a whole path, ./NAME in the plugin's folder, or NAME");
  }
  for (const char* place : {"/usr/local/bin/", "/usr/bin/", "/bin/", "/usr/local/sbin/", "/usr/sbin/"}) {
    if (can_run(place + word)) return place + word;
  }
  return none(word);
}

}  // namespace deed
