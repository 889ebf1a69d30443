#include "deed/plugins/sandbox_launch.hpp"

#include <fcntl.h>
#include <glob.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "deed/plugins/sandbox_landlock.hpp"

namespace deed {
namespace {

constexpr uid_t first_dynamic_user = 61184, last_dynamic_user = 65519;
constexpr rlim_t most_open_files = 256;
constexpr rlim_t stack_bytes = 8u << 20;
// Addresses that a program may reserve beyond its memory: node reserves 0.7 GiB before its first line, and 10 GiB for each memory
// of WebAssembly, of which its fetch has one.
constexpr rlim_t reserved_bytes = 12ull << 30;
constexpr rlim_t most_memory_bytes = 1ull << 46;

enum LaunchStep { step_limits = 1, step_folder, step_rules, step_user, step_capabilities, step_filter, step_execute };

constexpr const char* step_names[] = {"",
                                      "the limits of the plugin cannot be set",
                                      "the working folder of the plugin cannot be entered",
                                      "Landlock refuses the rules of the plugin",
                                      "deed runs as root, and cannot become another user for the plugin",
                                      "deed's rights cannot be given up, but for root's to files",
                                      "the system call filter is refused",
                                      "the program cannot be executed"};

// The raw calls: those of the library change every thread of the process that they believe to be in.
bool become(uid_t user) {
  const gid_t group = user;
  return syscall(SYS_setgroups, 0, nullptr) == 0 && syscall(SYS_setresgid, group, group, group) == 0 &&
         prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && syscall(SYS_setresuid, user, user, user) == 0;
}

bool set_capabilities(__u32 all) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct data[2] = {{all, all, all}, {0, 0, 0}};
  return syscall(SYS_capset, &header, data) == 0;
}

// A plugin of root's runs as another user, and yet must reach the folders of the rules, which are root's. Landlock has the say on
// which those are.
bool keep_file_access_only() {
  return set_capabilities(1u << CAP_DAC_OVERRIDE) &&
         prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0) == 0;
}

bool drop_capabilities(bool was_root) {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  return was_root ? keep_file_access_only() : set_capabilities(0);
}

bool set_limits(const std::vector<ResourceLimit>& limits) {
  for (const ResourceLimit& limit : limits) {
    struct rlimit now = {};
    if (syscall(SYS_prlimit64, 0, limit.resource, nullptr, &now) != 0) return false;
    const rlim_t value = limit.value < now.rlim_max ? limit.value : now.rlim_max;
    now.rlim_cur = now.rlim_max = value;
    if (syscall(SYS_prlimit64, 0, limit.resource, &now, nullptr) != 0) return false;
  }
  return true;
}

// Before anything of deed's when memory runs out. Where it cannot be said, nothing is lost but that.
void die_first_without_memory() {
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t written = write(fd, "1000", 4);
  close(fd);
}

bool load_filter(const std::vector<sock_filter>& filter) {
  sock_fprog program{static_cast<unsigned short>(filter.size()), const_cast<sock_filter*>(filter.data())};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

}  // namespace

std::vector<ResourceLimit> limits_of(const SandboxRules& rules) {
  const rlim_t memory = std::min<rlim_t>(rules.max_memory_bytes, most_memory_bytes);
  return {{RLIMIT_DATA, memory},
          {RLIMIT_AS, memory + reserved_bytes},
          {RLIMIT_STACK, stack_bytes},
          {RLIMIT_FSIZE, rules.max_file_bytes},
          {RLIMIT_NOFILE, most_open_files},
          {RLIMIT_CORE, 0},
          {RLIMIT_MEMLOCK, 0},
          {RLIMIT_MSGQUEUE, 0}};
}

rlim_t process_limit(const SandboxRules& rules) { return static_cast<rlim_t>(std::max(rules.max_processes, 1)); }

std::optional<uid_t> own_user_for_root() {
  if (geteuid() != 0) return std::nullopt;
  static std::atomic<unsigned> next{static_cast<unsigned>(getpid()) * 61};
  return first_dynamic_user + next++ % (last_dynamic_user - first_dynamic_user + 1);
}

std::vector<std::string> system_paths(bool network) {
  std::vector<const char*> patterns = {
      "/usr",          "/bin",           "/sbin",       "/lib",          "/lib32",           "/lib64",
      "/libx32",       "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/timezone",
      "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/ca-certificates", "/etc/pki/tls/certs", "/etc/alternatives", "/etc/mime.types",
      "/etc/perl",     "/etc/python3*"};
  if (network) {
    patterns.insert(patterns.end(), {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
                                     "/etc/services", "/etc/protocols"});
  }
  std::vector<std::string> paths;
  for (const char* pattern : patterns) {
    glob_t found = {};
    if (glob(pattern, 0, nullptr, &found) == 0) paths.insert(paths.end(), found.gl_pathv, found.gl_pathv + found.gl_pathc);
    globfree(&found);
  }
  return paths;
}

LaunchFailure enter(const Launch& launch, char* const* command, char* const* environment) {
  const auto failed = [](LaunchStep step) { return LaunchFailure{step, errno}; };
  for (const OwnedFd& fd : launch.kept) fcntl(fd.get(), F_SETFD, 0);
  if (launch.folder.size() > 0 && chdir(launch.folder.c_str()) != 0) return failed(step_folder);
  die_first_without_memory();
  if (launch.ruleset.get() >= 0 && !allow_own_proc(launch.ruleset.get())) return failed(step_rules);
  if (launch.user && !become(*launch.user)) return failed(step_user);
  if (launch.drops_capabilities && !drop_capabilities(launch.user.has_value())) return failed(step_capabilities);
  // Late: what deed itself has reserved may be more than the plugin's limit.
  if (!set_limits(launch.limits)) return failed(step_limits);
  if (launch.ruleset.get() >= 0 || !launch.filter.empty()) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed(step_capabilities);
  }
  if (launch.ruleset.get() >= 0 && !restrict_self(launch.ruleset.get())) return failed(step_rules);
  if (!launch.filter.empty() && !load_filter(launch.filter)) return failed(step_filter);
  execve(command[0], command, environment);
  return failed(step_execute);
}

const char* launch_step(int step) {
  return step > 0 && step <= step_execute ? step_names[step] : "the plugin cannot be started";
}

bool is_sandbox_step(int step) { return step > 0 && step != step_folder && step != step_execute; }

}  // namespace deed
