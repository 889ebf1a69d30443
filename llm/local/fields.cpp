#include "deed/llm/local/fields.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/glossary.hpp"

#include <algorithm>
#include <array>

namespace deed {
namespace {

// Headings of letters and forms, not words of any tool.
constexpr std::array labels = {"to",      "cc",    "bcc",     "recipient", "subj", "subject",
                               "title",   "topic", "re",      "body",      "text", "message",
                               "msg",     "content", "contents", "file",   "path", "folder",
                               "url",     "attach", "attachment", "attachments", "key", "name"};
constexpr std::array text_labels = {"body", "text", "message", "msg", "content", "contents"};

struct Label {
  Span span;            // of the word
  std::size_t begin;    // of what separates it from the value before
  std::size_t value;    // where its value begins
  std::string name;
};

// Where a new field may begin before `at`: npos, or the beginning of the separator.
std::size_t separator_before(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && is_blank(text[begin - 1])) --begin;
  const std::string_view gap = text.substr(begin, at - begin);
  if (begin == 0) return 0;
  if (gap.find('\n') != gap.npos || gap.size() > 1) return begin;
  static constexpr std::string_view marks = "/,;|.";
  if (marks.find(text[begin - 1]) == marks.npos || gap.empty()) return text.npos;
  --begin;
  while (begin > 0 && is_blank(text[begin - 1])) --begin;
  return begin;
}

Span trimmed_value(std::string_view text, Span span) {
  while (span.begin < span.end && is_blank(text[span.begin])) ++span.begin;
  while (span.end > span.begin && is_blank(text[span.end - 1])) --span.end;
  if (span.size() > 2 && text[span.begin] == '"' && text[span.end - 1] == '"') ++span.begin, --span.end;
  return span;
}

}  // namespace

bool is_text_label(std::string_view label) { return is_one_of(label, text_labels); }

Fields find_fields(std::string_view clause) {
  const Language language = language_of(clause);
  std::vector<Label> found;
  for (std::size_t at = 0; at < clause.size() && found.size() < 16;) {
    if (!is_word_byte(clause[at])) {
      ++at;
      continue;
    }
    Span word{at, at};
    while (word.end < clause.size() && is_word_byte(clause[word.end])) ++word.end;
    at = word.end;
    std::size_t mark = word.end;
    while (mark < clause.size() && clause[mark] == ' ') ++mark;
    const bool is_marked = mark + 1 < clause.size() && (clause[mark] == ':' || clause[mark] == '=') &&
                           clause[mark + 1] != '/' && clause[mark + 1] != '=';
    if (!is_marked) continue;
    const std::string name(in_english(lower_ascii(word.in(clause)), language));
    const std::size_t begin = separator_before(clause, word.begin);
    if (!is_one_of(name, labels) || begin == clause.npos) continue;
    found.push_back({word, begin, mark + 1, name});
  }
  Fields fields;
  for (std::size_t i = 0; i < found.size(); ++i) {
    Span value = {found[i].value, i + 1 < found.size() ? found[i + 1].begin : clause.size()};
    if (i + 1 == found.size() && !is_text_label(found[i].name)) {
      // What stands apart from a title or an address is something else.
      const Span whole = trimmed_value(clause, value);
      // Or a sentence of its own behind a title: "Subj: Soil. Three bags are coming."
      const std::size_t gap = std::min({clause.find("  ", whole.begin), clause.find('\n', whole.begin), clause.find(". ", whole.begin)});
      if (gap < whole.end) value.end = fields.rest = gap;
    }
    value = trimmed_value(clause, value);
    if (value.size() > 0) fields.list.push_back({found[i].name, value});
  }
  // One heading alone may be any word before a colon.
  if (fields.list.size() < 2 && !(fields.list.size() == 1 && fields.list[0].label != "to")) fields = {};
  return fields;
}

}  // namespace deed
