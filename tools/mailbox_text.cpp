#include "deed/tools/mailbox_text.hpp"

#include "deed/core/text.hpp"
#include "deed/tools/quoted_text.hpp"

namespace deed {
namespace {

std::string minute(TimePoint time) {
  std::string text = to_iso8601(time).substr(0, 16);
  if (text.size() == 16) text[10] = ' ';
  return text;
}

std::string person(const MailMailbox& box) {
  return box.name.empty() || box.name == box.address.text() ? box.address.text() : box.name + " <" + box.address.text() + ">";
}

std::string people(const std::vector<MailMailbox>& list) {
  constexpr std::size_t most = 20;
  std::string out;
  for (std::size_t i = 0; i < list.size() && i < most; ++i) out += (i == 0 ? "" : ", ") + person(list[i]);
  if (list.size() > most) out += " and " + std::to_string(list.size() - most) + " more";
  return out;
}

Json addresses(const std::vector<MailMailbox>& list) {
  Json out = Json::array();
  for (const MailMailbox& box : list) out.push_back(box.address.text());
  return out;
}

// The members by which a mail is told from others.
Json head_json(const MailEntry& entry, const ReceivedMail& mail) {
  Json out = {{"id", entry.id.text()},
              {"from", mail.from.empty() ? "" : mail.from[0].address.text()},
              {"from_name", mail.from.empty() ? "" : mail.from[0].name},
              {"subject", mail.subject}};
  if (mail.date) out["date"] = to_iso8601(*mail.date);
  out["unread"] = !entry.marks.seen;
  if (entry.marks.flagged) out["flagged"] = true;
  if (entry.marks.answered) out["answered"] = true;
  out["size"] = entry.size_bytes;
  return out;
}

}  // namespace

Outcome listed(const MailPage& page, const std::string& folder) {
  Json mails = Json::array();
  std::string text;
  for (const MailEntry& entry : page.entries) {
    const auto read = read_mail(entry.bytes);
    const ReceivedMail mail = read ? *read : ReceivedMail();
    mails.push_back(head_json(entry, mail));
    text += entry.id.text() + "  " + (mail.date ? minute(*mail.date) : std::string("no date")) + "  " +
            (mail.from.empty() ? std::string("nobody") : person(mail.from[0])) + ": " + (mail.subject.empty() ? "(no subject)" : mail.subject);
    if (!entry.marks.seen) text += " (unread)";
    text += "\n";
  }
  const std::size_t more = page.found - std::min(page.found, page.entries.size());
  if (page.entries.empty()) text = (page.is_complete ? "There is no such mail in " : "Among the newest mails there is no such one in ") + folder + ".\n";
  if (more > 0) text += std::to_string(more) + " older ones are not shown.\n";
  if (!page.is_complete) text += "The folder is large; older mail was not looked through.\n";
  Json result = {{"folder", folder}, {"mails", std::move(mails)}, {"more", more}, {"complete", page.is_complete}};
  return Outcome::succeeded(std::move(result), std::move(text));
}

Outcome shown_mail(const MailEntry& entry, const ReceivedMail& mail, MailTextOptions options) {
  const QuotedText parts = options.with_history ? QuotedText{.fresh = mail.text} : fold_quotes(mail.text);
  Json result = head_json(entry, mail);
  result["message_id"] = mail.message_id;
  result["in_reply_to"] = mail.in_reply_to;
  result["to"] = addresses(mail.to);
  result["cc"] = addresses(mail.cc);
  result["reply_to"] = addresses(mail.reply_to.empty() ? mail.from : mail.reply_to);
  result["text"] = parts.fresh;
  result["quoted_lines"] = parts.quoted_lines;
  result["automatic"] = mail.is_automatic;
  std::string text = "From: " + people(mail.from) + "\nTo: " + people(mail.to) + "\n";
  if (!mail.cc.empty()) text += "Cc: " + people(mail.cc) + "\n";
  if (!mail.reply_to.empty()) text += "Reply-To: " + people(mail.reply_to) + "\n";
  if (mail.date) text += "Date: " + minute(*mail.date) + " UTC\n";
  text += "Subject: " + mail.subject + "\n";
  Json attachments = Json::array();
  for (const ReceivedAttachment& attachment : mail.attachments) {
    attachments.push_back({{"number", attachment.number}, {"name", attachment.name}, {"media_type", attachment.media_type}, {"size", attachment.size_bytes}});
    text += "Attachment " + std::to_string(attachment.number) + ": " + attachment.name + " (" + attachment.media_type + ", " +
            human_bytes(attachment.size_bytes) + ")\n";
  }
  result["attachments"] = std::move(attachments);
  if (mail.is_automatic) text += "(written by a machine: it cannot be answered with email.reply)\n";
  for (const std::string& note : mail.notes) text += "(" + note + ")\n";
  if (!mail.notes.empty()) result["notes"] = mail.notes;
  text += "\n" + parts.fresh;
  if (!text.ends_with('\n')) text += '\n';
  if (parts.quoted_lines > 0) text += "(" + std::to_string(parts.quoted_lines) + " lines of earlier mails are folded; \"history\": true shows them)\n";
  return Outcome::succeeded(std::move(result), std::move(text));
}

}  // namespace deed
