// The threads on which the functions of a library run: one for all of its calls, one more for each that may overlap. Internal.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace deed {

/// Work that never returns keeps its thread, and nothing waits for it: the destructor leaves it alone.
class CallThreads {
 public:
  CallThreads();
  ~CallThreads();
  CallThreads(const CallThreads&) = delete;
  CallThreads& operator=(const CallThreads&) = delete;

  /// In order, one after the other. False: the system has no thread for it.
  bool run_in_line(std::function<void()> work);
  /// At once. False: as many are at work as may be, or the system has no thread for it.
  bool run_beside(std::function<void()> work);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // with the threads, which may outlive this
};

}  // namespace deed
