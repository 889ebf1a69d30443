#include "deed/net/imap_visit.hpp"

#include <exception>
#include <pthread.h>

namespace deed {

ImapVisit::ImapVisit(ImapServer server, std::chrono::milliseconds timeout, ImapClient::Work work, std::unique_ptr<ImapConnection> connection,
                     std::function<void()> notify)
    : server_(std::move(server)),
      timeout_(timeout),
      work_(std::move(work)),
      notify_(std::move(notify)),
      connection_(std::move(connection)),
      thread_([this] { run(); }) {}

ImapVisit::~ImapVisit() {
  stop();
  thread_.join();
}

std::optional<Result<void>> ImapVisit::result() const {
  const std::lock_guard lock(mutex_);
  return result_;
}

void ImapVisit::run() {
  pthread_setname_np(pthread_self(), "deed-imap");
  Result<void> done = perform();
  {
    const std::lock_guard lock(mutex_);
    result_ = std::move(done);
  }
  notify_();
}

// The work is code of tools, which libraries may throw through.
Result<void> ImapVisit::perform() try {
  const auto deadline = std::chrono::steady_clock::now() + timeout_;
  DEED_TRY(ImapSession* const session, connection_->open(server_, deadline));
  Result<void> done = work_(*session);
  // After most errors the connection is of no use.
  if (!done) connection_->close();
  return done;
} catch (const std::exception& e) {
  return fail(ErrorKind::internal, std::string("a visit to the mail server failed: ") + e.what());
}

}  // namespace deed
