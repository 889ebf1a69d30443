#include "deed/tools/mail_tally.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr const char* later = "try again later";

// The words are those of a server: they reach a terminal and a model.
std::string words_of(const SmtpReceipt& receipt) {
  return (receipt.code ? std::to_string(receipt.code) + " " : "") + escaped(receipt.text);
}

}  // namespace

Outcome outcome_of(const SmtpReceipt& receipt) {
  using Verdict = SmtpReceipt::Verdict;
  const std::string words = words_of(receipt);
  Outcome outcome;
  switch (receipt.verdict) {
    case Verdict::accepted:
      outcome = Outcome::succeeded(nullptr);
      break;
    case Verdict::refused:
      outcome = Outcome::rejected(words, "check the address, or what the server asks for");
      break;
    case Verdict::refused_for_now:
      outcome = Outcome::rejected(words, later);
      break;
    case Verdict::not_sent:
      outcome = Outcome::failed_without_effect(Error{ErrorKind::unavailable, words});
      break;
    case Verdict::unknown:
      outcome = Outcome::unknown(words);
      break;
  }
  outcome.text = words;
  return outcome;
}

std::string joined(const std::vector<std::string>& parts) {
  constexpr std::size_t most_named = 20;
  std::string out;
  for (std::size_t i = 0; i < std::min(parts.size(), most_named); ++i) {
    out += (i == 0 ? "" : ", ") + parts[i];
  }
  const std::size_t named = std::min(parts.size(), most_named);
  if (parts.size() > named) out += " and " + std::to_string(parts.size() - named) + " more";
  return out;
}

void MailTally::add(const EmailAddress& who, const EffectPart& part) {
  const OutcomeStatus status =
      part.outcome ? part.outcome->status : OutcomeStatus::failed_without_effect;
  if (part.phase == PartPhase::in_doubt) {
    unknown_.push_back(who.text());
  } else if (part.phase == PartPhase::open || status == OutcomeStatus::failed_without_effect) {
    not_sent_.push_back(who.text());
    stopped_ = stopped_ || !part.outcome;
  } else if (status == OutcomeStatus::succeeded) {
    accepted_.push_back(who.text());
    return;
  } else {
    refused_.push_back(who.text());
    may_pass_ = may_pass_ && string_at(part.outcome->result, "hint") == later;
  }
  if (part.outcome && !part.outcome->text.empty()) {
    reasons_.push_back(who.text() + ": " + part.outcome->text);
  }
}

std::string MailTally::text() const {
  std::string out;
  const auto say = [&](const char* what, const std::vector<std::string>& who) {
    if (who.empty()) return;
    out += (out.empty() ? "" : " ") + std::string(what) + " " + joined(who) + ".";
  };
  say("Sent to", accepted_);
  say("Refused for", refused_);
  say("Not known whether it reached", unknown_);
  say("Not sent to", not_sent_);
  say("Why:", reasons_);
  if (stopped_) out += " After that nobody else was tried.";
  return out;
}

Outcome MailTally::judged() const {
  if (!unknown_.empty()) return Outcome::unknown(text());
  if (!accepted_.empty()) return Outcome::succeeded(Json::object(), text());
  if (!refused_.empty()) {
    return Outcome::rejected(text(),
                             may_pass_ ? later : "check the address, or what the server asks for");
  }
  return Outcome::failed_without_effect(
      Error{ErrorKind::unavailable, text(), "", "check the server's address, or try again later"});
}

Outcome MailTally::outcome(const std::string& message_id) const {
  Outcome outcome = judged();
  outcome.result["message_id"] = message_id;
  outcome.result["accepted"] = accepted_;
  outcome.result["refused"] = refused_;
  outcome.result["not_sent"] = not_sent_;
  outcome.result["unknown"] = unknown_;
  return outcome;
}

}  // namespace deed
