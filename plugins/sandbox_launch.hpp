// How a program is entered, made ready to the last byte before fork: between fork and exec there are system calls only, since
// another thread of deed may hold any lock of the library at that moment. Inside the room.
// Source: signal-safety(7); capabilities(7), ambient set; getrlimit(2).
#pragma once

#include <linux/filter.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "deed/core/result.hpp"
#include "deed/plugins/child_process.hpp"
#include "deed/tools/beneath.hpp"

namespace deed {

struct ResourceLimit {
  int resource = 0;
  rlim_t value = 0;  ///< soft and hard
};

struct Launch {
  std::vector<std::string> command;
  std::vector<std::string> environment;
  std::string folder;
  std::vector<ResourceLimit> limits = {};
  std::vector<OwnedFd> kept = {};          ///< stay open in the program, under the same number
  std::optional<uid_t> user = {};          ///< becomes this user and group, of whom nobody else has processes
  OwnedFd ruleset = {};                    ///< Landlock
  std::vector<sock_filter> filter = {};    ///< seccomp; empty: none
  bool drops_capabilities = false;         ///< all but CAP_DAC_OVERRIDE of a former root
};

/// errors  unsupported: what this kind needs is not there. not_found, denied: a path of the rules or the program
Result<Launch> prepare_launch(const ChildOptions& options);
Result<Launch> prepare_bubblewrap(const ChildOptions& options);
/// version  of Landlock, at most what the kernel has
Result<Launch> prepare_landlock(const ChildOptions& options, int version);

/// The limits that every kind sets. RLIMIT_NPROC is not among them: whose processes count differs.
std::vector<ResourceLimit> limits_of(const SandboxRules& rules);
/// At least the program itself.
rlim_t process_limit(const SandboxRules& rules);

/// A user of whom nobody has processes, for plugins of a deed that runs as root; nullopt where it does not. The limit of
/// processes does not bind user 0 (copy_process in kernel/fork.c), so root's plugins get one of systemd's dynamic users
/// (61184 to 65519), another one each time.
std::optional<uid_t> own_user_for_root();

/// Paths of the system that every plugin may read and run; those that exist here.
std::vector<std::string> system_paths(bool network);

/// The first failure in the child: what was tried last, and errno.
struct LaunchFailure {
  int step = 0;
  int error = 0;
};

/// In the child after fork: enters the sandbox and executes the program. Returns only if something failed.
LaunchFailure enter(const Launch& launch, char* const* command, char* const* environment);

/// What the step was, for people; and whether it was one of the sandbox's.
const char* launch_step(int step);
bool is_sandbox_step(int step);

/// start_child without trying the sandbox before; and with what was made ready otherwise.
Result<ChildProcess> launch_child(const ChildOptions& options);
Result<ChildProcess> launch_child(const ChildOptions& options, const Launch& launch);

}  // namespace deed
