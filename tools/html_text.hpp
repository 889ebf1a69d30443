// HTML as text that a person, or a model, reads: what is seen, and nothing of what is hidden, since hidden text is how pages and mails
// talk to a model behind its user's back. Nothing is fetched.
#pragma once

#include "deed/core/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace deed {

struct HtmlTextLimits {
  std::size_t html_bytes = 4u << 20;  ///< what is behind it is not read
  std::size_t text_bytes = 1u << 20;  ///< what is behind it is cut, on a character border
  std::size_t depth = 256;            ///< elements within elements: a deeper one and what is behind it are left out
};

struct HtmlText {
  std::string text;                 ///< UTF-8, no control characters but LF and tab, no blank line twice; ends with LF unless empty
  std::size_t hidden_elements = 0;  ///< left out since a reader would not see them, and they held text
  std::size_t images = 0;
  bool is_cut = false;  ///< at one of the limits
};

/// Paragraphs, headings and list items stand on lines of their own, table cells are separated by " | ", links are "text (url)" where the
/// url is of http, https or mailto and is not the text itself, images are "[image: what it shows]", `pre` stays as it is. Scripts,
/// styles, the head and what is hidden (attribute hidden, display:none, visibility:hidden, opacity:0, font-size:0, text in the color of its
/// background and the like) are left out. Style sheets are not read: what only they hide is seen here, and where there is one the colors of
/// what it may reach are not known.
///
/// html    any bytes; what is not UTF-8 becomes U+FFFD
/// source  https://html.spec.whatwg.org/multipage/rendering.html, section 15.3
HtmlText html_to_text(std::string_view html, const HtmlTextLimits& limits = {});

}  // namespace deed
