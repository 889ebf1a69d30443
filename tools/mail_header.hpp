// The header lines of a mail that people fill in: the subject and addresses (RFC 5322, RFC 2047,
// RFC 5890). Written here, byte by byte, because GMime folds and encodes by the locale, and leaves
// alone what already looks encoded. Line ends are LF.
#pragma once

#include "deed/core/checked.hpp"

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

/// The address with its domain in ASCII (xn--…). A local part beyond ASCII stays as it is: there is
/// no other form of it, and the receiver must know RFC 6532. A domain that has no ASCII form stays.
std::string with_ascii_domain(const EmailAddress& address);

}  // namespace deed
