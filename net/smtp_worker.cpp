#include "deed/net/smtp_worker.hpp"

#include <chrono>
#include <exception>
#include <pthread.h>

namespace deed {

SmtpWorker::SmtpWorker(TrustStore trust)
    : session_(std::move(trust)), thread_([this] { work(); }) {}

SmtpWorker::~SmtpWorker() {
  {
    std::unique_lock lock(mutex_);
    is_quitting_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, std::chrono::milliseconds(500), [this] { return has_ended_; });
  }
  session_.cut();
  thread_.join();
}

void SmtpWorker::start(std::shared_ptr<SmtpJob> job) {
  server_key_ = smtp_server_key(job->server());
  const std::lock_guard lock(mutex_);
  next_ = std::move(job);
  changed_.notify_all();
}

void SmtpWorker::work() {
  pthread_setname_np(pthread_self(), "deed-smtp");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return next_ || is_quitting_; });
    if (!next_) break;
    const std::shared_ptr<SmtpJob> job = std::move(next_);
    lock.unlock();
    job->finish(session_.deliver(*job));
    lock.lock();
  }
  lock.unlock();
  session_.close();
  lock.lock();
  has_ended_ = true;
  changed_.notify_all();
}

}  // namespace deed
