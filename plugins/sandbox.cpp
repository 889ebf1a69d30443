#include "deed/plugins/sandbox.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "deed/plugins/sandbox_landlock.hpp"
#include "deed/plugins/sandbox_launch.hpp"
#include "deed/plugins/sandbox_probe.hpp"

namespace deed {
namespace {

// No sandbox; the limits that hold for a process by itself are set all the same.
Result<Launch> prepare_plain(const ChildOptions& options) {
  return Launch{.command = options.command, .environment = options.environment, .folder = options.folder,
                .limits = limits_of(options.rules)};
}

Result<void> check_absolute(const std::string& path, const char* what) {
  if (path.starts_with('/') && path.find('\0') == std::string::npos) return {};
  return fail(ErrorKind::invalid, std::string(what) + " is no absolute path", path);
}

// These become C strings, and lists of them that a zero byte ends.
Result<void> check_texts(const ChildOptions& options) {
  for (const auto* texts : {&options.command, &options.environment}) {
    for (const std::string& text : *texts) {
      if (text.find('\0') != std::string::npos) return fail(ErrorKind::invalid, "a zero byte in a plugin's command or variables");
    }
  }
  for (const std::string& variable : options.environment) {
    if (variable.find('=') == std::string::npos || variable.front() == '=') {
      return fail(ErrorKind::invalid, "a plugin's variable is not NAME=value");
    }
  }
  return {};
}

// For people, and before anything is started: inside, bwrap can say what it misses only on the plugin's stream of errors.
Result<void> check_program(const ChildOptions& options) {
  struct stat status = {};
  const std::string& program = options.command.front();
  if (stat(program.c_str(), &status) != 0) return system_error(errno, "the program of the plugin is not there", program);
  if (!S_ISREG(status.st_mode) || access(program.c_str(), X_OK) != 0) {
    return fail(ErrorKind::denied, "the program of the plugin may not be executed", program, "chmod +x");
  }
  if (stat(options.folder.c_str(), &status) != 0) {
    return system_error(errno, "the working folder of the plugin is not there", options.folder);
  }
  return {};
}

bool is_below(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/' || folder.ends_with('/'));
}

Result<void> check_folders(const ChildOptions& options) {
  std::vector<std::string> visible = system_paths(options.rules.network);
  visible.insert(visible.end(), options.rules.readable.begin(), options.rules.readable.end());
  visible.insert(visible.end(), options.rules.writable.begin(), options.rules.writable.end());
  for (const auto* paths : {&options.rules.readable, &options.rules.writable}) {
    for (const std::string& path : *paths) {
      struct stat status = {};
      if (stat(path.c_str(), &status) != 0) return system_error(errno, "a folder that the plugin may use is not there", path);
    }
  }
  for (const std::string& path : {options.command.front(), options.folder}) {
    if (std::any_of(visible.begin(), visible.end(), [&](const std::string& one) { return is_below(path, one); })) continue;
    return fail(ErrorKind::denied, "the plugin's program and working folder have to be in folders that it may read", path);
  }
  return {};
}

}  // namespace

const char* to_string(SandboxKind kind) {
  switch (kind) {
    case SandboxKind::bubblewrap: return "bubblewrap";
    case SandboxKind::landlock: return "landlock";
    case SandboxKind::off: return "off";
  }
  return "off";
}

Result<SandboxKind> parse_sandbox_kind(std::string_view text) {
  for (const SandboxKind kind : {SandboxKind::bubblewrap, SandboxKind::landlock, SandboxKind::off}) {
    if (text == to_string(kind)) return kind;
  }
  return fail(ErrorKind::invalid, "there is no sandbox \"" + std::string(text) + "\"", "", "bubblewrap, landlock or off");
}

Result<void> try_sandbox(SandboxKind kind) {
  // What this machine can do does not change while deed runs; asking costs a process.
  if (kind == SandboxKind::off) return {};
  if (kind == SandboxKind::bubblewrap) {
    static const Result<void> tried = probe_sandbox(SandboxKind::bubblewrap);
    return tried;
  }
  static const Result<void> tried = probe_sandbox(SandboxKind::landlock);
  return tried;
}

Result<SandboxKind> best_sandbox() { return first_sandbox({SandboxKind::bubblewrap, SandboxKind::landlock}, try_sandbox); }

Result<Launch> prepare_launch(const ChildOptions& options) {
  if (options.command.empty()) return fail(ErrorKind::invalid, "there is no program to run");
  DEED_OK(check_texts(options));
  DEED_OK(check_absolute(options.command.front(), "the program"));
  DEED_OK(check_absolute(options.folder, "the working folder"));
  for (const std::string& path : options.rules.readable) DEED_OK(check_absolute(path, "a readable folder"));
  for (const std::string& path : options.rules.writable) DEED_OK(check_absolute(path, "a writable folder"));
  DEED_OK(check_program(options));
  if (options.sandbox != SandboxKind::off) DEED_OK(check_folders(options));
  switch (options.sandbox) {
    case SandboxKind::bubblewrap: return prepare_bubblewrap(options);
    case SandboxKind::landlock: return prepare_landlock(options, landlock_version());
    case SandboxKind::off: return prepare_plain(options);
  }
  return fail(ErrorKind::internal, "there is no such sandbox");
}

}  // namespace deed
