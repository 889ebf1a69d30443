// The file rules of a plugin as a Landlock ruleset, for any version of Landlock. What old versions lack is refused by the system
// call filter (sandbox_seccomp.hpp). Inside the room.
// Source: https://www.kernel.org/doc/html/latest/userspace-api/landlock.html, "Previous limitations".
#pragma once

#include "deed/core/result.hpp"
#include "deed/plugins/sandbox.hpp"
#include "deed/tools/beneath.hpp"

namespace deed {

/// The version of Landlock that the kernel has; 0: none, or it is switched off.
int landlock_version();

/// errors  not_found, denied: a path of the rules cannot be opened; unsupported: no Landlock
Result<OwnedFd> make_ruleset(const SandboxRules& rules, int version);

/// In the child: what the running process may read of /proc, which is known only there. System calls only.
bool allow_own_proc(int ruleset);
/// In the child: from here on the rules hold, for all that it starts. System calls only.
bool restrict_self(int ruleset);

}  // namespace deed
