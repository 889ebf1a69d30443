#include "deed/tests/fakes/imap_server.hpp"

#include "deed/core/text.hpp"
#include "deed/tests/fakes/oauth.hpp"

#include <chrono>

namespace deed::fakes {
namespace {

std::string without_quotes(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

std::string with_tag(std::string text, const std::string& tag) {
  for (std::size_t at = text.find("TAG"); at != std::string::npos; at = text.find("TAG", at + tag.size())) {
    text.replace(at, 3, tag);
  }
  return text;
}

// The value of the header field, "" if there is none. Fields of these tests are never folded.
std::string header_of(const std::string& message, const std::string& name) {
  for (const std::string_view line : split(message, '\n')) {
    if (trim(line).empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || lower_ascii(line.substr(0, colon)) != lower_ascii(name)) continue;
    return std::string(trim(line.substr(colon + 1)));
  }
  return {};
}

}  // namespace

ImapServer::ImapServer(ImapServerOptions options)
    : options_(std::move(options)),
      reached_(options_.faults.size()),
      listener_([this](Connection& connection) { serve(connection); }) {}

std::vector<std::string> ImapServer::commands() const {
  const std::lock_guard lock(mutex_);
  return commands_;
}

bool ImapServer::wait_for_commands(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return commands_.size() >= count; });
}

void ImapServer::serve(Connection& connection) {
  std::string selected;
  if (!answer(connection, ImapStage::greeting, "*", "* OK fake.test ready")) return;
  for (;;) {
    const std::optional<std::string> line = connection.read_line();
    if (!line) return;
    std::string text(trim(*line));
    // Literals of all commands but APPEND become text in quotation marks.
    while (text.ends_with('}') && lower_ascii(text).find(" append ") == std::string::npos) {
      const std::size_t open = text.rfind('{');
      if (!answer(connection, ImapStage::go_ahead, "*", "+ go ahead")) return;
      const auto bytes = connection.read_bytes(std::stoul(text.substr(open + 1)));
      const auto rest = connection.read_line();
      if (!bytes || !rest) return;
      text = text.substr(0, open) + '"' + *bytes + '"' + std::string(trim(*rest));
    }
    if (!obey(connection, text, selected)) return;
  }
}

bool ImapServer::obey(Connection& connection, const std::string& line, std::string& selected) {
  const std::size_t blank = line.find(' ');
  const std::string tag = line.substr(0, blank);
  const std::string command = blank == std::string::npos ? "" : line.substr(blank + 1);
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back(command);
    changed_.notify_all();
  }
  const std::string verb = lower_ascii(command.substr(0, command.find(' ')));
  if (verb == "capability") {
    return answer(connection, ImapStage::capability, tag, "* CAPABILITY " + options_.capabilities + "\r\nTAG OK done");
  }
  if (verb == "authenticate" && !options_.token.empty()) return take_token(connection, tag, command);
  if (verb == "login") {
    const std::vector<std::string_view> words = split(command, ' ');
    const bool is_right = words.size() == 3 && without_quotes(words[1]) == options_.user &&
                          without_quotes(words[2]) == options_.password;
    return answer(connection, ImapStage::login, tag,
                  is_right ? "TAG OK welcome" : "TAG NO [AUTHENTICATIONFAILED] wrong");
  }
  const std::string opened = verb == "select" ? command.substr(7) : verb == "examine" ? command.substr(8) : "";
  if (options_.store && !options_.mailboxes.contains(without_quotes(opened.empty() ? selected : opened))) {
    return obey_store(connection, tag, command, selected);
  }
  if (!opened.empty()) {
    selected = without_quotes(opened);
    const bool is_there = options_.mailboxes.contains(selected);
    return answer(connection, ImapStage::select, tag,
                  is_there ? "* 1 EXISTS\r\n* OK [UIDVALIDITY 1] UIDs valid\r\nTAG OK [READ-WRITE] selected"
                           : "TAG NO no such mailbox");
  }
  if (verb == "uid") {
    return answer(connection, ImapStage::search, tag, found(selected, command) + "\r\nTAG OK done");
  }
  if (verb == "logout") return connection.write("* BYE\r\n" + tag + " OK bye\r\n"), false;
  return connection.write(tag + " BAD what?\r\n");
}

bool ImapServer::give(Connection& connection, ImapStage stage, const std::string& tag, const ImapStore::Answer& given) {
  return answer(connection, stage, tag, given.untagged + tag + " " + given.end);
}

bool ImapServer::obey_store(Connection& connection, const std::string& tag, const std::string& command, std::string& selected) {
  ImapStore& store = *options_.store;
  const std::string verb = lower_ascii(command.substr(0, command.find(' ')));
  const std::string rest = command.find(' ') == std::string::npos ? "" : command.substr(command.find(' ') + 1);
  if (verb == "list") return give(connection, ImapStage::list, tag, store.list());
  if (verb == "select" || verb == "examine") {
    selected = without_quotes(rest);
    return give(connection, ImapStage::select, tag, store.select(selected));
  }
  if (verb == "append") return take_mail(connection, tag, rest);
  if (verb == "idle") return idle(connection, tag, selected);
  if (verb == "noop") return give(connection, ImapStage::idle, tag, {"* " + std::to_string(store.count(selected)) + " EXISTS\r\n"});
  if (verb == "logout") return connection.write("* BYE\r\n" + tag + " OK bye\r\n"), false;
  if (verb != "uid") return connection.write(tag + " BAD what?\r\n");
  const std::string kind = lower_ascii(rest.substr(0, rest.find(' ')));
  const ImapStage stage = kind == "search" ? ImapStage::search : kind == "fetch" ? ImapStage::fetch : ImapStage::change;
  return give(connection, stage, tag, store.uid(selected, rest));
}

// AUTHENTICATE OAUTHBEARER [RESPONSE]
bool ImapServer::take_token(Connection& connection, const std::string& tag, const std::string& command) {
  const auto words = split(command, ' ');
  const std::string mechanism = words.size() > 1 ? lower_ascii(words[1]) : "";
  std::string given = words.size() > 2 ? std::string(words[2]) : "";
  if (given.empty()) {
    connection.write("+ \r\n");
    const auto next = connection.read_line();
    if (!next) return false;
    given = trim(*next);
  }
  if (is_oauth_login(mechanism, given, options_.user, options_.token)) return answer(connection, ImapStage::login, tag, "TAG OK welcome");
  connection.write("+ " + oauth_refusal() + "\r\n");
  const auto dummy = connection.read_line();
  if (!dummy) return false;
  return answer(connection, ImapStage::login, tag, trim(*dummy) == oauth_dummy ? "TAG NO [AUTHENTICATIONFAILED] the token is not valid" : "TAG BAD that was no answer");
}

// APPEND "Sent" (\Seen) {12}
bool ImapServer::take_mail(Connection& connection, const std::string& tag, const std::string& rest) {
  const std::size_t open = rest.rfind('{'), list = rest.find('('), list_end = rest.find(')');
  const std::string mailbox = without_quotes(trim(std::string_view(rest).substr(0, list)));
  if (open == std::string::npos || list == std::string::npos) return connection.write(tag + " BAD what?\r\n");
  if (!options_.store->has(mailbox)) return connection.write(tag + " NO [TRYCREATE] no such mailbox\r\n");
  std::string said;
  if (!answer(connection, ImapStage::go_ahead, tag, "+ go ahead", &said)) return false;
  if (!said.starts_with('+')) return true;  // refused: the mail does not come
  auto bytes = connection.read_bytes(std::stoul(rest.substr(open + 1)));
  if (!bytes || !connection.read_line()) return false;
  std::vector<std::string> flags;
  for (const std::string_view flag : split(std::string_view(rest).substr(list + 1, list_end - list - 1), ' ')) {
    if (!flag.empty()) flags.emplace_back(flag);
  }
  options_.store->add(mailbox, *std::move(bytes), std::move(flags));
  return answer(connection, ImapStage::append, tag, tag + " OK [APPENDUID 1 1] filed");
}

bool ImapServer::idle(Connection& connection, const std::string& tag, const std::string& selected) {
  if (!answer(connection, ImapStage::idle, tag, "+ idling")) return false;
  const std::size_t count = options_.store->count(selected);
  if (options_.while_idle) options_.while_idle();
  const std::size_t now = options_.store->count(selected);
  if (now != count && !connection.write("* " + std::to_string(now) + " EXISTS\r\n")) return false;
  return connection.read_line() && connection.write(tag + " OK done\r\n");
}

// "* SEARCH 1 3": the messages whose header field has the text that the command names.
std::string ImapServer::found(const std::string& mailbox, const std::string& command) const {
  std::string out = "* SEARCH";
  const std::string prefix = "UID SEARCH HEADER ";
  const auto box = options_.mailboxes.find(mailbox);
  if (!command.starts_with(prefix) || box == options_.mailboxes.end()) return out;
  const std::string rest = command.substr(prefix.size());
  const std::string name = rest.substr(0, rest.find(' '));
  const std::string wanted = without_quotes(rest.substr(name.size() + 1));
  std::size_t number = 0;
  for (const std::string& message : box->second()) {
    ++number;
    if (header_of(message, name).find(wanted) != std::string::npos) out += " " + std::to_string(number);
  }
  return out;
}

bool ImapServer::answer(Connection& connection, ImapStage stage, const std::string& tag, const std::string& usual, std::string* said) {
  ImapFault fault{.stage = stage, .reply = usual};
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < options_.faults.size(); ++i) {
      if (options_.faults[i].stage == stage && reached_[i]++ < options_.faults[i].times) fault = options_.faults[i];
    }
  }
  if (fault.action == ImapAction::reset) return connection.set_reset(), false;
  if (fault.action == ImapAction::drop) return false;
  if (fault.action == ImapAction::hang) return connection.wait_for_close(), false;
  const std::string text = with_tag(fault.reply, tag) + (fault.is_cut ? "" : "\r\n");
  if (said) *said = text;
  const bool is_written = fault.is_slow ? connection.write_slowly(text) : connection.write(text);
  return is_written && !fault.then_drop;
}

}  // namespace deed::fakes
