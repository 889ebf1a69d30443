#include "deed/tools/mail_probe.hpp"

#include <string>

namespace deed {
namespace {

std::string counted(const MailCopies& copies) {
  std::string out = std::to_string(copies.found) + (copies.found == 1 ? " copy" : " copies") +
                    " of the mail in the mailbox";
  if (copies.accepted + copies.in_doubt > 1) {
    out += " for " + std::to_string(copies.accepted) + " sent and " +
           std::to_string(copies.in_doubt) + " in doubt";
  }
  return out;
}

bool is_alone(const MailCopies& copies) { return copies.accepted == 0 && copies.in_doubt == 1; }

}  // namespace

bool may_decide(const MailCopies& copies) {
  return is_alone(copies) || (copies.is_authoritative && !copies.has_word_of_people);
}

ProbeResult judge_copies(const MailCopies& copies) {
  using Verdict = ProbeResult::Verdict;
  const std::string evidence = counted(copies);
  if (is_alone(copies) && copies.found > 0) return {Verdict::confirmed, evidence};
  if (!copies.is_authoritative) {
    return {Verdict::undecided, evidence + ", which is not authoritative: that proves nothing"};
  }
  if (copies.has_word_of_people) {
    return {Verdict::undecided, evidence + "; others were decided by hand: that proves nothing"};
  }
  if (copies.found >= copies.accepted + copies.in_doubt) return {Verdict::confirmed, evidence};
  if (copies.found < copies.accepted) {
    return {Verdict::undecided, evidence + "; the mailbox does not keep what was sent for certain"};
  }
  if (copies.found > copies.accepted) {
    return {Verdict::undecided, evidence + "; they do not tell whose"};
  }
  if (!copies.has_settled) return {Verdict::undecided, evidence + "; it may still come"};
  return {Verdict::refuted, evidence};
}

}  // namespace deed
