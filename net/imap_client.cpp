// The loop thread's side of a search: checks it, gives it a thread, waits for it on the loop, and
// passes a cancellation on.
#include "deed/core/text.hpp"
#include "deed/net/imap.hpp"
#include "deed/net/imap_search.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <system_error>

namespace deed {
namespace {

Result<void> check(const ImapServer& server, const ImapSearch& search) {
  for (const std::string* text : {&server.host, &server.user, &server.password.reveal(),
                                  &search.mailbox, &search.message_id}) {
    if (has_control_characters(*text) || !is_utf8(*text)) {
      return fail(ErrorKind::invalid,
                  "the mailbox or the server's settings hold a control character");
    }
  }
  if (search.mailbox.empty() || search.message_id.empty()) {
    return fail(ErrorKind::invalid, "a search needs a mailbox and a Message-ID");
  }
  return {};
}

class CurlImapClient final : public ImapClient {
 public:
  CurlImapClient(asio::any_io_executor executor, TrustStore trust)
      : executor_(std::move(executor)), trust_(std::move(trust)) {}

  Async<std::size_t> count(ImapServer server, ImapSearch search) override {
    Result<void> checked = check(server, search);
    DEED_CO_OK(std::move(checked));
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto searching = supervise(std::move(server), std::move(search));
    Result<std::size_t> found = co_await std::move(searching);
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return found;
  }

 private:
  // Shared with what the search's thread posts: it may arrive when the coroutine has ended.
  using Bell = asio::steady_timer;

  Result<std::unique_ptr<ImapSearchThread>> start(ImapServer server, ImapSearch search,
                                                  const std::shared_ptr<Bell>& bell) const {
    try {
      return std::make_unique<ImapSearchThread>(
          std::move(server), std::move(search), trust_,
          [executor = executor_, bell] { asio::post(executor, [bell] { bell->cancel(); }); });
    } catch (const std::system_error& e) {
      return fail(ErrorKind::unavailable, std::string("no thread to look mail up: ") + e.what());
    }
  }

  Async<std::size_t> supervise(ImapServer server, ImapSearch search) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    auto bell = std::make_shared<Bell>(executor_);
    auto started = start(std::move(server), std::move(search), bell);
    DEED_CO_TRY(const std::unique_ptr<ImapSearchThread> thread, std::move(started));
    while (!thread->result()) {
      if (cancellation.cancelled() != asio::cancellation_type::none) thread->stop();
      bell->expires_at(std::chrono::steady_clock::time_point::max());
      co_await bell->async_wait(asio::as_tuple(asio::use_awaitable));
    }
    Result<std::size_t> found = *thread->result();
    co_return found;
  }

  asio::any_io_executor executor_;
  TrustStore trust_;
};

}  // namespace

std::unique_ptr<ImapClient> make_imap_client(asio::any_io_executor executor, TrustStore trust) {
  return std::make_unique<CurlImapClient>(std::move(executor), std::move(trust));
}

}  // namespace deed
