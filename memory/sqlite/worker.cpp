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

void Worker::take(std::unique_ptr<Awaited> job) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
  }
  wake_.notify_one();
}

bool Worker::take_if_free() {
  const std::lock_guard lock(mutex_);
  if (is_taken_ || !queue_.empty()) return false;
  return is_taken_ = true;
}

void Worker::free() {
  bool has_more = false;
  {
    const bool is_due = store_.is_index_due();
    const std::lock_guard lock(mutex_);
    is_index_due_ = is_due;
    is_taken_ = false;
    has_more = is_due || !queue_.empty();
  }
  if (has_more) wake_.notify_one();
}

void Worker::work_off(std::span<Job* const> jobs) {
  // Whatever is thrown: the next one may have the connection.
  const auto freed = std::unique_ptr<Worker, void (*)(Worker*)>(this, [](Worker* worker) { worker->free(); });
  run_batch(store_, jobs);
}

void Worker::work_off_queue() {
  for (;;) {
    std::vector<std::unique_ptr<Awaited>> batch;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !is_taken_ && (closing_ || is_index_due_ || !queue_.empty()); });
      if (queue_.empty() && !is_index_due_) break;
      batch.swap(queue_);
      is_taken_ = true;
    }
    if (batch.empty()) {
      index_what_is_due(store_);
      free();
      continue;
    }
    std::vector<Job*> jobs;
    for (const auto& job : batch) jobs.push_back(job.get());
    work_off(jobs);
    // Freed before the results are told: whoever hears of one and asks for the next thing need not wait.
    for (const auto& job : batch) job->deliver();
  }
  // What could not be given back is free as soon as this process has ended.
  const Result<void> released = release_leases(store_);
  static_cast<void>(released);
}

}  // namespace deed::sqlite
