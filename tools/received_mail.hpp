// A received mail as a value (RFC 5322, MIME). It was written by anyone: nothing in it is trusted, whatever the bytes are they can be
// read, and what was wrong with them stands in the notes. Pure: bytes in, values out.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/core/clock.hpp"
#include "deed/core/result.hpp"
#include "deed/tools/mail_limits.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// An address as it stood in a header. The name is whatever the sender wrote there: never show it without the address.
struct MailMailbox {
  std::string name;  ///< may be empty; one line
  EmailAddress address;

  bool operator==(const MailMailbox&) const = default;
};

/// A part of the mail that is not its text.
struct ReceivedAttachment {
  std::size_t number = 0;      ///< from 1, in the mail's order: what `read_attachment` takes
  std::string name;            ///< one path component that hides nothing, at most 200 bytes; "attachment-3" where the mail has none
  std::string media_type;      ///< "application/pdf": what the sender says that it is
  std::size_t size_bytes = 0;  ///< decoded
  std::string content_id;      ///< without angle brackets; what "cid:" in HTML refers to; may be empty
  bool is_inline = false;      ///< meant to be shown within the text

  bool operator==(const ReceivedAttachment&) const = default;
};

/// Each text is UTF-8 without control characters other than line feed and tab. What comes from a header is one line without characters
/// that cannot be seen (zero width, reversed direction).
struct ReceivedMail {
  std::string message_id;   ///< "<…>": printable ASCII without blanks, at most 998 bytes; else empty
  std::string in_reply_to;  ///< the same; the first one named
  std::vector<std::string> references;
  std::vector<MailMailbox> from;
  std::optional<MailMailbox> sender;
  std::vector<MailMailbox> reply_to;
  std::vector<MailMailbox> to;
  std::vector<MailMailbox> cc;
  std::size_t unreadable_addresses = 0;  ///< left out of the lists above: not what EmailAddress takes
  std::string subject;
  std::optional<TimePoint> date;  ///< what the sender says
  std::string text;               ///< what a person reads: line ends are LF
  bool text_from_html = false;    ///< some of it was made of HTML
  std::vector<ReceivedAttachment> attachments;
  bool is_automatic = false;       ///< a list, a machine or a bounce: never to be answered by a machine (RFC 3834)
  std::string list_unsubscribe;    ///< the header's value
  std::vector<std::string> notes;  ///< what a reader should be told, as sentences: cut at a limit, a charset that lies, …
};

/// Reads a mail.
///
/// bytes   as it was received: CRLF or LF line ends, an mbox line before it is skipped
/// errors  limit: larger than `limits.mail_bytes`. invalid: there are no bytes. Nothing else is refused
/// time    linear in the bytes (times the depth of multiparts); memory: that of what is returned, and some MiB
/// source  RFC 5322, 2045 to 2047, 2231, 2183, 3834
Result<ReceivedMail> read_mail(std::string_view bytes, const MailReadLimits& limits = {});

/// The decoded bytes of one attachment.
///
/// number  as in ReceivedMail::attachments, which was read with the same limits
/// errors  not_found: there is no such attachment. limit, invalid: as read_mail
Result<std::string> read_attachment(std::string_view bytes, std::size_t number, const MailReadLimits& limits = {});

}  // namespace deed
