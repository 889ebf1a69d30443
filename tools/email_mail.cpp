#include "deed/tools/email_mail.hpp"

#include "deed/core/text.hpp"

#include <pwd.h>
#include <set>
#include <unistd.h>

namespace deed {
namespace {

constexpr std::size_t max_recipients = 10'000;

Result<std::vector<EmailAddress>> addresses_at(const Json& arguments, const char* key) {
  std::vector<EmailAddress> out;
  const auto list = arguments.find(key);
  if (list == arguments.end()) return out;
  for (const Json& item : *list) {
    DEED_TRY(EmailAddress address, EmailAddress::parse(item.get<std::string>()));
    out.push_back(std::move(address));
  }
  return out;
}

EmailAddress default_sender() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  const passwd* user = getpwuid(geteuid());
  const std::string name = user ? user->pw_name : "deed";
  for (const std::string& domain : {std::string(host), std::string(host) + ".localdomain",
                                    std::string("localhost.localdomain")}) {
    if (auto address = EmailAddress::parse(name + "@" + domain)) return *address;
  }
  return EmailAddress::parse("deed@localhost.localdomain").value();
}

}  // namespace

EmailAddress sender_of(const EmailOptions& options) { return options.from ? *options.from : default_sender(); }

std::shared_ptr<AttachedFiles> attached_files(const EmailOptions& options) {
  return std::make_shared<AttachedFiles>(options.root, options.limits.max_attachments_bytes);
}

Result<Mail> mail_of(const Json& arguments, const EmailOptions& options, AttachedFiles& files) {
  Mail mail{.content = {.from = sender_of(options)}};
  DEED_TRY(mail.content.to, addresses_at(arguments, "to"));
  DEED_TRY(mail.content.cc, addresses_at(arguments, "cc"));
  DEED_TRY(mail.bcc, addresses_at(arguments, "bcc"));
  std::set<std::string> known;
  for (const auto* list : std::initializer_list<const std::vector<EmailAddress>*>{
           &mail.content.to, &mail.content.cc, &mail.bcc}) {
    for (const EmailAddress& address : *list) {
      if (known.insert(address.text()).second) mail.recipients.push_back(address);
    }
  }
  if (mail.recipients.size() > max_recipients) {
    return fail(ErrorKind::limit,
                "the mail goes to " + std::to_string(mail.recipients.size()) + " people", "",
                "at most " + std::to_string(max_recipients) + " in one call; make several of it");
  }
  DEED_TRY(mail.content.reply_to, addresses_at(arguments, "reply_to"));
  if (mail.content.reply_to.empty()) mail.content.reply_to = options.reply_to;
  mail.content.from_name = options.from_name;
  mail.content.unsubscribe = string_at(arguments, "unsubscribe");
  mail.content.auto_submitted = options.auto_submitted;
  // What one can unsubscribe from, no person wrote to one alone.
  const bool is_list = !mail.content.unsubscribe.empty();
  if (is_list && options.auto_submitted == AutoSubmitted::no) {
    mail.content.auto_submitted = AutoSubmitted::auto_generated;
  }
  mail.content.subject = string_at(arguments, "subject");
  mail.content.text = string_at(arguments, "text");
  mail.content.html = string_at(arguments, "html");
  DEED_TRY(mail.content.attachments, files.attach(arguments.value("attachments", Json::array())));
  return mail;
}

}  // namespace deed
