#include "deed/tools/read_mails.hpp"

#include "deed/core/hash.hpp"
#include "deed/core/json.hpp"
#include "deed/core/text.hpp"
#include "deed/tools/private_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

namespace deed {
namespace {

constexpr std::size_t max_kept_file_bytes = 1u << 20;

Json texts_of(const std::vector<EmailAddress>& addresses) {
  Json out = Json::array();
  for (const EmailAddress& address : addresses) out.push_back(address.text());
  return out;
}

Result<std::vector<EmailAddress>> kept_addresses(const Json& kept, const char* key) {
  std::vector<EmailAddress> out;
  for (const Json& text : kept.value(key, Json::array())) {
    DEED_TRY(EmailAddress address, EmailAddress::parse(text.is_string() ? text.get<std::string>() : ""));
    out.push_back(std::move(address));
  }
  return out;
}

bool begins_with_re(std::string_view subject) { return lower_ascii(subject.substr(0, 3)) == "re:"; }

}  // namespace

MailThread thread_of(const ReceivedMail& mail) {
  MailThread out{.message_id = mail.message_id, .is_automatic = mail.is_automatic};
  // RFC 5322, section 3.6.4: those of the mail, or what it answers where it has none.
  out.references = mail.references;
  if (out.references.empty() && !mail.in_reply_to.empty()) out.references.push_back(mail.in_reply_to);
  const auto known = [&](const EmailAddress& address) {
    return std::find(out.answer_to.begin(), out.answer_to.end(), address) != out.answer_to.end() ||
           std::find(out.others.begin(), out.others.end(), address) != out.others.end();
  };
  for (const MailMailbox& box : mail.reply_to.empty() ? mail.from : mail.reply_to) {
    if (!known(box.address)) out.answer_to.push_back(box.address);
  }
  for (const auto* list : {&mail.from, &mail.to, &mail.cc}) {
    // With a Reply-To the sender has said where answers go.
    if (list == &mail.from && !mail.reply_to.empty()) continue;
    for (const MailMailbox& box : *list) {
      if (!known(box.address)) out.others.push_back(box.address);
    }
  }
  out.subject = begins_with_re(mail.subject) ? mail.subject : "Re: " + mail.subject;
  return out;
}

std::string ReadMails::path_of(const MailId& id) const { return folder_ + "/" + sha256_hex(account_ + "\n" + id.text()).substr(0, 40) + ".json"; }

Result<void> ReadMails::keep(const MailId& id, const MailThread& thread) const {
  std::error_code ec;
  std::filesystem::create_directories(std::filesystem::path(folder_).parent_path(), ec);
  if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(ErrorKind::unavailable, "what a reply needs cannot be kept", folder_, std::strerror(errno));
  }
  const Json kept = {{"version", 1},
                     {"message_id", thread.message_id},
                     {"references", thread.references},
                     {"answer_to", texts_of(thread.answer_to)},
                     {"others", texts_of(thread.others)},
                     {"subject", thread.subject},
                     {"is_automatic", thread.is_automatic}};
  return replace_private_file(path_of(id), to_text(kept));
}

Result<MailThread> ReadMails::find(const MailId& id) const {
  DEED_TRY(const std::optional<std::string> text, read_private_file(path_of(id), max_kept_file_bytes));
  if (!text) return fail(ErrorKind::not_found, "this mail was not read yet", id.text(), "read it with email.read, then answer it");
  const auto kept = parse_json(*text, {.max_bytes = max_kept_file_bytes, .max_depth = 4});
  if (!kept || !kept->is_object() || kept->value("version", 0) != 1) {
    return fail(ErrorKind::corrupt, "what was kept of this mail cannot be read", path_of(id), "read the mail again with email.read");
  }
  MailThread out{.message_id = string_at(*kept, "message_id"), .subject = string_at(*kept, "subject")};
  for (const Json& reference : kept->value("references", Json::array())) {
    if (reference.is_string()) out.references.push_back(reference.get<std::string>());
  }
  DEED_TRY(out.answer_to, kept_addresses(*kept, "answer_to"));
  DEED_TRY(out.others, kept_addresses(*kept, "others"));
  out.is_automatic = kept->value("is_automatic", true);
  return out;
}

}  // namespace deed
