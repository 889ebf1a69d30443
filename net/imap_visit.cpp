#include "deed/net/imap_visit.hpp"

#include "deed/net/imap_session.hpp"

#include <exception>
#include <pthread.h>

namespace deed {

ImapVisit::ImapVisit(ImapServer server, std::chrono::milliseconds timeout, ImapClient::Work work, TrustStore trust,
                     std::function<void()> notify)
    : server_(std::move(server)),
      timeout_(timeout),
      work_(std::move(work)),
      notify_(std::move(notify)),
      link_(std::move(trust)),
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
  DEED_OK(link_.connect(server_, deadline));
  ImapCommands commands(link_, std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()));
  DEED_OK(commands.begin());
  Result<void> done = work_(commands);
  commands.end();
  return done;
} catch (const std::exception& e) {
  return fail(ErrorKind::internal, std::string("a visit to the mail server failed: ") + e.what());
}

}  // namespace deed
