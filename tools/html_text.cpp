#include "deed/tools/html_text.hpp"

#include "deed/core/text.hpp"
#include "deed/tools/html_tokens.hpp"
#include "deed/tools/html_visibility.hpp"
#include "deed/tools/mail_charset.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

namespace deed {
namespace {

constexpr std::size_t max_url_bytes = 2'000;
constexpr std::size_t max_quote_marks = 10;

// What a tag does to the text.
enum class TagKind : std::uint8_t {
  unknown,  // nothing
  line,     // begins and ends a line
  paragraph,
  heading,
  formatting,  // goes on behind the end of a block in which it was opened
  empty,       // has no content
  cell,
  row,
  table,
  list,
  item,
  quote,
  preformatted,
  link,
  dropped,  // its content is not shown
};

struct TagRow {
  TagKind kind;
  std::string_view names;  // between blanks
};

constexpr TagRow tag_rows[] = {
    {TagKind::line,
     " address article aside body caption center details dialog div fieldset figcaption footer form header legend main nav "
     "option section summary tbody textarea tfoot thead "},
    {TagKind::paragraph, " figure p "},
    {TagKind::heading, " h1 h2 h3 h4 h5 h6 "},
    {TagKind::formatting, " b big code em font i s small strike strong tt u "},
    {TagKind::empty, " area base br col embed hr img input link meta param source track wbr "},
    {TagKind::cell, " td th "},
    {TagKind::row, " tr "},
    {TagKind::table, " table "},
    {TagKind::list, " dir dl menu ol ul "},
    {TagKind::item, " dd dt li "},
    {TagKind::quote, " blockquote "},
    {TagKind::preformatted, " pre "},
    {TagKind::link, " a "},
    {TagKind::dropped, " audio canvas datalist iframe noembed noframes object script style template title video "},
};

TagKind kind_of_tag(const std::string& name) {
  if (name.empty()) return TagKind::unknown;
  const std::string word = " " + name + " ";
  const auto* found = std::find_if(std::begin(tag_rows), std::end(tag_rows),
                                   [&](const TagRow& row) { return row.names.find(word) != std::string_view::npos; });
  return found == std::end(tag_rows) ? TagKind::unknown : found->kind;
}

bool survives_block(TagKind kind) { return kind == TagKind::formatting || kind == TagKind::link; }
bool is_table_part(TagKind kind) { return kind == TagKind::cell || kind == TagKind::row || kind == TagKind::table; }

// --- the text as it grows ---

bool is_invisible_filler(char32_t c) { return c == 0xAD || c == 0x34F || c == 0x200B || c == 0xFEFF || (c >= 0x2060 && c <= 0x2064); }

class TextFlow {
 public:
  explicit TextFlow(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  bool is_full() const { return out_.size() > max_bytes_; }
  std::size_t size() const { return out_.size(); }
  std::string_view behind(std::size_t begin) const { return std::string_view(out_).substr(std::min(begin, out_.size())); }
  bool is_cell_begin() const { return is_cell_begin_; }

  void set_quote_depth(std::size_t depth) { quote_depth_ = std::min(depth, max_quote_marks); }

  // One break ends the line, two leave a blank one. What opens a cell does not break the row.
  void break_line(std::size_t breaks) {
    if (is_cell_begin_) return;
    is_blank_ = false;
    if (!out_.empty()) breaks_ = std::max(breaks_, breaks);
  }
  void add_break() {
    if (is_cell_begin_) return;
    is_blank_ = false;
    breaks_ = std::min<std::size_t>(breaks_ + 1, 2);
  }

  void begin_cell(bool is_first) {
    is_cell_begin_ = true;
    is_behind_cell_ = !is_first && !out_.empty();
    if (is_behind_cell_) breaks_ = 0;
    is_blank_ = false;
  }
  void break_row() {
    is_cell_begin_ = false;
    is_behind_cell_ = false;
    breaks_ = out_.empty() ? 0 : 1;
    is_blank_ = false;
  }

  // Runs of blanks are one.
  void add_text(std::string_view text) {
    while (!text.empty() && !is_full()) {
      const std::size_t blanks = std::min(text.find_first_not_of(" \t\n\f\r"), text.size());
      is_blank_ = is_blank_ || blanks > 0;
      text.remove_prefix(blanks);
      const std::size_t end = std::min(text.find_first_of(" \t\n\f\r"), text.size());
      if (end > 0) add_word(text.substr(0, end));
      text.remove_prefix(end);
    }
  }

  void add_preformatted(std::string_view text) {
    while (!text.empty() && !is_full()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (end > 0) {
        begin_text();
        out_ += text.substr(0, end);
      }
      if (end < text.size()) add_break();
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  // Before the next text, without a blank behind it.
  void add_mark(std::string_view mark) {
    begin_text();
    out_ += mark;
    is_blank_ = false;
  }

  std::string take() {
    if (!out_.empty()) out_ += '\n';
    return std::move(out_);
  }

 private:
  void add_word(std::string_view word) {
    begin_text();
    out_ += word;
  }

  void begin_text() {
    if (is_behind_cell_)
      out_ += " | ";
    else if (breaks_ > 0 && !out_.empty())
      out_.append(breaks_, '\n');
    else if (is_blank_ && !out_.empty() && !out_.ends_with(' '))
      out_ += ' ';
    if ((out_.empty() || out_.ends_with('\n')) && quote_depth_ > 0) {
      for (std::size_t i = 0; i < quote_depth_; ++i) out_ += '>';
      out_ += ' ';
    }
    is_cell_begin_ = false;
    is_behind_cell_ = false;
    breaks_ = 0;
    is_blank_ = false;
  }

  std::size_t max_bytes_;
  std::string out_;
  std::size_t breaks_ = 0;
  std::size_t quote_depth_ = 0;
  bool is_blank_ = false;
  bool is_cell_begin_ = false;   // nothing was added to it yet
  bool is_behind_cell_ = false;  // of the same row
};

// "mailto:" and what makes no difference to a reader.
std::string bare_url(std::string_view url) {
  std::string out = lower_ascii(url);
  for (const std::string_view prefix : {"mailto:", "https://", "http://", "www."}) {
    if (out.starts_with(prefix)) out.erase(0, prefix.size());
  }
  while (out.ends_with('/')) out.pop_back();
  return out;
}

std::string shown_url(std::string_view href) {
  if (href.size() > max_url_bytes) return "";
  std::string url = as_one_line(to_utf8(decode_references(href)));
  std::erase(url, ' ');
  const std::string lower = lower_ascii(url.substr(0, 8));
  return lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("mailto:") ? url : "";
}

// --- the elements that are open ---

struct OpenElement {
  std::string name;
  TagKind kind = TagKind::unknown;
  bool is_gone = false, is_tiny = false, is_invisible = false, is_colorless = false;  // with what it stands in
  Color color = usual_color, background = usual_color;
  std::size_t hiding = 0;  // number of the element that hides it, 0 for none
  std::size_t begin = 0;   // of a link's text
  std::string url;         // of a link
  std::size_t items = 0;   // of a list: its items so far; of a row: its cells
  bool is_numbered = false;

  bool is_hidden() const { return is_gone || is_tiny || is_invisible || is_colorless; }
};

class HtmlTextWriter {
 public:
  explicit HtmlTextWriter(const HtmlTextLimits& limits) : limits_(limits), flow_(limits.text_bytes) {}

  HtmlText write(std::string_view html) {
    out_.is_cut = html.size() > limits_.html_bytes;
    HtmlTokens tokens(utf8_prefix(html, limits_.html_bytes));
    for (HtmlToken token; !flow_.is_full() && !is_too_deep_ && tokens.next(token);) {
      if (token.kind == HtmlToken::Kind::text)
        add_text(token.text);
      else if (token.kind == HtmlToken::Kind::start)
        start(token);
      else
        end(token);
    }
    while (!open_.empty()) close(open_.size() - 1);
    finish();
    return std::move(out_);
  }

 private:
  void finish() {
    out_.is_cut = out_.is_cut || is_too_deep_ || flow_.is_full();
    out_.text = flow_.take();
    if (out_.text.size() > limits_.text_bytes) out_.text = utf8_prefix(out_.text, limits_.text_bytes);
    while (out_.text.ends_with('\n') || out_.text.ends_with(' ')) out_.text.pop_back();
    if (!out_.text.empty() && out_.text.size() < limits_.text_bytes) out_.text += '\n';
  }

  bool is_in(TagKind kind) const {
    return std::any_of(open_.begin(), open_.end(), [&](const OpenElement& element) { return element.kind == kind; });
  }

  void add_text(std::string_view raw) {
    if (!open_.empty() && open_.back().is_hidden()) return count_hidden(raw);
    const std::string text = visible(without_controls(decode_references(raw)));
    if (is_in(TagKind::preformatted))
      flow_.add_preformatted(text);
    else
      flow_.add_text(text);
  }

  // No-break spaces are spaces; what fills previews of mails goes.
  static std::string visible(const std::string& text) {
    std::string out;
    for (std::string_view rest = text; !rest.empty();) {
      const auto lead = static_cast<unsigned char>(rest[0]);
      const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      char32_t code = size == 1 ? lead : lead & (0x7Fu >> size);
      for (std::size_t i = 1; i < size; ++i) code = code << 6 | (static_cast<unsigned char>(rest[i]) & 0x3Fu);
      if (code == 0xA0)
        out += ' ';
      else if (!is_invisible_filler(code))
        out += rest.substr(0, size);
      rest.remove_prefix(size);
    }
    return out;
  }

  void count_hidden(std::string_view raw) {
    const OpenElement& element = open_.back();
    if (element.hiding == 0 || element.hiding == counted_ || trim(visible(decode_references(raw))).empty()) return;
    counted_ = element.hiding;
    ++out_.hidden_elements;
  }

  void start(const HtmlToken& tag) {
    const TagKind kind = kind_of_tag(tag.name);
    if (kind == TagKind::empty) return start_empty(tag);
    close_implied(tag.name, kind);
    if (open_.size() >= limits_.depth) {
      is_too_deep_ = true;
      return;
    }
    if (tag.name == "style") has_style_sheet_ = true;
    OpenElement element = opened(tag, kind);
    if (!element.is_hidden()) begin(element);
    open_.push_back(std::move(element));
    if (kind == TagKind::quote) flow_.set_quote_depth(quote_depth());
  }

  OpenElement opened(const HtmlToken& tag, TagKind kind) {
    OpenElement element{.name = tag.name, .kind = kind};
    const OpenElement* outer = open_.empty() ? nullptr : &open_.back();
    Visibility says = visibility_of(tag, kind == TagKind::link ? std::optional(unknown_color) : std::nullopt);
    says.is_gone = says.is_gone || kind == TagKind::dropped;
    element.is_gone = says.is_gone || (outer && outer->is_gone);
    element.is_tiny = says.is_tiny.value_or(outer && outer->is_tiny);
    element.is_invisible = says.is_invisible.value_or(outer && outer->is_invisible);
    element.color = says.color.value_or(outer ? outer->color : usual_color);
    element.background = background_of(tag, says, outer);
    element.is_colorless = is_colorless(element);
    if (element.is_hidden()) element.hiding = outer && outer->is_hidden() ? outer->hiding : kind == TagKind::dropped ? 0 : ++hidings_;
    if (kind == TagKind::link) element.url = shown_url(tag.attribute("href"));
    element.is_numbered = tag.name == "ol";
    return element;
  }

  // A style sheet is not read: behind what it may give a background to, none is known.
  Color background_of(const HtmlToken& tag, const Visibility& says, const OpenElement* outer) const {
    if (says.background && *says.background != no_color) return *says.background;
    if (has_style_sheet_ && (tag.has_attribute("class") || tag.has_attribute("id"))) return unknown_color;
    return outer ? outer->background : usual_color;
  }

  bool is_colorless(const OpenElement& element) const {
    if (element.color == no_color) return true;
    const bool is_usual = element.color == usual_color || element.background == usual_color;
    if (element.color == unknown_color || element.background == unknown_color || (is_usual && has_style_sheet_)) return false;
    const Color text = element.color == usual_color ? 0 : element.color;
    return is_alike(text, element.background == usual_color ? 0xFFFFFF : element.background);
  }

  void begin(OpenElement& element) {
    switch (element.kind) {
      case TagKind::paragraph:
      case TagKind::heading:
      case TagKind::preformatted:
      case TagKind::quote:
        return flow_.break_line(2);
      case TagKind::line:
        return flow_.break_line(1);
      case TagKind::table:
        return flow_.break_line(1);
      case TagKind::row:
        begin_row();
        element.begin = flow_.size();
        return;
      case TagKind::list:
        return flow_.break_line(list_depth() == 0 ? 2 : 1);
      case TagKind::item:
        return begin_item(element);
      case TagKind::cell:
        return begin_cell();
      case TagKind::link:
        element.begin = flow_.size();
        return;
      default:
        return;
    }
  }

  std::size_t list_depth() const {
    return static_cast<std::size_t>(
        std::count_if(open_.begin(), open_.end(), [](const OpenElement& e) { return e.kind == TagKind::list; }));
  }
  std::size_t quote_depth() const {
    return static_cast<std::size_t>(
        std::count_if(open_.begin(), open_.end(), [](const OpenElement& e) { return e.kind == TagKind::quote && !e.is_hidden(); }));
  }

  OpenElement* innermost(TagKind kind) {
    const auto found = std::find_if(open_.rbegin(), open_.rend(), [&](const OpenElement& e) { return e.kind == kind; });
    return found == open_.rend() ? nullptr : &*found;
  }

  void begin_item(const OpenElement& element) {
    flow_.break_line(1);
    if (element.name != "li") return;
    OpenElement* list = innermost(TagKind::list);
    const std::size_t depth = std::min<std::size_t>(list_depth(), 10);
    const std::string indent(depth > 1 ? 2 * (depth - 1) : 0, ' ');
    flow_.add_mark(indent + (list && list->is_numbered ? std::to_string(++list->items) + ". " : "- "));
  }

  // The rows of a table that stands in a cell of another one do not break what has no text yet.
  void begin_row() {
    if (!flow_.is_cell_begin()) flow_.break_line(1);
  }
  void end_row() {
    if (!flow_.is_cell_begin() || !is_in(TagKind::cell)) flow_.break_row();
  }

  void begin_cell() {
    OpenElement* row = innermost(TagKind::row);
    flow_.begin_cell(!row || row->items++ == 0 || row->begin == flow_.size());
  }

  void start_empty(const HtmlToken& tag) {
    const bool is_hidden = (!open_.empty() && open_.back().is_hidden()) || visibility_of(tag).is_gone;
    if (tag.name == "img") ++out_.images;
    if (tag.name == "link") has_style_sheet_ = true;
    if (is_hidden) return;
    if (tag.name == "br") flow_.add_break();
    if (tag.name == "hr") add_rule();
    if (tag.name == "img") add_image(tag);
  }

  void add_rule() {
    flow_.break_line(1);
    flow_.add_text("---");
    flow_.break_line(1);
  }

  void add_image(const HtmlToken& tag) {
    const std::string alt = as_one_line(visible(to_utf8(decode_references(tag.attribute("alt").substr(0, 1'000)))));
    if (!alt.empty()) flow_.add_text("[image: " + alt + "]");
  }

  // Elements whose end tags may be left out, as far as they would otherwise stand in each other.
  void close_implied(const std::string& name, TagKind kind) {
    if (kind == TagKind::item) close_up_to(TagKind::item, TagKind::list);
    if (kind == TagKind::cell) close_up_to(TagKind::cell, TagKind::table);
    if (kind == TagKind::row || name == "tbody" || name == "thead" || name == "tfoot") close_up_to(TagKind::row, TagKind::table);
    if (kind == TagKind::link) close_up_to(TagKind::link, TagKind::cell);
    if (kind != TagKind::formatting && kind != TagKind::link && kind != TagKind::unknown) close_paragraph();
    if (name == "option" && !open_.empty() && open_.back().name == "option") close(open_.size() - 1);
  }

  // Closes the innermost element of the kind if no `border` stands between.
  void close_up_to(TagKind kind, TagKind border) {
    for (std::size_t i = open_.size(); i-- > 0;) {
      if (open_[i].kind == kind) return close_at(i);
      if (open_[i].kind == border || open_[i].kind == TagKind::table) return;
    }
  }

  void close_paragraph() {
    for (std::size_t i = open_.size(); i-- > 0;) {
      if (open_[i].name == "p") return close_at(i);
      if (is_table_part(open_[i].kind)) return;
    }
  }

  void end(const HtmlToken& tag) {
    const TagKind kind = kind_of_tag(tag.name);
    if (tag.name == "br") return start_empty({.kind = HtmlToken::Kind::start, .name = "br"});
    for (std::size_t i = open_.size(); i-- > 0;) {
      if (open_[i].name == tag.name) return close_at(i);
      // A cell is ended by nothing that it holds.
      if (open_[i].kind == TagKind::cell && !is_table_part(kind) && tag.name != "tbody") return;
      if (open_[i].kind == TagKind::dropped && open_[i].is_gone) return;
    }
  }

  // As a browser's tree: an end tag of formatting ends that alone; one of a block ends what it holds but for the formatting, which
  // goes on behind it; one of a part of a table ends all.
  void close_at(std::size_t index) {
    if (survives_block(open_[index].kind)) return close(index);
    const bool ends_all = is_table_part(open_[index].kind);
    for (std::size_t i = open_.size(); i-- > index;) {
      if (ends_all || i == index || !survives_block(open_[i].kind)) close(i);
    }
  }

  void close(std::size_t index) {
    const OpenElement element = std::move(open_[index]);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
    if (element.kind == TagKind::quote) flow_.break_line(2);
    if (element.kind == TagKind::quote) flow_.set_quote_depth(quote_depth());
    if (element.is_hidden()) return;
    switch (element.kind) {
      case TagKind::paragraph:
      case TagKind::heading:
      case TagKind::preformatted:
        return flow_.break_line(2);
      case TagKind::line:
      case TagKind::item:
        return flow_.break_line(1);
      case TagKind::table:
      case TagKind::row:
        return end_row();
      case TagKind::list:
        return flow_.break_line(list_depth() == 0 ? 2 : 1);
      case TagKind::link:
        return end_link(element);
      default:
        return;
    }
  }

  void end_link(const OpenElement& link) {
    const std::string text(trim(flow_.behind(link.begin)));
    if (link.url.empty() || text.empty() || bare_url(text) == bare_url(link.url)) return;
    flow_.add_text(" (" + link.url + ")");
  }

  const HtmlTextLimits& limits_;
  HtmlText out_;
  TextFlow flow_;
  std::vector<OpenElement> open_;
  bool is_too_deep_ = false;
  bool has_style_sheet_ = false;
  std::size_t hidings_ = 0;  // elements that began to hide
  std::size_t counted_ = 0;  // the last one of them that held text
};

}  // namespace

HtmlText html_to_text(std::string_view html, const HtmlTextLimits& limits) {
  return HtmlTextWriter(limits).write(to_utf8(html.substr(0, limits.html_bytes + 1)));
}

}  // namespace deed
