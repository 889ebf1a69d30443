// The text of IMAP (RFC 3501) that a search needs. Pure. Internal.
#pragma once

#include "deed/core/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace deed {

/// A mailbox's name as IMAP writes it: modified UTF-7 (RFC 3501, section 5.1.3).
/// name  UTF-8
std::string imap_mailbox_name(std::string_view name);

/// UID SEARCH HEADER Message-ID "<…>"
std::string imap_search_command(std::string_view message_id);

/// The number of messages that the untagged lines of an answer to SEARCH name.
/// errors  corrupt: no line "* SEARCH", or one that is not a list of numbers
Result<std::size_t> read_search_answer(std::string_view lines);

}  // namespace deed
