#include "deed/tests/fakes/smtp_server.hpp"

#include "deed/tests/fakes/oauth.hpp"

#include "deed/core/text.hpp"

#include <chrono>

namespace deed::fakes {
namespace {

std::string base64(std::string_view bytes) {
  const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += i + j > bytes.size() ? '=' : digits[group >> (18 - 6 * j) & 63];
    }
  }
  return out;
}

std::string unstuffed(std::string_view raw) {
  std::string out;
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find("\r\n"), raw.size());
    std::string_view line = raw.substr(0, end);
    raw.remove_prefix(end);
    if (line.starts_with('.')) line.remove_prefix(1);
    out += line;
    if (!raw.empty()) {
      out += "\r\n";
      raw.remove_prefix(2);
    }
  }
  return out;
}

// Where the line with the single dot begins, or npos.
std::size_t find_final_dot(const std::string& raw, std::size_t from) {
  if (raw.starts_with(".\r\n")) return 0;
  const std::size_t at = raw.find("\r\n.\r\n", from);
  return at == std::string::npos ? at : at + 2;
}

}  // namespace

struct SmtpServer::Dialogue {
  Connection& connection;
  SeenMail mail;
  bool is_authenticated = false;
};

SmtpServer::SmtpServer(SmtpServerOptions options)
    : options_(std::move(options)),
      reached_(options_.faults.size()),
      listener_([this](Connection& connection) { serve(connection); }) {}

std::vector<SeenMail> SmtpServer::mails() const {
  const std::lock_guard lock(mutex_);
  return mails_;
}
std::vector<SeenMail> SmtpServer::kept() const {
  std::vector<SeenMail> out = mails();
  std::erase_if(out, [](const SeenMail& mail) { return !mail.is_kept; });
  return out;
}
std::vector<std::string> SmtpServer::commands() const {
  const std::lock_guard lock(mutex_);
  return commands_;
}
std::size_t SmtpServer::data_bytes() const {
  const std::lock_guard lock(mutex_);
  return data_bytes_;
}
bool SmtpServer::wait_for_data_bytes(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return data_bytes_ >= count; });
}
bool SmtpServer::wait_for_mails(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return mails_.size() >= count; });
}
bool SmtpServer::wait_for_commands(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20),
                           [&] { return commands_.size() >= count; });
}

void SmtpServer::serve(Connection& connection) {
  Dialogue dialogue{.connection = connection, .mail = {}};
  if (answer(connection, SmtpStage::greeting, "220 fake.test ESMTP") == Next::end) return;
  for (;;) {
    const std::optional<std::string> line = connection.read_line();
    if (!line) return;
    const std::string command(trim(*line));
    {
      const std::lock_guard lock(mutex_);
      commands_.push_back(command);
      changed_.notify_all();
    }
    if (!obey(dialogue, command)) return;
  }
}

// Whether the dialogue goes on.
bool SmtpServer::obey(Dialogue& dialogue, const std::string& line) {
  Connection& connection = dialogue.connection;
  const std::string verb = lower_ascii(line.substr(0, line.find(' ')));
  if (verb == "ehlo" || verb == "helo") {
    return answer(connection, SmtpStage::ehlo, extension_lines()) != Next::end;
  }
  if (verb == "auth") return authenticate(dialogue, line);
  if (verb == "quit") return connection.write("221 bye\r\n"), false;
  if (verb == "mail" && !options_.user.empty() && !dialogue.is_authenticated) {
    return connection.write("530 5.7.0 Authentication required\r\n");
  }
  if (verb == "mail") {
    dialogue.mail = {.from = line.substr(10), .connection = connection.number()};
    return answer(connection, SmtpStage::mail, "250 2.1.0 sender ok") != Next::end;
  }
  if (verb == "rcpt") {
    dialogue.mail.to = line.substr(8);
    for (const std::string& who : options_.unknown) {
      if (dialogue.mail.to == "<" + who + ">") return connection.write("550 5.1.1 no such user\r\n");
    }
    return answer(connection, SmtpStage::rcpt, "250 2.1.5 recipient ok") != Next::end;
  }
  if (verb == "data") return take_message(dialogue);
  return connection.write("502 5.5.1 what?\r\n");
}

std::string SmtpServer::extension_lines() const {
  std::vector<std::string> lines = {"fake.test"};
  lines.insert(lines.end(), options_.extensions.begin(), options_.extensions.end());
  if (!options_.user.empty()) lines.push_back("AUTH " + (options_.token.empty() ? "PLAIN" : options_.mechanisms));
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += i + 1 < lines.size() ? "250-" + lines[i] + "\r\n" : "250 " + lines[i];
  }
  return out;
}

// AUTH OAUTHBEARER [RESPONSE]
bool SmtpServer::take_token(Dialogue& dialogue, const std::string& line) {
  Connection& connection = dialogue.connection;
  const auto words = split(line, ' ');
  const std::string mechanism = words.size() > 1 ? lower_ascii(words[1]) : "";
  std::string given = words.size() > 2 ? std::string(words[2]) : "";
  if (given.empty()) {
    connection.write("334 \r\n");
    const std::optional<std::string> next = connection.read_line();
    if (!next) return false;
    given = trim(*next);
  }
  dialogue.is_authenticated = is_oauth_login(mechanism, given, options_.user, options_.token);
  if (dialogue.is_authenticated) return answer(connection, SmtpStage::auth, "235 2.7.0 welcome") != Next::end;
  connection.write("334 " + oauth_refusal() + "\r\n");
  const std::optional<std::string> dummy = connection.read_line();
  if (!dummy) return false;
  const bool is_dummy = trim(*dummy) == oauth_dummy;
  return answer(connection, SmtpStage::auth, is_dummy ? "535 5.7.8 the token is not valid" : "501 5.5.2 that was no answer") != Next::end;
}

bool SmtpServer::authenticate(Dialogue& dialogue, const std::string& line) {
  if (!options_.token.empty()) return take_token(dialogue, line);
  std::string given = line.size() > 11 ? line.substr(11) : "";
  if (given.empty()) {
    dialogue.connection.write("334 \r\n");
    const std::optional<std::string> next = dialogue.connection.read_line();
    if (!next) return false;
    given = trim(*next);
  }
  const std::string want = std::string(1, '\0') + options_.user + '\0' + options_.password;
  dialogue.is_authenticated = given == base64(want);
  return answer(dialogue.connection, SmtpStage::auth,
                dialogue.is_authenticated ? "235 2.7.0 welcome" : "535 5.7.8 wrong password") !=
         Next::end;
}

bool SmtpServer::take_message(Dialogue& dialogue) {
  const Next next = answer(dialogue.connection, SmtpStage::data, "354 go on");
  if (next != Next::go_on) return next == Next::refused;
  const SmtpFault in_body = fault_at(SmtpStage::body, "");
  std::string raw;
  std::size_t end = std::string::npos;
  while (end == std::string::npos) {
    const std::string bytes = dialogue.connection.read_some();
    if (bytes.empty()) return false;
    const std::size_t searched = raw.size() < 4 ? 0 : raw.size() - 4;
    raw += bytes;
    end = find_final_dot(raw, searched);
    {
      const std::lock_guard lock(mutex_);
      data_bytes_ += bytes.size();
      changed_.notify_all();
    }
    const bool breaks = in_body.action != SmtpAction::reply && raw.size() >= in_body.after_bytes;
    if (breaks) return act(dialogue.connection, in_body), false;
  }
  const SmtpFault verdict = fault_at(SmtpStage::end_of_message, "250 2.0.0 queued as 42");
  dialogue.mail.message = unstuffed(std::string_view(raw).substr(0, end));
  const bool is_refusal = verdict.reply.starts_with('4') || verdict.reply.starts_with('5');
  dialogue.mail.is_kept = !verdict.loses_mail && !(is_refusal && !verdict.is_cut);
  {
    const std::lock_guard lock(mutex_);
    mails_.push_back(dialogue.mail);
    changed_.notify_all();
  }
  return act(dialogue.connection, verdict) != Next::end;
}

SmtpFault SmtpServer::fault_at(SmtpStage stage, const std::string& usual) {
  SmtpFault fault{.stage = stage, .reply = usual};
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < options_.faults.size(); ++i) {
    const SmtpFault& candidate = options_.faults[i];
    if (candidate.stage != stage) continue;
    const std::size_t before = reached_[i]++;
    if (before >= candidate.skip && before - candidate.skip < candidate.times) fault = candidate;
  }
  if (fault.action == SmtpAction::reply && fault.reply.empty()) fault.reply = usual;
  return fault;
}

SmtpServer::Next SmtpServer::answer(Connection& connection, SmtpStage stage,
                                    const std::string& usual) {
  return act(connection, fault_at(stage, usual));
}

SmtpServer::Next SmtpServer::act(Connection& connection, const SmtpFault& fault) {
  if (fault.action == SmtpAction::reset) return connection.set_reset(), Next::end;
  if (fault.action == SmtpAction::drop) return Next::end;
  const bool hangs = fault.action == SmtpAction::hang;
  if (hangs && fault.stage == SmtpStage::body) return connection.wait_for_hangup(), Next::end;
  if (hangs) return connection.wait_for_close(), Next::end;
  const std::string line = fault.reply + (fault.is_cut ? "" : "\r\n");
  const bool is_written = fault.is_slow ? connection.write_slowly(line) : connection.write(line);
  if (!is_written || fault.then_drop) return Next::end;
  return line.starts_with('4') || line.starts_with('5') ? Next::refused : Next::go_on;
}

}  // namespace deed::fakes
