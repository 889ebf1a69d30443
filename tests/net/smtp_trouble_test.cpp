// Trouble around kept connections, answers out of the ordinary, and cancellation at each instant
// that counts.
#include "deed/tests/net/smtp_delivery_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <optional>
#include <unistd.h>

namespace deed {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using Verdict = SmtpReceipt::Verdict;
using Stage = fakes::SmtpStage;
using Action = fakes::SmtpAction;

class SmtpTrouble : public DeliveryTest {};

// libcurl calls it an error; the first digit is what counts (RFC 5321, section 4.2.1).
TEST_F(SmtpTrouble, AnyPositiveAnswerToTheMessageIsAnAcceptance) {
  serve({.faults = {{.stage = Stage::end_of_message, .reply = "252 2.0.0 will try"}}});
  EXPECT_THAT(deliver(mail()), HasVerdict(Verdict::accepted));
}

TEST_F(SmtpTrouble, AWrongPasswordIsRefusedAndNeverShown) {
  serve({.user = "ann", .password = "right-password"});
  const SmtpReceipt receipt = deliver(url("ann:wrong-password@"), mail());
  EXPECT_THAT(receipt, HasVerdict(Verdict::refused, HasSubstr("5.7.8")));
  EXPECT_THAT(receipt.text, Not(HasSubstr("wrong-password")));
  EXPECT_TRUE(server_->mails().empty());
}

TEST_F(SmtpTrouble, AServerThatCannotBeReachedIsNamedWithWhatToDo) {
  const std::string port = std::to_string(fakes::unused_port());
  EXPECT_THAT(deliver("smtp://127.0.0.1:" + port, mail()),
              HasVerdict(Verdict::not_sent, HasSubstr("host and port")));
  EXPECT_THAT(deliver("smtp://nowhere.invalid", mail()),
              HasVerdict(Verdict::not_sent, HasSubstr("nowhere.invalid: check")));
}

TEST_F(SmtpTrouble, AServerThatSpeaksNoTlsGetsNothingWhereTlsIsAsked) {
  serve();
  SmtpServer server = *SmtpServer::parse(url());
  server.security = SmtpSecurity::tls;
  EXPECT_THAT(run_async(io_, client_->deliver(server, mail())), HasVerdict(Verdict::not_sent));
  EXPECT_TRUE(server_->mails().empty());
}

TEST_F(SmtpTrouble, AServerWithoutStarttlsGetsNeitherPasswordNorMail) {
  const std::optional<std::string> name = fakes::host_name();
  if (!name) GTEST_SKIP() << "the name of this machine does not lead to it";
  serve({.user = "ann", .password = "secret"});
  SmtpServer server = *SmtpServer::parse(url("ann:secret@"));
  server.host = *name;
  const SmtpReceipt receipt = run_async(io_, client_->deliver(server, mail()));
  EXPECT_THAT(receipt, HasVerdict(Verdict::not_sent));
  for (const std::string& command : server_->commands()) {
    EXPECT_THAT(command, testing::AnyOf("EHLO localhost", "QUIT"));
  }
}

TEST_F(SmtpTrouble, AKeptConnectionThatTheServerClosedIsReplacedBeforeTheCommit) {
  serve({.faults = {{.stage = Stage::mail, .action = Action::drop, .skip = 1, .times = 1}}});
  EXPECT_THAT(deliver(mail()), HasVerdict(Verdict::accepted));
  EXPECT_THAT(deliver(mail()), HasVerdict(Verdict::accepted));
  EXPECT_EQ(server_->mails().size(), 2u);
  EXPECT_EQ(server_->connections(), 2u);
}

TEST_F(SmtpTrouble, AnUnknownMailIsNotSentAgainOnAKeptConnection) {
  serve({.faults = {{.stage = Stage::end_of_message, .action = Action::drop, .skip = 1}}});
  EXPECT_THAT(deliver(mail()), HasVerdict(Verdict::accepted));
  EXPECT_THAT(deliver(mail()), HasVerdict(Verdict::unknown));
  EXPECT_EQ(server_->mails().size(), 2u);
}

TEST_F(SmtpTrouble, AMailAfterAFailedOneStartsAfresh) {
  serve({.faults = {{.stage = Stage::rcpt, .reply = "550 no", .times = 1}}});
  EXPECT_THAT(deliver(mail()), HasVerdict(Verdict::refused));
  EXPECT_THAT(deliver(mail()), HasVerdict(Verdict::accepted));
}

// Spawns a delivery, runs the loop until `is_there`, cancels, and gives the receipt.
class SmtpCancel : public DeliveryTest {
 protected:
  SmtpReceipt cancel_when(SmtpTransaction transaction, const std::function<bool()>& is_there) {
    std::optional<SmtpReceipt> receipt;
    asio::cancellation_signal cancel;
    asio::co_spawn(io_, client_->deliver(*SmtpServer::parse(url()), std::move(transaction)),
                   asio::bind_cancellation_slot(cancel.slot(),
                                                [&](std::exception_ptr failed, SmtpReceipt got) {
                                                  EXPECT_FALSE(failed);
                                                  receipt = std::move(got);
                                                }));
    io_.poll();
    // The delivery's thread needs no loop to get there.
    EXPECT_TRUE(is_there());
    cancel.emit(asio::cancellation_type::terminal);
    io_.restart();
    io_.run();
    return receipt.value_or(SmtpReceipt{.text = "the coroutine did not end"});
  }
};

TEST_F(SmtpCancel, BeforeTheMessageIsNotSent) {
  serve({.faults = {{.stage = Stage::data, .action = Action::hang}}});
  const auto receipt = cancel_when(mail(), [&] { return server_->wait_for_commands(4); });
  EXPECT_THAT(receipt, HasVerdict(Verdict::not_sent));
  EXPECT_TRUE(server_->wait_until_closed(1));
}

TEST_F(SmtpCancel, AtTheCommitPointIsNotSent) {
  serve();
  const std::size_t size = mail().message->size();
  const auto receipt = cancel_when(mail(), [&] { return server_->wait_for_data_bytes(size); });
  EXPECT_THAT(receipt, HasVerdict(Verdict::not_sent));
  EXPECT_TRUE(server_->wait_until_closed(1));
  EXPECT_TRUE(server_->mails().empty());
}

TEST_F(SmtpCancel, DuringTheCommitIsNotSentThoughItSucceeds) {
  serve();
  asio::cancellation_signal cancel;
  std::optional<SmtpReceipt> receipt;
  SmtpTransaction transaction = mail();
  transaction.before_commit = [&cancel]() -> Async<void> {
    cancel.emit(asio::cancellation_type::terminal);
    return []() -> Async<void> {
      co_await asio::this_coro::throw_if_cancelled(false);
      co_return Result<void>();
    }();
  };
  asio::co_spawn(
      io_, client_->deliver(*SmtpServer::parse(url()), std::move(transaction)),
      asio::bind_cancellation_slot(
          cancel.slot(), [&](std::exception_ptr, SmtpReceipt got) { receipt = std::move(got); }));
  io_.run();
  ASSERT_TRUE(receipt);
  EXPECT_THAT(*receipt, HasVerdict(Verdict::not_sent));
  EXPECT_TRUE(server_->wait_until_closed(1));
  EXPECT_TRUE(server_->mails().empty());
}

TEST_F(SmtpCancel, OfOneThatWaitsForItsTurnLetsTheOthersGoOn) {
  serve();
  int accepted = 0, not_sent = 0;
  std::vector<asio::cancellation_signal> cancels(40);
  for (std::size_t i = 0; i < cancels.size(); ++i) {
    const auto count = [&](std::exception_ptr, const SmtpReceipt& receipt) {
      ++(receipt.verdict == Verdict::accepted ? accepted : not_sent);
      // Each end gives a worker back and rings for the next in line; that one goes away now.
      for (std::size_t k = 8; k < cancels.size(); k += 2) {
        cancels[k].emit(asio::cancellation_type::terminal);
      }
    };
    asio::co_spawn(io_, client_->deliver(*SmtpServer::parse(url()), mail()),
                   asio::bind_cancellation_slot(cancels[i].slot(), count));
  }
  io_.run();
  EXPECT_EQ(accepted + not_sent, 40);
  EXPECT_GE(accepted, 24);
  EXPECT_EQ(server_->mails().size(), static_cast<std::size_t>(accepted));
}

TEST_F(SmtpCancel, ClientThatEndsCutsItsConnections) {
  serve();
  deliver(mail());
  client_.reset();
  EXPECT_TRUE(server_->wait_until_closed(1));
  EXPECT_EQ(server_->commands().back(), "QUIT");
}

}  // namespace
}  // namespace deed
