#include "deed/memory/sqlite/worker.hpp"

#include "deed/memory/sqlite/batch.hpp"

#include <pthread.h>

namespace deed::sqlite {

Worker::Worker(Store store) : store_(std::move(store)), thread_([this] { work_off_queue(); }) {
  pthread_setname_np(thread_.native_handle(), "deed-journal");
}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Worker::take(std::unique_ptr<Job> job, Place place) {
  Batch batch;
  {
    const std::lock_guard lock(mutex_);
    const bool is_here = place == Place::caller_if_free && !is_taken_ && queue_.empty();
    is_taken_ = is_taken_ || is_here;
    (is_here ? batch : queue_).push_back(std::move(job));
  }
  if (batch.empty()) wake_.notify_one();
  else work_off(batch);
}

void Worker::work_off(const Batch& batch) {
  run_batch(store_, batch);
  // Free before the results are told: whoever hears of one and asks for the next thing need not wait.
  bool has_more = false;
  {
    const std::lock_guard lock(mutex_);
    is_taken_ = false;
    has_more = !queue_.empty();
  }
  if (has_more) wake_.notify_one();
  for (const std::unique_ptr<Job>& job : batch) job->deliver();
}

void Worker::work_off_queue() {
  for (;;) {
    Batch batch;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !is_taken_ && (closing_ || !queue_.empty()); });
      if (queue_.empty()) break;
      batch.swap(queue_);
      is_taken_ = true;
    }
    work_off(batch);
  }
  // What could not be given back is free as soon as this process has ended.
  const Result<void> released = release_leases(store_);
  static_cast<void>(released);
}

}  // namespace deed::sqlite
