#include "deed/tools/quoted_text.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <vector>

namespace deed {
namespace {

constexpr std::size_t max_signature_lines = 15;
constexpr std::size_t max_attribution_lines = 3;
constexpr std::size_t max_attribution_bytes = 300;
constexpr std::size_t max_label_bytes = 30;

using Lines = std::vector<std::string_view>;

bool is_blank_line(std::string_view line) { return trim(line).empty(); }
bool is_decimal(char c) { return c >= '0' && c <= '9'; }
bool has_decimal(std::string_view text) { return std::any_of(text.begin(), text.end(), is_decimal); }

// ">From" is how mailboxes write a line that begins with "From".
bool is_quote_line(std::string_view line) { return line.starts_with('>') && !line.starts_with(">From "); }

// "10:15" and "2026", as a header's date has them in every language.
bool has_time_and_year(std::string_view text) {
  bool has_time = false, has_year = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t digits = 0;
    while (i + digits < text.size() && is_decimal(text[i + digits])) ++digits;
    if (digits == 0) continue;
    const std::string_view behind = text.substr(i + digits);
    if (digits <= 2 && behind.size() >= 3 && behind[0] == ':' && is_decimal(behind[1]) && is_decimal(behind[2])) has_time = true;
    if (digits == 4 && (text.substr(i, 2) == "19" || text.substr(i, 2) == "20")) has_year = true;
    i += digits - 1;
  }
  return has_time && has_year;
}

// "Sent: Tuesday …", "*Von:* Ann": a few words, a colon, and more.
bool is_label_line(std::string_view line) {
  line = trim(line);
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon > max_label_bytes) return false;
  const std::string_view label = line.substr(0, colon);
  if (std::count(label.begin(), label.end(), ' ') > 2 || has_decimal(label)) return false;
  return colon + 1 < line.size() && (line[colon + 1] == ' ' || line[colon + 1] == '\t' || line[colon + 1] == '*');
}

bool is_rule_line(std::string_view line) {
  line = trim(line);
  return line.size() >= 3 && line.find_first_not_of('_') == std::string_view::npos
             ? true
             : line.size() >= 3 && line.find_first_not_of('-') == std::string_view::npos;
}

// "-----Original Message-----": three dashes or more on both sides, words between.
bool is_titled_rule(std::string_view line) {
  line = trim(line);
  const std::size_t begin = line.find_first_not_of("-_");
  const std::size_t end = line.find_last_not_of("-_");
  if (begin == std::string_view::npos || begin < 3 || line.size() - 1 - end < 3) return false;
  const std::string_view words = trim(line.substr(begin, end - begin + 1));
  return !words.empty() && words.size() <= 80 && words.find_first_of(":|+") == std::string_view::npos;
}

// The lines of a header that a mail program wrote out, from `at` on; 0 if there is none.
std::size_t label_lines(const Lines& lines, std::size_t at, std::size_t end) {
  std::size_t count = 0;
  while (at + count < end && is_label_line(lines[at + count])) ++count;
  return count;
}

bool is_written_header(const Lines& lines, std::size_t at, std::size_t end) {
  const std::size_t count = label_lines(lines, at, end);
  if (count < 3) return false;
  const bool is_ruled = at > 0 && is_rule_line(lines[at - 1]);
  if (!is_ruled && (at == 0 || !is_blank_line(lines[at - 1]) || lines[at].find('@') == std::string_view::npos)) return false;
  return std::any_of(lines.begin() + static_cast<std::ptrdiff_t>(at), lines.begin() + static_cast<std::ptrdiff_t>(at + count),
                     has_time_and_year);
}

// A title alone may be the writer's own: a header has to follow it.
bool is_titled_history(const Lines& lines, std::size_t at, std::size_t end) {
  if (!is_titled_rule(lines[at])) return false;
  std::size_t next = at + 1;
  while (next < end && next < at + 3 && is_blank_line(lines[next])) ++next;
  return label_lines(lines, next, end) >= 2;
}

class QuoteFolder {
 public:
  explicit QuoteFolder(std::string_view text) : lines_(split(text, '\n')) {
    if (!lines_.empty() && lines_.back().empty()) lines_.pop_back();
    end_ = lines_.size();
  }

  QuotedText fold() {
    fold_written_history();
    split_signature();
    fold_last_quote();
    if (signature_begin_ == 0) split_signature();
    fold_first_quote();
    QuotedText out{.fresh = joined(begin_, end_), .signature = joined(signature_begin_, signature_end_), .quoted_lines = quoted_};
    if (!out.fresh.empty()) return out;
    return {.fresh = joined(0, lines_.size())};
  }

 private:
  bool has_text(std::size_t begin, std::size_t end) const {
    return !std::all_of(lines_.begin() + static_cast<std::ptrdiff_t>(begin), lines_.begin() + static_cast<std::ptrdiff_t>(end),
                        is_blank_line);
  }

  void cut(std::size_t at) {
    quoted_ += end_ - at;
    end_ = at;
  }

  void fold_written_history() {
    bool is_behind_text = false;
    for (std::size_t i = 0; i < end_; ++i) {
      if (is_behind_text && (is_titled_history(lines_, i, end_) || is_written_header(lines_, i, end_))) {
        return cut(i > 0 && is_rule_line(lines_[i - 1]) ? i - 1 : i);
      }
      is_behind_text = is_behind_text || (!is_blank_line(lines_[i]) && !is_quote_line(lines_[i]) && !is_rule_line(lines_[i]));
    }
  }

  void split_signature() {
    for (std::size_t i = end_; i-- > begin_ && end_ - i <= max_signature_lines + 1;) {
      if (is_quote_line(lines_[i])) return;
      if (lines_[i] != "-- ") continue;
      signature_begin_ = i + 1;
      signature_end_ = end_;
      end_ = i;
      return;
    }
  }

  // Where the lines that introduce a quote at `at` begin.
  std::size_t attribution_begin(std::size_t at, std::size_t border) const {
    std::size_t last = at;
    if (last > border && is_blank_line(lines_[last - 1])) --last;
    if (last == border || !trim(lines_[last - 1]).ends_with(':') || lines_[last - 1].size() > max_attribution_bytes) return at;
    std::size_t begin = last - 1;
    if (is_telling(lines_[begin])) return begin;
    // "wrote:" alone: the line before it says who and when, if it begins a paragraph.
    while (begin > border && !is_blank_line(lines_[begin - 1]) && last - begin < max_attribution_lines) {
      --begin;
      if (is_telling(lines_[begin]) && (begin == border || is_blank_line(lines_[begin - 1]))) return begin;
    }
    return last - 1;
  }
  static bool is_telling(std::string_view line) { return has_decimal(line) || line.find('@') != std::string_view::npos; }

  void fold_last_quote() {
    std::size_t begin = end_;
    for (std::size_t i = end_; i-- > begin_ && (is_blank_line(lines_[i]) || is_quote_line(lines_[i]));) {
      if (is_quote_line(lines_[i])) begin = i;
    }
    if (begin == end_) return;
    begin = attribution_begin(begin, begin_);
    if (has_text(begin_, begin)) cut(begin);
  }

  // Only where it is the one quote: of several, each has its answer behind it.
  void fold_first_quote() {
    std::size_t at = begin_;
    while (at < end_ && !is_quote_line(lines_[at])) ++at;
    if (at == end_ || has_text(begin_, attribution_begin(at, begin_))) return;
    std::size_t behind = at;
    while (at < end_ && (is_quote_line(lines_[at]) || is_blank_line(lines_[at]))) {
      if (is_quote_line(lines_[at++])) behind = at;
    }
    const bool is_only_one = std::none_of(lines_.begin() + static_cast<std::ptrdiff_t>(behind),
                                          lines_.begin() + static_cast<std::ptrdiff_t>(end_), is_quote_line);
    if (!is_only_one || !has_text(behind, end_)) return;
    quoted_ += behind - begin_;
    begin_ = behind;
  }

  // Without the blank lines at both ends.
  std::string joined(std::size_t begin, std::size_t end) const {
    while (begin < end && is_blank_line(lines_[begin])) ++begin;
    while (begin < end && is_blank_line(lines_[end - 1])) --end;
    std::string out;
    for (std::size_t i = begin; i < end; ++i) {
      out += lines_[i];
      out += '\n';
    }
    return out;
  }

  Lines lines_;
  std::size_t begin_ = 0, end_ = 0;  // of what is not folded
  std::size_t signature_begin_ = 0, signature_end_ = 0;
  std::size_t quoted_ = 0;
};

}  // namespace

QuotedText fold_quotes(std::string_view text) { return QuoteFolder(text).fold(); }

}  // namespace deed
