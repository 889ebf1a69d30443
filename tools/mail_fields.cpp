#include "deed/tools/mail_fields.hpp"

#include "deed/core/text.hpp"
#include "deed/tools/gmime_ptr.hpp"
#include "deed/tools/mail_charset.hpp"
#include "deed/tools/windows_1252.hpp"

#include <algorithm>
#include <unordered_set>

namespace deed {
namespace {

// GMime's decoders look ahead to the end from each "=?" and each quote, and copy charsets onto the stack.
constexpr std::size_t max_field_bytes = 16u << 10;
constexpr std::size_t max_address_bytes = 1'000;
constexpr std::size_t max_address_field_bytes = 512u << 10;
constexpr std::size_t max_ids_field_bytes = 256u << 10;

// Where the line that begins at `at` ends, its line feed included.
std::size_t line_end(std::string_view bytes, std::size_t at) {
  const std::size_t end = bytes.find('\n', at);
  return end == std::string_view::npos ? bytes.size() : end + 1;
}

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The length of the field's name at the beginning of a line, or 0. Blanks before the colon are an old habit.
std::size_t field_name_length(std::string_view line) {
  std::size_t length = 0;
  while (length < line.size() && line[length] > ' ' && line[length] < 0x7F && line[length] != ':') ++length;
  std::size_t colon = length;
  while (colon < line.size() && (line[colon] == ' ' || line[colon] == '\t')) ++colon;
  return length > 0 && colon < line.size() && line[colon] == ':' ? length : 0;
}

bool continues_field(std::string_view line) { return line.starts_with(' ') || line.starts_with('\t'); }

bool is_mbox_line(std::string_view line) { return line.starts_with("From ") || line.starts_with(">From "); }

// The length of an encoded word (RFC 2047) at the beginning of `text`, or 0. Longer ones than the standard's 75 bytes occur.
std::size_t encoded_word_length(std::string_view text) {
  constexpr std::size_t longest = 300;
  const std::string_view word = text.substr(0, longest).substr(0, text.substr(0, longest).find_first_of(" \t\r\n"));
  if (!word.starts_with("=?")) return 0;
  const std::size_t encoding = word.find('?', 2);
  if (encoding == std::string_view::npos || encoding + 3 > word.size()) return 0;
  const std::size_t end = word.find("?=", encoding + 3);
  return end == std::string_view::npos ? 0 : end + 2;
}

// Bytes that should not stand in an encoded word are of its charset, and not of the header's.
void append_word(std::string& out, std::string_view word) {
  static constexpr char digits[] = "0123456789ABCDEF";
  for (const char c : word) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x80)
      out += c;
    else
      out += {'=', digits[u >> 4], digits[u & 15]};
  }
}

std::string good_utf8(std::string_view raw) {
  std::string out;
  const auto append = [&](std::string_view text) { out += is_utf8(text) ? std::string(text) : utf8_from_windows_1252(text); };
  for (std::size_t begin = 0, at = 0;;) {
    at = raw.find("=?", at);
    if (at == std::string_view::npos) {
      append(raw.substr(begin));
      return out;
    }
    const std::size_t length = encoded_word_length(raw.substr(at));
    if (length == 0) {
      at += 2;
      continue;
    }
    append(raw.substr(begin, at - begin));
    append_word(out, raw.substr(at, length));
    begin = at = at + length;
  }
}

// Each line break, with the blanks around it, and each other control character becomes a blank.
std::string unfolded_header(std::string_view raw) {
  std::string out = good_utf8(trim(raw));
  std::erase(out, '\n');
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return out;
}

// Cuts an address field into pieces that hold one address each, without the groups around them. Not by GMime's parser, which calls itself
// for each group in a group, and looks to the end for each comment that is not closed.
class MailboxCutter {
 public:
  explicit MailboxCutter(std::string_view text) : rest_(text) {}

  // The next piece between commas that are in no quotes, brackets or comments; false at the end.
  bool next(std::string_view& piece) {
    if (rest_.empty()) return false;
    std::size_t at = 0, begin = 0;
    bool is_open = false;
    for (; at < rest_.size(); ++at) {
      const char c = rest_[at];
      if (c == '"')
        at = skip(at, '"', no_quote_ends_);
      else if (c == '(')
        at = skip_comment(at);
      // Commas and colons should not stand in an encoded word, and do.
      else if (c == '=')
        at += std::max<std::size_t>(encoded_word_length(rest_.substr(at)), 1) - 1;
      else if (c == '<')
        is_open = true;
      else if (c == '>' && is_open && begins_another(at + 1))
        break;
      else if (c == '>')
        is_open = false;
      else if (c == ':' && !is_open)
        begin = at + 1;  // the group's name stands before it
      else if (c == ';' || (c == ',' && !(is_open && is_route(at))))
        break;
    }
    const bool is_bracket = at < rest_.size() && rest_[at] == '>';
    piece = trim(rest_.substr(begin, at + (is_bracket ? 1 : 0) - begin));
    rest_.remove_prefix(std::min(at + 1, rest_.size()));
    return true;
  }

 private:
  // RFC 822's "<@relay,@relay:a@b>".
  bool is_route(std::size_t at) const { return rest_.substr(at + 1).starts_with('@'); }

  std::size_t skip(std::size_t at, char end, bool& never_ends) const {
    if (never_ends) return at;
    for (std::size_t i = at + 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\\')
        ++i;
      else if (rest_[i] == end)
        return i;
    }
    never_ends = true;  // once looked for in vain, it is not there for a later one
    return at;
  }

  // "Ann <a@x> Bob <b@x>": the comma is missing.
  bool begins_another(std::size_t at) const {
    at = rest_.find_first_not_of(" \t", at);
    return at != std::string_view::npos && std::string_view(",;(>").find(rest_[at]) == std::string_view::npos;
  }

  std::size_t skip_comment(std::size_t at) {
    if (no_comment_ends_) return at;
    std::size_t depth = 0;
    for (std::size_t i = at; i < rest_.size(); ++i) {
      if (rest_[i] == '\\')
        ++i;
      else if (rest_[i] == '(')
        ++depth;
      else if (rest_[i] == ')' && --depth == 0)
        return i;
    }
    no_comment_ends_ = true;
    return at;
  }

  std::string_view rest_;
  bool no_quote_ends_ = false;
  bool no_comment_ends_ = false;
};

// An address apart from its comments; in the oldest form of mail the last one of them is its name: "a@b (Ann)".
struct WithoutComments {
  std::string text;
  std::string comment;
};

WithoutComments without_comments(std::string_view piece) {
  WithoutComments out;
  std::size_t depth = 0;
  bool is_quoted = false;
  for (std::size_t i = 0; i < piece.size(); ++i) {
    const char c = piece[i];
    std::string& to = depth > 0 ? out.comment : out.text;
    if (c == '\\' && i + 1 < piece.size()) {
      to += c;
      to += piece[++i];
    } else if (!is_quoted && c == '(') {
      if (depth++ == 0)
        out.comment.clear();
      else
        to += c;
    } else if (depth > 0 && c == ')') {
      if (--depth > 0) to += c;
    } else {
      if (depth == 0 && c == '"') is_quoted = !is_quoted;
      to += c;
    }
  }
  return out;
}

std::string unquoted(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') continue;
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

// "<@relay,@relay:a@b>" (RFC 822) and "a @ b".
std::string bare_address(std::string_view text) {
  if (text.starts_with('@')) text.remove_prefix(std::min(text.find(':'), text.size() - 1) + 1);
  std::string out(trim(text));
  for (const char* blanks : {" @", "@ "}) {
    for (std::size_t at = out.find(blanks); at != std::string::npos; at = out.find(blanks)) out.replace(at, 2, "@");
  }
  return out;
}

void add_mailbox(ParsedMailboxes& out, std::string_view piece) {
  if (piece.size() > max_address_bytes) {
    ++out.unreadable;
    return;
  }
  const WithoutComments parts = without_comments(piece);
  const std::string_view text = parts.text;
  const std::size_t open = text.rfind('<');
  const bool is_bracketed = open != std::string_view::npos;
  const std::string_view inside = is_bracketed ? text.substr(open + 1, text.find('>', open) - open - 1) : text;
  auto address = EmailAddress::parse(bare_address(inside));
  if (!address) {
    ++out.unreadable;
    return;
  }
  std::string name = is_bracketed ? unquoted(trim(text.substr(0, open))) : "";
  if (trim(name).empty()) name = unquoted(parts.comment);
  out.mailboxes.push_back({decode_encoded_words(name), std::move(*address)});
}

bool is_message_id(std::string_view id) {
  return id.size() > 2 && id.size() <= 998 && std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

HeaderAndBody cut_header(std::string_view bytes) {
  std::size_t begin = 0;
  if (is_mbox_line(bytes)) begin = line_end(bytes, 0);
  bool is_first = true;
  for (std::size_t at = begin; at < bytes.size();) {
    const std::size_t end = line_end(bytes, at);
    const std::string_view line = without_line_end(bytes.substr(at, end - at));
    if (line.empty()) return {bytes.substr(begin, at - begin), bytes.substr(end)};
    // A mail's first field may have got a blank before it.
    const bool belongs = field_name_length(is_first ? trim(line) : line) > 0 || (continues_field(line) && !is_first);
    if (!belongs) return {bytes.substr(begin, at - begin), bytes.substr(at), false};
    is_first = false;
    at = end;
  }
  return {bytes.substr(begin), {}};
}

MailFields::MailFields(std::string_view head, std::size_t max_bytes) {
  head.remove_prefix(std::min(head.find_first_not_of(" \t"), head.size()));
  const std::size_t limit = std::min(head.size(), max_bytes);
  for (std::size_t at = 0; at < limit;) {
    std::size_t end = line_end(head, at);
    const std::string_view line = without_line_end(head.substr(at, end - at));
    const std::size_t length = field_name_length(line);
    while (end < limit && continues_field(head.substr(end))) end = line_end(head, end);
    end = std::min(end, limit);
    if (length > 0) {
      const std::size_t colon = head.find(':', at);
      if (colon < end) fields_.push_back({lower_ascii(line.substr(0, length)), head.substr(colon + 1, end - colon - 1)});
    }
    at = end;
  }
}

std::size_t MailFields::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(fields_.begin(), fields_.end(), [&](const Field& field) { return field.name == name; }));
}

std::string MailFields::value(std::string_view name) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return field.name == name; });
  return found == fields_.end() ? "" : unfolded_header(found->value.substr(0, max_field_bytes));
}

std::string MailFields::all_values(std::string_view name) const {
  std::string out;
  for (const Field& field : fields_) {
    if (field.name == name) out += (out.empty() ? "" : ", ") + unfolded_header(field.value);
  }
  return out;
}

std::string MailFields::text(std::string_view name) const { return decode_encoded_words(value(name)); }

std::string ValueWithParameters::parameter(std::string_view name) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const auto& entry) { return entry.first == name; });
  return found == parameters.end() ? "" : found->second;
}

ValueWithParameters parse_parameters(const std::string& value) {
  init_gmime();
  ValueWithParameters out;
  const std::size_t end = std::min(value.find(';'), value.size());
  out.value = lower_ascii(value.substr(0, value.find_first_of("( ;")));
  std::erase_if(out.value, [](char c) { return c <= ' '; });
  if (end == value.size()) return out;
  // As a disposition: its value may be any word, so that a media type that is wrong does not hide its parameters.
  const std::string parameters = "x" + value.substr(end);
  const GObjectPtr<GMimeContentDisposition> parsed(g_mime_content_disposition_parse(nullptr, parameters.c_str()));
  if (!parsed) return out;
  GMimeParamList* list = g_mime_content_disposition_get_parameters(parsed.get());
  const int length = g_mime_param_list_length(list);
  for (int i = 0; i < length; ++i) {
    GMimeParam* parameter = g_mime_param_list_get_parameter_at(list, i);
    const char* name = g_mime_param_get_name(parameter);
    const char* text = g_mime_param_get_value(parameter);
    if (name && text) out.parameters.emplace_back(lower_ascii(name), to_utf8(text));
  }
  return out;
}

ParsedMailboxes parse_mailboxes(std::string_view value, std::size_t max_addresses) {
  init_gmime();
  ParsedMailboxes out;
  out.is_cut = value.size() > max_address_field_bytes;
  MailboxCutter cutter(utf8_prefix(value, max_address_field_bytes));
  for (std::string_view piece; cutter.next(piece);) {
    if (piece.empty()) continue;
    if (out.mailboxes.size() + out.unreadable >= max_addresses) {
      out.is_cut = true;
      break;
    }
    add_mailbox(out, piece);
  }
  return out;
}

std::vector<std::string> parse_message_ids(std::string_view value, std::size_t max_ids) {
  std::vector<std::string> out;
  std::unordered_set<std::string> seen;
  value = value.substr(0, max_ids_field_bytes);
  for (std::size_t at = value.find('<'); at != std::string_view::npos;) {
    const std::size_t end = value.find_first_of("<>", at + 1);
    if (end == std::string_view::npos) break;
    const std::string id(value.substr(at, end - at + 1));
    if (value[end] == '>' && is_message_id(id) && seen.insert(id).second) out.push_back(id);
    at = value[end] == '<' ? end : value.find('<', end);
  }
  if (out.size() > max_ids && max_ids > 0) out.erase(out.begin() + 1, out.end() - static_cast<std::ptrdiff_t>(max_ids - 1));
  if (max_ids == 0) out.clear();
  return out;
}

std::optional<TimePoint> parse_mail_date(const std::string& value) {
  init_gmime();
  if (value.empty() || value.size() > 200) return std::nullopt;
  GDateTime* parsed = g_mime_utils_header_decode_date(value.c_str());
  if (!parsed) return std::nullopt;
  const gint64 seconds = g_date_time_to_unix(parsed);
  g_date_time_unref(parsed);
  constexpr gint64 year_10000 = 253'402'300'800;
  if (seconds < 0 || seconds >= year_10000) return std::nullopt;
  return TimePoint(std::chrono::seconds(seconds));
}

std::string decode_encoded_words(std::string_view value) {
  init_gmime();
  const std::string text(utf8_prefix(value, max_field_bytes));
  const GText decoded(g_mime_utils_header_decode_text(nullptr, text.c_str()));
  return as_one_line(to_utf8(decoded ? decoded.get() : ""));
}

}  // namespace deed
