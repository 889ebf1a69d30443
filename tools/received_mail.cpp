#include "deed/tools/received_mail.hpp"

#include "deed/core/text.hpp"
#include "deed/tools/html_text.hpp"
#include "deed/tools/mail_charset.hpp"
#include "deed/tools/mail_fields.hpp"
#include "deed/tools/mime_tree.hpp"

#include <algorithm>
#include <optional>

namespace deed {
namespace {

constexpr std::size_t max_file_name_bytes = 200;
constexpr std::size_t max_extension_bytes = 20;

// A mail of an old Macintosh, or of a broken program: only CR ends its lines.
std::string with_line_feeds(std::string_view bytes) {
  std::string out(bytes);
  std::replace(out.begin(), out.end(), '\r', '\n');
  return out;
}

bool has_line_feeds(std::string_view bytes) {
  return bytes.find('\n') != std::string_view::npos || bytes.find('\r') == std::string_view::npos;
}

Result<void> check_mail_size(std::string_view bytes, const MailReadLimits& limits) {
  if (trim(bytes).empty()) return fail(ErrorKind::invalid, "the mail is empty");
  if (bytes.size() <= limits.mail_bytes) return {};
  return fail(ErrorKind::limit, "the mail has " + human_bytes(bytes.size()) + "; at most " + human_bytes(limits.mail_bytes) + " are read");
}

// --- attachments ---

bool is_leaf(const MimePart& part) { return part.children.empty(); }

// What could not be cut into parts is text, or empty.
bool is_attachment_part(const MimePart& part) {
  return is_leaf(part) && !is_body_text(part) && (part.is_too_deep || !part.type.value.starts_with("multipart/"));
}

std::string cut_name(const std::string& name) {
  if (name.size() <= max_file_name_bytes) return name;
  const std::size_t dot = name.rfind('.');
  const std::string extension = dot != std::string::npos && name.size() - dot <= max_extension_bytes ? name.substr(dot) : "";
  return std::string(utf8_prefix(name, max_file_name_bytes - extension.size())) + extension;
}

// What stands behind the last slash of either kind, without dots at its beginning: no path, nothing hidden.
std::string one_component(const std::string& given) {
  std::string name = as_one_line(given);
  const std::size_t slash = name.find_last_of("/\\");
  if (slash != std::string::npos) name.erase(0, slash + 1);
  name.erase(0, std::min(name.find_first_not_of(". "), name.size()));
  return std::string(trim(cut_name(name)));
}

std::string attachment_name(const MimePart& part, std::size_t number) {
  for (const std::string& given : {part.disposition.parameter("filename"), part.type.parameter("name")}) {
    // Outlook and others write encoded words where RFC 2231 would be right.
    const std::string name = one_component(decode_encoded_words(given));
    if (!name.empty()) return name;
  }
  return "attachment-" + std::to_string(number);
}

bool is_media_type(const std::string& type) {
  return type.size() <= 200 && std::count(type.begin(), type.end(), '/') == 1 && type.front() != '/' && type.back() != '/' &&
         std::all_of(type.begin(), type.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view("/!#$&-^_.+").find(c) != std::string_view::npos;
         });
}

std::size_t decoded_size(const MimePart& part) {
  std::size_t size = 0;
  decode_transfer(part.body, part.encoding, [&](std::string_view piece) {
    size += piece.size();
    return true;
  });
  return size;
}

std::string bare_content_id(const MimePart& part) {
  std::string_view id = trim(part.content_id);
  if (id.starts_with('<') && id.ends_with('>') && id.size() > 1) id = id.substr(1, id.size() - 2);
  return as_one_line(utf8_prefix(id, 998));
}

ReceivedAttachment attachment_of(const MimePart& part, std::size_t number) {
  ReceivedAttachment out;
  out.number = number;
  out.name = attachment_name(part, number);
  out.media_type = is_media_type(part.type.value) ? part.type.value : "application/octet-stream";
  out.size_bytes = decoded_size(part);
  out.content_id = bare_content_id(part);
  out.is_inline = part.disposition.value == "inline" || (part.disposition.value.empty() && !out.content_id.empty());
  return out;
}

// The parts that are attachments, in their order: attachment N is the one at N - 1.
std::vector<const MimePart*> attachment_parts(const MimeTree& tree) {
  std::vector<const MimePart*> out;
  for (const MimePart& part : tree.parts) {
    if (is_attachment_part(part)) out.push_back(&part);
  }
  return out;
}

// --- the text ---

// Words with blanks between them are a text whose header lies.
bool looks_like_base64(std::string_view body) {
  for (const std::string_view line : split(body.substr(0, 2'000), '\n')) {
    for (const char c : trim(line)) {
      const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/' || c == '=';
      if (!is_digit) return false;
    }
  }
  return true;
}

class MailTextReader {
 public:
  MailTextReader(const MimeTree& tree, const MailReadLimits& limits, ReceivedMail& out) : tree_(tree), limits_(limits), out_(out) {}

  void read() {
    add(0);
    if (out_.text.size() > limits_.text_bytes) {
      out_.text = utf8_prefix(out_.text, limits_.text_bytes);
      note("the text is longer than " + human_bytes(limits_.text_bytes) + ": it was cut");
    }
    if (hidden_ > 0) note("pieces of HTML that a reader would not see were left out: " + std::to_string(hidden_));
  }

 private:
  void note(std::string text) {
    if (std::find(out_.notes.begin(), out_.notes.end(), text) == out_.notes.end()) out_.notes.push_back(std::move(text));
  }

  // Calls itself at most `limits_.depth` times.
  void add(std::size_t index) {
    const MimePart& part = tree_.parts[index];
    if (is_leaf(part)) {
      if (is_body_text(part)) add_text(part);
    } else if (part.type.value == "multipart/alternative") {
      if (const auto chosen = best_alternative(part)) add(*chosen);
    } else if (part.type.value == "multipart/related" && !starts_elsewhere(part)) {
      add(part.children.front());
    } else {
      for (const std::size_t child : part.children) add(child);
    }
  }

  bool starts_elsewhere(const MimePart& related) const { return !holds(related.children.front(), ""); }

  // Whether something of `type` is to be read in the part; any text for "".
  bool holds(std::size_t index, std::string_view type) const {
    const MimePart& part = tree_.parts[index];
    if (!is_leaf(part))
      return std::any_of(part.children.begin(), part.children.end(), [&](std::size_t child) { return holds(child, type); });
    if (!is_body_text(part) || trim(part.body).empty()) return false;
    return type.empty() || part.type.value == type || (type == "text/plain" && part.type.value != "text/html");
  }

  // Plain text says what HTML says, and nothing that is not seen; but some programs leave it empty.
  std::optional<std::size_t> best_alternative(const MimePart& part) const {
    for (const std::string_view type : {"text/plain", "text/html"}) {
      for (const std::size_t child : part.children) {
        if (holds(child, type)) return child;
      }
    }
    return std::nullopt;
  }

  void add_text(const MimePart& part) {
    if (out_.text.size() > limits_.text_bytes) return;
    const bool is_html = part.type.value == "text/html";
    bool is_lie = false;
    std::string text = utf8_from_charset(decoded(part, is_html), part.type.parameter("charset"), is_lie);
    if (is_lie) note("the charset that a text names is unknown or wrong: it was read as UTF-8 or windows-1252");
    text = is_html ? seen(text) : without_controls(text);
    if (trim(text).empty()) return;
    if (!out_.text.empty()) out_.text += out_.text.ends_with('\n') ? "\n" : "\n\n";
    out_.text += text;
    out_.text_from_html = out_.text_from_html || is_html;
  }

  // One piece more than is used, so that a cut is noticed.
  std::string decoded(const MimePart& part, bool is_html) {
    const std::size_t limit = (is_html ? HtmlTextLimits{}.html_bytes : 4 * limits_.text_bytes) + 4;
    std::string out;
    const bool is_lie = part.encoding == "base64" && !looks_like_base64(part.body);
    const bool is_known = decode_transfer(part.body, is_lie ? "" : part.encoding, [&](std::string_view piece) {
      out += piece.substr(0, limit - out.size());
      return out.size() < limit;
    });
    if (is_lie) note("a text that should be Base64 is none: it was read as it stands");
    if (!is_known) note("a text is encoded in a way that is not known: it was read as it stands");
    return out;
  }

  std::string seen(const std::string& html) {
    HtmlText made = html_to_text(html, {.text_bytes = limits_.text_bytes});
    hidden_ += made.hidden_elements;
    if (made.is_cut) note("the HTML is too long or too deep: it was cut");
    return std::move(made.text);
  }

  const MimeTree& tree_;
  const MailReadLimits& limits_;
  ReceivedMail& out_;
  std::size_t hidden_ = 0;
};

// --- the header ---

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// RFC 3834, section 2; RFC 2919, RFC 2369; reports, RFC 6522; the empty return path of RFC 5321, section 4.5.5; and what was in use before.
bool is_automatic_mail(const MailFields& fields) {
  const std::string submitted = parse_parameters(fields.value("auto-submitted")).value;
  if (!submitted.empty() && submitted != "no") return true;
  if (is_any_of(parse_parameters(fields.value("precedence")).value, {"bulk", "list", "junk"})) return true;
  for (const char* name : {"list-id", "list-unsubscribe", "x-auto-response-suppress", "x-autoreply"}) {
    if (fields.has(name)) return true;
  }
  if (parse_parameters(fields.value("content-type")).value == "multipart/report") return true;
  std::string path = fields.value("return-path");
  std::erase(path, ' ');
  return path == "<>";
}

class MailHeaderReader {
 public:
  MailHeaderReader(const MailFields& fields, const MailReadLimits& limits, ReceivedMail& out)
      : fields_(fields), limits_(limits), out_(out) {}

  void read() {
    for (const char* name : {"From", "Sender", "Subject", "Date", "Message-ID"}) {
      if (fields_.count(lower_ascii(name)) > 1)
        out_.notes.push_back("the mail has more than one field " + std::string(name) + ": the first one was read");
    }
    out_.message_id = first_id("message-id");
    out_.in_reply_to = first_id("in-reply-to");
    out_.references = parse_message_ids(fields_.all_values("references"), limits_.references);
    out_.from = mailboxes("from", fields_.value("from"));
    const std::vector<MailMailbox> sender = mailboxes("sender", fields_.value("sender"));
    if (!sender.empty()) out_.sender = sender.front();
    out_.reply_to = mailboxes("reply-to", fields_.all_values("reply-to"));
    out_.to = mailboxes("to", fields_.all_values("to"));
    out_.cc = mailboxes("cc", fields_.all_values("cc"));
    out_.subject = fields_.text("subject");
    out_.date = parse_mail_date(fields_.value("date"));
    out_.list_unsubscribe = as_one_line(utf8_prefix(fields_.value("list-unsubscribe"), 4'000));
    out_.is_automatic = is_automatic_mail(fields_);
    if (out_.unreadable_addresses > 0) {
      out_.notes.push_back("addresses that could not be read were left out: " + std::to_string(out_.unreadable_addresses));
    }
  }

 private:
  std::string first_id(const char* name) const {
    const auto ids = parse_message_ids(fields_.value(name), 1);
    return ids.empty() ? "" : ids.front();
  }

  std::vector<MailMailbox> mailboxes(const std::string& name, const std::string& value) {
    ParsedMailboxes parsed = parse_mailboxes(value, limits_.addresses);
    out_.unreadable_addresses += parsed.unreadable;
    if (parsed.is_cut) out_.notes.push_back("the field " + name + " has too many addresses: the others were left out");
    return std::move(parsed.mailboxes);
  }

  const MailFields& fields_;
  const MailReadLimits& limits_;
  ReceivedMail& out_;
};

ReceivedMail read_checked(std::string_view bytes, const MailReadLimits& limits) {
  ReceivedMail out;
  MimeTree tree = read_mime_tree(bytes, limits);
  out.notes = std::move(tree.notes);
  const MailFields fields(tree.parts.front().head, limits.header_bytes);
  MailHeaderReader(fields, limits, out).read();
  MailTextReader(tree, limits, out).read();
  for (const MimePart* part : attachment_parts(tree)) {
    if (out.attachments.size() >= limits.attachments) {
      out.notes.push_back("the mail has more than " + std::to_string(limits.attachments) + " attachments: the others were left out");
      break;
    }
    out.attachments.push_back(attachment_of(*part, out.attachments.size() + 1));
  }
  return out;
}

Result<std::string> read_checked_attachment(std::string_view bytes, std::size_t number, const MailReadLimits& limits) {
  const MimeTree tree = read_mime_tree(bytes, limits);
  const auto parts = attachment_parts(tree);
  const std::size_t count = std::min(parts.size(), limits.attachments);
  if (number == 0 || number > count) {
    return fail(ErrorKind::not_found, "the mail has no attachment " + std::to_string(number),
                count == 0 ? "it has none" : "it has " + std::to_string(count));
  }
  const MimePart& part = *parts[number - 1];
  std::string out;
  decode_transfer(part.body, part.encoding, [&](std::string_view piece) {
    out += piece;
    return true;
  });
  return out;
}

}  // namespace

Result<ReceivedMail> read_mail(std::string_view bytes, const MailReadLimits& limits) {
  DEED_OK(check_mail_size(bytes, limits));
  if (has_line_feeds(bytes)) return read_checked(bytes, limits);
  return read_checked(with_line_feeds(bytes), limits);
}

Result<std::string> read_attachment(std::string_view bytes, std::size_t number, const MailReadLimits& limits) {
  DEED_OK(check_mail_size(bytes, limits));
  if (has_line_feeds(bytes)) return read_checked_attachment(bytes, number, limits);
  return read_checked_attachment(with_line_feeds(bytes), number, limits);
}

}  // namespace deed
