// How fast mail may be sent, over all processes that use one folder of deed: never more in any time span than the rate says.
#pragma once

#include "deed/core/clock.hpp"
#include "deed/core/result.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace deed {

/// So many mails in any span of so long.
struct MailRate {
  std::int64_t mails = 0;
  std::chrono::milliseconds span{0};

  /// "30/minute", "1/second", "500/hour", "2000/day"; 1 to 1,000,000 mails.
  /// errors  invalid
  static Result<MailRate> parse(std::string_view text);
  bool operator==(const MailRate&) const = default;
};

struct MailRateOptions {
  std::string path;     ///< absolute, of an SQLite file of deed's own; made (0600) at the first mail
  std::string account;  ///< whose mails are counted together
  std::optional<MailRate> all = {};     ///< of the account
  std::optional<MailRate> domain = {};  ///< of the account to one domain of recipients
};

/// Each transaction is counted before it begins, whatever becomes of it: a process that dies, or another one beside it, sends no faster.
class MailRates {
 public:
  virtual ~MailRates() = default;

  struct Turn {
    std::chrono::milliseconds wait{0};  ///< 0: it is counted, and may begin. Else look again then: another process may have come first
    bool for_all = false;               ///< no other domain has its turn sooner
  };
  /// domain  of the recipient, as it is compared: lower case, ASCII
  /// errors  unavailable, corrupt: it could not be counted, and must not begin
  virtual Result<Turn> take(const std::string& domain, TimePoint now) = 0;
};

/// Opens nothing yet. One SQLite transaction a mail; where another process holds the file for long, the turn comes later. What a power cut takes with it is counted no more.
std::unique_ptr<MailRates> make_mail_rates(MailRateOptions options);

}  // namespace deed
