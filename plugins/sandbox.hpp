// What a plugin's process may touch, and how that is enforced. The sandbox is built before the program is entered and cannot be
// left by it. Linux only; the calls are in sandbox_*.cpp.
// Sources: bwrap(1); landlock(7); seccomp(2); https://www.kernel.org/doc/html/latest/userspace-api/landlock.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "deed/core/result.hpp"

namespace deed {

/// What is allowed beyond running and reading the system's own programs and libraries (/usr, /lib*, /bin, /etc/ld.so.cache, time
/// zones, certificates, /dev/null and its like). Everything else of the machine is not there or refused.
struct SandboxRules {
  std::vector<std::string> readable = {};   ///< absolute paths of folders (with all below) and files; must exist
  std::vector<std::string> writable = {};   ///< absolute paths of folders, read and written
  bool network = false;                     ///< TCP and UDP to anywhere; without it no socket at all
  std::uint64_t max_memory_bytes = 1u << 30;  ///< data of each process (RLIMIT_DATA; docs/sandbox.md says what that leaves)
  std::uint64_t max_file_bytes = 256u << 20;  ///< of each file that it writes, not of all together
  int max_processes = 64;                   ///< processes and threads of the plugin at a time
};

enum class SandboxKind {
  bubblewrap,  ///< name spaces by bwrap(1), and seccomp
  landlock,    ///< Landlock and seccomp
  off,         ///< none: only where the user said so
};
const char* to_string(SandboxKind kind);
/// errors  invalid: no such kind
Result<SandboxKind> parse_sandbox_kind(std::string_view text);

/// The strongest sandbox that works here: tried by running a program in it, once a process.
/// errors  unsupported: none does, with what was tried and why each failed
Result<SandboxKind> best_sandbox();

/// Whether this kind works here, by trying it.
/// errors  unsupported, with the reason
Result<void> try_sandbox(SandboxKind kind);

}  // namespace deed
