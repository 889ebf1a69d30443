#include "deed/tests/fakes/imap_store.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace deed::fakes {
namespace {

// The next word, or what stands in quotation marks or in parentheses.
std::string take(std::string_view& rest) {
  rest = trim(rest);
  std::string out;
  if (rest.starts_with('"')) {
    std::size_t i = 1;
    for (; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
      out += rest[i];
    }
    rest.remove_prefix(std::min(i + 1, rest.size()));
    return out;
  }
  const char end = rest.starts_with('(') ? ')' : ' ';
  const std::size_t at = std::min(rest.find(end), rest.size());
  out = std::string(rest.substr(end == ')' ? 1 : 0, at - (end == ')' ? 1 : 0)));
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return out;
}

std::uint32_t number_in(std::string_view text) {
  std::uint32_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return text == "*" ? 0xFFFFFFFFu : out;
}

bool is_in_set(std::uint32_t uid, std::string_view set) {
  for (const std::string_view part : split(set, ',')) {
    const std::size_t colon = part.find(':');
    const std::uint32_t from = number_in(part.substr(0, colon));
    const std::uint32_t to = colon == std::string_view::npos ? from : number_in(part.substr(colon + 1));
    if (uid >= from && uid <= to) return true;
  }
  return false;
}

std::string_view head_of(std::string_view bytes) { return bytes.substr(0, bytes.find("\r\n\r\n")); }

std::string field_of(std::string_view bytes, std::string_view name) {
  for (const std::string_view line : split(head_of(bytes), '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && lower_ascii(line.substr(0, colon)) == lower_ascii(name)) {
      return std::string(trim(line.substr(colon + 1)));
    }
  }
  return {};
}

bool holds(std::string_view text, std::string_view part) { return lower_ascii(text).find(lower_ascii(part)) != std::string::npos; }

bool has_flag(const ImapStore::Message& message, std::string_view flag) {
  return std::find(message.flags.begin(), message.flags.end(), flag) != message.flags.end();
}

std::string joined_flags(const ImapStore::Message& message) {
  std::string out;
  for (const std::string& flag : message.flags) out += (out.empty() ? "" : " ") + flag;
  return "(" + out + ")";
}

bool matches(const ImapStore::Message& message, std::string_view keys) {
  while (!trim(keys).empty()) {
    const std::string key = lower_ascii(take(keys));
    bool is_met = true;
    if (key == "charset") take(keys);
    else if (key == "undeleted") is_met = !has_flag(message, "\\Deleted");
    else if (key == "or") {  // OR TO x CC x
      take(keys);
      const std::string to = take(keys);
      take(keys), take(keys);
      is_met = holds(field_of(message.bytes, "to"), to) || holds(field_of(message.bytes, "cc"), to);
    }
    else if (key == "seen" || key == "unseen") is_met = has_flag(message, "\\Seen") == (key == "seen");
    else if (key == "flagged" || key == "unflagged") is_met = has_flag(message, "\\Flagged") == (key == "flagged");
    else if (key == "uid") is_met = is_in_set(message.uid, take(keys));
    else if (key == "from" || key == "subject") is_met = holds(field_of(message.bytes, key), take(keys));
    else if (key == "text") is_met = holds(message.bytes, take(keys));
    else if (key == "header") {
      const std::string name = take(keys);
      is_met = holds(field_of(message.bytes, name), take(keys));
    } else if (key == "since" || key == "before") {
      take(keys);
    }
    if (!is_met) return false;
  }
  return true;
}

}  // namespace

void ImapStore::add_mailbox(const std::string& name, const std::string& attributes) {
  const std::lock_guard lock(mutex_);
  mailboxes_[name].attributes = attributes;
}

std::uint32_t ImapStore::add(const std::string& mailbox, std::string bytes, std::vector<std::string> flags) {
  const std::lock_guard lock(mutex_);
  Mailbox& box = mailboxes_[mailbox];
  box.messages.push_back({box.next_uid, std::move(flags), std::move(bytes)});
  return box.next_uid++;
}

void ImapStore::set_uid_validity(const std::string& mailbox, std::uint32_t value) {
  const std::lock_guard lock(mutex_);
  mailboxes_[mailbox].uid_validity = value;
}

std::vector<ImapStore::Message> ImapStore::messages(const std::string& mailbox) const {
  const std::lock_guard lock(mutex_);
  const auto box = mailboxes_.find(mailbox);
  return box == mailboxes_.end() ? std::vector<Message>() : box->second.messages;
}

bool ImapStore::has(const std::string& mailbox) const {
  const std::lock_guard lock(mutex_);
  return mailboxes_.contains(mailbox);
}

std::size_t ImapStore::count(const std::string& mailbox) const { return messages(mailbox).size(); }

ImapStore::Answer ImapStore::list() const {
  const std::lock_guard lock(mutex_);
  Answer out;
  for (const auto& [name, box] : mailboxes_) out.untagged += "* LIST (" + box.attributes + ") \"/\" \"" + name + "\"\r\n";
  return out;
}

ImapStore::Answer ImapStore::select(const std::string& mailbox) const {
  const std::lock_guard lock(mutex_);
  const auto found = mailboxes_.find(mailbox);
  if (found == mailboxes_.end()) return {"", "NO no such mailbox"};
  const Mailbox& box = found->second;
  return {"* FLAGS (\\Seen \\Answered)\r\n* " + std::to_string(box.messages.size()) + " EXISTS\r\n* OK [UIDVALIDITY " +
              std::to_string(box.uid_validity) + "] UIDs valid\r\n* OK [UIDNEXT " + std::to_string(box.next_uid) + "] next\r\n",
          "OK [READ-WRITE] selected"};
}

ImapStore::Answer ImapStore::uid(const std::string& mailbox, std::string_view command) {
  const std::lock_guard lock(mutex_);
  const auto found = mailboxes_.find(mailbox);
  if (found == mailboxes_.end()) return {"", "NO no mailbox is open"};
  std::string_view rest = command;
  const std::string verb = lower_ascii(take(rest));
  if (verb == "search") return search(found->second, rest);
  if (verb == "fetch") return fetch(found->second, rest);
  if (verb == "store") return store(found->second, rest);
  if (verb == "copy" || verb == "move") return copy(mailbox, rest, verb == "move");
  if (verb == "expunge") {
    const std::string set = take(rest);
    std::erase_if(found->second.messages, [&](const Message& m) { return is_in_set(m.uid, set) && has_flag(m, "\\Deleted"); });
    return {};
  }
  return {"", "BAD what?"};
}

ImapStore::Answer ImapStore::search(const Mailbox& box, std::string_view keys) const {
  Answer out{"* SEARCH"};
  for (const Message& message : box.messages) {
    if (matches(message, keys)) out.untagged += " " + std::to_string(message.uid);
  }
  out.untagged += "\r\n";
  return out;
}

ImapStore::Answer ImapStore::fetch(const Mailbox& box, std::string_view rest) const {
  const std::string set = take(rest);
  const bool is_head = rest.find("HEADER.FIELDS") != std::string_view::npos;
  const std::size_t partial = rest.find("<0.");
  Answer out;
  std::size_t number = 0;
  for (const Message& message : box.messages) {
    ++number;
    if (!is_in_set(message.uid, set)) continue;
    std::string bytes = is_head ? std::string(head_of(message.bytes)) + "\r\n\r\n" : message.bytes;
    if (partial != std::string_view::npos) bytes.resize(std::min<std::size_t>(bytes.size(), number_in(rest.substr(partial + 3))));
    out.untagged += "* " + std::to_string(number) + " FETCH (UID " + std::to_string(message.uid) + " FLAGS " + joined_flags(message) +
                    " RFC822.SIZE " + std::to_string(message.bytes.size()) + " BODY[" + (is_head ? "HEADER.FIELDS (\"Date\" From)" : "") + "]" +
                    (is_head ? " {" : "<0> {") + std::to_string(bytes.size()) + "}\r\n" + bytes + ")\r\n";
  }
  return out;
}

ImapStore::Answer ImapStore::store(Mailbox& box, std::string_view rest) {
  const std::string set = take(rest);
  const bool adds = take(rest).starts_with('+');
  const std::string list = take(rest);
  for (Message& message : box.messages) {
    if (!is_in_set(message.uid, set)) continue;
    for (const std::string_view flag : split(list, ' ')) {
      std::erase(message.flags, flag);
      if (adds) message.flags.emplace_back(flag);
    }
  }
  return {};
}

ImapStore::Answer ImapStore::copy(const std::string& mailbox, std::string_view rest, bool moves) {
  const std::string set = take(rest);
  const std::string target = take(rest);
  if (!mailboxes_.contains(target)) return {"", "NO [TRYCREATE] no such mailbox"};
  Mailbox& from = mailboxes_[mailbox];
  Mailbox& to = mailboxes_[target];
  for (const Message& message : std::vector<Message>(from.messages)) {
    if (!is_in_set(message.uid, set)) continue;
    to.messages.push_back({to.next_uid++, message.flags, message.bytes});
    if (moves) std::erase_if(from.messages, [&](const Message& m) { return m.uid == message.uid; });
  }
  return {};
}

}  // namespace deed::fakes
