// What a mail server says of one recipient.
#pragma once

#include "deed/net/smtp.hpp"
#include "deed/tools/tool.hpp"  // first: it has enumerators of these names

namespace deed {

inline const SmtpReceipt accepted{SmtpReceipt::Verdict::accepted, 250, "queued"};
inline const SmtpReceipt refused{SmtpReceipt::Verdict::refused, 550, "no such user"};
inline const SmtpReceipt refused_for_now{SmtpReceipt::Verdict::refused_for_now, 451, "greylisted"};
inline const SmtpReceipt in_doubt{SmtpReceipt::Verdict::unknown, 354, "connection lost"};

}  // namespace deed
