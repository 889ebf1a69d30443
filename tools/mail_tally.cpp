#include "deed/tools/mail_tally.hpp"

namespace deed {

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

bool MailTally::add(const EmailAddress& who, const SmtpReceipt& receipt) {
  using Verdict = SmtpReceipt::Verdict;
  switch (receipt.verdict) {
    case Verdict::accepted:
      accepted_.push_back(who.text());
      return true;
    case Verdict::refused:
      may_pass_ = false;
      refused_.push_back(who.text());
      break;
    case Verdict::refused_for_now:
      refused_.push_back(who.text());
      break;
    case Verdict::not_sent:
      not_sent_.push_back(who.text());
      break;
    case Verdict::unknown:
      unknown_.push_back(who.text());
      break;
  }
  // The words are those of a server: they reach a terminal and a model.
  const std::string code = receipt.code ? std::to_string(receipt.code) + " " : "";
  reasons_.push_back(who.text() + ": " + code + escaped(receipt.text));
  const bool is_dead = receipt.verdict == Verdict::not_sent && receipt.code == 0;
  return receipt.verdict != Verdict::unknown && !is_dead;
}

void MailTally::add_untried(const EmailAddress& who) {
  not_sent_.push_back(who.text());
  stopped_ = true;
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
    return Outcome::rejected(
        text(), may_pass_ ? "try again later" : "check the address, or what the server asks for");
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
