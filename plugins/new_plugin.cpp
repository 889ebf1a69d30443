#include "deed/plugins/new_plugin.hpp"

#include "deed/plugins/declared_tool.hpp"
#include "deed/plugins/plugin_templates.hpp"
#include "deed/tools/beneath.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace deed {
namespace {

constexpr std::string_view template_name = "greeter";
constexpr PluginLanguage plugin_languages[] = {PluginLanguage::c, PluginLanguage::cpp, PluginLanguage::python, PluginLanguage::sh};

std::string with_name(std::string_view text, std::string_view name) {
  std::string out(text);
  for (std::size_t at = 0; (at = out.find(template_name, at)) != std::string::npos; at += name.size())
    out.replace(at, template_name.size(), name);
  return out;
}

// Made anew, never over something: below `folder`, which was just made.
Result<void> write_new_file(int folder, const std::string& name, std::string_view text, const std::string& where) {
  const mode_t mode = text.starts_with("#!") ? 0755 : 0644;
  const OwnedFd file(::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (file.get() < 0) return system_error(errno, "cannot make the file", where);
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(errno, "cannot write the file", where);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

const char* to_string(PluginLanguage language) {
  switch (language) {
    case PluginLanguage::c: return "c";
    case PluginLanguage::cpp: return "cpp";
    case PluginLanguage::python: return "python";
    case PluginLanguage::sh: return "sh";
  }
  return "";
}

Result<PluginLanguage> parse_plugin_language(std::string_view text) {
  for (const PluginLanguage language : plugin_languages)
    if (text == to_string(language)) return language;
  return fail(ErrorKind::invalid, "no plugin begins in this language", std::string(text),
              "one of c, cpp, python, sh; any other by the wire that docs/plugins.md describes");
}

Result<std::vector<std::string>> new_plugin(const std::string& folder, std::string_view name, PluginLanguage language) {
  if (!is_plugin_name(name)) {
    return fail(ErrorKind::invalid, "this is no name for a plugin", std::string(name),
                "a letter, then letters, digits and '_', at most 32: its tools are called NAME.TOOL");
  }
  if (::mkdir(folder.c_str(), 0755) != 0) {
    if (errno == EEXIST) return fail(ErrorKind::invalid, "there is something of this name already", folder, "choose another, or remove it");
    return system_error(errno, "cannot make the folder", folder);
  }
  const OwnedFd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (opened.get() < 0) return system_error(errno, "cannot open the folder", folder);
  std::vector<std::string> written;
  for (const PluginTemplate& file : plugin_templates()) {
    if (file.language != to_string(language)) continue;
    const std::string file_name = with_name(file.file, name);
    DEED_OK(write_new_file(opened.get(), file_name, with_name(file.text, name), folder + "/" + file_name));
    written.push_back(file_name);
  }
  return written;
}

}  // namespace deed
