// A thread that delivers one mail after the other over a session of its own. Internal; loop thread
// only.
#pragma once

#include "deed/net/smtp_job.hpp"
#include "deed/net/smtp_session.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace deed {

class SmtpWorker {
 public:
  /// Throws std::system_error if the system gives no thread.
  explicit SmtpWorker(TrustStore trust);
  /// Takes leave of the server, for half a second at most. Precondition: no delivery is under way.
  ~SmtpWorker();
  SmtpWorker(const SmtpWorker&) = delete;
  SmtpWorker& operator=(const SmtpWorker&) = delete;

  /// Precondition: the last job has its receipt.
  void start(std::shared_ptr<SmtpJob> job);

  /// The server of the last job, to whom there may be a connection.
  const std::string& server_key() const { return server_key_; }

 private:
  void work();

  std::string server_key_;
  SmtpSession session_;
  std::mutex mutex_;  // guards all below but thread_
  std::condition_variable changed_;
  std::shared_ptr<SmtpJob> next_;  // shared with the job's coroutine
  bool is_quitting_ = false;
  bool has_ended_ = false;
  std::thread thread_;
};

}  // namespace deed
