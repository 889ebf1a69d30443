#include "deed/llm/local/grounding.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace deed {
namespace {


struct QuoteMarks {
  std::string_view open, close;
};
constexpr std::array<QuoteMarks, 8> quote_marks = {{{"\"", "\""},
                                                    {"“", "”"},
                                                    {"„", "“"},
                                                    {"«", "»"},
                                                    {"「", "」"},
                                                    {"`", "`"},
                                                    {"‘", "’"},
                                                    {"'", "'"}}};

// The first byte of a Hangul syllable (EA B0 80 to ED 9E A3), near enough.
bool begins_hangul(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0xEA && byte <= 0xED;
}

// An apostrophe inside or at the end of a word is not an opening mark; one before a letter does not
// close. Korean has no apostrophes, and its particles stand directly behind a quotation ("'두부'도").
bool may_open(std::string_view text, std::size_t at, const QuoteMarks& marks) {
  return marks.open != "'" || at == 0 || !is_word_byte(text[at - 1]) || (at >= 3 && begins_hangul(text[at - 3]));
}
bool may_close(std::string_view text, std::size_t after, const QuoteMarks& marks) {
  return (marks.close != "'" && marks.close != "’") || after >= text.size() ||
         !is_word_byte(text[after]) || begins_hangul(text[after]);
}

std::optional<Span> quote_at(std::string_view text, std::size_t at, const QuoteMarks& marks) {
  const std::size_t begin = at + marks.open.size();
  for (std::size_t end = text.find(marks.close, begin); end != text.npos;
       end = text.find(marks.close, end + 1))
    if (end > begin && may_close(text, end + marks.close.size(), marks)) return Span{begin, end};
  return std::nullopt;
}

bool is_email_byte(char c) {
  return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == '+' || (c & 0x80);
}

// The first byte of a Hangul syllable in UTF-8.
bool is_hangul_lead(char c) { return static_cast<unsigned char>(c) >= 0xEA && static_cast<unsigned char>(c) <= 0xED; }

std::string_view without_punctuation(std::string_view word) {
  while (!word.empty() &&
         std::string_view(".,;:!?\"'”’»)]}>").find(word.back()) != std::string_view::npos)
    word.remove_suffix(1);
  return word;
}

bool is_any(const std::vector<std::string>& words, std::initializer_list<std::string_view> wanted) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::find(wanted.begin(), wanted.end(), word) != wanted.end();
  });
}

bool is_path_byte(char c) {
  return !is_blank(c) && std::string_view("\"'`<>|*?:;,()[]{}@=").find(c) == std::string_view::npos;
}

// "report.csv", "archive.tar.gz"; not "3.5", "e.g", "example.org".
bool has_file_extension(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == name.npos || dot == 0) return false;
  const std::string_view extension = name.substr(dot + 1);
  if (extension.empty() || extension.size() > 5 || !is_letter(extension[0])) return false;
  if (!std::all_of(extension.begin(), extension.end(),
                   [](char c) { return is_letter(c) || is_digit(c); }))
    return false;
  static constexpr std::array domains = {"com", "org", "net", "g", "e"};
  const std::string lower = lower_ascii(extension);
  return std::find(domains.begin(), domains.end(), lower) == domains.end();
}

// "my report.txt", "old mails/": with blanks in it, only an ending shows that a quotation is a path. "guest / guest" is not.
bool may_be_path_with_blanks(std::string_view inside) {
  if (inside.find(' ') == inside.npos) return true;
  const bool has_joint = inside.find(" /") != inside.npos || inside.find("/ ") != inside.npos;
  return !has_joint && (has_file_extension(inside.substr(inside.rfind('/') + 1)) || inside.ends_with('/'));
}

bool looks_like_path(std::string_view word) {
  if (word.empty() || word == "/" || word == "and/or" || word == "km/h") return word == "/";
  const std::size_t slash = word.find('/');
  if (slash == word.npos)
    return has_file_extension(word) || (word.size() > 2 && word[0] == '.' && is_letter(word[1]));
  // "3/4" and "12/05/2026" are numbers.
  return std::any_of(word.begin(), word.end(),
                     [](char c) { return is_letter(c) || (c & 0x80) || c == '_' || c == '.'; });
}

}  // namespace

namespace {

std::optional<Span> json_object_at(std::string_view text, std::size_t begin) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = begin; at < text.size() && at - begin < 65536; ++at) {
    const char c = text[at];
    if (in_string && c == '\\') {
      ++at;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && c == '{') {
      ++depth;
    } else if (!in_string && c == '}' && --depth == 0) {
      const std::string_view object = text.substr(begin, at + 1 - begin);
      if (object.size() > 2 && parse_json(object)) return Span{begin, at + 1};
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<Span> find_quotes(std::string_view text) {
  std::vector<Span> quotes;
  // Where a mark has no end, none of the same kind behind it has one either: keeps this linear.
  std::array<bool, quote_marks.size()> is_unclosed{};
  int json_tries = 4;
  for (std::size_t at = 0; at < text.size() && quotes.size() < max_spans; ++at) {
    // JSON that is written out is said as a whole, marks inside it included.
    if (text[at] == '{' && json_tries > 0) {
      --json_tries;
      if (const auto object = json_object_at(text, at)) {
        quotes.push_back(*object);
        at = object->end - 1;
        continue;
      }
    }
    for (std::size_t i = 0; i < quote_marks.size(); ++i) {
      const QuoteMarks& marks = quote_marks[i];
      if (is_unclosed[i] || !text.substr(at).starts_with(marks.open) || !may_open(text, at, marks))
        continue;
      const std::optional<Span> quote = quote_at(text, at, marks);
      if (!quote) {
        is_unclosed[i] = true;
        continue;
      }
      // French sets a blank, often one that does not break, within its marks.
      Span inside = *quote;
      for (const std::string_view blank : {" ", "\u00a0", "\u202f"}) {
        if (marks.open != "«" || inside.size() <= 2 * blank.size()) continue;
        if (inside.in(text).starts_with(blank)) inside.begin += blank.size();
        if (inside.in(text).ends_with(blank)) inside.end -= blank.size();
      }
      quotes.push_back(inside);
      at = quote->end + marks.close.size() - 1;
      break;
    }
  }
  return quotes;
}

std::vector<Span> find_emails(std::string_view text) {
  std::vector<Span> emails;
  std::size_t from = 0;
  for (std::size_t at = text.find('@'); at != text.npos && emails.size() < max_spans;
       at = text.find('@', at + 1)) {
    Span span{at, at + 1};
    while (span.begin > from && is_email_byte(text[span.begin - 1])) --span.begin;
    while (span.begin < at && text[span.begin] == '.') ++span.begin;
    // "ann@example.org로": a particle behind Latin letters is no part of the domain.
    const auto begins_particle = [&](std::size_t i) { return is_hangul_lead(text[i]) && i > at + 1 && static_cast<unsigned char>(text[i - 1]) < 0x80 && text[i - 1] != '.'; };
    while (span.end < text.size() && (is_email_byte(text[span.end])) && text[span.end] != '+' &&
           text[span.end] != '_' && !begins_particle(span.end))
      ++span.end;
    while (span.end > at + 1 && (text[span.end - 1] == '.' || text[span.end - 1] == '-'))
      --span.end;
    const std::string_view domain = text.substr(at + 1, span.end - at - 1);
    if (span.begin == at || domain.find('.') == domain.npos || domain.front() == '.') continue;
    emails.push_back(span);
    from = span.end;
  }
  return emails;
}

std::vector<Span> find_urls(std::string_view text) {
  std::vector<Span> urls;
  for (std::size_t at = text.find("://"); at != text.npos && urls.size() < max_spans;
       at = text.find("://", at + 1)) {
    Span span{at, at + 3};
    while (span.begin > 0 && at - span.begin < 8 && is_letter(text[span.begin - 1])) --span.begin;
    const std::string scheme = lower_ascii(text.substr(span.begin, at - span.begin));
    if (scheme != "http" && scheme != "https" && scheme != "ftp") continue;
    while (span.end < text.size() && !is_blank(text[span.end]) &&
           std::string_view("\"'<>`").find(text[span.end]) == std::string_view::npos)
      ++span.end;
    std::string_view url = span.in(text);
    // Bytes of typographic quotes that close round the URL.
    for (const std::string_view mark : {"”", "’", "»", "“"})
      if (const std::size_t cut = url.find(mark); cut != url.npos) url = url.substr(0, cut);
    url = without_punctuation(url);
    if (url.size() <= scheme.size() + 3) continue;
    urls.push_back({span.begin, span.begin + url.size()});
    at = urls.back().end - 1;
  }
  return urls;
}

std::vector<Span> find_paths(std::string_view text) {
  std::vector<Span> taken = find_urls(text);
  for (const Span& email : find_emails(text)) taken.push_back(email);
  std::vector<Span> paths;
  for (const Span& quote : find_quotes(text)) {
    const std::string_view inside = quote.in(text);
    const bool is_one = inside.size() <= 255 &&
                        inside.find_first_of("\r\n\t@:?*\",") == inside.npos &&
                        std::count(inside.begin(), inside.end(), ' ') <= 8;
    if (is_one && may_be_path_with_blanks(inside) && looks_like_path(inside) && inside.find("://") == inside.npos &&
        inside.back() != '.') {
      paths.push_back(quote);
      taken.push_back(quote);
    }
  }
  std::sort(taken.begin(), taken.end());
  auto skip = taken.begin();
  for (std::size_t at = 0; at < text.size() && paths.size() < max_spans;) {
    while (skip != taken.end() && skip->end <= at) ++skip;
    if (skip != taken.end() && skip->covers(at)) {
      at = skip->end;
      continue;
    }
    if (!is_path_byte(text[at])) {
      ++at;
      continue;
    }
    Span span{at, at};
    const std::size_t limit = skip != taken.end() ? skip->begin : text.size();
    while (span.end < limit && is_path_byte(text[span.end])) ++span.end;
    at = span.end;
    // "@example.org" and "*.csv" are no paths.
    const auto is_mark = [&](std::size_t i) {
      return i < text.size() && (text[i] == '@' || text[i] == '*' || text[i] == '?');
    };
    const bool touches_mark =
        (span.end < text.size() && is_mark(span.end) && text[span.end] != '?') ||
        (span.begin > 0 && is_mark(span.begin - 1));
    std::string_view word = span.in(text);
    for (const std::string_view mark : {"“", "”", "‘", "’", "«", "»", "„"}) {
      if (word.starts_with(mark)) word.remove_prefix(mark.size());
      if (word.ends_with(mark)) word.remove_suffix(mark.size());
    }
    // "보고서.txt를": a particle is no part of the name.
    if (const std::size_t dot = word.rfind('.'); dot != word.npos) {
      std::size_t end = dot + 1;
      while (end < word.size() && std::isalnum(static_cast<unsigned char>(word[end]))) ++end;
      if (end > dot + 1 && end < word.size() && is_hangul_lead(word[end])) word = word.substr(0, end);
    }
    word = without_punctuation(word);
    if (word == span.in(text).substr(0, word.size()) && word.empty() &&
        span.in(text).starts_with("./"))
      word = "./";
    // "subj: roof / text: …" is no path.
    const bool is_joint = word == "/" && text.find_first_not_of(" \t\r\n.,;!?", at) != text.npos;
    if (!touches_mark && !is_joint && looks_like_path(word)) {
      const auto begin = static_cast<std::size_t>(word.data() - text.data());
      paths.push_back({begin, begin + word.size()});
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string schema_type(const Json& schema) {
  if (!schema.is_object()) return "string";
  const auto type = schema.find("type");
  if (type == schema.end())
    return schema.contains("properties") ? "object" : schema.contains("items") ? "array" : "string";
  if (type->is_string()) return type->get<std::string>();
  if (type->is_array())
    for (const Json& one : *type)
      if (one.is_string() && one != "null") return one.get<std::string>();
  return "string";
}

SlotKind slot_kind(std::string_view name, const Json& schema) {
  const std::string format = schema.is_object() ? string_at(schema, "format") : "";
  if (format == "email" || format == "idn-email") return SlotKind::email;
  if (format == "path") return SlotKind::path;
  if (format == "uri" || format == "url" || format == "iri" || format == "uri-reference")
    return SlotKind::url;
  const std::vector<std::string> words = identifier_words(name);
  if (is_any(words, {"body", "content", "contents", "text", "message", "html", "note", "payload"}))
    return SlotKind::free_text;
  if (is_any(words,
             {"subject", "title", "topic", "pattern", "type", "kind", "format", "mode", "size"}))
    return SlotKind::label;
  if (is_any(words, {"email", "emails", "recipient", "recipients"})) return SlotKind::email;
  if (is_any(words, {"url", "urls", "uri", "link", "href"})) return SlotKind::url;
  if (is_any(words, {"path", "paths", "filename", "filepath", "file", "folder", "directory", "dir",
                     "attachment", "attachments"}))
    return SlotKind::path;
  const std::vector<std::string> described = identifier_words(string_at(schema, "description"));
  for (std::size_t i = 0; i + 1 < described.size(); ++i)
    if ((described[i] == "email" || described[i] == "mail") &&
        (described[i + 1] == "address" || described[i + 1] == "addresses"))
      return SlotKind::email;
  if (is_any(described, {"url", "uri"})) return SlotKind::url;
  if (is_any(described, {"path", "paths", "filename", "filepath", "folder", "directory"}))
    return SlotKind::path;
  return SlotKind::label;
}

std::vector<Span> find_kind(SlotKind kind, std::string_view text) {
  switch (kind) {
    case SlotKind::email:
      return find_emails(text);
    case SlotKind::url:
      return find_urls(text);
    case SlotKind::path:
      return find_paths(text);
    default:
      return {};
  }
}

std::vector<Span> find_places(std::string_view text) {
  std::vector<Span> places;
  for (const SlotKind kind : critical_slots)
    for (const Span& span : find_kind(kind, text)) places.push_back(span);
  std::sort(places.begin(), places.end());
  return places;
}

}  // namespace deed
