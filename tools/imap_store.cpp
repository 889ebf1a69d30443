// Mail on an IMAP server. Each function is a visit of its own: nothing is kept between two that a lost connection could spoil.
#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/tools/mail_store.hpp"

#include <algorithm>
#include <charconv>

namespace deed {
namespace {

constexpr std::chrono::minutes visit_limit{10};  // a large mail over a slow line; a server that is silent ends it sooner

struct ImapNumber {
  std::uint32_t uid_validity = 0, uid = 0;
};

std::optional<ImapNumber> imap_number(std::string_view text) {
  ImapNumber out;
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
Result<std::uint32_t> open_for(ImapSession& session, const MailId& id, bool read_only) {
  const auto number = imap_number(id.unique);
  if (!number) return fail(ErrorKind::not_found, "there is no mail with this id", escaped(id.text()), "list the mails and take an id from there");
  DEED_TRY(const ImapMailbox box, session.open(id.folder, read_only));
  if (box.uid_validity == number->uid_validity) return number->uid;
  return fail(ErrorKind::conflict, "the mail server has made the folder anew; the ids of before are void", escaped(id.text()), "list the mails again");
}

Result<MailPage> find_in(ImapSession& session, const MailQuery& query) {
  DEED_TRY(const ImapMailbox box, session.open(query.folder, true));
  const ImapCriteria criteria{.message_id = query.message_id, .from = query.from, .to = query.to, .subject = query.subject, .text = query.text,
                              .is_seen = query.is_seen, .is_flagged = query.is_flagged, .is_answered = query.is_answered,
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

// All of them have their callers' variables borrowed while the visit lasts, which its coroutine waits for.
class ImapStoreOnServer final : public MailStore {
 public:
  ImapStoreOnServer(ImapClient& client, ImapServer server) : client_(client), server_(std::move(server)) {}

  Async<std::vector<MailFolder>> folders() override {
    std::vector<MailFolder> out;
    ImapClient::Work work = [&out](ImapSession& session) -> Result<void> {
      DEED_TRY(const std::vector<ImapFolder> all, session.folders());
      for (const ImapFolder& folder : all) {
        const auto& words = folder.attributes;
        const bool is_box = std::none_of(words.begin(), words.end(), [](const std::string& w) { return lower_ascii(w) == "\\noselect"; });
        if (is_box) out.push_back({folder.name, use_of(folder)});
      }
      return {};
    };
    auto visiting = client_.visit(server_, visit_limit, std::move(work));
    Result<void> done = co_await std::move(visiting);
    DEED_CO_OK(std::move(done));
    co_return out;
  }

  Async<MailPage> find(MailQuery query) override {
    MailPage page;
    ImapClient::Work work = [&page, &query](ImapSession& session) -> Result<void> {
      DEED_TRY(page, find_in(session, query));
      return {};
    };
    auto visiting = client_.visit(server_, visit_limit, std::move(work));
    Result<void> done = co_await std::move(visiting);
    DEED_CO_OK(std::move(done));
    co_return page;
  }

  Async<MailEntry> read(MailId id, std::size_t max_bytes) override {
    MailEntry entry;
    ImapClient::Work work = [&entry, &id, max_bytes](ImapSession& session) -> Result<void> {
      DEED_TRY(const std::uint32_t uid, open_for(session, id, true));
      DEED_TRY(ImapItem item, session.message(uid, max_bytes + 1));
      if (item.bytes.size() > max_bytes) return fail(ErrorKind::limit, "the mail is larger than " + human_bytes(max_bytes), escaped(id.text()));
      entry = entry_of(std::move(item), id.folder, imap_number(id.unique)->uid_validity);
      return {};
    };
    auto visiting = client_.visit(server_, visit_limit, std::move(work));
    Result<void> done = co_await std::move(visiting);
    DEED_CO_OK(std::move(done));
    co_return entry;
  }

  Async<MailEntry> head(MailId id) override {
    MailEntry entry;
    ImapClient::Work work = [&entry, &id](ImapSession& session) -> Result<void> {
      DEED_TRY(const std::uint32_t uid, open_for(session, id, true));
      DEED_TRY(ImapItem item, head_of(session, uid, id));
      entry = entry_of(std::move(item), id.folder, imap_number(id.unique)->uid_validity);
      return {};
    };
    auto visiting = client_.visit(server_, visit_limit, std::move(work));
    Result<void> done = co_await std::move(visiting);
    DEED_CO_OK(std::move(done));
    co_return entry;
  }

  Async<bool> holds(MailId id) override {
    bool is_there = false;
    ImapClient::Work work = [&is_there, &id](ImapSession& session) -> Result<void> {
      DEED_TRY(const std::uint32_t uid, open_for(session, id, true));
      DEED_TRY(const std::vector<ImapItem> items, session.headers({&uid, 1}));
      is_there = !items.empty();
      return {};
    };
    auto visiting = client_.visit(server_, visit_limit, std::move(work));
    Result<void> done = co_await std::move(visiting);
    DEED_CO_OK(std::move(done));
    co_return is_there;
  }

  asio::awaitable<MailChange> mark(MailId id, MailMarks marks, bool on) override {
    bool has_begun = false;
    ImapClient::Work work = [&id, &marks, on, &has_begun](ImapSession& session) -> Result<void> {
      DEED_TRY(const std::uint32_t uid, open_for(session, id, false));
      DEED_TRY([[maybe_unused]] const ImapItem item, head_of(session, uid, id));
      has_begun = true;
      return session.mark({&uid, 1}, flags_of(marks), on);
    };
    auto visiting = client_.visit(server_, visit_limit, std::move(work));
    const Result<void> done = co_await std::move(visiting);
    co_return change_of(done, has_begun);
  }

  asio::awaitable<MailChange> move(MailId id, std::string folder) override {
    if (id.folder == folder) co_return MailChange::not_done({ErrorKind::invalid, "the mail is in this folder", escaped(folder), ""});
    bool has_begun = false;
    ImapClient::Work work = [&id, &folder, &has_begun](ImapSession& session) -> Result<void> {
      DEED_TRY(const std::uint32_t uid, open_for(session, id, false));
      DEED_TRY([[maybe_unused]] const ImapItem item, head_of(session, uid, id));
      has_begun = true;
      return session.move(uid, folder);
    };
    auto visiting = client_.visit(server_, visit_limit, std::move(work));
    const Result<void> done = co_await std::move(visiting);
    co_return change_of(done, has_begun);
  }

  asio::awaitable<MailChange> file(std::string folder, FiledMail mail) override {
    bool has_begun = false;
    ImapClient::Work work = [&folder, &mail, &has_begun](ImapSession& session) -> Result<void> {
      if (!mail.message_id.empty()) {
        DEED_TRY([[maybe_unused]] const ImapMailbox box, session.open(folder, true));
        DEED_TRY(const std::vector<std::uint32_t> there, session.search({.message_id = mail.message_id}));
        if (!there.empty()) return {};
      }
      has_begun = true;
      return session.append(folder, flags_of(mail.marks), mail.bytes);
    };
    auto visiting = client_.visit(server_, visit_limit, std::move(work));
    const Result<void> done = co_await std::move(visiting);
    co_return change_of(done, has_begun);
  }

  Async<MailArrivals> arrivals(std::string folder, std::uint64_t from) override {
    MailArrivals out;
    ImapClient::Work work = [this, &folder, from, &out](ImapSession& session) -> Result<void> {
      DEED_TRY(out, arrivals_in(session, folder, from));
      return {};
    };
    auto visiting = client_.visit(server_, visit_limit, std::move(work));
    Result<void> done = co_await std::move(visiting);
    DEED_CO_OK(std::move(done));
    co_return out;
  }

  std::string place() const override { return server_.user + "@" + server_.host + ":" + std::to_string(server_.port); }

  Async<bool> wait_for_mail(std::string folder, std::uint64_t from, NewMail is_new, std::chrono::milliseconds longest) override {
    bool came = false;
    ImapClient::Work work = [&](ImapSession& session) -> Result<void> {
      DEED_TRY(const MailArrivals since, arrivals_in(session, folder, from));
      came = is_new(since);
      if (came) return {};
      DEED_TRY(came, session.wait_for_news(longest));
      return {};
    };
    auto visiting = client_.visit(server_, visit_limit, std::move(work));
    Result<void> done = co_await std::move(visiting);
    DEED_CO_OK(std::move(done));
    co_return came;
  }

 private:
  Result<MailArrivals> arrivals_in(ImapSession& session, const std::string& folder, std::uint64_t from) const {
    DEED_TRY(const ImapMailbox box, session.open(folder, true));
    MailArrivals out{.epoch = place() + " " + folder + " " + std::to_string(box.uid_validity)};
    const auto first = static_cast<std::uint32_t>(std::min<std::uint64_t>(from, 0xFFFFFFFFu));
    DEED_TRY(const std::vector<std::uint32_t> uids, session.search({.uid_from = first}));
    for (const std::uint32_t uid : uids) out.mails.push_back({{folder, std::to_string(box.uid_validity) + "." + std::to_string(uid)}, uid});
    return out;
  }

  // The server takes a command on mail that is gone for done: it is looked at first.
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
