// The loop thread's side of a delivery: checks it, gives it to a worker, awaits the commit on the
// loop, and passes a cancellation on.
#include "deed/core/text.hpp"
#include "deed/net/smtp.hpp"
#include "deed/net/smtp_job.hpp"
#include "deed/net/smtp_worker.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <deque>
#include <system_error>
#include <vector>

namespace deed {
namespace {

using std::chrono::steady_clock;
using Verdict = SmtpReceipt::Verdict;

constexpr std::uint64_t max_message_bytes = std::uint64_t{4} << 30;
constexpr int max_workers = 8;
// libcurl ends a delivery at its timeout by itself; this is for the places where it does not look
// at the clock.
constexpr std::chrono::milliseconds grace{2000};

// Waits on the loop thread for a ring from anywhere.
struct Bell {
  explicit Bell(const asio::any_io_executor& executor) : timer(executor) {}
  void ring() { timer.cancel(); }
  asio::steady_timer timer;
};

// The idle workers and those who wait for one. Loop thread only.
class SmtpPool {
 public:
  explicit SmtpPool(TrustStore trust) : trust_(std::move(trust)) {}

  /// One with a connection to `key` if there is such; null: all are busy.
  Result<std::unique_ptr<SmtpWorker>> take(const std::string& key) {
    auto found = std::find_if(idle_.begin(), idle_.end(),
                              [&](const auto& worker) { return worker->server_key() == key; });
    if (found == idle_.end() && made_ < max_workers) return make();
    if (found == idle_.end()) found = idle_.begin();
    if (found == idle_.end()) return std::unique_ptr<SmtpWorker>();
    std::unique_ptr<SmtpWorker> worker = std::move(*found);
    idle_.erase(found);
    return worker;
  }

  void give_back(std::unique_ptr<SmtpWorker> worker) {
    idle_.push_back(std::move(worker));
    if (!waiting_.empty()) waiting_.front()->ring();
  }

  void wait_in_line(Bell& bell) { waiting_.push_back(&bell); }
  void leave_line(Bell& bell) {
    std::erase(waiting_, &bell);
    // Whoever was rung for a worker may have been cancelled instead: the next one takes it.
    if (!idle_.empty() && !waiting_.empty()) waiting_.front()->ring();
  }

 private:
  Result<std::unique_ptr<SmtpWorker>> make() {
    try {
      auto worker = std::make_unique<SmtpWorker>(trust_);
      ++made_;
      return worker;
    } catch (const std::system_error& e) {
      return fail(ErrorKind::unavailable, std::string("no thread to send mail: ") + e.what());
    }
  }

  TrustStore trust_;
  int made_ = 0;
  std::vector<std::unique_ptr<SmtpWorker>> idle_;
  std::deque<Bell*> waiting_;
};

// A worker, given back when its delivery ends, also when the coroutine is destroyed in the middle.
class Lease {
 public:
  Lease(std::shared_ptr<SmtpPool> pool, Bell& bell) : pool_(std::move(pool)), bell_(bell) {
    pool_->wait_in_line(bell_);
  }
  ~Lease() {
    pool_->leave_line(bell_);
    if (job_ && !job_->receipt()) job_->abandon();
    if (worker_) pool_->give_back(std::move(worker_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// Whether `job` has begun.
  Result<bool> try_start(const std::shared_ptr<SmtpJob>& job) {
    DEED_TRY(worker_, pool_->take(smtp_server_key(job->server())));
    if (!worker_) return false;
    pool_->leave_line(bell_);
    job_ = job;
    worker_->start(job);
    return true;
  }

 private:
  std::shared_ptr<SmtpPool> pool_;
  Bell& bell_;
  std::unique_ptr<SmtpWorker> worker_;
  std::shared_ptr<SmtpJob> job_;
};

Result<void> check(const SmtpServer& server, const SmtpTransaction& mail) {
  for (const std::string* text : {&server.host, &server.user, &server.password.reveal(), &server.token.reveal(),
                                  &mail.from.text(), &mail.to.text()}) {
    if (has_control_characters(*text)) {
      return fail(ErrorKind::invalid,
                  "an address or the server's settings hold a control character");
    }
  }
  if (!mail.message || mail.message->size() == 0) return fail(ErrorKind::invalid, "the message is empty");
  if (mail.message->size() <= max_message_bytes) return {};
  return fail(ErrorKind::limit, "the message is over " + human_bytes(max_message_bytes));
}

SmtpReceipt not_sent(std::string text) {
  return {.verdict = Verdict::not_sent, .text = std::move(text), .is_silent = true};
}

// Whatever comes of before_commit, the end of the message has not been handed over.
Async<void> await_commit(const SmtpTransaction& mail) {
  if (!mail.before_commit) co_return Result<void>();
  Result<void> allowed;
  try {
    Result<void> answer = co_await mail.before_commit();
    allowed = std::move(answer);
  } catch (const boost::system::system_error& e) {
    allowed = e.code() == asio::error::operation_aborted
                  ? fail(ErrorKind::cancelled, "cancelled before the mail was sent")
                  : fail(ErrorKind::internal, std::string("before sending: ") + e.what());
  } catch (const std::exception& e) {
    allowed = fail(ErrorKind::internal, std::string("before sending: ") + e.what());
  }
  co_return allowed;
}

class CurlSmtpClient final : public SmtpClient {
 public:
  CurlSmtpClient(asio::any_io_executor executor, TrustStore trust)
      : executor_(std::move(executor)), pool_(std::make_shared<SmtpPool>(std::move(trust))) {}

  asio::awaitable<SmtpReceipt> deliver(SmtpServer server, SmtpTransaction mail) override {
    Result<void> checked = check(server, mail);
    if (!checked) co_return not_sent(to_string(checked.error()));
    // A receipt has to be true to the end, so cancellation must not leave as an exception here.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    // Shared with notices that are under way to the loop.
    auto bell = std::make_shared<Bell>(executor_);
    auto notify = [executor = executor_, bell] { asio::post(executor, [bell] { bell->ring(); }); };
    auto job = std::make_shared<SmtpJob>(std::move(server), std::move(mail), notify);
    SmtpReceipt receipt = co_await supervise(job, bell, throws);
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return receipt;
  }

 private:
  asio::awaitable<SmtpReceipt> supervise(std::shared_ptr<SmtpJob> job, std::shared_ptr<Bell> bell,
                                         bool throws);

  asio::any_io_executor executor_;
  std::shared_ptr<SmtpPool> pool_;  // shared with the deliveries under way
};

asio::awaitable<SmtpReceipt> CurlSmtpClient::supervise(std::shared_ptr<SmtpJob> job,
                                                       std::shared_ptr<Bell> bell, bool throws) {
  const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
  Lease lease(pool_, *bell);
  const auto deadline = steady_clock::now() + job->mail().timeout + grace;
  std::string why_not;
  bool is_started = false;
  while (!job->receipt()) {
    const bool is_cancelled = cancellation.cancelled() != asio::cancellation_type::none;
    const bool is_over = is_cancelled || steady_clock::now() >= deadline;
    if (!is_started) {
      if (is_over) co_return not_sent("the mail was stopped before its turn came");
      Result<bool> started = lease.try_start(job);
      if (!started) co_return not_sent(to_string(started.error()));
      is_started = *started;
    } else if (is_over) {
      job->stop();
    } else if (job->wants_commit()) {
      co_await asio::this_coro::throw_if_cancelled(throws);
      Result<void> allowed = co_await await_commit(job->mail());
      co_await asio::this_coro::throw_if_cancelled(false);
      // Once the end is out, nobody could wait for its verdict any more.
      const bool is_late = cancellation.cancelled() != asio::cancellation_type::none ||
                           steady_clock::now() >= deadline - grace;
      if (allowed && is_late) allowed = fail(ErrorKind::timeout, "stopped at the commit point");
      if (!allowed) why_not = to_string(allowed.error());
      job->answer_commit(allowed.has_value());
      continue;
    }
    bell->timer.expires_at(is_over ? steady_clock::time_point::max() : deadline);
    co_await bell->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  SmtpReceipt receipt = *job->receipt();
  if (!why_not.empty()) receipt.text = why_not;
  co_return receipt;
}

}  // namespace

std::unique_ptr<SmtpClient> make_smtp_client(asio::any_io_executor executor, TrustStore trust) {
  return std::make_unique<CurlSmtpClient>(std::move(executor), std::move(trust));
}

}  // namespace deed
