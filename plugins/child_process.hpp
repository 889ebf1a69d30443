// A program of a plugin as a child process, in its sandbox, with its three streams.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "deed/core/result.hpp"
#include "deed/plugins/sandbox.hpp"
#include "deed/tools/beneath.hpp"

namespace deed {

struct ChildOptions {
  std::vector<std::string> command;           ///< the program's absolute path, and its arguments
  std::string folder;                         ///< working folder, absolute; must be readable by the rules
  std::vector<std::string> environment = {};  ///< "NAME=value"; nothing else is handed on
  SandboxKind sandbox = SandboxKind::landlock;
  SandboxRules rules = {};
};

/// How a child ended.
struct ChildEnd {
  int code = 0;    ///< exit code; 128 + signal
  int signal = 0;  ///< 0: it ended by itself
};

/// Owns the process with all that it started: the destructor kills them and collects the child. What the program leaves running
/// when it ends by itself is killed when its end is seen by one of the calls below: until then its streams may stay open. Any thread, one at a time.
class ChildProcess {
 public:
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  /// Not blocking; all three and `ended_fd` are this object's.
  int input_fd() const { return input_.get(); }
  int output_fd() const { return output_.get(); }
  int errors_fd() const { return errors_.get(); }
  /// Becomes readable when the process has ended (pidfd_open(2)).
  int ended_fd() const { return ended_.get(); }

  /// The program reads the end of its input.
  void close_input() { input_ = OwnedFd(); }
  /// SIGKILL to the process and to all that it started. Does nothing when it was collected.
  void kill_all();
  /// Collects it if it has ended; nullopt while it runs.
  std::optional<ChildEnd> poll_end();
  /// Blocks until it has ended. For tests and for what was killed.
  ChildEnd wait_end();

 private:
  friend struct ChildLauncher;
  ChildProcess() = default;
  ChildEnd collect();

  pid_t pid_ = -1;
  pid_t guard_ = -1;  // kills the process group when deed is gone, see child_process.cpp
  SandboxKind sandbox_ = SandboxKind::off;
  std::optional<ChildEnd> end_;
  OwnedFd input_, output_, errors_, ended_, alive_;
};

/// Starts it. deed's own descriptors, signal masks and environment are not handed on; it dies with this process, with all that it
/// started (sandbox off: with what stayed in its process group). Blocks for the milliseconds that it takes.
/// errors  not_found: no such program or folder; denied: it may not be run; unsupported: the sandbox does not work here;
///         unavailable: no process could be made
Result<ChildProcess> start_child(const ChildOptions& options);

}  // namespace deed
