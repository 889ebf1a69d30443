// A wish to stop, from a signal handler's coroutine or another owner on the loop thread.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <utility>

namespace deed {

class Interrupt {
  using List = std::list<std::function<void()>>;

 public:
  bool requested() const { return requested_; }
  /// Cancels all that is attached, now; what begins later sees `requested`.
  void request() {
    requested_ = true;
    const List now = *attached_;  // what is cancelled may detach itself
    for (const auto& cancel : now) cancel();
  }

  /// While it lives, `request` calls what was attached.
  class Attachment {
   public:
    Attachment() = default;
    Attachment(Attachment&& other) noexcept : list_(std::move(other.list_)), at_(other.at_) {}
    Attachment& operator=(Attachment&&) = delete;
    ~Attachment() {
      if (list_) list_->erase(at_);
    }

   private:
    friend class Interrupt;
    Attachment(std::shared_ptr<List> list, List::iterator at) : list_(std::move(list)), at_(at) {}
    std::shared_ptr<List> list_;  // shared with the Interrupt, which may be gone first
    List::iterator at_;
  };
  [[nodiscard]] Attachment attach(std::function<void()> cancel) {
    return {attached_, attached_->insert(attached_->end(), std::move(cancel))};
  }

 private:
  bool requested_ = false;
  std::shared_ptr<List> attached_ = std::make_shared<List>();
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
