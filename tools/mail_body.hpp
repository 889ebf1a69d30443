// The MIME part of a mail: its texts and attachments, from "Content-Type:" to the last boundary.
// Internal. GMime lays it out; what GMime would choose by the locale is chosen here.
#pragma once

#include "deed/tools/gmime_ptr.hpp"
#include "deed/tools/mail_message.hpp"

#include <string>
#include <vector>

namespace deed {

/// The MIME headers, a blank line and the body; line ends are LF.
struct MailBody {
  /// What stands for a file's content: a line, its end included, as there is no second one in `mime`.
  struct File {
    std::string marker;
    AttachedBytes bytes;
  };
  GText mime;
  std::vector<File> files;  ///< in the order of their markers
};

/// Boundaries and the ids of inline parts come from the key.
/// errors  invalid: the html shows an attachment that is not there. Those of reading a calendar
Result<MailBody> mail_body(const MailContent& content, const std::string& effect_key);

}  // namespace deed
