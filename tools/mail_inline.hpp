// Pictures that a mail's html shows from its own attachments: the `cid:` references in it (RFC
// 2392). Pure, internal.
#pragma once

#include "deed/core/result.hpp"
#include "deed/tools/mail_message.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// What stands behind `cid:` at one place of an html text.
struct CidReference {
  std::size_t begin = 0, end = 0;  ///< of "cid:…" in the html, quotes not included
  std::string name;                ///< behind "cid:", entities decoded, percent signs not
};

/// In order. Only where html takes a URL: in the attributes src, href, srcset, background, poster
/// and data, and in url(…) of style attributes and style elements; not in text, comments and
/// scripts.
std::vector<CidReference> find_cid_references(std::string_view html);

struct LinkedHtml {
  std::string html;  ///< with ids for names
  std::map<std::size_t, std::string>
      ids;  ///< Content-ID, without brackets, of each attachment shown
};

/// Gives each attachment that `html` shows an id, "inline-1.TAIL" and so on by its place in the
/// list, and writes the ids where the names stood. A file's name can hardly be an id itself: an id
/// is unique in the world (RFC 2045, section 7). id_tail  "KEY@example.org" errors   invalid: a
/// reference names no attachment, or two
Result<LinkedHtml> link_inline_parts(std::string_view html,
                                     const std::vector<MailAttachment>& attachments,
                                     const std::string& id_tail);

}  // namespace deed
