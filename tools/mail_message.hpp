// One mail as bytes (RFC 5322, MIME), built by GMime. The same content, key and time give the same
// bytes in every process, so that what was previewed is what is sent, and a second attempt sends
// the same mail.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/core/clock.hpp"
#include "deed/core/result.hpp"
#include "deed/tools/attached_bytes.hpp"
#include "deed/tools/auto_submitted.hpp"
#include "deed/tools/mail_bytes.hpp"

#include <memory>
#include <string>
#include <vector>

namespace deed {

struct MailAttachment {
  std::string name;  ///< without folders
  AttachedBytes bytes;

  bool operator==(const MailAttachment&) const = default;
};

struct MailContent {
  EmailAddress from;
  std::vector<EmailAddress> to;
  std::vector<EmailAddress> cc = {};
  std::string subject;
  std::string text;       ///< plain text, any line ends
  /// Empty: no alternative. `cid:NAME` in src, style and the like stands for the attachment NAME (the
  /// name percent-encoded where it must be, RFC 2392), which then is a part of the html and no
  /// attachment any more; in the mail an id stands there instead of the name.
  std::string html = {};
  /// One calendar (.ics) of 1 MiB at most with a METHOD (RFC 5546) is offered as a form of the text as well, which is
  /// what mail programs take for an invitation (RFC 6047).
  std::vector<MailAttachment> attachments = {};
  /// The sender's display name, in any script; empty: none. At most 256 bytes.
  std::string from_name = {};
  std::vector<EmailAddress> reply_to = {};  ///< empty: answers go to `from`
  std::string in_reply_to = {};  ///< Message-ID of the mail that this one answers: "<…@…>"; empty: none
  /// The ids of the thread before this mail, oldest first, in any number: the header has the first
  /// one and the last ones, 40 at most, and ends with `in_reply_to`.
  std::vector<std::string> references = {};
  AutoSubmitted auto_submitted = AutoSubmitted::no;
  /// Where the reader goes to get no more of these: https://… (which must take a POST of
  /// List-Unsubscribe=One-Click, RFC 8058) or mailto:…; empty: none.
  std::string unsubscribe = {};

  bool operator==(const MailContent&) const = default;
};

/// "<KEY-PREFIX@domain of from>", in ASCII: the same for every attempt.
std::string mail_message_id(const EmailAddress& from, const std::string& effect_key);

/// CRLF line ends, no line over 998 bytes; who gets a blind copy is in no header. ASCII only, but
/// for the local part of an address that is not (RFC 6532: such a mail needs SMTPUTF8). The bytes
/// depend on nothing but the arguments, in particular not on the locale.
/// effect_key, date  Message-ID and boundaries come from the key, Date from `date`
/// errors            invalid: control characters in the subject or in a file name; text that is
///                   not UTF-8 or holds a NUL; a sender's name that cannot be seen or holds an @;
///                   what is not a message id or not a link to unsubscribe; html that shows an
///                   attachment that is not there. Those of reading an attached calendar
Result<std::shared_ptr<const MailBytes>> build_mail(const MailContent& content, const std::string& effect_key,
                                                    TimePoint date);

/// A built mail as its sender keeps it: whoever gets a blind copy is named in it.
std::shared_ptr<const MailBytes> with_blind_copies(const std::vector<EmailAddress>& bcc, const MailBytes& mail);

}  // namespace deed
