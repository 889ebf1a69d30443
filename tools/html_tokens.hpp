// HTML cut into tags and text, in one pass over its bytes: what a browser's tokenizer does, without the tree. Internal: no public header
// includes it. Source: https://html.spec.whatwg.org/multipage/parsing.html#tokenization
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deed {

/// Views are of the HTML, in which character references are not yet decoded.
struct HtmlToken {
  enum class Kind { text, start, end };

  Kind kind = Kind::text;
  std::string_view text;                                             ///< of Kind::text
  std::string name;                                                  ///< of a tag, lower case; empty if it is longer than any that HTML has
  std::vector<std::pair<std::string, std::string_view>> attributes;  ///< the first 64

  std::string_view attribute(std::string_view wanted) const;
  bool has_attribute(std::string_view wanted) const;
};

/// Comments, declarations and a tag that the end cuts off are left out. The text of script, style, title and their like is one token.
class HtmlTokens {
 public:
  explicit HtmlTokens(std::string_view html) : html_(html) {}

  /// False at the end.
  bool next(HtmlToken& token);

 private:
  bool is_markup() const;
  bool take_markup(HtmlToken& token);
  void skip_comment();
  bool take_tag(HtmlToken& token, std::size_t name_at, HtmlToken::Kind kind);
  std::size_t take_attributes(HtmlToken& token, std::size_t at) const;
  std::string_view take_value(std::size_t& at) const;
  std::string_view take_raw_text();

  std::string_view html_;
  std::size_t at_ = 0;
  std::string raw_name_;  // of the element whose raw text comes next
};

/// `text` with "&amp;", "&#233;" and their like as the characters that they stand for; UTF-8 stays UTF-8.
std::string decode_references(std::string_view text);

}  // namespace deed
