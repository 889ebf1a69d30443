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

/// Short pauses, which are slept through, and then growing ones for so long altogether: two attempts in the first hour, later one
/// every two or three hours (RFC 5321, section 4.5.4.1).
std::vector<std::chrono::milliseconds> mail_pauses(std::chrono::milliseconds altogether);

class MailQueue {
 public:
  /// recipients  whom to try, by number, in order
  /// rounds      so many have been before, in other processes: the pauses go on from there
  MailQueue(std::vector<std::size_t> recipients, MailLimits limits, std::size_t rounds = 0);

  /// Whom to try now; nothing at the end of a round.
  std::optional<std::size_t> next();
  /// Gives the one back that `next` gave: it is the next again.
  void put_front(std::size_t recipient) { now_.push_front(recipient); }
  /// How many are left of this round.
  std::size_t waiting() const { return is_over_ ? 0 : now_.size(); }
  /// What came of it. Returns whether that is the last word on this recipient.
  bool add(std::size_t recipient, const SmtpReceipt& receipt);
  /// At the end of a round: how long to wait before the next one begins; nothing if there is none.
  std::optional<std::chrono::milliseconds> pause();
  /// The pause that would follow this round; nothing if there is none.
  std::optional<std::chrono::milliseconds> next_pause() const;
  /// The rounds that are over, this one included, for a queue that goes on in another process.
  std::size_t rounds() const { return round_ + 1; }

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
