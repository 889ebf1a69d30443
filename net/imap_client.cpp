// The loop thread's side of a visit: checks it, gives it a thread, waits for it on the loop, and passes a cancellation on.
#include "deed/core/text.hpp"
#include "deed/net/imap.hpp"
#include "deed/net/imap_visit.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <system_error>
#include <vector>

namespace deed {
namespace {

Result<void> check(const ImapServer& server) {
  for (const std::string* text : {&server.host, &server.user, &server.password.reveal(), &server.token.reveal()}) {
    if (has_control_characters(*text) || !is_utf8(*text)) {
      return fail(ErrorKind::invalid, "the mail server's settings hold a control character");
    }
  }
  return {};
}

// All that a connection depends on. A NUL is in none of the parts.
std::string key_of(const ImapServer& server) {
  std::string key = server.host;
  for (const std::string& part : {std::to_string(server.port), std::to_string(static_cast<int>(server.security)), server.user,
                                  server.password.reveal(), server.token.reveal()}) {
    (key += '\0') += part;
  }
  return key;
}

Result<void> check_search(const ImapSearch& search) {
  for (const std::string* text : {&search.mailbox, &search.message_id}) {
    if (text->empty() || has_control_characters(*text) || !is_utf8(*text)) {
      return fail(ErrorKind::invalid, "a search needs a mailbox and a Message-ID, without control characters");
    }
  }
  return {};
}

// Borrows its members, which belong to a coroutine that waits for the work.
struct Count {
  const ImapSearch* search;
  std::size_t* found;
  Result<void> operator()(ImapSession& session) const {
    DEED_TRY([[maybe_unused]] const ImapMailbox box, session.open(search->mailbox, true));
    DEED_TRY(const std::vector<std::uint32_t> uids, session.search({.message_id = search->message_id}));
    *found = uids.size();
    return {};
  }
};

class CurlImapClient final : public ImapClient {
 public:
  CurlImapClient(asio::any_io_executor executor, TrustStore trust)
      : executor_(std::move(executor)), trust_(std::move(trust)) {}

  Async<void> visit(ImapServer server, std::chrono::milliseconds timeout, Work work) override {
    Result<void> checked = check(server);
    DEED_CO_OK(std::move(checked));
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto working = supervise(std::move(server), timeout, std::move(work));
    Result<void> done = co_await std::move(working);
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return done;
  }

  Async<std::size_t> count(ImapServer server, ImapSearch search) override {
    // Checked before anything connects.
    Result<void> checked = check_search(search);
    DEED_CO_OK(std::move(checked));
    std::size_t found = 0;
    Work work = Count{&search, &found};
    auto visiting = visit(std::move(server), search.timeout, std::move(work));
    Result<void> done = co_await std::move(visiting);
    DEED_CO_OK(std::move(done));
    co_return found;
  }

 private:
  // Shared with what the visit's thread posts: it may arrive when the coroutine has ended.
  using Bell = asio::steady_timer;

  struct Kept {
    std::string key;  // of its server
    std::chrono::steady_clock::time_point since;
    std::unique_ptr<ImapConnection> connection;
  };

  // Logging in takes longer than what is then asked, and some servers count how often. One that has been idle for long is rather made anew.
  std::unique_ptr<ImapConnection> take(const std::string& key) {
    constexpr std::chrono::seconds longest_idle{60};
    const auto oldest = std::chrono::steady_clock::now() - longest_idle;
    std::erase_if(kept_, [&](const Kept& kept) { return kept.since < oldest; });
    const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.key == key; });
    if (found == kept_.end()) return std::make_unique<ImapConnection>(trust_);
    std::unique_ptr<ImapConnection> connection = std::move(found->connection);
    kept_.erase(found);
    return connection;
  }

  void keep(std::string key, std::unique_ptr<ImapConnection> connection) {
    constexpr std::size_t most_kept = 4;
    kept_.push_back({std::move(key), std::chrono::steady_clock::now(), std::move(connection)});
    if (kept_.size() > most_kept) kept_.erase(kept_.begin());
  }

  Result<std::unique_ptr<ImapVisit>> start(ImapServer server, std::chrono::milliseconds timeout, Work work,
                                           const std::shared_ptr<Bell>& bell) {
    try {
      auto connection = take(key_of(server));
      return std::make_unique<ImapVisit>(std::move(server), timeout, std::move(work), std::move(connection),
                                         [executor = executor_, bell] { asio::post(executor, [bell] { bell->cancel(); }); });
    } catch (const std::system_error& e) {
      return fail(ErrorKind::unavailable, std::string("no thread to visit the mail server: ") + e.what());
    }
  }

  Async<void> supervise(ImapServer server, std::chrono::milliseconds timeout, Work work) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    auto bell = std::make_shared<Bell>(executor_);
    std::string key = key_of(server);
    auto started = start(std::move(server), timeout, std::move(work), bell);
    DEED_CO_TRY(const std::unique_ptr<ImapVisit> visit, std::move(started));
    bool is_stopped = false;
    while (!visit->result()) {
      if (cancellation.cancelled() != asio::cancellation_type::none) visit->stop(), is_stopped = true;
      bell->expires_at(std::chrono::steady_clock::time_point::max());
      co_await bell->async_wait(asio::as_tuple(asio::use_awaitable));
    }
    Result<void> done = *visit->result();
    if (done && !is_stopped) keep(std::move(key), visit->take_connection());
    co_return done;
  }

  asio::any_io_executor executor_;
  TrustStore trust_;
  std::vector<Kept> kept_;  // the oldest first
};

}  // namespace

std::unique_ptr<ImapClient> make_imap_client(asio::any_io_executor executor, TrustStore trust) {
  return std::make_unique<CurlImapClient>(std::move(executor), std::move(trust));
}

}  // namespace deed
