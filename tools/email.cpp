// email.send: what it looks like to a model. How it is done stands in email_delivery.cpp.
#include "deed/tools/builtin.hpp"
#include "deed/tools/email_delivery.hpp"

namespace deed {
namespace {

Json list_of(const char* format, const char* description) {
  return {{"type", "array"},
          {"items", {{"type", "string"}, {"format", format}}},
          {"description", description}};
}

ToolSpec send_spec() {
  ToolSpec spec;
  spec.name = "email.send";
  spec.description = "Send an email.";
  spec.examples = {"Email ann@example.org that lunch is at noon.",
                   "Let Bob (bob@example.com) know I will be late.",
                   "Forward invoice.pdf to billing@example.com, subject Invoice.",
                   "To: kim@example.com / Subject: Friday / Text: I can come.",
                   "Please write to my landlord home@example.net: \"The heating is broken.\"",
                   "Drop the team a line at team@example.org saying the server is back, and attach log.txt",
                   "Tell, inform, notify, message, ping, advise, remind, thank, invite, congratulate, reply to or mail somebody.",
                   "Transmit, deliver, dispatch, circulate, share, pass on, drop a line, get word or a letter to somebody, get over to, get in touch, make aware, acquaint, wants to hear.",
                             "Shoot, fire off, zap, sling or whip somebody a quick word; break the news, send word, regards, congratulations, condolences, apologies or greetings.",
                             "Respond, answer, write back, confirm, apologise, announce, relay, convey, bring to the attention, keep in the loop, copy in; ought to be told, has to hear by email, in the inbox."};
  Json to = list_of("email", "Email addresses of the recipients.");
  to["minItems"] = 1;
  // Whoever writes to more people does not show them to one another: blind copies.
  to["maxItems"] = 100;
  Json reply_to = list_of("email", "Email addresses for answers, if not the sender's.");
  reply_to["maxItems"] = 100;
  spec.arguments = {
      {"type", "object"},
      {"properties",
       {{"to", to},
        {"subject", {{"type", "string"}, {"description", "Subject line of the email."}}},
        {"text", {{"type", "string"}, {"description", "Text of the email."}}},
        {"attachments", list_of("path", "Paths of files to attach.")},
        {"cc", list_of("email", "Email addresses that get a copy.")},
        {"bcc", list_of("email", "Email addresses that get a blind copy.")},
        {"html", {{"type", "string"}, {"description", "The same text as HTML."}}},
        {"reply_to", reply_to},
        {"unsubscribe",
         {{"type", "string"},
          {"description", "Link (https: or mailto:) for who wants no more such emails."}}}}},
      {"required", {"to", "subject", "text"}},
      {"additionalProperties", false}};
  spec.roles = {{"to", ArgumentRole::destination},   {"cc", ArgumentRole::destination},
                {"bcc", ArgumentRole::destination},  {"subject", ArgumentRole::text},
                {"text", ArgumentRole::text},        {"html", ArgumentRole::text},
                {"attachments", ArgumentRole::value}, {"reply_to", ArgumentRole::destination},
                {"unsubscribe", ArgumentRole::value}};
  spec.scripted = {"reply_to", "unsubscribe"};
  return spec;
}

}  // namespace

Tool email_send(EmailOptions options) {
  const auto files = attached_files(options);
  MailMaker make = [options, files](const Json& arguments) { return mail_of(arguments, options, *files); };
  return mail_tool(send_spec(), std::move(options), std::move(make));
}

}  // namespace deed
