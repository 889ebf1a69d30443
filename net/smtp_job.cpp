#include "deed/net/smtp_job.hpp"

namespace deed {

bool SmtpJob::wants_commit() const {
  const std::lock_guard lock(mutex_);
  return is_asked_ && !answer_;
}

void SmtpJob::answer_commit(bool is_allowed) {
  const std::lock_guard lock(mutex_);
  answer_ = is_allowed;
  changed_.notify_all();
}

std::optional<SmtpReceipt> SmtpJob::receipt() const {
  const std::lock_guard lock(mutex_);
  return receipt_;
}

void SmtpJob::stop() {
  const std::lock_guard lock(mutex_);
  if (is_stopped_) return;
  is_stopped_ = true;
  changed_.notify_all();
  if (cut_) cut_();
}

void SmtpJob::abandon() {
  stop();
  std::unique_lock lock(mutex_);
  notify_ = {};
  changed_.wait(lock, [this] { return receipt_.has_value(); });
}

bool SmtpJob::is_stopped() const {
  const std::lock_guard lock(mutex_);
  return is_stopped_;
}

bool SmtpJob::ask_commit() {
  std::unique_lock lock(mutex_);
  is_asked_ = true;
  if (notify_) notify_();
  changed_.wait(lock, [this] { return answer_ || is_stopped_; });
  return answer_.value_or(false) && !is_stopped_;
}

void SmtpJob::set_cut(std::function<void()> cut) {
  const std::lock_guard lock(mutex_);
  cut_ = std::move(cut);
  if (is_stopped_ && cut_) cut_();
}

void SmtpJob::finish(SmtpReceipt receipt) {
  const std::lock_guard lock(mutex_);
  cut_ = {};
  receipt_ = std::move(receipt);
  changed_.notify_all();
  if (notify_) notify_();
}

}  // namespace deed
