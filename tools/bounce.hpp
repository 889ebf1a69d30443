// A mail that says that another one did not arrive, or did: what a mail server sends back. It may come from anyone; it names mails and
// addresses, and whoever reads it checks that they are its own.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/tools/mail_limits.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// What happened to a mail for one recipient (RFC 3464, section 2.3.3).
enum class DeliveryAction { failed, delayed, delivered, relayed, expanded };

/// The enumerator's name, as it stands in a report.
const char* to_string(DeliveryAction action);

struct BounceRecipient {
  EmailAddress final_recipient;
  std::optional<EmailAddress> original_recipient;
  DeliveryAction action = DeliveryAction::failed;
  std::string status;      ///< "5.1.1" (RFC 3463); empty where none is given in that form
  std::string diagnostic;  ///< what the server said, one line, at most 1,000 bytes

  bool operator==(const BounceRecipient&) const = default;
};

struct BounceReport {
  std::vector<BounceRecipient> recipients;  ///< may be empty: it is a bounce, and does not say whose
  std::vector<std::string> message_ids;     ///< of the mails that it is about, "<…>"; mostly one
  bool is_standard = false;                 ///< RFC 3464; else it is known by its form alone

  bool operator==(const BounceReport&) const = default;
};

/// Nothing where the mail is no bounce, or is over `limits.mail_bytes`.
/// - multipart/report with report-type=delivery-status: each recipient that has an address and an action
/// - qmail-send's ("Hi. This is the qmail-send program"), Exim's (X-Failed-Recipients), and what Postfix and sendmail wrote before there
///   was a standard: addresses only where the form makes certain that they are the failed ones
/// The ids come from the copy of the mail in the report, or else from its In-Reply-To and References.
/// source  RFC 3462, RFC 3464; https://cr.yp.to/proto/qsbmf.txt
std::optional<BounceReport> read_bounce(std::string_view bytes, const MailReadLimits& limits = {});

}  // namespace deed
