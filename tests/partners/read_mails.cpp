// Reads each mail that it is given with deed's readers and prints what it found, as one line of JSON: for test_mail_corpora_partner.py,
// which compares that with Python's email package. usage: deed_read_mails FILE...
#include "deed/core/json.hpp"
#include "deed/tools/bounce.hpp"
#include "deed/tools/quoted_text.hpp"
#include "deed/tools/received_mail.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

namespace deed {
namespace {

Json addresses_in(const std::vector<MailMailbox>& mailboxes) {
  Json out = Json::array();
  for (const MailMailbox& mailbox : mailboxes) out.push_back(mailbox.address.text());
  return out;
}

Json told(const std::string& bytes) {
  const auto mail = read_mail(bytes);
  if (!mail) return {{"error", to_string(mail.error())}};
  Json attachments = Json::array();
  for (const ReceivedAttachment& attachment : mail->attachments) {
    const auto content = read_attachment(bytes, attachment.number);
    attachments.push_back({{"name", attachment.name}, {"type", attachment.media_type}, {"size", content ? content->size() : 0}});
  }
  const QuotedText folded = fold_quotes(mail->text);
  Json out = {{"subject", mail->subject},     {"from", addresses_in(mail->from)},
              {"to", addresses_in(mail->to)}, {"message_id", mail->message_id},
              {"text", mail->text},           {"from_html", mail->text_from_html},
              {"attachments", attachments},   {"quoted_lines", folded.quoted_lines},
              {"notes", mail->notes}};
  out["date"] = mail->date ? Json(to_iso8601(*mail->date)) : Json();
  const auto bounce = read_bounce(bytes);
  out["bounced"] = bounce ? Json::array() : Json();
  if (bounce) {
    for (const BounceRecipient& recipient : bounce->recipients)
      out["bounced"].push_back(recipient.final_recipient.text() + " " + recipient.status);
  }
  return out;
}

}  // namespace
}  // namespace deed

int main(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    std::ifstream file(arguments[i], std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    deed::Json line = deed::told(bytes);
    line["file"] = arguments[i];
    std::cout << line.dump() << "\n";
  }
  return 0;
}
