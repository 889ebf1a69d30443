#include "deed/agent/mail_settings.hpp"

#include "deed/agent/secret_source.hpp"
#include "deed/core/text.hpp"
#include "deed/tools/mail_queue.hpp"

#include <algorithm>

namespace deed {
namespace {

using Environment = std::function<std::optional<std::string>(std::string_view)>;

std::string variable_named(std::string name) {
  for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '-' ? '_' : c;
  return name;
}

// The settings of one account, under the keys that they have without a name.
class AccountSettings {
 public:
  AccountSettings(const Settings& settings, const std::string& name)
      : settings_(settings), name_(name), prefix_(name.empty() ? "" : "mail." + name + ".") {}

  const std::string& name() const { return name_; }
  std::string key(std::string_view of) const { return prefix_ + std::string(of); }
  std::string text(std::string_view of, std::string_view other = {}) const { return settings_.text(key(of), other); }
  bool has(std::string_view of) const { return settings_.find(key(of)) != nullptr; }
  bool flag(std::string_view of) const { return settings_.flag(key(of)); }
  std::vector<std::string> list(std::string_view of) const { return settings_.list(key(of)); }
  std::string origin(std::string_view of) const { return settings_.origin(key(of)); }
  std::optional<double> number(std::string_view of) const { return settings_.number(key(of)); }

  /// Of the server "smtp" or "imap": the variable, a file, a command; empty where there is none. what  "password" or "token"
  Result<Secret> secret(const std::string& server, const std::string& what, const Environment& getenv) const {
    const SecretPlaces own{.variable = variable_named("DEED_" + (name_.empty() ? server : "MAIL_" + name_ + "_" + server) + "_" + what),
                           .file = text(server + "." + what + "_file"), .command = list(server + "." + what + "_command")};
    DEED_TRY(Secret found, secret_of(own, getenv));
    // One for both servers: only where this one has none of its own.
    if (found.empty() && !name_.empty()) return secret_of({.variable = variable_named("DEED_MAIL_" + name_ + "_" + what)}, getenv);
    return found;
  }

 private:
  const Settings& settings_;
  std::string name_;
  std::string prefix_;
};

// Server is SmtpServer or ImapServer.
template <class Server>
Result<std::optional<Server>> server_of(const AccountSettings& account, const std::string& which, const Environment& getenv) {
  const std::string key = which + ".url";
  const std::string url = account.text(key);
  if (url.empty()) return std::optional<Server>();
  DEED_TRY(Server server, with_context(Server::parse(url), account.origin(key)));
  // Another server than the account's: its login is none of that one's business.
  if (!account.name().empty() && account.origin(key).starts_with("flag ")) return std::optional<Server>(std::move(server));
  if (server.user.empty()) server.user = account.text(which + ".user");
  DEED_TRY(server.token, account.secret(which, "token", getenv));
  if (server.password.empty() && server.token.empty()) {
    DEED_TRY(server.password, account.secret(which, "password", getenv));
  }
  return std::optional<Server>(std::move(server));
}

// Whoever gives no user means the one of the mail server: they are one account as a rule.
void take_login(const std::optional<SmtpServer>& smtp, ImapServer& imap) {
  if (!imap.user.empty() || !smtp) return;
  imap.user = smtp->user;
  if (!imap.password.empty() || !imap.token.empty()) return;
  imap.password = smtp->password;
  imap.token = smtp->token;
}

Result<MailboxOptions> sent_mailbox(const AccountSettings& account, const ImapServer& server) {
  MailboxOptions sent{.server = server};
  sent.mailbox = account.text("imap.mailbox", sent.mailbox);
  sent.is_authoritative = account.flag("imap.authoritative");
  const double seconds = account.number("imap.settle_s").value_or(60);
  if (seconds < 0 || seconds > 86'400) {
    return fail(ErrorKind::invalid, "imap.settle_s is negative, or more than a day", account.origin("imap.settle_s"));
  }
  sent.settle_time = std::chrono::seconds(static_cast<std::int64_t>(seconds));
  return sent;
}

Result<void> take_sender(const AccountSettings& account, MailAccount& out) {
  const std::string from = account.text("smtp.from");
  if (!from.empty()) {
    DEED_TRY(out.from, with_context(EmailAddress::parse(from), account.origin("smtp.from")));
  }
  out.from_name = account.text("smtp.from_name");
  out.automatic = account.flag("smtp.automatic");
  for (const std::string& text : account.list("smtp.reply_to")) {
    DEED_TRY(EmailAddress address, with_context(EmailAddress::parse(text), account.origin("smtp.reply_to")));
    out.reply_to.push_back(std::move(address));
  }
  return {};
}

Result<std::optional<MailRate>> rate_of(const AccountSettings& account, std::string_view key) {
  if (!account.has(key)) return std::optional<MailRate>();
  DEED_TRY(const MailRate rate, with_context(MailRate::parse(account.text(key)), account.origin(key)));
  return std::optional<MailRate>(rate);
}

// How much is sent, how fast, for how long, and to whom not.
Result<void> take_bounds(const Settings& settings, const AccountSettings& account, MailAccount& out) {
  DEED_TRY(out.rate, rate_of(account, "smtp.rate"));
  DEED_TRY(out.domain_rate, rate_of(account, "smtp.domain_rate"));
  const double hours = account.number("smtp.retry_h").value_or(4);
  if (!(hours >= 0 && hours <= 120)) {
    return fail(ErrorKind::invalid, "smtp.retry_h is negative, or more than five days", account.origin("smtp.retry_h"));
  }
  out.limits.pauses = mail_pauses(std::chrono::milliseconds(static_cast<std::int64_t>(hours * 3'600'000)));
  const auto count = [&](const char* key, std::int64_t& into) -> Result<void> {
    const double value = settings.number(key).value_or(0);
    if (!(value >= 0 && value <= 1e9)) return fail(ErrorKind::invalid, std::string(key) + " must be 0 (none) to 1,000,000,000", settings.origin(key));
    into = static_cast<std::int64_t>(value);
    return {};
  };
  DEED_OK(count("mail.max_recipients", out.limits.max_recipients));
  DEED_OK(count("mail.max_failures", out.limits.max_failures));
  const double most_mib = settings.number("mail.max_attachments_mib").value_or(25);
  if (!(most_mib >= 0 && most_mib <= 2000)) return fail(ErrorKind::invalid, "mail.max_attachments_mib must be 0 to 2000", settings.origin("mail.max_attachments_mib"));
  out.limits.max_attachments_bytes = static_cast<std::uint64_t>(most_mib) << 20;
  for (const std::string& entry : settings.list("mail.suppress")) {
    DEED_OK(with_context(out.suppressed.add(entry), settings.origin("mail.suppress")));
  }
  return {};
}

Result<void> take_folders(const AccountSettings& account, MailAccount& out) {
  out.maildir = account.text("maildir");
  if (!out.maildir.empty() && out.maildir[0] != '/') {
    return fail(ErrorKind::invalid, "the Maildir is not an absolute path", account.origin("maildir"));
  }
  out.drafts = account.text("imap.drafts", out.drafts);
  const bool is_authoritative = out.sent && out.sent->is_authoritative;
  // Where the server itself keeps what was sent, a second copy would count as a second mail.
  const bool copies = account.has("imap.copy") ? account.flag("imap.copy") : out.reads_mail() && !is_authoritative;
  if (copies && is_authoritative) {
    return fail(ErrorKind::invalid, "imap.copy and imap.authoritative exclude one another", account.origin("imap.copy"),
                "an authoritative mailbox has what the server itself puts there, and nothing else");
  }
  if (copies) out.copies = account.text("imap.mailbox", "Sent");
  return {};
}

constexpr const char* recorded_keys[] = {"smtp.url",     "smtp.user",    "smtp.from",          "smtp.from_name", "smtp.reply_to", "smtp.automatic", "imap.url",
                                         "imap.user",    "imap.mailbox", "imap.authoritative", "imap.settle_s",  "imap.drafts",   "imap.copy",      "maildir"};

}  // namespace

Result<MailAccount> mail_account(const Settings& settings, const Environment& getenv) {
  const std::string name = settings.text("account");
  const auto names = settings.names_below("mail.");
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
    return fail(ErrorKind::not_found, "there is no mail account \"" + name + "\"", settings.origin("account"),
                "write a section [mail." + name + ".smtp] into your configuration");
  }
  const AccountSettings account(settings, name);
  MailAccount out{.name = name};
  DEED_TRY(out.smtp, server_of<SmtpServer>(account, "smtp", getenv));
  DEED_TRY(out.mailbox, server_of<ImapServer>(account, "imap", getenv));
  if (out.mailbox) {
    take_login(out.smtp, *out.mailbox);
    DEED_TRY(out.sent, sent_mailbox(account, *out.mailbox));
  }
  DEED_OK(take_sender(account, out));
  DEED_OK(take_folders(account, out));
  DEED_OK(take_bounds(settings, account, out));
  return out;
}

Json recorded_account(const Settings& settings) {
  Json out = Json::object();
  const std::string name = settings.text("account");
  const AccountSettings account(settings, name);
  for (const char* key : recorded_keys) {
    const Setting* setting = settings.find(account.key(key));
    if (setting) out[account.key(key)] = shown(*setting);
  }
  return out;
}

bool is_of_account(std::string_view key) {
  if (key == "account" || key.starts_with("mail.")) return true;
  return std::find(std::begin(recorded_keys), std::end(recorded_keys), key) != std::end(recorded_keys);
}

std::vector<Secret> secrets_of(const MailAccount& account) {
  std::vector<Secret> out;
  if (account.smtp) out.insert(out.end(), {account.smtp->password, account.smtp->token});
  if (account.mailbox) out.insert(out.end(), {account.mailbox->password, account.mailbox->token});
  return out;
}

}  // namespace deed
