// Mail on an IMAP server. Each function is a visit of its own: nothing is kept between two that a lost connection could spoil.
#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/tools/mail_store.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

namespace deed {
namespace {

constexpr std::chrono::minutes visit_limit{10};  // a large mail over a slow line; a server that is silent ends it sooner

struct OpenMail {
  std::uint32_t uid_validity = 0, uid = 0;
};

std::optional<OpenMail> imap_number(std::string_view text) {
  OpenMail out;
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto read = [](std::string_view digits, std::uint32_t& number) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc() && end == digits.data() + digits.size() && number > 0;
  };
  if (!read(text.substr(0, dot), out.uid_validity) || !read(text.substr(dot + 1), out.uid)) return std::nullopt;
  return out;
}

bool has_flag(const ImapItem& item, std::string_view flag) {
  return std::any_of(item.flags.begin(), item.flags.end(), [&](const std::string& f) { return lower_ascii(f) == flag; });
}

MailEntry entry_of(ImapItem item, const std::string& folder, std::uint32_t uid_validity) {
  MailEntry out{.id = {folder, std::to_string(uid_validity) + "." + std::to_string(item.uid)}};
  out.marks = {has_flag(item, "\\seen"), has_flag(item, "\\answered"), has_flag(item, "\\flagged"), has_flag(item, "\\draft")};
  out.size_bytes = item.size_bytes;
  out.bytes = std::move(item.bytes);
  return out;
}

std::vector<std::string> flags_of(const MailMarks& marks) {
  std::vector<std::string> out;
  if (marks.seen) out.push_back("\\Seen");
  if (marks.answered) out.push_back("\\Answered");
  if (marks.flagged) out.push_back("\\Flagged");
  if (marks.draft) out.push_back("\\Draft");
  return out;
}

std::string use_of(const ImapFolder& folder) {
  for (const char* use : {"sent", "drafts", "archive", "junk", "trash"}) {
    for (const std::string& attribute : folder.attributes) {
      if (lower_ascii(attribute) == std::string("\\") + use) return use;
    }
  }
  return {};
}

// Opens the mail's folder and gives its number there, if the folder is still the one that gave the id.
Result<OpenMail> open_for(ImapSession& session, const MailId& id, bool read_only) {
  const auto number = imap_number(id.unique);
  if (!number) return fail(ErrorKind::not_found, "there is no mail with this id", escaped(id.text()), "list the mails and take an id from there");
  DEED_TRY(const ImapMailbox box, session.open(id.folder, read_only));
  if (box.uid_validity == number->uid_validity) return *number;
  return fail(ErrorKind::conflict, "the mail server has made the folder anew; the ids of before are void", escaped(id.text()), "list the mails again");
}

Result<std::vector<MailFolder>> folders_on(ImapSession& session) {
  DEED_TRY(const std::vector<ImapFolder> all, session.folders());
  std::vector<MailFolder> out;
  for (const ImapFolder& folder : all) {
    const auto& words = folder.attributes;
    const bool is_box = std::none_of(words.begin(), words.end(), [](const std::string& w) { return lower_ascii(w) == "\\noselect"; });
    if (is_box) out.push_back({folder.name, use_of(folder)});
  }
  return out;
}

Result<MailPage> find_in(ImapSession& session, const MailQuery& query) {
  DEED_TRY(const ImapMailbox box, session.open(query.folder, true));
  const ImapCriteria criteria{.message_id = query.message_id, .from = query.from, .to = query.to, .subject = query.subject, .text = query.text,
                              .is_seen = query.is_seen, .is_flagged = query.is_flagged,
                              .since = query.since, .before = query.before, .leaves_out_deleted = true};
  DEED_TRY(std::vector<std::uint32_t> uids, session.search(criteria));
  MailPage page{.found = uids.size()};
  const std::size_t count = std::min({uids.size(), query.limit, std::size_t{1000}});
  uids.erase(uids.begin(), uids.end() - static_cast<std::ptrdiff_t>(count));
  DEED_TRY(std::vector<ImapItem> items, session.headers(uids));
  std::sort(items.begin(), items.end(), [](const ImapItem& a, const ImapItem& b) { return a.uid > b.uid; });
  for (ImapItem& item : items) page.entries.push_back(entry_of(std::move(item), query.folder, box.uid_validity));
  return page;
}

class ImapStoreOnServer final : public MailStore {
 public:
  ImapStoreOnServer(ImapClient& client, ImapServer server) : client_(client), server_(std::move(server)) {}

  Async<std::vector<MailFolder>> folders() override {
    return ask<std::vector<MailFolder>>([](ImapSession& session) { return folders_on(session); });
  }
  Async<MailPage> find(MailQuery query) override {
    return ask<MailPage>([query = std::move(query)](ImapSession& session) { return find_in(session, query); });
  }
  Async<MailEntry> read(MailId id, std::size_t max_bytes) override {
    return ask<MailEntry>([id = std::move(id), max_bytes](ImapSession& session) -> Result<MailEntry> {
      DEED_TRY(const OpenMail mail, open_for(session, id, true));
      DEED_TRY(ImapItem item, session.message(mail.uid, max_bytes + 1));
      if (item.bytes.size() > max_bytes) return fail(ErrorKind::limit, "the mail is larger than " + human_bytes(max_bytes), escaped(id.text()));
      return entry_of(std::move(item), id.folder, mail.uid_validity);
    });
  }
  Async<MailEntry> head(MailId id) override {
    return ask<MailEntry>([id = std::move(id)](ImapSession& session) -> Result<MailEntry> {
      DEED_TRY(const OpenMail mail, open_for(session, id, true));
      DEED_TRY(ImapItem item, head_of(session, mail.uid, id));
      return entry_of(std::move(item), id.folder, mail.uid_validity);
    });
  }
  Async<bool> holds(MailId id) override {
    return ask<bool>([id = std::move(id)](ImapSession& session) -> Result<bool> {
      DEED_TRY(const OpenMail mail, open_for(session, id, true));
      DEED_TRY(const std::vector<ImapItem> items, session.headers({&mail.uid, 1}));
      return !items.empty();
    });
  }
  Async<MailArrivals> arrivals(std::string folder, std::uint64_t from) override {
    return ask<MailArrivals>([this, folder = std::move(folder), from](ImapSession& session) { return arrivals_in(session, folder, from); });
  }
  Async<bool> wait_for_mail(std::string folder, std::uint64_t from, NewMail is_new, std::chrono::milliseconds longest) override {
    return ask<bool>([this, folder = std::move(folder), from, is_new = std::move(is_new), longest](ImapSession& session) -> Result<bool> {
      DEED_TRY(const MailArrivals since, arrivals_in(session, folder, from));
      return is_new(since) ? Result<bool>(true) : session.wait_for_news(longest);
    });
  }

  asio::awaitable<MailChange> mark(MailId id, MailMarks marks, bool on) override {
    return change([id = std::move(id), marks, on](ImapSession& session, bool& has_begun) -> Result<void> {
      DEED_TRY(const std::uint32_t uid, open_existing(session, id));
      has_begun = true;
      return session.mark({&uid, 1}, flags_of(marks), on);
    });
  }
  asio::awaitable<MailChange> move(MailId id, std::string folder) override {
    return change([id = std::move(id), folder = std::move(folder)](ImapSession& session, bool& has_begun) -> Result<void> {
      if (id.folder == folder) return fail(ErrorKind::invalid, "the mail is in this folder", escaped(folder));
      DEED_TRY(const std::uint32_t uid, open_existing(session, id));
      has_begun = true;
      return session.move(uid, folder);
    });
  }
  asio::awaitable<MailChange> file(std::string folder, FiledMail mail) override {
    return change([folder = std::move(folder), mail = std::move(mail)](ImapSession& session, bool& has_begun) -> Result<void> {
      if (!mail.message_id.empty()) {
        DEED_TRY([[maybe_unused]] const ImapMailbox box, session.open(folder, true));
        DEED_TRY(const std::vector<std::uint32_t> there, session.search({.message_id = mail.message_id}));
        if (!there.empty()) return {};
      }
      has_begun = true;
      return session.append(folder, flags_of(mail.marks), mail.bytes);
    });
  }

  std::string place() const override { return server_.user + "@" + server_.host + ":" + std::to_string(server_.port); }

 private:
  template <class T>
  Async<T> ask(std::function<Result<T>(ImapSession&)> question) {
    std::optional<T> answer;
    // Borrowed while the visit lasts, which this waits for.
    ImapClient::Work work = [&answer, &question](ImapSession& session) -> Result<void> {
      DEED_TRY(answer, question(session));
      return {};
    };
    auto visiting = client_.visit(server_, visit_limit, std::move(work));
    Result<void> done = co_await std::move(visiting);
    DEED_CO_OK(std::move(done));
    co_return *std::move(answer);
  }

  // The work says when the command that changes something may have been sent.
  asio::awaitable<MailChange> change(std::function<Result<void>(ImapSession&, bool& has_begun)> deed) {
    bool has_begun = false;
    ImapClient::Work work = [&has_begun, &deed](ImapSession& session) { return deed(session, has_begun); };
    auto visiting = client_.visit(server_, visit_limit, std::move(work));
    const Result<void> done = co_await std::move(visiting);
    co_return change_of(done, has_begun);
  }

  Result<MailArrivals> arrivals_in(ImapSession& session, const std::string& folder, std::uint64_t from) const {
    DEED_TRY(const ImapMailbox box, session.open(folder, true));
    MailArrivals out{.epoch = place() + " " + folder + " " + std::to_string(box.uid_validity)};
    const auto first = static_cast<std::uint32_t>(std::min<std::uint64_t>(from, 0xFFFFFFFFu));
    DEED_TRY(const std::vector<std::uint32_t> uids, session.search({.uid_from = first}));
    for (const std::uint32_t uid : uids) out.mails.push_back({{folder, std::to_string(box.uid_validity) + "." + std::to_string(uid)}, uid});
    return out;
  }

  // The server takes a command on mail that is gone for done: it is looked at first.
  static Result<std::uint32_t> open_existing(ImapSession& session, const MailId& id) {
    DEED_TRY(const OpenMail mail, open_for(session, id, false));
    DEED_TRY([[maybe_unused]] const ImapItem item, head_of(session, mail.uid, id));
    return mail.uid;
  }

  static Result<ImapItem> head_of(ImapSession& session, std::uint32_t uid, const MailId& id) {
    DEED_TRY(std::vector<ImapItem> items, session.headers({&uid, 1}));
    if (!items.empty()) return std::move(items.front());
    return fail(ErrorKind::not_found, "the mail is not there any more", escaped(id.text()), "it was moved or deleted; list the mails again");
  }

  // has_begun  the command that changes something may have been sent
  static MailChange change_of(const Result<void>& done, bool has_begun) {
    if (done) return {};
    const ErrorKind kind = done.error().kind;
    const bool is_refusal = kind == ErrorKind::not_found || kind == ErrorKind::denied || kind == ErrorKind::limit || kind == ErrorKind::unsupported ||
                            kind == ErrorKind::invalid || kind == ErrorKind::conflict;
    return {has_begun && !is_refusal ? MailChange::State::unknown : MailChange::State::not_done, done.error()};
  }

  ImapClient& client_;
  const ImapServer server_;
};

}  // namespace

std::unique_ptr<MailStore> make_imap_store(ImapClient& client, ImapServer server) {
  return std::make_unique<ImapStoreOnServer>(client, std::move(server));
}

}  // namespace deed
