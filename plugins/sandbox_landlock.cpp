#include "deed/plugins/sandbox_landlock.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "deed/plugins/sandbox_launch.hpp"
#include "deed/plugins/sandbox_seccomp.hpp"

namespace deed {
namespace {

// Debian 12's headers know version 2; the kernel may know more. Names of linux/landlock.h, version 7.
constexpr std::uint64_t access_truncate = 1u << 14, access_ioctl_dev = 1u << 15;
constexpr std::uint64_t scope_abstract_unix_socket = 1u << 0, scope_signal = 1u << 1;
struct RulesetAttributes {
  std::uint64_t handled_access_fs = 0;
  std::uint64_t handled_access_net = 0;  // not used: the system call filter knows all protocols
  std::uint64_t scoped = 0;
};

constexpr std::uint64_t access_read = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t access_of_files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                                          LANDLOCK_ACCESS_FS_WRITE_FILE | access_truncate | access_ioctl_dev;

std::uint64_t all_access(int version) {
  std::uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  if (version >= 2) all |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) all |= access_truncate;
  if (version >= 5) all |= access_ioctl_dev;
  return all;
}

// No devices and no sockets are made, and no device is driven, in writable folders either.
std::uint64_t write_access(int version) {
  return all_access(version) & ~static_cast<std::uint64_t>(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                                                           LANDLOCK_ACCESS_FS_MAKE_SOCK | access_ioctl_dev);
}

bool add_rule(int ruleset, int path, std::uint64_t access) {
  landlock_path_beneath_attr rule = {};
  rule.allowed_access = access;
  rule.parent_fd = path;
  return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

Result<void> allow(int ruleset, const std::string& path, std::uint64_t access) {
  const OwnedFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (fd.get() < 0) return system_error(errno, "a path that the plugin may use cannot be opened", path);
  struct stat status = {};
  if (fstat(fd.get(), &status) != 0) return system_error(errno, "a path that the plugin may use cannot be seen", path);
  if (!S_ISDIR(status.st_mode)) access &= access_of_files;
  if (!add_rule(ruleset, fd.get(), access)) return system_error(errno, "Landlock refuses a path", path);
  return {};
}

// The library and interpreters read these; nothing in them is about other processes.
constexpr const char* machine_files[] = {"/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/version",
                                         "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu"};
constexpr const char* devices[] = {"/dev/null", "/dev/full", "/dev/random", "/dev/urandom"};

Result<void> allow_system(int ruleset, bool network, int version) {
  for (const std::string& path : system_paths(network)) DEED_OK(allow(ruleset, path, access_read));
  for (const char* path : machine_files) {
    if (access(path, F_OK) == 0) DEED_OK(allow(ruleset, path, access_read & ~LANDLOCK_ACCESS_FS_EXECUTE));
  }
  for (const char* path : devices) {
    const std::uint64_t device = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                 (version >= 3 ? access_truncate : 0);  // a shell's "> /dev/null" truncates
    if (access(path, F_OK) == 0) DEED_OK(allow(ruleset, path, device));
  }
  return {};
}

// The number after `name` in a file of lines like "Threads:\t4"; of several, the first.
std::optional<unsigned long> status_number(const std::string& status, const std::string& name) {
  const std::size_t at = status.find("\n" + name + ":");
  if (at == std::string::npos) return std::nullopt;
  return std::strtoul(status.c_str() + at + name.size() + 2, nullptr, 10);
}

// Empty if the process is gone meanwhile.
std::string status_of(const char* process) {
  const OwnedFd file(open((std::string("/proc/") + process + "/status").c_str(), O_RDONLY | O_CLOEXEC));
  char text[4096];
  const ssize_t got = read(file.get(), text, sizeof text);
  return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : std::string();
}

// Processes and threads of this user, since the limit counts them all. Those that another container's /proc hides are counted by
// the kernel and not here: then the plugin may start fewer. What has ended and nobody has collected counts too: in a container
// whose first process collects nobody that is so for ever.
Result<rlim_t> tasks_of_user() {
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(opendir("/proc"), closedir);
  if (!processes) return fail(ErrorKind::unsupported, "the number of processes cannot be bounded: /proc cannot be read", "/proc");
  rlim_t count = 0;
  while (const dirent* entry = readdir(processes.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    const std::string status = status_of(entry->d_name);
    if (status_number(status, "Uid") == getuid()) count += status_number(status, "Threads").value_or(1);
  }
  return count;
}

}  // namespace

int landlock_version() {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : static_cast<int>(version);
}

Result<OwnedFd> make_ruleset(const SandboxRules& rules, int version) {
  if (version < 1) {
    return fail(ErrorKind::unsupported, "this kernel has no Landlock, or it is switched off", "",
                "Linux 5.13 or newer, with landlock among its lsm= modules");
  }
  RulesetAttributes attributes;
  attributes.handled_access_fs = all_access(version);
  if (version >= 6) attributes.scoped = scope_abstract_unix_socket | scope_signal;
  const std::size_t size = version >= 6 ? sizeof attributes : version >= 4 ? 16 : 8;
  OwnedFd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
  if (ruleset.get() < 0) return system_error(errno, "no Landlock ruleset can be made", "");
  DEED_OK(allow_system(ruleset.get(), rules.network, version));
  for (const std::string& path : rules.readable) DEED_OK(allow(ruleset.get(), path, access_read));
  for (const std::string& path : rules.writable) DEED_OK(allow(ruleset.get(), path, write_access(version)));
  return ruleset;
}

bool allow_own_proc(int ruleset) {
  const int self = open("/proc/self", O_PATH | O_CLOEXEC);
  if (self < 0) return errno == ENOENT;  // no /proc here: then there is nothing to allow
  const bool allowed = add_rule(ruleset, self, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
  close(self);
  return allowed;
}

bool restrict_self(int ruleset) { return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0; }

Result<Launch> prepare_landlock(const ChildOptions& options, int version) {
  Launch launch{.command = options.command, .environment = options.environment, .folder = options.folder};
  DEED_TRY(launch.ruleset, make_ruleset(options.rules, version));
  launch.limits = limits_of(options.rules);
  launch.user = own_user_for_root();
  launch.drops_capabilities = true;
  rlim_t others = 0;
  if (!launch.user) {
    DEED_TRY(others, tasks_of_user());
    ++others;  // the guard of child_process.cpp
  }
  launch.limits.push_back({RLIMIT_NPROC, others + process_limit(options.rules)});
  DEED_TRY(launch.filter, compile_filter({.network = options.rules.network, .landlock_version = version,
                                          .shares_user = !launch.user.has_value()}));
  return launch;
}

}  // namespace deed
