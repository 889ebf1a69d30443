#include "deed/plugins/call_threads.hpp"

#include <system_error>
#include <thread>

namespace deed {

struct CallThreads::Shared {
  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::deque<std::function<void()>> line;
  bool has_thread = false;  // for the line
  bool is_closed = false;
  int beside = 0;
};

namespace {
constexpr int most_beside = 16;
}  // namespace

CallThreads::CallThreads() : shared_(std::make_shared<Shared>()) {}

CallThreads::~CallThreads() {
  const std::scoped_lock lock(shared_->mutex);
  shared_->is_closed = true;
  shared_->line.clear();
  shared_->changed.notify_all();
}

void CallThreads::run_in_line(std::function<void()> work) {
  const std::scoped_lock lock(shared_->mutex);
  shared_->line.push_back(std::move(work));
  shared_->changed.notify_one();
  if (shared_->has_thread) return;
  shared_->has_thread = true;
  std::thread([shared = shared_] {
    for (;;) {
      std::function<void()> next;
      {
        std::unique_lock waiting(shared->mutex);
        shared->changed.wait(waiting, [&] { return shared->is_closed || !shared->line.empty(); });
        if (shared->line.empty()) return;
        next = std::move(shared->line.front());
        shared->line.pop_front();
      }
      next();
    }
  }).detach();
}

bool CallThreads::run_beside(std::function<void()> work) {
  {
    const std::scoped_lock lock(shared_->mutex);
    if (shared_->beside == most_beside) return false;
    ++shared_->beside;
  }
  std::thread([shared = shared_, work = std::move(work)] {
    work();
    const std::scoped_lock lock(shared->mutex);
    --shared->beside;
  }).detach();
  return true;
}

}  // namespace deed
