// A delivery beside the loop: it holds nobody up, and it can be cancelled or destroyed at any
// instant.
#include "deed/tests/net/smtp_delivery_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>

namespace deed {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class SmtpLoop : public DeliveryTest {
 protected:
  // A delivery that the test leaves running.
  struct Running {
    asio::cancellation_signal cancel;
    std::optional<SmtpReceipt> receipt;
  };
  void start(Running& out, SmtpTransaction transaction) {
    asio::co_spawn(io_, client_->deliver(*SmtpServer::parse(url()), std::move(transaction)),
                   asio::bind_cancellation_slot(out.cancel.slot(),
                                                [&out](std::exception_ptr, SmtpReceipt got) {
                                                  out.receipt = std::move(got);
                                                }));
  }
  void run_to_end(const Running& running) {
    io_.restart();
    while (!running.receipt && io_.run_one() > 0) {
    }
  }
  // Until the server has `count` whole messages.
  void run_until_mails(std::size_t count) {
    while (server_->mails().size() < count) io_.poll_one();
  }
};

// libcurl itself would block here (smtp_done).
TEST_F(SmtpLoop, GoesOnWhileAVerdictIsOut) {
  serve({.faults = {{.stage = Stage::end_of_message, .action = Action::hang, .times = 1}}});
  Running waiting;
  start(waiting, mail());
  run_until_mails(1);
  EXPECT_THAT(deliver(mail()), HasVerdict(Verdict::accepted));
  EXPECT_FALSE(waiting.receipt);
  waiting.cancel.emit(asio::cancellation_type::terminal);
  run_to_end(waiting);
  EXPECT_THAT(*waiting.receipt, HasVerdict(Verdict::unknown));
}

TEST_F(SmtpLoop, ACommitMayTakeManyTurns) {
  serve();
  int turns = 0;
  SmtpTransaction transaction = mail();
  transaction.before_commit = [&turns]() -> Async<void> {
    return [](int& count) -> Async<void> {
      auto executor = co_await asio::this_coro::executor;
      for (; count < 100; ++count) co_await asio::post(executor, asio::use_awaitable);
      co_return Result<void>();
    }(turns);
  };
  EXPECT_THAT(deliver(std::move(transaction)), HasVerdict(Verdict::accepted));
  EXPECT_EQ(turns, 100);
}

// The commit waits for something that does not come, and is itself what the cancellation reaches.
TEST_F(SmtpLoop, CancellationReachesACommitThatWaits) {
  serve();
  bool is_waiting = false;
  SmtpTransaction transaction = mail();
  transaction.before_commit = [&is_waiting]() -> Async<void> {
    return [](bool& waits) -> Async<void> {
      auto executor = co_await asio::this_coro::executor;
      asio::steady_timer never(executor, asio::steady_timer::time_point::max());
      waits = true;
      co_await never.async_wait(asio::use_awaitable);
      co_return Result<void>();
    }(is_waiting);
  };
  Running running;
  start(running, std::move(transaction));
  while (!is_waiting) io_.poll_one();
  running.cancel.emit(asio::cancellation_type::terminal);
  run_to_end(running);
  EXPECT_THAT(*running.receipt, HasVerdict(Verdict::not_sent, HasSubstr("cancelled")));
  EXPECT_TRUE(server_->wait_until_closed(1));
  EXPECT_TRUE(server_->mails().empty());
}

TEST_F(SmtpLoop, AMailThatWaitsForItsTurnIsNotSentWhenCancelled) {
  serve({.faults = {{.stage = Stage::end_of_message, .action = Action::hang}}});
  std::vector<Running> running(9);
  for (Running& one : running) start(one, mail());
  run_until_mails(8);
  running[8].cancel.emit(asio::cancellation_type::terminal);
  run_to_end(running[8]);
  EXPECT_THAT(*running[8].receipt, HasVerdict(Verdict::not_sent, HasSubstr("turn")));
  for (std::size_t i = 0; i < 8; ++i) running[i].cancel.emit(asio::cancellation_type::terminal);
  for (std::size_t i = 0; i < 8; ++i) run_to_end(running[i]);
}

// A late verdict on the connection would be taken for the answer to the next mail.
TEST_F(SmtpLoop, AConnectionWhoseVerdictDidNotComeIsLeft) {
  serve({.faults = {{.stage = Stage::end_of_message, .action = Action::hang, .times = 1}}});
  SmtpTransaction transaction = mail();
  transaction.timeout = 300ms;
  EXPECT_THAT(deliver(std::move(transaction)), HasVerdict(Verdict::unknown));
  EXPECT_TRUE(server_->wait_until_closed(1));
  EXPECT_THAT(deliver(mail()), HasVerdict(Verdict::accepted));
  EXPECT_EQ(server_->connections(), 2u);
}

TEST_F(SmtpLoop, MayEndWithDeliveriesUnderWay) {
  serve({.faults = {{.stage = Stage::end_of_message, .action = Action::hang}}});
  {
    asio::io_context io;
    const auto client = make_smtp_client(io.get_executor(), TrustStore{});
    for (int i = 0; i < 12; ++i) {
      asio::co_spawn(io, client->deliver(*SmtpServer::parse(url()), mail()),
                     [](std::exception_ptr, const SmtpReceipt&) { ADD_FAILURE() << "ended"; });
    }
    while (server_->mails().size() < 8) io.poll_one();
  }
  EXPECT_TRUE(server_->wait_until_closed(8));
  EXPECT_EQ(server_->mails().size(), 8u);
}

}  // namespace
}  // namespace deed
