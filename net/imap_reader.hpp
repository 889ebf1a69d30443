// What an IMAP server says, response by response (RFC 3501, sections 7 and 9): bytes in, values out. Pure; no I/O. Internal.
#pragma once

#include "deed/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

struct ImapValue {
  enum class Kind { atom, text, list };  ///< text: a quoted string or a literal. NIL is an atom
  Kind kind = Kind::atom;
  std::string text = {};
  std::vector<ImapValue> list = {};
};

struct ImapResponse {
  std::string tag;                     ///< "*", "+", or that of a command
  std::string word = {};               ///< in capitals: OK, NO, BAD, BYE, PREAUTH, FETCH, SEARCH, EXISTS, …; "" behind "+"
  std::uint32_t number = 0;            ///< 12 in "* 12 FETCH"
  std::string code = {};               ///< of OK, NO, BAD, BYE: what stands in brackets, "UIDVALIDITY 1"
  std::string text = {};               ///< of OK, NO, BAD, BYE and "+": the words behind it
  std::vector<ImapValue> values = {};  ///< of all others
};

struct ImapReadLimits {
  std::size_t response_bytes = 65u << 20;  ///< with its literals
  std::size_t values = 1'000'000;          ///< in one response: a mailbox of as many messages can be searched
  std::size_t depth = 64;                  ///< of lists in lists
};

class ImapReader {
 public:
  explicit ImapReader(ImapReadLimits limits = {}) : limits_(limits) {}

  void feed(std::string_view bytes);

  /// The next whole response, or nothing until more bytes are fed.
  /// errors  limit: a response is larger than allowed. corrupt: it is none. After an error the connection is of no use
  Result<std::optional<ImapResponse>> next();

 private:
  Result<std::optional<std::size_t>> find_end();
  Unexpected too_large() const;

  ImapReadLimits limits_;
  std::string buffer_ = {};
  // Places in buffer_: of the response, of its last line, and before which no line end is left to be found; the last two may lie behind what
  // is there, where a literal is still to come.
  std::size_t begin_ = 0, line_begin_ = 0, scanned_ = 0;
};

}  // namespace deed
