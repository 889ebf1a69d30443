// Header fields of received mail: where they are, and what those with a grammar of their own say. Internal: no public header includes
// it.
#pragma once

#include "deed/core/clock.hpp"
#include "deed/tools/received_mail.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// A header and what follows it, as views of the bytes.
struct HeaderAndBody {
  std::string_view head;
  std::string_view body;
  bool is_marked = true;  ///< a blank line stands between them, or there is no body
};

/// Cuts at the first blank line, or else before the first line that is no field. An mbox line at the beginning is skipped.
HeaderAndBody cut_header(std::string_view bytes);

class MailFields {
 public:
  /// What is behind `max_bytes` is left out. Keeps views of `head`.
  MailFields(std::string_view head, std::size_t max_bytes);

  bool has(std::string_view name) const { return count(name) > 0; }
  std::size_t count(std::string_view name) const;
  /// The first field of the name (lower case), as UTF-8, unfolded, not decoded, at most 16 KiB; "" without one.
  std::string value(std::string_view name) const;
  /// Likewise, all of it, and of all fields of the name, separated by ", ".
  std::string all_values(std::string_view name) const;
  /// Encoded words decoded (RFC 2047), one line, nothing hidden.
  std::string text(std::string_view name) const;

 private:
  struct Field {
    std::string name;  // lower case
    std::string_view value;
  };
  std::vector<Field> fields_;
};

/// A value with parameters: "text/plain; charset=utf-8; name*0=…" (RFC 2045, 2231).
struct ValueWithParameters {
  std::string value;                                            ///< lower case, without blanks
  std::vector<std::pair<std::string, std::string>> parameters;  ///< names in lower case, values decoded

  /// The first one of the name; "" without one.
  std::string parameter(std::string_view name) const;
};
ValueWithParameters parse_parameters(const std::string& value);

/// What an address field names. Groups are opened. Those that EmailAddress does not take, or behind `max_addresses`, are counted.
struct ParsedMailboxes {
  std::vector<MailMailbox> mailboxes;
  std::size_t unreadable = 0;
  bool is_cut = false;
};
ParsedMailboxes parse_mailboxes(std::string_view value, std::size_t max_addresses);

/// "<…>" of printable ASCII without blanks, at most 998 bytes each, in their order, each once.
/// max_ids  the first and the latest stay
std::vector<std::string> parse_message_ids(std::string_view value, std::size_t max_ids);

/// RFC 5322, section 3.3, and its common misspellings; nothing for years before 1970 and after 9999.
std::optional<TimePoint> parse_mail_date(const std::string& value);

/// An encoded phrase or text (RFC 2047) as one line of UTF-8 in which nothing is hidden.
/// value  UTF-8; what is behind 16 KiB is left out
std::string decode_encoded_words(std::string_view value);

}  // namespace deed
