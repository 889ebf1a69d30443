// Mail that anyone may send, and the server that it is read from. The whole input is a mail, a page of HTML, a text and what an IMAP server says: whatever comes, no crash, no undefined behaviour, a
// limit on time and memory; and what is read is text in UTF-8 without control characters, within its limits, with file names that are
// one path component.
#include "deed/core/text.hpp"
#include "deed/net/imap_reader.hpp"
#include "deed/net/imap_wire.hpp"
#include "deed/tools/bounce.hpp"
#include "deed/tools/html_text.hpp"
#include "deed/tools/quoted_text.hpp"
#include "deed/tools/received_mail.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace deed {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void require_text(std::string_view text) {
  require(is_utf8(text));
  require(std::none_of(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F; }));
}

void require_line(std::string_view text) {
  require(is_utf8(text) && !has_control_characters(text));
  require(text.find("\u202E") == std::string_view::npos && text.find("\u200B") == std::string_view::npos);
}

void require_id(std::string_view id) {
  require(id.size() > 2 && id.size() <= 998 && id.starts_with('<') && id.ends_with('>'));
  require(std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7F; }));
}

void require_mailboxes(const std::vector<MailMailbox>& mailboxes, const MailReadLimits& limits) {
  require(mailboxes.size() <= limits.addresses);
  for (const MailMailbox& mailbox : mailboxes) {
    require_line(mailbox.name);
    require(EmailAddress::parse(mailbox.address.text()).has_value());
  }
}

void require_attachment(const ReceivedAttachment& attachment, std::string_view bytes, const MailReadLimits& limits) {
  require_line(attachment.name);
  require(!attachment.name.empty() && attachment.name.size() <= 200 && !attachment.name.starts_with('.'));
  require(attachment.name.find_first_of("/\\") == std::string::npos);
  require_line(attachment.media_type);
  require_line(attachment.content_id);
  const auto content = read_attachment(bytes, attachment.number, limits);
  require(content && content->size() == attachment.size_bytes);
}

void check_mail(std::string_view bytes, const MailReadLimits& limits) {
  const auto mail = read_mail(bytes, limits);
  if (!mail) return require(!mail.error().what.empty());
  require_text(mail->text);
  require(mail->text.size() <= limits.text_bytes);
  require_line(mail->subject);
  require_line(mail->list_unsubscribe);
  for (const std::string& id : {mail->message_id, mail->in_reply_to}) {
    if (!id.empty()) require_id(id);
  }
  require(mail->references.size() <= limits.references);
  for (const std::string& id : mail->references) require_id(id);
  for (const auto* list : {&mail->from, &mail->reply_to, &mail->to, &mail->cc}) require_mailboxes(*list, limits);
  require(mail->attachments.size() <= limits.attachments);
  for (const ReceivedAttachment& attachment : mail->attachments) require_attachment(attachment, bytes, limits);
  for (const std::string& note : mail->notes) require_line(note);
  require(!read_attachment(bytes, mail->attachments.size() + 1, limits));
}

void check_bounce(std::string_view bytes, const MailReadLimits& limits) {
  const auto bounce = read_bounce(bytes, limits);
  if (!bounce) return;
  require(bounce->recipients.size() <= limits.addresses);
  for (const BounceRecipient& recipient : bounce->recipients) {
    require_line(recipient.diagnostic);
    require(recipient.diagnostic.size() <= 1'000 && recipient.status.size() <= 9);
  }
  for (const std::string& id : bounce->message_ids) require_id(id);
}

void check_html(std::string_view html, const HtmlTextLimits& limits) {
  const HtmlText text = html_to_text(html, limits);
  require_text(text.text);
  require(text.text.size() <= limits.text_bytes && text.text.find("\n\n\n") == std::string::npos);
}

void check_quotes(std::string_view text) {
  const QuotedText folded = fold_quotes(text);
  require(text.size() + 1 >= folded.fresh.size() + folded.signature.size());
  require(folded.fresh.empty() == trim(text).empty());
  require(folded.quoted_lines <= split(text, '\n').size());
}

// The words of all responses up to the first that is none; the same however the bytes come.
std::string imap_words(std::string_view bytes, std::size_t piece) {
  ImapReader reader({.response_bytes = 4096, .values = 500, .depth = 8});
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.feed(bytes.substr(at, piece));
    for (;;) {
      const auto response = reader.next();
      if (!response) return out;
      if (!*response) break;
      require_line((*response)->text);
      out += (*response)->word + " " + std::to_string((*response)->values.size()) + "\n";
      const auto item = read_fetch_answer(**response);
      require(!item || item->uid > 0);
    }
  }
  return out;
}

void check_imap(std::string_view bytes) {
  require(imap_words(bytes, std::max<std::size_t>(bytes.size(), 1)) == imap_words(bytes, 7));
  if (is_utf8(bytes) && !has_control_characters(bytes)) require(read_mailbox_name(imap_mailbox_name(bytes)) == bytes);
}

}  // namespace
}  // namespace deed

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  deed::check_mail(bytes, {});
  deed::check_mail(bytes,
                   {.header_bytes = 200, .depth = 2, .parts = 4, .text_bytes = 50, .addresses = 2, .attachments = 2, .references = 2});
  deed::check_bounce(bytes, {});
  deed::check_bounce(bytes, {.header_bytes = 200, .addresses = 1, .references = 1});
  deed::check_html(bytes, {});
  deed::check_html(bytes, {.html_bytes = 100, .text_bytes = 20, .depth = 3});
  deed::check_quotes(bytes);
  deed::check_imap(bytes);
  return 0;
}
