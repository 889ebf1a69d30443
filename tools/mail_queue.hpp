// Whom to try next when one mail goes to many, and when to try again: a state machine without I/O.
// Everybody is tried once before anybody is tried a second time, so that a greylisted address holds
// up nobody.
#pragma once

#include "deed/net/smtp.hpp"
#include "deed/tools/builtin.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace deed {

class MailQueue {
 public:
  /// recipients  whom to try, by number, in order
  MailQueue(std::vector<std::size_t> recipients, MailLimits limits);

  /// Whom to try now; nothing at the end of a round.
  std::optional<std::size_t> next();
  /// What came of it. Returns whether that is the last word on this recipient.
  bool add(std::size_t recipient, const SmtpReceipt& receipt);
  /// At the end of a round: how long to wait before the next one begins; nothing if there is none.
  std::optional<std::chrono::milliseconds> pause();

 private:
  bool may_come_again() const { return round_ < limits_.pauses.size(); }
  void end_round();

  MailLimits limits_;
  std::deque<std::size_t> now_;
  std::vector<std::size_t> later_;
  std::size_t round_ = 0;
  std::size_t in_doubt_ = 0;
  bool has_answered_ = false;  // the server, at all
  bool is_over_ = false;
};

}  // namespace deed
