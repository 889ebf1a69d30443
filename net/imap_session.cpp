#include "deed/net/imap_session.hpp"

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace deed {
namespace {

using std::chrono::steady_clock;

constexpr const char* special_uses[] = {"\\sent", "\\drafts", "\\archive", "\\junk", "\\trash"};

// What says from whom, when, about what, and whether a machine wrote it.
constexpr const char* header_fields =
    "BODY.PEEK[HEADER.FIELDS (Date From Sender Reply-To To Cc Subject Message-ID In-Reply-To References Auto-Submitted Precedence List-Id "
    "List-Unsubscribe Return-Path Content-Type X-Failed-Recipients)]";

// A server may end the wait after half an hour (RFC 2177).
constexpr std::chrono::minutes longest_idle{25};
constexpr std::chrono::seconds between_polls{60};
// A search through a large mailbox may take its time.
constexpr std::chrono::seconds silence_in_answers{90};

// Of all answers to one command: a mail of the largest size, or the headers of a thousand.
constexpr std::size_t max_answer_bytes = 128u << 20;

std::size_t bytes_of(const std::vector<ImapValue>& values) {
  std::size_t out = 0;
  for (const ImapValue& value : values) out += sizeof value + value.text.size() + bytes_of(value.list);  // as deep as the reader allows
  return out;
}
std::size_t bytes_of(const ImapResponse& response) { return sizeof response + response.text.size() + bytes_of(response.values); }

Result<void> check_text(std::string_view text, const char* what) {
  if (!is_utf8(text) || has_control_characters(text)) {
    return fail(ErrorKind::invalid, std::string(what) + " holds a control character", "\"" + escaped(text) + "\"");
  }
  return {};
}

Result<void> check_mailbox(const std::string& name) {
  if (name.empty()) return fail(ErrorKind::invalid, "a mailbox has a name");
  return check_text(name, "the name of a mailbox");
}

Unexpected refused(const ImapResponse& response, const std::string& doing) {
  const std::string code = lower_ascii(response.code.substr(0, response.code.find(' ')));
  const std::string words = "the mail server does not " + doing + ": " + (response.text.empty() ? response.word : response.text);
  if (response.word == "BAD") return fail(ErrorKind::unsupported, words);
  if (code == "noperm" || code == "authorizationfailed") return fail(ErrorKind::denied, words);
  if (code == "overquota" || code == "limit") return fail(ErrorKind::limit, words);
  if (code == "inuse" || code == "unavailable" || code == "serverbug") return fail(ErrorKind::unavailable, words);
  if (code == "nonexistent" || code == "trycreate") return fail(ErrorKind::not_found, words);
  return fail(ErrorKind::denied, words);
}

std::optional<std::uint32_t> number_of_code(const ImapResponse& response, std::string_view name) {
  const std::string_view code = response.code;
  if (!lower_ascii(code).starts_with(std::string(name) + " ")) return std::nullopt;
  const std::string_view digits = trim(code.substr(name.size()));
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

}  // namespace

ImapCommands::ImapCommands(ImapLink& link, std::chrono::milliseconds timeout)
    : link_(link), deadline_(steady_clock::now() + timeout) {}

Result<void> ImapCommands::begin() {
  DEED_TRY(const Answer answer, perform(ImapCommand("CAPABILITY"), "say what it offers"));
  for (const ImapResponse& response : answer.untagged) {
    if (response.word != "CAPABILITY") continue;
    for (const ImapValue& value : response.values) capabilities_.insert(lower_ascii(value.text));
  }
  return {};
}

Result<void> ImapCommands::go_on(std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds patience{5000};  // a new connection takes less than to wait for one that is dead
  deadline_ = steady_clock::now() + std::min(timeout, patience);
  DEED_TRY(const Answer answer, perform(ImapCommand("NOOP"), "answer"));
  deadline_ += std::max(timeout - patience, std::chrono::milliseconds(0));
  return {};
}

void ImapCommands::end() {
  const auto soon = steady_clock::now() + std::chrono::seconds(1);
  [[maybe_unused]] const auto sent = link_.send("D" + std::to_string(next_tag_++) + " LOGOUT\r\n", soon);
}

bool ImapCommands::offers(std::string_view capability) const { return capabilities_.contains(lower_ascii(capability)); }

void ImapCommands::heed(const ImapResponse& response) {
  if (response.word == "EXPUNGE" && messages_ > 0) --messages_;
  if (response.word != "EXISTS") return;
  has_news_ = has_news_ || response.number > messages_;
  messages_ = response.number;
}

Result<ImapResponse> ImapCommands::receive(ImapLink::Deadline deadline, std::chrono::seconds longest_silence) {
  for (;;) {
    // Also of a server that never stops talking.
    if (steady_clock::now() >= deadline) return fail(ErrorKind::timeout, "the mail server did not come to an end in time");
    Result<std::optional<ImapResponse>> response = reader_.next();
    // Whatever was asked, nobody knows whether it was done.
    if (!response) return fail(ErrorKind::corrupt, response.error().what);
    if (*response) {
      heed(**response);
      return **std::move(response);
    }
    const ImapLink::Deadline silent_until = steady_clock::now() + longest_silence;
    DEED_TRY(const std::string bytes, link_.receive(std::min(deadline, silent_until)));
    reader_.feed(bytes);
  }
}

// Keeps what may be an answer; news are heeded and forgotten. A server may not fill the memory with answers.
Result<void> ImapCommands::keep(ImapResponse response, Answer& answer) const {
  if (response.tag != "*" || response.word == "EXISTS" || response.word == "RECENT" || response.word == "EXPUNGE") return {};
  answer.bytes += bytes_of(response);
  if (answer.bytes > max_answer_bytes) return fail(ErrorKind::corrupt, "the mail server's answers are larger than " + human_bytes(max_answer_bytes) + " together");
  answer.untagged.push_back(std::move(response));
  return {};
}

// A literal that breaks off is none: the server, which waits for the rest of it, loses the connection.
Result<void> ImapCommands::send_literal(const ByteSource& literal) {
  Result<void> sent = for_each_piece(literal, [this](std::string_view piece) { return link_.send(piece, deadline_); });
  if (!sent) link_.stop();
  return sent;
}

// Until the server has taken the last piece, or has refused the command before.
Result<void> ImapCommands::send_pieces(const ImapCommand& command, const std::string& tag, Answer& answer) {
  const std::vector<ImapCommand::Piece>& pieces = command.pieces();
  DEED_OK(link_.send(tag + " " + pieces[0].text + "\r\n", deadline_));
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    for (;;) {
      DEED_TRY(ImapResponse response, receive(deadline_, silence_in_answers));
      if (response.tag == "+") break;
      if (response.tag == tag) return answer.end = std::move(response), Result<void>();
      DEED_OK(keep(std::move(response), answer));
    }
    DEED_OK(send_literal(*pieces[i].literal));
    DEED_OK(link_.send(pieces[i].text + "\r\n", deadline_));
  }
  return {};
}

Result<ImapCommands::Answer> ImapCommands::perform(const ImapCommand& command, const std::string& doing) {
  const std::string tag = "D" + std::to_string(next_tag_++);
  Answer answer;
  DEED_OK(send_pieces(command, tag, answer));
  while (answer.end.tag.empty()) {
    DEED_TRY(ImapResponse response, receive(deadline_, silence_in_answers));
    if (response.word == "BYE" && response.tag == "*") {
      return fail(ErrorKind::unavailable, "the mail server took its leave: " + response.text);
    }
    if (response.tag == tag) answer.end = std::move(response);
    else DEED_OK(keep(std::move(response), answer));
  }
  if (answer.end.word == "NO" || answer.end.word == "BAD") return refused(answer.end, doing);
  if (answer.end.word != "OK") return fail(ErrorKind::corrupt, "the mail server ends a command with \"" + escaped(answer.end.word) + "\"");
  return answer;
}

Result<std::vector<ImapFolder>> ImapCommands::folders() {
  DEED_TRY(const Answer answer, perform(ImapCommand("LIST \"\" \"*\""), "list its mailboxes"));
  std::vector<ImapFolder> out;
  for (const ImapResponse& response : answer.untagged) {
    if (response.word != "LIST" || response.values.size() < 3) continue;
    ImapFolder folder{.name = escaped(read_mailbox_name(response.values[2].text))};
    for (const ImapValue& attribute : response.values[0].list) folder.attributes.push_back(escaped(attribute.text));
    out.push_back(std::move(folder));
  }
  return out;
}

// "Sent" is the mailbox that the server has for that (RFC 6154), where there is none of the name.
std::optional<std::string> ImapCommands::meant_by(const std::string& mailbox) {
  const std::string wanted = "\\" + lower_ascii(mailbox);
  if (std::find(std::begin(special_uses), std::end(special_uses), wanted) == std::end(special_uses)) return std::nullopt;
  const auto all = folders();
  if (!all) return std::nullopt;
  for (const ImapFolder& folder : *all) {
    for (const std::string& attribute : folder.attributes) {
      if (lower_ascii(attribute) == wanted) return folder.name;
    }
  }
  return std::nullopt;
}

Result<ImapMailbox> ImapCommands::open(const std::string& mailbox, bool read_only) {
  Result<ImapMailbox> opened = open_exactly(mailbox, read_only);
  if (opened || opened.error().kind != ErrorKind::not_found) return opened;
  const auto meant = meant_by(mailbox);
  return meant ? open_exactly(*meant, read_only) : opened;
}

Result<ImapMailbox> ImapCommands::open_exactly(const std::string& mailbox, bool read_only) {
  DEED_OK(check_mailbox(mailbox));
  ImapCommand command(read_only ? "EXAMINE" : "SELECT");
  command.add_string(imap_mailbox_name(mailbox));
  messages_ = 0;
  Result<Answer> answered = perform(command, "open the mailbox \"" + mailbox + "\"");
  // Most servers say no more than NO.
  if (!answered && answered.error().kind == ErrorKind::denied) answered = fail(ErrorKind::not_found, answered.error().what, mailbox);
  DEED_TRY(const Answer answer, std::move(answered));
  ImapMailbox out{.messages = messages_};
  for (const ImapResponse& response : answer.untagged) {
    if (const auto number = number_of_code(response, "uidvalidity")) out.uid_validity = *number;
  }
  has_news_ = false;
  return out;
}

Result<std::vector<std::uint32_t>> ImapCommands::search(const ImapCriteria& criteria) {
  for (const std::string* text : {&criteria.message_id, &criteria.from, &criteria.to, &criteria.subject, &criteria.text}) {
    DEED_OK(check_text(*text, "what is looked for"));
  }
  DEED_TRY(const Answer answer, perform(imap_search_command(criteria), "search"));
  DEED_TRY(std::vector<std::uint32_t> uids, read_search_answer(answer.untagged));
  // "9:*" is also the last message where that has a lower number.
  std::erase_if(uids, [&](std::uint32_t uid) { return uid < criteria.uid_from; });
  return uids;
}

Result<std::vector<ImapItem>> ImapCommands::fetch(std::span<const std::uint32_t> uids, const std::string& what) {
  DEED_TRY(const Answer answer, perform(ImapCommand("UID FETCH " + uid_set(uids) + " (UID FLAGS RFC822.SIZE " + what + ")"), "give the mail"));
  std::vector<ImapItem> out;
  for (const ImapResponse& response : answer.untagged) {
    auto item = read_fetch_answer(response);
    if (!item || std::find(uids.begin(), uids.end(), item->uid) == uids.end()) continue;
    const auto known = std::find_if(out.begin(), out.end(), [&](const ImapItem& other) { return other.uid == item->uid; });
    if (known == out.end()) {
      out.push_back(*std::move(item));
    } else {  // flags that somebody set meanwhile come in an answer of their own
      known->flags = std::move(item->flags);
      if (!item->bytes.empty()) known->bytes = std::move(item->bytes);
      known->size_bytes = std::max(known->size_bytes, item->size_bytes);
    }
  }
  return out;
}

Result<std::vector<ImapItem>> ImapCommands::headers(std::span<const std::uint32_t> uids) {
  if (uids.empty()) return std::vector<ImapItem>();
  if (uids.size() > 1000) return fail(ErrorKind::limit, "the headers of more than 1,000 mails were asked for at once");
  return fetch(uids, header_fields);
}

Result<ImapItem> ImapCommands::message(std::uint32_t uid, std::size_t max_bytes) {
  DEED_TRY(std::vector<ImapItem> items, fetch({&uid, 1}, "BODY.PEEK[]<0." + std::to_string(max_bytes) + ">"));
  if (items.empty()) return fail(ErrorKind::not_found, "there is no such mail any more", std::to_string(uid));
  return std::move(items.front());
}

Result<void> ImapCommands::mark(std::span<const std::uint32_t> uids, const std::vector<std::string>& flags, bool on) {
  if (uids.empty() || flags.empty()) return {};
  DEED_TRY(const std::string list, flag_list(flags));
  DEED_TRY(const Answer answer, perform(ImapCommand("UID STORE " + uid_set(uids) + (on ? " +FLAGS.SILENT " : " -FLAGS.SILENT ") + list), "mark the mail"));
  return {};
}

Result<void> ImapCommands::move(std::uint32_t uid, const std::string& mailbox) {
  DEED_OK(check_mailbox(mailbox));
  const bool moves = offers("MOVE");
  if (!moves && !offers("UIDPLUS")) {
    return fail(ErrorKind::unsupported, "the mail server can move no single mail (it has neither MOVE nor UIDPLUS)");
  }
  const std::string number = std::to_string(uid);
  ImapCommand command(moves ? "UID MOVE " + number : "UID COPY " + number);
  command.add_string(imap_mailbox_name(mailbox));
  DEED_TRY(const Answer answer, perform(command, "move the mail to \"" + mailbox + "\""));
  if (moves) return {};
  Result<void> removed = mark({&uid, 1}, {"\\Deleted"}, true);
  if (removed) {
    const Result<Answer> gone = perform(ImapCommand("UID EXPUNGE " + number), "remove the moved mail's original");
    if (!gone) removed = fail(gone.error());
  }
  // The copy is there: this is no refusal any more.
  if (!removed) return fail(ErrorKind::unavailable, "the mail is in \"" + mailbox + "\", and also still where it was: " + removed.error().what);
  return {};
}

Result<void> ImapCommands::append(const std::string& mailbox, const std::vector<std::string>& flags, std::shared_ptr<const ByteSource> bytes) {
  Result<void> filed = append_exactly(mailbox, flags, bytes);
  const bool is_refused = !filed && (filed.error().kind == ErrorKind::not_found || filed.error().kind == ErrorKind::denied);
  if (!is_refused) return filed;
  const auto meant = meant_by(mailbox);
  return meant && *meant != mailbox ? append_exactly(*meant, flags, bytes) : filed;
}

Result<void> ImapCommands::append_exactly(const std::string& mailbox, const std::vector<std::string>& flags, std::shared_ptr<const ByteSource> bytes) {
  DEED_OK(check_mailbox(mailbox));
  DEED_TRY(const std::string list, flag_list(flags));
  ImapCommand command("APPEND");
  command.add_string(imap_mailbox_name(mailbox)).add(" " + list + " ").add_literal(std::move(bytes));
  DEED_TRY(const Answer answer, perform(command, "file the mail in \"" + mailbox + "\""));
  return {};
}

Result<bool> ImapCommands::idle(std::chrono::milliseconds longest) {
  const std::string tag = "D" + std::to_string(next_tag_++);
  const auto limit = steady_clock::now() + std::min<std::chrono::milliseconds>(longest, longest_idle);
  DEED_OK(link_.send(tag + " IDLE\r\n", deadline_));
  bool is_idling = false;
  while (!has_news_) {
    Result<ImapResponse> response = receive(is_idling ? limit : deadline_);
    if (!response && response.error().kind == ErrorKind::timeout && is_idling) break;
    if (!response) return fail(std::move(response).error());
    if (response->tag == "+") is_idling = true;
    if (response->word == "BYE") return fail(ErrorKind::unavailable, "the mail server took its leave: " + response->text);
    if (response->tag == tag) return refused(*response, "wait for news");
  }
  deadline_ = steady_clock::now() + std::chrono::seconds(30);
  DEED_OK(link_.send("DONE\r\n", deadline_));
  for (;;) {
    DEED_TRY(const ImapResponse response, receive(deadline_));
    if (response.tag == tag) return has_news_;
  }
}

Result<bool> ImapCommands::wait_for_news(std::chrono::milliseconds longest) {
  const auto left = deadline_ - steady_clock::now();
  const auto end = steady_clock::now() + longest;
  while (!has_news_ && steady_clock::now() < end) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
    if (offers("IDLE")) {
      DEED_TRY([[maybe_unused]] const bool came, idle(rest));
    } else {
      // What comes without having been asked for is news as well, hence receive and not a mere pause.
      Result<ImapResponse> told = receive(steady_clock::now() + std::min<std::chrono::milliseconds>(rest, between_polls));
      if (!told && told.error().kind != ErrorKind::timeout) return fail(std::move(told).error());
      deadline_ = steady_clock::now() + std::chrono::seconds(30);
      DEED_TRY(const Answer answer, perform(ImapCommand("NOOP"), "answer"));
    }
  }
  deadline_ = steady_clock::now() + left;
  return std::exchange(has_news_, false);
}

}  // namespace deed
