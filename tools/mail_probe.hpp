// What the number of copies of a mail in a mailbox says about one recipient of it. Pure.
//
// All recipients get the same bytes with the same Message-ID, so a mailbox tells transactions apart
// by their number alone: a mail that one recipient was dispatched has at most one copy there, a mail
// that ten were sent has ten in a mailbox that gets one for each.
#pragma once

#include "deed/tools/tool.hpp"

#include <cstddef>

namespace deed {

struct MailCopies {
  std::size_t found = 0;     ///< in the mailbox, with the mail's Message-ID
  std::size_t accepted = 0;  ///< recipients for whom the server took it, for certain
  std::size_t in_doubt = 1;  ///< recipients for whom that is not known; at least the one asked about
  bool is_authoritative = false;  ///< the mailbox gets exactly one copy of each transaction
  bool has_settled = false;       ///< a copy would be there by now
  bool has_word_of_people = false;  ///< somebody said what became of another recipient
};

/// Whether a later look at the mailbox could decide at all.
bool may_decide(const MailCopies& copies);

/// confirmed: there is a copy for everybody who was dispatched. refuted: there are copies for those
/// alone who got it for certain, in an authoritative mailbox that had its time. Else undecided.
ProbeResult judge_copies(const MailCopies& copies);

}  // namespace deed
