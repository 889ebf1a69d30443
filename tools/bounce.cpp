#include "deed/tools/bounce.hpp"

#include "deed/core/text.hpp"
#include "deed/tools/mail_charset.hpp"
#include "deed/tools/mail_fields.hpp"
#include "deed/tools/mime_tree.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr std::size_t max_report_bytes = 1u << 20;
constexpr std::size_t max_bounce_text_bytes = 256u << 10;
constexpr std::size_t max_diagnostic_bytes = 1'000;

bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

std::string decoded_part(const MimePart& part, std::size_t max_bytes) {
  std::string out;
  decode_transfer(part.body, part.encoding, [&](std::string_view piece) {
    out += piece.substr(0, max_bytes - out.size());
    return out.size() < max_bytes;
  });
  return out;
}

// "5.1.1" at the beginning of a text (RFC 3463): class 2, 4 or 5, then numbers of up to three digits.
std::string status_at(std::string_view text) {
  if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5')) return "";
  std::size_t at = 1;
  for (int number = 0; number < 2; ++number) {
    if (at >= text.size() || text[at++] != '.') return "";
    std::size_t digits = 0;
    while (at < text.size() && is_ascii_digit(text[at])) ++digits, ++at;
    if (digits < 1 || digits > 3) return "";
  }
  if (at < text.size() && text[at] == '.' && at + 1 < text.size() && is_ascii_digit(text[at + 1])) return "";  // an IP address
  return std::string(text.substr(0, at));
}

// The first one in a server's words that is no part of a longer number.
std::string find_status(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_inside = i > 0 && (is_ascii_digit(text[i - 1]) || text[i - 1] == '.');
    if (is_inside || !is_ascii_digit(text[i])) continue;
    if (std::string status = status_at(text.substr(i)); !status.empty()) return status;
  }
  return "";
}

std::string diagnostic_of(std::string_view text) { return std::string(utf8_prefix(as_one_line(to_utf8(text)), max_diagnostic_bytes)); }

std::optional<EmailAddress> address_of(std::string_view text) {
  text = trim(text);
  if (text.starts_with('<') && text.ends_with('>')) text = trim(text.substr(1, text.size() - 2));
  auto address = EmailAddress::parse(text);
  if (!address) return std::nullopt;
  return std::move(*address);
}

// --- RFC 3464 ---

std::optional<DeliveryAction> action_of(std::string_view text) {
  const std::string word = lower_ascii(trim(text));
  for (const DeliveryAction action :
       {DeliveryAction::failed, DeliveryAction::delayed, DeliveryAction::delivered, DeliveryAction::relayed, DeliveryAction::expanded}) {
    if (word == to_string(action)) return action;
  }
  return std::nullopt;
}

// "rfc822; ann@example.org"
std::optional<EmailAddress> typed_address(const std::string& value) {
  const std::size_t semicolon = value.find(';');
  return address_of(semicolon == std::string::npos ? value : std::string_view(value).substr(semicolon + 1));
}

std::optional<BounceRecipient> recipient_of(const MailFields& fields) {
  const auto original = typed_address(fields.value("original-recipient"));
  const auto last = typed_address(fields.value("final-recipient"));
  const auto action = action_of(parse_parameters(fields.value("action")).value);
  if (!action || (!last && !original)) return std::nullopt;
  return BounceRecipient{.final_recipient = last ? *last : *original,
                         .original_recipient = original,
                         .action = *action,
                         .status = status_at(fields.value("status")),
                         .diagnostic = diagnostic_of(fields.value("diagnostic-code"))};
}

// Groups of fields between blank lines; the first one is about the mail.
void read_status_part(const MimePart& part, const MailReadLimits& limits, BounceReport& out) {
  const std::string text = decoded_part(part, max_report_bytes);
  for (std::string_view rest = text; !rest.empty() && out.recipients.size() < limits.addresses;) {
    const HeaderAndBody group = cut_header(rest);
    if (group.head.empty() && group.body.size() == rest.size()) break;  // no fields, and no blank line
    if (auto recipient = recipient_of(MailFields(group.head, limits.header_bytes))) out.recipients.push_back(std::move(*recipient));
    rest = group.body;
  }
}

bool is_status_part(const MimePart& part) {
  return part.type.value == "message/delivery-status" || part.type.value == "message/global-delivery-status";
}

bool is_report(const MimePart& part, const MimeTree& tree) {
  if (part.type.value != "multipart/report") return false;
  if (lower_ascii(part.type.parameter("report-type")) == "delivery-status") return true;
  return std::any_of(part.children.begin(), part.children.end(), [&](std::size_t child) { return is_status_part(tree.parts[child]); });
}

// The mail itself, or what a list or a filter wrapped.
const MimePart* find_report(const MimeTree& tree) {
  const MimePart& mail = tree.parts.front();
  if (is_report(mail, tree)) return &mail;
  if (mail.type.value != "multipart/mixed") return nullptr;
  for (const std::size_t child : mail.children) {
    if (is_report(tree.parts[child], tree)) return &tree.parts[child];
  }
  return nullptr;
}

// --- what the report is about ---

bool is_returned_mail(const MimePart& part) {
  static constexpr std::string_view types[] = {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global",
                                               "message/global-headers"};
  return std::find(std::begin(types), std::end(types), part.type.value) != std::end(types);
}

void add_ids(std::vector<std::string>& ids, std::string_view value, std::size_t max_ids) {
  for (std::string& id : parse_message_ids(value, max_ids)) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(std::move(id));
  }
}

// Only the copies that stand within `report`, or all where it is the mail.
std::vector<std::string> returned_ids(const MimeTree& tree, const MimePart& report, const MailReadLimits& limits) {
  std::vector<std::string> ids;
  for (const std::size_t child : report.children) {
    if (!is_returned_mail(tree.parts[child]) || ids.size() >= limits.references) continue;
    const std::string copy = decoded_part(tree.parts[child], limits.header_bytes);
    add_ids(ids, MailFields(cut_header(copy).head, limits.header_bytes).value("message-id"), 1);
  }
  return ids;
}

std::vector<std::string> named_ids(const MailFields& fields, const MailReadLimits& limits) {
  std::vector<std::string> ids;
  add_ids(ids, fields.value("in-reply-to"), 1);
  if (ids.empty()) add_ids(ids, fields.all_values("references"), limits.references);
  return ids;
}

// A copy below the report's text, in the same part.
void add_id_in_text(std::vector<std::string>& ids, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (lower_ascii(text.substr(at, 11)) == "message-id:")
      return add_ids(ids, text.substr(at, std::min<std::size_t>(end - at + 1'100, 2'200)), 1);
    at = end + 1;
  }
}

// --- before there was a standard ---

std::string first_text(const MimeTree& tree) {
  for (const MimePart& part : tree.parts) {
    if (is_body_text(part) && part.type.value != "text/html") return without_controls(to_utf8(decoded_part(part, max_bounce_text_bytes)));
  }
  return "";
}

std::vector<std::string_view> paragraphs_of(std::string_view text) {
  std::vector<std::string_view> out;
  std::size_t begin = std::string_view::npos;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const bool is_blank = trim(text.substr(at, end - at)).empty();
    if (!is_blank && begin == std::string_view::npos) begin = at;
    if (is_blank && begin != std::string_view::npos) {
      out.push_back(text.substr(begin, at - begin));
      begin = std::string_view::npos;
    }
    at = end + 1;
  }
  if (begin != std::string_view::npos) out.push_back(text.substr(begin));
  return out;
}

bool is_from_mail_system(const MailFields& fields) {
  std::string path = fields.value("return-path");
  std::erase(path, ' ');
  if (path == "<>") return true;
  const ParsedMailboxes from = parse_mailboxes(fields.value("from"), 1);
  if (from.mailboxes.empty()) return false;
  const std::string local = lower_ascii(from.mailboxes.front().address.local());
  return local == "mailer-daemon" || local == "postmaster";
}

void add_recipient(BounceReport& out, std::string_view address, DeliveryAction action, std::string_view words,
                   const MailReadLimits& limits) {
  const auto parsed = address_of(address);
  const auto is_known = [&](const BounceRecipient& recipient) { return recipient.final_recipient == *parsed; };
  if (!parsed || out.recipients.size() >= limits.addresses || std::any_of(out.recipients.begin(), out.recipients.end(), is_known)) return;
  out.recipients.push_back(
      {.final_recipient = *parsed, .action = action, .status = find_status(words), .diagnostic = diagnostic_of(words)});
}

// qmail-send's format, which Postfix kept: a paragraph of greeting, one "<address>: …" a recipient, and a line of dashes before the copy.
bool read_paragraph_form(std::string_view text, const MailFields& fields, const MailReadLimits& limits, BounceReport& out) {
  const auto paragraphs = paragraphs_of(text);
  if (paragraphs.empty()) return false;
  const bool is_qmail = paragraphs.front().starts_with("Hi. This is the ");
  const bool is_postfix =
      paragraphs.front().starts_with("This is the mail system at ") || paragraphs.front().starts_with("This is the Postfix program at ");
  if (!is_qmail && !(is_postfix && is_from_mail_system(fields))) return false;
  const bool is_warning = text.substr(0, 2'000).find("THIS IS A WARNING ONLY") != std::string_view::npos;
  for (const std::string_view paragraph : paragraphs) {
    if (paragraph.starts_with("---")) break;
    const std::size_t end = paragraph.find(">:");
    if (!paragraph.starts_with('<') || end == std::string_view::npos || end > 300) continue;
    add_recipient(out, paragraph.substr(0, end + 1), is_warning ? DeliveryAction::delayed : DeliveryAction::failed,
                  paragraph.substr(end + 2), limits);
  }
  return true;
}

// What an indented text says below the line that holds `address` alone.
std::string_view words_below(std::string_view text, const std::string& address) {
  for (std::size_t at = text.find(address); at != std::string_view::npos; at = text.find(address, at + 1)) {
    const std::size_t begin = text.rfind('\n', at) == std::string_view::npos ? 0 : text.rfind('\n', at) + 1;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (trim(text.substr(begin, end - begin)) != address) continue;
    std::size_t last = end;
    while (last < text.size() && text.substr(last + 1).starts_with("    ")) last = std::min(text.find('\n', last + 1), text.size());
    return text.substr(end, last - end);
  }
  return {};
}

bool read_exim_form(std::string_view text, const MailFields& fields, const MailReadLimits& limits, BounceReport& out) {
  if (!fields.has("x-failed-recipients")) return false;
  // Before the copy of the mail, which may name anyone.
  const std::string_view own = text.substr(0, std::min(text.find("\n---"), text.size())).substr(0, 65536);
  const ParsedMailboxes failed = parse_mailboxes(fields.all_values("x-failed-recipients"), std::min<std::size_t>(limits.addresses, 100));
  for (const MailMailbox& mailbox : failed.mailboxes) {
    add_recipient(out, mailbox.address.text(), DeliveryAction::failed, words_below(own, mailbox.address.text()), limits);
  }
  return true;
}

// "----- The following addresses had permanent fatal errors -----", the addresses, and the reason of each in brackets.
bool read_sendmail_form(std::string_view text, const MailFields& fields, const MailReadLimits& limits, BounceReport& out) {
  const std::size_t title = text.find("----- The following addresses had ");
  if (title == std::string_view::npos || !is_from_mail_system(fields)) return false;
  const std::size_t begin = std::min(text.find('\n', title), text.size());
  const std::string_view words = text.substr(title, begin - title);
  const bool is_transient = words.find("non-fatal") != std::string_view::npos || words.find("transient") != std::string_view::npos;
  if (!is_transient && words.find("fatal errors") == std::string_view::npos && words.find("delivery errors") == std::string_view::npos)
    return false;
  const std::string_view list = text.substr(begin, std::min(text.find("-----", begin), text.size()) - begin);
  std::string_view address;
  for (const std::string_view raw : split(list, '\n')) {
    const std::string_view line = trim(raw);
    if (line.starts_with('<') && line.ends_with('>'))
      address = line;
    else if (!line.starts_with('('))
      continue;
    const std::string_view reason = line.starts_with('(') ? line : std::string_view();
    if (!reason.empty() && !out.recipients.empty() && address_of(address) == out.recipients.back().final_recipient) {
      out.recipients.back().status = find_status(reason);
      out.recipients.back().diagnostic = diagnostic_of(reason);
    } else if (reason.empty()) {
      add_recipient(out, address, is_transient ? DeliveryAction::delayed : DeliveryAction::failed, "", limits);
    }
  }
  return true;
}

std::optional<BounceReport> read_tree(const MimeTree& tree, const MailReadLimits& limits) {
  const MimePart& mail = tree.parts.front();
  const MailFields fields(mail.head, limits.header_bytes);
  BounceReport out;
  if (const MimePart* report = find_report(tree)) {
    out.is_standard = true;
    for (const std::size_t child : report->children) {
      if (is_status_part(tree.parts[child])) read_status_part(tree.parts[child], limits, out);
    }
    out.message_ids = returned_ids(tree, *report, limits);
  } else {
    const std::string text = first_text(tree);
    if (!read_paragraph_form(text, fields, limits, out) && !read_exim_form(text, fields, limits, out) &&
        !read_sendmail_form(text, fields, limits, out)) {
      return std::nullopt;
    }
    out.message_ids = returned_ids(tree, mail, limits);
    if (out.message_ids.empty()) add_id_in_text(out.message_ids, text);
  }
  if (out.message_ids.empty()) out.message_ids = named_ids(fields, limits);
  return out;
}

}  // namespace

const char* to_string(DeliveryAction action) {
  switch (action) {
    case DeliveryAction::failed:
      return "failed";
    case DeliveryAction::delayed:
      return "delayed";
    case DeliveryAction::delivered:
      return "delivered";
    case DeliveryAction::relayed:
      return "relayed";
    case DeliveryAction::expanded:
      return "expanded";
  }
  return "failed";
}

std::optional<BounceReport> read_bounce(std::string_view bytes, const MailReadLimits& limits) {
  if (bytes.size() > limits.mail_bytes) return std::nullopt;
  return read_tree(read_mime_tree(bytes, limits), limits);
}

}  // namespace deed
