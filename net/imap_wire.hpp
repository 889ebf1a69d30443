// The text of IMAP (RFC 3501) that deed says, and what it reads out of answers. Pure. Internal.
#pragma once

#include "deed/core/byte_source.hpp"
#include "deed/core/result.hpp"
#include "deed/net/imap.hpp"
#include "deed/net/imap_reader.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// A mailbox's name as IMAP writes it: modified UTF-7 (RFC 3501, section 5.1.3).
/// name  UTF-8
std::string imap_mailbox_name(std::string_view name);
/// The way back; what is not valid stays as it is, and so do bytes beyond ASCII.
std::string read_mailbox_name(std::string_view wire);

/// A command without its tag, in the pieces in which it is sent: behind each but the last the server says "+" before the next may be sent
/// (literals, RFC 3501, section 4.3).
class ImapCommand {
 public:
  /// A literal and what follows it, on one line.
  struct Piece {
    std::shared_ptr<const ByteSource> literal = {};  ///< null: none
    std::string text = {};
  };

  explicit ImapCommand(std::string_view text) : pieces_{Piece{.text = std::string(text)}} {}

  ImapCommand& add(std::string_view text) { return pieces_.back().text += text, *this; }
  /// A blank and the text as it can be sent: in quotation marks, else as a literal.
  ImapCommand& add_string(std::string_view text);
  ImapCommand& add_literal(std::shared_ptr<const ByteSource> bytes);

  const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  std::vector<Piece> pieces_;
};

/// "UID SEARCH …"
ImapCommand imap_search_command(const ImapCriteria& criteria);

/// "1:3,7"
std::string uid_set(std::span<const std::uint32_t> uids);

/// "(\\Seen urgent)"
/// errors  invalid: what cannot be a flag
Result<std::string> flag_list(const std::vector<std::string>& flags);

/// The numbers of the answers to SEARCH among the responses, in ascending order.
/// errors  corrupt: no such answer, or one that is not a list of numbers
Result<std::vector<std::uint32_t>> read_search_answer(std::span<const ImapResponse> responses);

/// One message of an answer to FETCH; nothing if it has no UID (such are news that nobody asked for).
std::optional<ImapItem> read_fetch_answer(const ImapResponse& response);

}  // namespace deed
