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

void Worker::post(std::unique_ptr<Job> job) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
  }
  wake_.notify_one();
}

bool Worker::take_if_free() {
  const std::lock_guard lock(mutex_);
  if (is_taken_ || !queue_.empty()) return false;
  is_taken_ = true;
  return true;
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
