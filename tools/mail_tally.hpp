// What became of one mail that goes to several recipients, each with an outcome of its own: the
// outcome of all of it, with the names. Without I/O.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/net/smtp.hpp"
#include "deed/tools/tool.hpp"

#include <string>
#include <vector>

namespace deed {

/// The outcome for one recipient: accepted is succeeded, a refusal rejected, not_sent
/// failed_without_effect. The text is the server's words, without control characters.
Outcome outcome_of(const SmtpReceipt& receipt);

class MailTally {
 public:
  void add(const EmailAddress& who, const EffectPart& part);
  /// Why nobody else was tried, where it was not for the server.
  void add_reason(std::string why) { reasons_.push_back(std::move(why)); }

  /// unknown if it is of anybody; else succeeded if anybody got it; else rejected if the server
  /// refused anybody; else failed_without_effect. Its result names every recipient, its text the
  /// first 20 of each kind.
  Outcome outcome(const std::string& message_id) const;

 private:
  std::string text() const;
  Outcome judged() const;

  std::vector<std::string> accepted_, refused_, not_sent_, unknown_, reasons_;
  bool may_pass_ = true;  ///< every refusal so far was one for now
  bool stopped_ = false;  ///< somebody was not tried
};

/// "a, b, c", or the first 20 "and 4,980 more"
std::string joined(const std::vector<std::string>& parts);

}  // namespace deed
