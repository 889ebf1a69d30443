// A wish to stop, from a signal handler's coroutine or another owner on the loop thread.
#pragma once

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
  /// What `request` calls. It must stay callable when the work it cancels has ended.
  void attach(std::function<void()> cancel) { cancel_ = std::move(cancel); }

 private:
  bool requested_ = false;
  std::function<void()> cancel_;
};

}  // namespace deed
