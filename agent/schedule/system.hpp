// What the daemon needs of Linux: one place to wait for signals, the clock, a change of the schedules and the ends of processes, all at once
// and without polling; the lock that there is one daemon a home; and a word to systemd.
// Sources: signalfd(2), timerfd_create(2), inotify(7), pidfd_open(2), flock(2), sd_notify(3)
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deed/agent/schedule/dispatcher.hpp"

namespace deed {

/// A descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

/// The right to be the daemon of a home; ends with this object, or with the process however it dies.
class DaemonLock {
 public:
  /// errors  conflict: another process has it. unavailable: the file cannot be made
  static Result<DaemonLock> take(const std::string& home);
  /// Whether some process has it.
  static bool is_taken(const std::string& home);

 private:
  explicit DaemonLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

/// Tells the daemon of `home`, if there is one, that schedules have changed.
void announce_schedule_change(const std::string& home);

/// Tells systemd ("READY=1"); does nothing where the process was not started by it. Never waits: false where the manager's queue
/// is full, and the message is to be sent again later.
bool notify_service_manager(const std::string& state);
/// How often systemd wants to hear WATCHDOG=1 of this process; nullopt: never.
std::optional<std::chrono::milliseconds> watchdog_interval();

struct ProcessEnd {
  ProcessId process = 0;
  std::optional<int> exit_code = {};  ///< 128 + signal; nullopt of one that is not a child
};

struct Happened {
  std::vector<int> signals;
  std::vector<ProcessEnd> ended;
};

/// Begins processes and waits. While it exists SIGTERM, SIGINT and SIGHUP do not end this process, but are reported by `wait`.
class SystemLauncher final : public Launcher {
 public:
  struct Options {
    std::string program;                                             ///< deed itself
    std::vector<std::pair<std::string, std::string>> environment;    ///< beside or instead of this process's own
    bool show_output = false;                                        ///< what they print goes to this process's standard output
  };
  /// errors  unavailable: no descriptors
  static Result<std::unique_ptr<SystemLauncher>> open(const std::string& home, Options options);
  ~SystemLauncher() override;

  Result<ProcessId> start(const std::vector<std::string>& arguments, const std::string& folder) override;
  Result<void> watch(ProcessId process) override;
  void stop(ProcessId process) override;
  /// SIGKILL to every process of `start` that is still there.
  void kill_all();

  /// Waits for anything to happen: a signal, an end, a change of the schedules, the system's clock being set, or that time has come.
  Happened wait(std::optional<TimePoint> until);

 private:
  struct Process {
    Descriptor descriptor;
    bool is_child = false;
  };
  explicit SystemLauncher(Options options) : options_(std::move(options)) {}
  void set_timer(std::optional<TimePoint> until);

  Options options_;
  Descriptor signals_, timer_, changes_;
  std::map<ProcessId, Process> processes_;
};

}  // namespace deed
