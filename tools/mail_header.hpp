// The header lines of a mail that people fill in: the subject, names, addresses, ids and links (RFC
// 5322, RFC 2047, RFC 5890, RFC 2369). Written here, byte by byte, because GMime folds and encodes
// by the locale, and leaves alone what already looks encoded. Line ends are LF.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/core/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// "Subject: …\n" such that every reader shows `subject` as it was typed: plain, folded at blanks,
/// where that is possible, else as encoded words of UTF-8. ASCII, lines of at most 76 bytes.
/// subject  UTF-8 without control characters
std::string subject_header(std::string_view subject);

/// "To: a@example.org,\n b@example.org\n": one address a line; "" if there are none.
std::string address_header(std::string_view name, const std::vector<EmailAddress>& addresses);

/// "From: Ann Lee <ann@example.org>\n" such that every reader shows `display` as it was typed: as
/// words, quoted or encoded. Without a display name, the address alone.
/// display  for check_display_name
std::string mailbox_header(std::string_view name, std::string_view display,
                           const EmailAddress& address);
/// errors  invalid: over 256 bytes; control characters, or others that cannot be seen; not UTF-8; an
///         @, which would look like an address that is not the sender's
Result<void> check_display_name(std::string_view display);

/// "References: <a@b>\n <c@d>\n"; "" if there are none. Each id stands whole in one line.
/// ids  for check_message_id
std::string id_header(std::string_view name, const std::vector<std::string>& ids);
/// errors  invalid: not printable ASCII in angle brackets, or over 900 bytes
Result<void> check_message_id(std::string_view id);
/// What References says of a thread: `ids`, then `parent` if there is one, each once; of many the
/// first and the last ones (RFC 5322, section 3.6.4, leaves to the writer what to drop).
std::vector<std::string> thread_ids(const std::vector<std::string>& ids, const std::string& parent);

/// "List-Unsubscribe: <https://…>\n", and for https the line that says that one click is enough (RFC
/// 8058).
/// errors  invalid: neither an https URL nor mailto: with one address, or beyond ASCII, or over 900
///         bytes
Result<std::string> unsubscribe_headers(std::string_view link);

/// The address with its domain in ASCII (xn--…). A local part beyond ASCII stays as it is: there is
/// no other form of it, and the receiver must know RFC 6532. A domain that has no ASCII form stays.
std::string with_ascii_domain(const EmailAddress& address);

}  // namespace deed
