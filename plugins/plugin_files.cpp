#include "deed/plugins/plugin_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "deed/core/checked.hpp"
#include "deed/core/hash.hpp"
#include "deed/tools/beneath.hpp"

namespace deed {
namespace {

namespace fs = std::filesystem;

bool is_ours(const struct stat& about) { return about.st_uid == 0 || about.st_uid == geteuid(); }

// A folder in which everybody may make files, and nobody may touch those of others.
bool is_shared_safely(const struct stat& about) { return S_ISDIR(about.st_mode) && (about.st_mode & S_ISVTX) && about.st_uid == 0; }

bool others_may_write(const struct stat& about) { return (about.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !is_shared_safely(about); }

Result<void> check_one(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0) return system_error(errno, "the plugin's file cannot be looked at", path);
  if (!is_ours(about)) return fail(ErrorKind::denied, "the plugin's files belong to somebody else", path, "chown it to yourself or root, if you trust it");
  // A group of one's own is the rule on many systems, but nobody can tell from here.
  if (others_may_write(about)) return fail(ErrorKind::denied, "others may change the plugin's files", path, "chmod go-w " + path);
  return {};
}

struct PluginEntry {
  std::string name;  // below the folder, or the whole path
  std::string path;
  struct stat about {};
};

Result<void> add_entry(std::vector<PluginEntry>& entries, std::uint64_t& bytes, std::string name, const std::string& path) {
  PluginEntry entry{std::move(name), path};
  if (lstat(path.c_str(), &entry.about) != 0) return system_error(errno, "the plugin's file cannot be looked at", path);
  if (!is_ours(entry.about) || (!S_ISLNK(entry.about.st_mode) && others_may_write(entry.about))) {
    return fail(ErrorKind::denied, "others may change the plugin's files", path, "chmod go-w, and chown it to yourself or root, if you trust it");
  }
  if (S_ISREG(entry.about.st_mode)) bytes += static_cast<std::uint64_t>(entry.about.st_size);
  if (entries.size() >= max_plugin_files || bytes > max_plugin_bytes) {
    return fail(ErrorKind::limit, "the plugin's folder has more than 50,000 files or 1 GiB", path);
  }
  entries.push_back(std::move(entry));
  return {};
}

Result<std::vector<PluginEntry>> entries_of(const std::string& folder, const std::vector<std::string>& further) {
  std::vector<PluginEntry> entries;
  std::uint64_t bytes = 0;
  std::error_code ec;
  fs::recursive_directory_iterator at(folder, ec);
  if (ec) return fail(ErrorKind::not_found, "the plugin's folder cannot be read", folder);
  for (; at != fs::recursive_directory_iterator(); at.increment(ec)) {
    if (ec) return fail(ErrorKind::denied, "the plugin's folder cannot be read whole", folder);
    DEED_OK(add_entry(entries, bytes, fs::relative(at->path(), folder, ec).string(), at->path().string()));
  }
  for (const std::string& path : further) DEED_OK(add_entry(entries, bytes, path, path));
  std::sort(entries.begin(), entries.end(), [](const PluginEntry& a, const PluginEntry& b) { return a.name < b.name; });
  return entries;
}

std::string stamp_text(const std::vector<PluginEntry>& entries) {
  Sha256 hash;
  for (const PluginEntry& entry : entries) {
    const auto& about = entry.about;
    hash.update(entry.name + '\0' + std::to_string(about.st_mode) + ' ' + std::to_string(about.st_size) + ' ' + std::to_string(about.st_ino) + ' ' +
                std::to_string(about.st_mtim.tv_sec) + '.' + std::to_string(about.st_mtim.tv_nsec) + ' ' + std::to_string(about.st_ctim.tv_sec) +
                '.' + std::to_string(about.st_ctim.tv_nsec) + '\n');
  }
  return hash.hex();
}

Result<std::string> content_hash(const PluginEntry& entry) {
  const OwnedFd file(open(entry.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0) return system_error(errno, "the plugin's file cannot be read", entry.path);
  Sha256 hash;
  std::string buffer(256u << 10, '\0');
  for (;;) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0) return system_error(errno, "the plugin's file cannot be read", entry.path);
    if (count == 0) return hash.hex();
    hash.update(std::string_view(buffer).substr(0, static_cast<std::size_t>(count)));
  }
}

}  // namespace

std::vector<std::string> further_files(const Manifest& manifest, const std::string& folder) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& path) {
    std::error_code ec;
    const bool is_system = path.starts_with("/usr/") || path.starts_with("/bin/") || path.starts_with("/sbin/");
    if (path.starts_with('/') && !is_system && !path.starts_with(folder + "/") && fs::is_regular_file(path, ec)) out.push_back(path);
  };
  for (const std::string& word : manifest.command) add(word);
  for (const ScriptTool& tool : manifest.scripts) {
    for (const std::string& word : tool.command) add(word);
  }
  add(manifest.library);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Result<void> check_owners(const std::string& path) {
  std::error_code ec;
  const fs::path whole = fs::canonical(path, ec);
  if (ec) return fail(ErrorKind::not_found, "there is no such file or folder", path);
  for (fs::path at = whole;; at = at.parent_path()) {
    DEED_OK(check_one(at.string()));
    if (at == at.parent_path()) return {};
  }
}

Result<std::string> stamp_of(const std::string& folder, const std::vector<std::string>& further) {
  DEED_TRY(const std::vector<PluginEntry> entries, entries_of(folder, further));
  return stamp_text(entries);
}

Result<PluginFiles> files_of(const std::string& folder, const std::vector<std::string>& further) {
  DEED_TRY(const std::vector<PluginEntry> entries, entries_of(folder, further));
  Sha256 hash;
  for (const PluginEntry& entry : entries) {
    std::string what = "?";
    if (S_ISREG(entry.about.st_mode)) {
      DEED_TRY(what, content_hash(entry));
    } else if (S_ISLNK(entry.about.st_mode)) {
      std::error_code ec;
      what = "-> " + fs::read_symlink(entry.path, ec).string();
    } else if (S_ISDIR(entry.about.st_mode)) {
      what = "/";
    }
    hash.update(entry.name + '\0' + what + '\n');
  }
  return PluginFiles{hash.hex(), stamp_text(entries)};
}

}  // namespace deed
