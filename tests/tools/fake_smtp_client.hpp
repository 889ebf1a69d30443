// An SMTP client whose server says what a test chose.
#pragma once

#include "deed/net/smtp.hpp"
#include "deed/tests/tools/receipts.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace deed {

// Gives each recipient the receipt that the test chose, and keeps what it was handed.
class FakeSmtpClient final : public SmtpClient {
 public:
  asio::awaitable<SmtpReceipt> deliver(SmtpServer, SmtpTransaction mail) override {
    SmtpReceipt receipt = receipts.at(mail.to.text());
    const auto bytes = read_all(*mail.message, std::uint64_t{1} << 30);
    if (!bytes) co_return SmtpReceipt{.verdict = SmtpReceipt::Verdict::not_sent, .text = to_string(bytes.error()), .is_unfit = true};
    mails.push_back(mail);
    const bool commits =
        receipt.verdict == SmtpReceipt::Verdict::accepted || receipt.verdict == SmtpReceipt::Verdict::unknown;
    const auto greylisted = std::find(greylists.begin(), greylists.end(), mail.to.text());
    if (greylisted != greylists.end()) {
      greylists.erase(greylisted);
      receipt = refused_for_now;
    }
    if (commits && before_commit) before_commit();
    if (commits) {
      auto ready = co_await mail.before_commit();
      if (!ready) co_return SmtpReceipt{SmtpReceipt::Verdict::not_sent, 0, ready.error().what};
    }
    co_return receipt;
  }

  std::map<std::string, SmtpReceipt> receipts;
  std::vector<std::string> greylists;  ///< refused for now, once each, behind the end of the message
  std::function<void()> before_commit;
  std::vector<SmtpTransaction> mails;
};

}  // namespace deed
