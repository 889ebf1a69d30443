// A client on an io_context of its own, and short ways to say what a test sends and expects.
#pragma once

#include "deed/net/mail_scan.hpp"
#include "deed/net/smtp.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/fakes/smtp_server.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>

namespace deed {

inline const char* name_of(SmtpReceipt::Verdict verdict) {
  constexpr const char* names[] = {"accepted", "refused_for_now", "refused", "not_sent", "unknown"};
  return names[static_cast<int>(verdict)];
}

class DeliveryTest : public testing::Test {
 protected:
  using Verdict = SmtpReceipt::Verdict;
  using Stage = fakes::SmtpStage;
  using Action = fakes::SmtpAction;

  static SmtpTransaction mail(std::string message = "Subject: hello\r\n\r\ntext\r\n") {
    MailScan scan;
    scan.feed(message);
    return {.from = *EmailAddress::parse("from@example.org"),
            .to = *EmailAddress::parse("to@example.org"),
            .message = bytes_in_memory(std::move(message)),
            .dotted_lines = scan.dotted_lines()};
  }
  void serve(fakes::SmtpServerOptions options = {}) {
    server_ = std::make_unique<fakes::SmtpServer>(std::move(options));
  }
  std::string url(std::string_view login = {}) const {
    return "smtp://" + std::string(login) + "127.0.0.1:" + std::to_string(server_->port());
  }
  SmtpReceipt deliver(SmtpTransaction transaction) {
    return deliver(url(), std::move(transaction));
  }
  SmtpReceipt deliver(const std::string& url, SmtpTransaction transaction) {
    return run_async(io_, client_->deliver(*SmtpServer::parse(url), std::move(transaction)));
  }

  asio::io_context io_;
  std::unique_ptr<fakes::SmtpServer> server_;
  std::unique_ptr<SmtpClient> client_ = make_smtp_client(io_.get_executor(), TrustStore{});
};

MATCHER_P(HasVerdict, verdict, std::string("is ") + name_of(verdict)) {
  *result_listener << name_of(arg.verdict) << " " << arg.code << " \"" << arg.text << "\"";
  return arg.verdict == verdict;
}
MATCHER_P2(HasVerdict, verdict, text, std::string("has the text and is ") + name_of(verdict)) {
  *result_listener << name_of(arg.verdict) << " " << arg.code << " \"" << arg.text << "\"";
  return arg.verdict == verdict && testing::ExplainMatchResult(text, arg.text, result_listener);
}

}  // namespace deed
