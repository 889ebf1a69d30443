#include "deed/tools/mail_message.hpp"

#include "deed/core/text.hpp"
#include "deed/tools/mail_body.hpp"
#include "deed/tools/mail_header.hpp"

#include <algorithm>
#include <utility>

namespace deed {

namespace {

Result<void> check(const MailContent& content) {
  if (has_control_characters(content.subject)) {
    return fail(ErrorKind::invalid, "the subject holds a line break or a control character",
                "/subject: \"" + escaped(content.subject) + "\"", "write the subject on one line");
  }
  for (const std::string* text : {&content.subject, &content.text, &content.html}) {
    if (!is_utf8(*text)) return fail(ErrorKind::invalid, "the mail's text is not UTF-8");
    if (text->find('\0') != std::string::npos)
      return fail(ErrorKind::invalid, "the mail's text holds a NUL character");
  }
  for (const MailAttachment& attachment : content.attachments) {
    if (attachment.name.empty() || has_control_characters(attachment.name) ||
        !is_utf8(attachment.name)) {
      return fail(ErrorKind::invalid,
                  "the name of an attachment is empty or holds a control character",
                  "\"" + escaped(attachment.name) + "\"");
    }
  }
  DEED_OK(check_display_name(content.from_name));
  if (!content.in_reply_to.empty()) DEED_OK(check_message_id(content.in_reply_to));
  for (const std::string& id : content.references) DEED_OK(check_message_id(id));
  return {};
}

const char* auto_submitted_header(AutoSubmitted how) {
  switch (how) {
    case AutoSubmitted::no:
      break;
    case AutoSubmitted::auto_generated:
      return "Auto-Submitted: auto-generated\n";
    case AutoSubmitted::auto_replied:
      return "Auto-Submitted: auto-replied\n";
  }
  return "";
}

std::string thread_headers(const MailContent& content) {
  std::string out;
  if (!content.in_reply_to.empty()) out = id_header("In-Reply-To", {content.in_reply_to});
  return out + id_header("References", thread_ids(content.references, content.in_reply_to));
}

}  // namespace

std::string mail_message_id(const EmailAddress& from, const std::string& effect_key) {
  const std::string address = with_ascii_domain(from);
  const std::string domain = address.substr(address.rfind('@') + 1);
  // A domain that has no ASCII form is in no DNS either; the key alone makes the id unique.
  const bool is_ascii = std::all_of(domain.begin(), domain.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return "<" + effect_key.substr(0, 32) + "@" + (is_ascii ? domain : "deed.invalid") + ">";
}

Result<std::shared_ptr<const MailBytes>> build_mail(const MailContent& content, const std::string& effect_key,
                                                    TimePoint date) {
  DEED_OK(check(content));
  std::string text = "Date: " + to_rfc5322(date) + "\n";
  text += mailbox_header("From", content.from_name, content.from);
  text += address_header("Reply-To", content.reply_to);
  text += address_header("To", content.to);
  text += address_header("Cc", content.cc);
  text += subject_header(content.subject);
  text += "Message-ID: " + mail_message_id(content.from, effect_key) + "\n";
  text += thread_headers(content);
  text += auto_submitted_header(content.auto_submitted);
  if (!content.unsubscribe.empty()) {
    DEED_TRY(const std::string lines, unsubscribe_headers(content.unsubscribe));
    text += lines;
  }
  text += "MIME-Version: 1.0\n";
  DEED_TRY(const MailBody body, mail_body(content, effect_key));
  auto out = std::make_shared<MailBytes>();
  std::string_view left(body.mime.get());
  for (const MailBody::File& file : body.files) {
    const std::size_t at = left.find(file.marker);
    if (at == std::string_view::npos) return fail(ErrorKind::internal, "the mail could not be built");
    text += left.substr(0, at);
    out->add_text(std::exchange(text, {}));
    out->add_file(file.bytes);
    left.remove_prefix(at + file.marker.size());
  }
  text += left;
  if (!text.empty()) out->add_text(text);
  return std::shared_ptr<const MailBytes>(std::move(out));
}

std::shared_ptr<const MailBytes> with_blind_copies(const std::vector<EmailAddress>& bcc, const MailBytes& mail) {
  return mail.behind(address_header("Bcc", bcc));
}

}  // namespace deed
