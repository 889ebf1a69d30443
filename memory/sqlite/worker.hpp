// Who works on the connection: a thread of its own, or, where that is asked for and nobody else waits, the caller. Jobs come in
// through a queue; what has gathered while the last commit was on its way shares the next one (group commit), each writing job in a
// savepoint of its own, so that one that fails does not fail the others. When nobody waits, the thread brings the full-text index up
// to date.
#pragma once

#include "deed/core/async.hpp"
#include "deed/memory/journal.hpp"
#include "deed/memory/sqlite/store.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace deed::sqlite {

/// What a job does to the file.
enum class Access { read, write };

/// One call of the journal on its way through the worker.
class Job {
 public:
  Job(Access access, Durability durability) : access_(access), durability_(durability) {}
  virtual ~Job() = default;

  Access access() const { return access_; }
  Durability durability() const { return durability_; }

  /// The part that needs no transaction. False: failed, `run` is not called.
  virtual bool prepare(Store& store) = 0;
  /// False: failed, its changes must be undone.
  virtual bool run(Store& store) = 0;
  /// Replaces a success by `error`: the commit failed. An earlier failure of the job itself stays.
  virtual void fail_with(const Error& error) = 0;

 private:
  Access access_;
  Durability durability_;
};

/// `Work` is called as work(store) and gives a Result<T>; if it has prepare(store), a Result<void>,
/// that comes first.
template <class T, class Work, class Base = Job>
class Carried : public Base {
 public:
  Carried(Access access, Durability durability, Work work) : Base(access, durability), work_(std::move(work)) {}

  Result<T>& result() { return result_; }

  bool prepare(Store& store) override {
    if constexpr (requires { work_.prepare(store); }) {
      attempt([&] {
        Result<void> ready = work_.prepare(store);
        if (!ready) fail_with(ready.error());
      });
    }
    return !failed_;
  }
  bool run(Store& store) override {
    attempt([&] {
      result_ = work_(store);
      failed_ = !result_.has_value();
    });
    return !failed_;
  }
  void fail_with(const Error& error) override {
    if (!std::exchange(failed_, true)) result_ = fail(error);
  }

 private:
  // Whatever is thrown below (memory, a library) becomes this job's failure, not the end of the
  // thread.
  template <class Step>
  void attempt(Step step) {
    try {
      step();
    } catch (const std::exception& e) {
      fail_with({ErrorKind::internal, std::string("the journal failed: ") + e.what()});
    }
  }

  Work work_;
  bool failed_ = false;
  Result<T> result_ = fail(ErrorKind::internal, "the journal's job did not run");
};

/// One that somebody waits for.
class Awaited : public Job {
 public:
  using Job::Job;
  /// Hands the result to who waits for it, on that one's executor.
  virtual void deliver() = 0;
};

template <class T, class Work, class Handler>
class Pending final : public Carried<T, Work, Awaited> {
 public:
  Pending(Access access, Durability durability, Work work, Handler handler)
      : Carried<T, Work, Awaited>(access, durability, std::move(work)),
        guard_(asio::get_associated_executor(handler)),
        handler_(std::move(handler)) {}

  void deliver() override {
    // The guard goes along: the executor must not run out of work before the handler was called on
    // it.
    auto executor = guard_.get_executor();
    asio::post(executor, [handler = std::move(handler_), result = std::move(this->result()),
                          guard = std::move(guard_)]() mutable {
      guard.reset();
      handler(std::move(result));
    });
  }

 private:
  asio::executor_work_guard<asio::associated_executor_t<Handler>> guard_;
  Handler handler_;
};

class Worker {
 public:
  explicit Worker(Store store);
  /// Finishes what is queued, gives back the leases that are still held, closes the file.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Runs `work`; the awaiting coroutine goes on with its result on its own executor, never before this has returned.
  template <class T, class Work>
  Async<T> submit(Access access, Durability durability, Work work) {
    return asio::async_initiate<const asio::use_awaitable_t<>, void(Result<T>)>(
        [](auto handler, Worker* worker, Access wanted, Durability asked, Work inner) {
          using Handler = decltype(handler);
          worker->take(std::make_unique<Pending<T, Work, Handler>>(wanted, asked, std::move(inner), std::move(handler)));
        },
        asio::use_awaitable, this, access, durability, std::move(work));
  }
  /// Runs `work` on this thread, at once; nullopt: somebody else works on the connection or waits for it.
  template <class T, class Work>
  std::optional<Result<T>> run_here(Access access, Durability durability, const Work& work) {
    if (!take_if_free()) return std::nullopt;
    Carried<T, Work> job(access, durability, work);
    Job* const jobs[] = {&job};
    work_off(jobs);
    return std::move(job.result());
  }

 private:
  void take(std::unique_ptr<Awaited> job);
  bool take_if_free();
  void work_off(std::span<Job* const> jobs);
  void work_off_queue();
  void free();

  Store store_;       // whoever has set is_taken_ works on it
  std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  std::vector<std::unique_ptr<Awaited>> queue_;
  bool is_taken_ = false;
  bool is_index_due_ = false;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace deed::sqlite
