// Goes on with runs that wait for a time when it has come, each in a process of its own. What is waited for stands in the store, so
// that nothing is lost with a waker.
#pragma once

#include <map>
#include <optional>

#include "deed/agent/schedule/dispatcher.hpp"

namespace deed {

class Waker {
 public:
  /// Of the parts it needs the store, the clock, the launcher and the log.
  explicit Waker(DispatcherParts parts) : parts_(std::move(parts)) {}

  /// Resumes runs that are due, at most `room` of them. Returns when to call again at the latest.
  /// errors  those of the store: nothing is lost, call again
  Result<std::optional<TimePoint>> turn(std::size_t room);
  /// Whether the process was one of its own.
  bool ended(ProcessId process);
  /// Begins nothing more, and asks its runs to come to an end.
  void drain();
  std::size_t going_on() const { return going_on_.size(); }

 private:
  // A run that was resumed and waits for the same time as before has got nowhere: it is tried less and less often.
  struct Tried {
    TimePoint wakes = {}, not_before = {};
    int times = 0;
  };
  std::optional<TimePoint> may_begin_at(const WaitingRun& run);

  DispatcherParts parts_;
  std::map<ProcessId, RunId> going_on_;
  std::map<RunId, Tried> tried_;
  bool is_draining_ = false;
};

}  // namespace deed
