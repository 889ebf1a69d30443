// What became of one mail that goes to several recipients, one SMTP transaction each: counts the
// receipts and says when to stop. Without I/O.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/net/smtp.hpp"
#include "deed/tools/tool.hpp"

#include <string>
#include <vector>

namespace deed {

class MailTally {
 public:
  /// Whether the next recipient may be tried. Not after an unknown outcome: the operator looks
  /// first. Not after a server that did not even answer: the next attempt would end the same way.
  bool add(const EmailAddress& who, const SmtpReceipt& receipt);
  /// A recipient who was not tried, after `add` said so.
  void add_untried(const EmailAddress& who);

  /// unknown if it is of anybody; else succeeded if anybody got it; else rejected if the server
  /// refused anybody; else failed_without_effect. Its text and result name every recipient.
  Outcome outcome(const std::string& message_id) const;

 private:
  std::string text() const;
  Outcome judged() const;

  std::vector<std::string> accepted_, refused_, not_sent_, unknown_, reasons_;
  bool may_pass_ = true;  ///< every refusal so far was one for now
  bool stopped_ = false;
};

/// "a, b, c"
std::string joined(const std::vector<std::string>& parts);

}  // namespace deed
