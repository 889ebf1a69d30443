// One mail as bytes (RFC 5322, MIME), built by GMime. The same content, key and time give the same
// bytes in every process, so that what was previewed is what is sent, and a second attempt sends
// the same mail.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/core/clock.hpp"
#include "deed/core/result.hpp"

#include <string>
#include <vector>

namespace deed {

struct MailAttachment {
  std::string name;  ///< without folders
  std::string bytes;
};

struct MailContent {
  EmailAddress from;
  std::vector<EmailAddress> to;
  std::vector<EmailAddress> cc = {};
  std::string subject;
  std::string text;       ///< plain text, any line ends
  std::string html = {};  ///< empty: no alternative
  std::vector<MailAttachment> attachments = {};
};

/// "<KEY-PREFIX@domain of from>", in ASCII: the same for every attempt.
std::string mail_message_id(const EmailAddress& from, const std::string& effect_key);

/// CRLF line ends, no line over 998 bytes; who gets a blind copy is in no header. ASCII only, but
/// for the local part of an address that is not (RFC 6532: such a mail needs SMTPUTF8). The bytes
/// depend on nothing but the arguments, in particular not on the locale.
/// effect_key, date  Message-ID and boundaries come from the key, Date from `date`
/// errors            invalid: control characters in the subject or in a file name; text that is
///                   not UTF-8 or holds a NUL
Result<std::string> build_mail(const MailContent& content, const std::string& effect_key,
                               TimePoint date);

}  // namespace deed
