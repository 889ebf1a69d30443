// A named thread with a queue: what blocks for long runs there and owns what it works on alone.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace deed {

class Worker {
 public:
  /// `name` is what debuggers show: at most 15 bytes. The thread starts with the first job.
  explicit Worker(std::string name) : name_(std::move(name)) {}
  /// Runs the jobs that are queued, then ends the thread.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Any thread. Jobs run one after the other and must not throw.
  void post(std::function<void()> job);

 private:
  void run();

  std::string name_;
  std::mutex mutex_;  // guards jobs_ and is_ending_
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace deed
