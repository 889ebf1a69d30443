// A wish to stop, from a signal handler's coroutine or another owner on the loop thread.
#pragma once

#include <chrono>
#include <functional>
#include <utility>

namespace deed {

class Interrupt {
 public:
  bool requested() const { return requested_; }
  /// Cancels what is attached, now; what begins later sees `requested`.
  void request() {
    requested_ = true;
    if (cancel_) cancel_();
  }
  /// What `request` calls. It must stay callable when the work it cancels has ended. Gives back what was attached before, for
  /// work inside of other work.
  std::function<void()> attach(std::function<void()> cancel) { return std::exchange(cancel_, std::move(cancel)); }

 private:
  bool requested_ = false;
  std::function<void()> cancel_;
};

/// Lets the work under a time limit say that it came further: the limit begins anew.
class Renewal {
 public:
  /// extra  on top of the limit, this once: for time that passes by intention
  void renew(std::chrono::milliseconds extra = {}) {
    if (renew_) renew_(extra);
  }
  /// What `renew` calls. It must stay callable when the work has ended.
  void attach(std::function<void(std::chrono::milliseconds)> renew) { renew_ = std::move(renew); }

 private:
  std::function<void(std::chrono::milliseconds)> renew_;
};

}  // namespace deed
