// Logging in with an OAuth 2.0 token (RFC 7628, XOAUTH2) at both kinds of mail server, and what happens where it is not taken.
#include "deed/net/imap.hpp"
#include "deed/tests/fakes/imap_server.hpp"
#include "deed/tests/net/smtp_delivery_fixture.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using Verdict = SmtpReceipt::Verdict;

constexpr const char* good = "ya29.good-token", *bad = "ya29.stale-token";

class SmtpToken : public DeliveryTest {
 protected:
  SmtpReceipt deliver_with(const std::string& token, std::string mechanisms = "OAUTHBEARER XOAUTH2") {
    serve({.user = "ann@example.org", .token = good, .mechanisms = std::move(mechanisms)});
    SmtpServer server = SmtpServer::parse(url("ann%40example.org@")).value();
    server.token = Secret(token);
    return run_async(io_, client_->deliver(std::move(server), mail()));
  }
};

TEST_F(SmtpToken, IsTakenByEitherMechanism) {
  for (const char* mechanisms : {"OAUTHBEARER", "XOAUTH2", "PLAIN LOGIN XOAUTH2 OAUTHBEARER"}) {
    EXPECT_THAT(deliver_with(good, mechanisms), HasVerdict(Verdict::accepted)) << mechanisms;
  }
}

TEST_F(SmtpToken, ThatIsNotTakenSendsNothingAndSaysWhatTheServerSaid) {
  for (const char* mechanisms : {"OAUTHBEARER", "XOAUTH2"}) {
    const SmtpReceipt receipt = deliver_with(bad, mechanisms);
    EXPECT_THAT(receipt.verdict, testing::AnyOf(Verdict::not_sent, Verdict::refused)) << mechanisms;
    EXPECT_THAT(receipt.text, Not(HasSubstr("stale"))) << mechanisms;
    // Of XOAUTH2 libcurl does not wait for the last word.
    if (mechanisms == std::string("OAUTHBEARER")) {
      EXPECT_THAT(receipt.text, HasSubstr("the token is not valid"));
    }
    EXPECT_THAT(server_->mails(), testing::IsEmpty());
  }
}

TEST_F(SmtpToken, IsGivenToNoServerThatWantsAPassword) {
  const SmtpReceipt receipt = deliver_with(good, "PLAIN LOGIN");
  EXPECT_THAT(receipt.verdict, testing::AnyOf(Verdict::not_sent, Verdict::refused));
  for (const std::string& command : server_->commands()) EXPECT_THAT(command, Not(HasSubstr("AUTH ")));
}

class ImapToken : public testing::Test {
 protected:
  Result<void> visit(const std::string& token, const std::string& capabilities) {
    server_ = std::make_unique<fakes::ImapServer>(fakes::ImapServerOptions{.store = &store_, .capabilities = capabilities, .token = good});
    ImapServer server = ImapServer::parse("imap://ann@127.0.0.1:" + std::to_string(server_->port())).value();
    server.token = Secret(token);
    return run_async(io_, client_->visit(std::move(server), std::chrono::seconds(20), [](ImapSession&) { return Result<void>(); }));
  }
  asio::io_context io_;
  fakes::ImapStore store_;
  std::unique_ptr<fakes::ImapServer> server_;
  std::unique_ptr<ImapClient> client_ = make_imap_client(io_.get_executor(), TrustStore{});
};

TEST_F(ImapToken, IsTakenByEitherMechanism) {
  for (const char* capabilities : {"IMAP4rev1 AUTH=OAUTHBEARER", "IMAP4rev1 AUTH=XOAUTH2", "IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER"}) {
    EXPECT_OK(visit(good, capabilities)) << capabilities;
  }
}

TEST_F(ImapToken, ThatIsNotTakenIsDenied) {
  for (const char* capabilities : {"IMAP4rev1 AUTH=OAUTHBEARER", "IMAP4rev1 AUTH=XOAUTH2"}) {
    const auto done = visit(bad, capabilities);
    ASSERT_FALSE(done.has_value()) << capabilities;
    EXPECT_EQ(done.error().kind, ErrorKind::denied);
    EXPECT_THAT(to_string(done.error()), Not(HasSubstr("stale")));
    // RFC 7628, section 3.2.3: the error is answered before the server ends the exchange.
    EXPECT_THAT(server_->commands(), Not(Contains(HasSubstr("LOGIN"))));
  }
}

TEST_F(ImapToken, IsGivenToNoServerThatWantsAPassword) {
  EXPECT_THAT(visit(good, "IMAP4rev1 AUTH=PLAIN"), Not(IsOk()));
  for (const std::string& command : server_->commands()) EXPECT_THAT(command, AllOf(Not(HasSubstr("AUTHENTICATE")), Not(HasSubstr("LOGIN"))));
}

}  // namespace
}  // namespace deed
