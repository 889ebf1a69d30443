// The parts of a mail (RFC 2046), as views of its bytes. Read here and not by GMime's parser, which makes an object of each part before
// anyone can say how many there may be. Internal: no public header includes it.
#pragma once

#include "deed/tools/mail_fields.hpp"
#include "deed/tools/mail_limits.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

struct MimePart {
  static constexpr std::size_t no_parent = static_cast<std::size_t>(-1);

  std::size_t parent = no_parent;
  std::size_t depth = 0;
  ValueWithParameters type;         ///< the value is "text/plain" where there is none
  ValueWithParameters disposition;  ///< the value is empty where there is none
  std::string encoding;             ///< of Content-Transfer-Encoding, lower case
  std::string content_id;
  std::string_view head;
  std::string_view body;
  std::vector<std::size_t> children;  ///< of a multipart that was opened
  bool is_too_deep = false;           ///< a multipart that was not opened
};

struct MimeTree {
  std::vector<MimePart> parts;  ///< the mail itself first, each before its children, in the mail's order
  std::vector<std::string> notes;
};

/// Never refuses; what is wrong, or over a limit, is a note. A message/rfc822 is a leaf.
MimeTree read_mime_tree(std::string_view bytes, const MailReadLimits& limits);

/// Whether a part is one of text that is read, and no file.
bool is_body_text(const MimePart& part);

}  // namespace deed
