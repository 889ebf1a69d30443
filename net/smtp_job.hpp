// One delivery between two threads: the loop thread, on which its coroutine lives, and the
// worker's, on which libcurl runs. Internal. A value goes each way; nothing here knows Asio or
// libcurl.
#pragma once

#include "deed/net/smtp.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

namespace deed {

class SmtpJob {
 public:
  /// notify  called on the worker's thread after each change that the loop thread must look at
  SmtpJob(SmtpServer server, SmtpTransaction mail, std::function<void()> notify)
      : server_(std::move(server)), mail_(std::move(mail)), notify_(std::move(notify)) {}

  const SmtpServer& server() const { return server_; }
  const SmtpTransaction& mail() const { return mail_; }

  // The loop thread's side.
  bool wants_commit() const;  ///< asked and not yet answered
  void answer_commit(bool is_allowed);
  std::optional<SmtpReceipt> receipt() const;
  /// The delivery ends as soon as it can; receipt() comes soon.
  void stop();
  /// Nobody waits any more: stops, and returns once the worker is done. No notice after that.
  void abandon();

  // The worker's side.
  bool is_stopped() const;
  /// Waits for the answer; false also when stopped.
  bool ask_commit();
  /// cut  what stop() calls from now on to wake libcurl; empty: nothing
  void set_cut(std::function<void()> cut);
  void finish(SmtpReceipt receipt);

 private:
  const SmtpServer server_;
  const SmtpTransaction mail_;  // before_commit is called on the loop thread only
  mutable std::mutex mutex_;    // guards all below
  std::condition_variable changed_;
  std::function<void()> notify_;
  std::function<void()> cut_;
  bool is_stopped_ = false;
  bool is_asked_ = false;
  std::optional<bool> answer_;
  std::optional<SmtpReceipt> receipt_;
};

}  // namespace deed
