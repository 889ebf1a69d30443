// email.reply: an answer in the thread of a mail that was read. Whom it goes to, and what it belongs to, comes from that mail and not from a model.
#include "deed/core/text.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/email_delivery.hpp"

#include <algorithm>

namespace deed {
namespace {

// A Reply-To is written by anyone: it must not make a list of strangers out of one answer.
constexpr std::size_t most_answered = 10;

Json texts_without(const std::vector<EmailAddress>& addresses, const EmailAddress& own) {
  Json out = Json::array();
  for (const EmailAddress& address : addresses) {
    if (lower_ascii(address.text()) != lower_ascii(own.text())) out.push_back(address.text());
  }
  return out;
}

// The arguments of email.send that the answer amounts to.
Result<Json> as_sent(const Json& arguments, const MailThread& thread, const EmailAddress& own) {
  Json out = {{"subject", string_at(arguments, "subject", thread.subject)}, {"text", string_at(arguments, "text")}};
  for (const char* key : {"html", "attachments"}) {
    if (arguments.contains(key)) out[key] = arguments[key];
  }
  Json to = texts_without(thread.answer_to, own);
  Json others = arguments.value("all", false) ? texts_without(thread.others, own) : Json::array();
  // An answer to a mail of one's own goes where that went, and that may have been oneself.
  if (to.empty()) to = texts_without(thread.others, own), others.clear();
  if (to.empty() && !thread.answer_to.empty()) to.push_back(own.text());
  if (to.empty()) return fail(ErrorKind::invalid, "the mail names nobody to whom an answer could go", "", "write to somebody with email.send");
  out["to"] = std::move(to);
  if (!others.empty()) out["cc"] = std::move(others);
  return out;
}

Result<Mail> reply_of(const Json& arguments, const EmailOptions& options, const ReadMails& mails, AttachedFiles& files) {
  DEED_TRY(const MailId id, MailId::parse(string_at(arguments, "id")));
  DEED_TRY(const MailThread thread, mails.find(id));
  if (thread.is_automatic) {
    return fail(ErrorKind::denied, "a machine wrote this mail; an answer might go round and round", id.text(),
                "write to a person with email.send, if that is what is meant");
  }
  DEED_TRY(const Json sent, as_sent(arguments, thread, sender_of(options)));
  if (sent["to"].size() > most_answered) {
    return fail(ErrorKind::limit, "the mail asks for answers to " + std::to_string(sent["to"].size()) + " addresses", id.text(), "write to those whom you mean with email.send");
  }
  DEED_TRY(Mail mail, mail_of(sent, options, files));
  // So that two of its kind do not answer one another for ever (RFC 3834, section 5). A draft is for a person to send.
  if (options.drafts.empty()) mail.content.auto_submitted = AutoSubmitted::auto_replied;
  mail.content.in_reply_to = thread.message_id;
  mail.content.references = thread.references;
  return mail;
}

ToolSpec reply_spec() {
  ToolSpec spec;
  spec.name = "email.reply";
  spec.description = "Answer a mail that was read.";
  spec.examples = {"Answer the mail INBOX/1700000000.42: I will come."};
  Json properties = {{"id", {{"type", "string"}, {"description", "The mail's id, as email.list and email.search give it."}}},
                     {"text", {{"type", "string"}, {"description", "Text of the answer, without the quoted mail."}}},
                     {"all", {{"type", "boolean"}, {"description", "Whether it also goes to the others who got the mail."}}},
                     {"html", {{"type", "string"}, {"description", "The same text as HTML."}}},
                     {"subject", {{"type", "string"}, {"description", "Another subject than that of the mail."}}},
                     {"attachments",
                      {{"type", "array"}, {"items", {{"type", "string"}, {"format", "path"}}}, {"description", "Paths of files to attach."}}}};
  spec.arguments = {{"type", "object"}, {"properties", std::move(properties)}, {"required", {"id", "text"}}, {"additionalProperties", false}};
  // The id decides whom the mail goes to: where only a page or a mail gave it, nothing but a rule that names the recipients allows the answer.
  spec.roles = {{"id", ArgumentRole::destination}, {"text", ArgumentRole::text},    {"all", ArgumentRole::value},
                {"html", ArgumentRole::text},      {"subject", ArgumentRole::text}, {"attachments", ArgumentRole::value}};
  return spec;
}

}  // namespace

Tool email_reply(EmailOptions options, ReadMails mails) {
  const auto files = attached_files(options);
  MailMaker make = [options, files, mails = std::move(mails)](const Json& arguments) { return reply_of(arguments, options, mails, *files); };
  return mail_tool(reply_spec(), std::move(options), std::move(make));
}

}  // namespace deed
