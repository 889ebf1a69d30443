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

bool begin_thread(std::function<void()> work) {
  try {
    std::thread(std::move(work)).detach();
    return true;
  } catch (const std::system_error&) {  // a limit of processes or memory
    return false;
  }
}

}  // namespace

CallThreads::CallThreads() : shared_(std::make_shared<Shared>()) {}

CallThreads::~CallThreads() {
  const std::scoped_lock lock(shared_->mutex);
  shared_->is_closed = true;
  shared_->line.clear();
  shared_->changed.notify_all();
}

bool CallThreads::run_in_line(std::function<void()> work) {
  const std::scoped_lock lock(shared_->mutex);
  shared_->line.push_back(std::move(work));
  shared_->changed.notify_one();
  if (shared_->has_thread) return true;
  shared_->has_thread = begin_thread([shared = shared_] {
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
  });
  if (!shared_->has_thread) shared_->line.pop_back();
  return shared_->has_thread;
}

bool CallThreads::run_beside(std::function<void()> work) {
  const std::scoped_lock lock(shared_->mutex);
  if (shared_->beside == most_beside) return false;
  const bool has_begun = begin_thread([shared = shared_, work = std::move(work)] {
    work();
    const std::scoped_lock at_end(shared->mutex);
    --shared->beside;
  });
  if (has_begun) ++shared_->beside;
  return has_begun;
}

}  // namespace deed
