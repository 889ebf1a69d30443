#include "deed/tools/mail_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace deed {

std::vector<std::chrono::milliseconds> mail_pauses(std::chrono::milliseconds altogether) {
  using std::chrono::minutes;
  constexpr minutes growing[] = {minutes(10), minutes(30), minutes(60), minutes(120), minutes(180)};
  std::vector<std::chrono::milliseconds> out = MailLimits().pauses;
  for (std::size_t i = 0; altogether > ToolContext::longest_sleep; ++i) {
    const std::chrono::milliseconds pause = std::min<std::chrono::milliseconds>(altogether, growing[std::min(i, std::size(growing) - 1)]);
    out.push_back(pause);
    altogether -= pause;
  }
  return out;
}

MailQueue::MailQueue(std::vector<std::size_t> recipients, MailLimits limits, std::size_t rounds)
    : limits_(std::move(limits)), now_(recipients.begin(), recipients.end()), round_(rounds), has_answered_(rounds > 0) {}

std::optional<std::size_t> MailQueue::next() {
  if (is_over_ || now_.empty()) return std::nullopt;
  const std::size_t recipient = now_.front();
  now_.pop_front();
  return recipient;
}

bool MailQueue::add(std::size_t recipient, const SmtpReceipt& receipt) {
  using Verdict = SmtpReceipt::Verdict;
  constexpr int closing = 421;  // RFC 5321, section 3.8: for every recipient, not for this one
  const bool is_silent = receipt.verdict == Verdict::not_sent && receipt.is_silent;
  has_answered_ = has_answered_ || !is_silent;
  switch (receipt.verdict) {
    case Verdict::accepted:
    case Verdict::refused:
      return true;
    case Verdict::unknown:
      is_over_ = is_over_ || ++in_doubt_ >= limits_.max_in_doubt;
      return true;
    case Verdict::refused_for_now:
    case Verdict::not_sent:
      break;
  }
  if (receipt.is_unfit) is_over_ = true;
  // A server that never answered is not one that is busy: its address or the network is wrong.
  if (!has_answered_) is_over_ = true;
  if (is_over_ || !may_come_again()) {
    // The others would meet the same silence.
    if (is_silent) is_over_ = true;
    return true;
  }
  // Last in line: whoever makes a server fall silent holds up nobody either.
  if (is_silent || receipt.code == closing) end_round();
  later_.push_back(recipient);
  return false;
}

void MailQueue::end_round() {
  later_.insert(later_.end(), now_.begin(), now_.end());
  now_.clear();
}

std::optional<std::chrono::milliseconds> MailQueue::next_pause() const {
  if (is_over_ || !may_come_again()) return std::nullopt;
  return limits_.pauses[round_];
}

std::optional<std::chrono::milliseconds> MailQueue::pause() {
  if (is_over_ || later_.empty() || !may_come_again()) return std::nullopt;
  now_.assign(later_.begin(), later_.end());
  later_.clear();
  return limits_.pauses[round_++];
}

}  // namespace deed
