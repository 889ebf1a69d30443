// How much of a received mail is read. What is over a limit is cut, and a note says so; only a mail that is too large as a whole is
// refused.
#pragma once

#include <cstddef>

namespace deed {

struct MailReadLimits {
  std::size_t mail_bytes = 64u << 20;   ///< the whole mail; a larger one is refused (ErrorKind::limit)
  std::size_t header_bytes = 1u << 20;  ///< the mail's header; fields behind it are left out. A part's header: an eighth of it
  std::size_t depth = 32;               ///< multiparts within multiparts; a deeper one is an attachment, unopened
  std::size_t parts = 1'000;            ///< further parts are left out
  std::size_t text_bytes = 1u << 20;    ///< the text, cut on a character border
  std::size_t addresses = 1'000;        ///< in one field; further ones are left out
  std::size_t attachments = 1'000;      ///< further ones are left out
  std::size_t references = 200;         ///< message ids; the first and the latest stay
};

}  // namespace deed
