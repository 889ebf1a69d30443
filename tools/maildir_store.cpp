// Mail in a Maildir: a file a mail, its marks behind ":2," in the file's name. Nothing is opened through a link.
#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/net/imap_wire.hpp"
#include "deed/tools/beneath.hpp"
#include "deed/tools/mail_store.hpp"
#include "deed/tools/maildir.hpp"
#include "deed/tools/received_mail.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace deed {
namespace {

constexpr std::size_t most_looked_through = 10'000;  // mails, of which the header is read
constexpr std::size_t most_header_bytes = 256u << 10;
constexpr std::size_t most_searched_bytes = 4u << 20;

struct MaildirFile {
  std::string part;    // "new" or "cur"
  std::string name;    // of the file
  std::string unique;  // before the ':'
  MailMarks marks;
  std::string flags;  // all of them, also those that are no marks of ours
  std::int64_t arrived = 0;  // seconds: how names of a Maildir begin
};

MaildirFile file_named(std::string part, std::string name) {
  MaildirFile out{.part = std::move(part), .name = std::move(name)};
  const std::size_t colon = out.name.find(':');
  out.unique = out.name.substr(0, colon);
  if (colon != std::string::npos) {
    const std::size_t info = out.name.find("2,", colon);
    if (info != std::string::npos) out.flags = out.name.substr(info + 2);
    const auto has = [&](char flag) { return out.flags.find(flag) != std::string::npos; };
    out.marks = {has('S'), has('R'), has('F'), has('D')};
  }
  const auto [end, error] = std::from_chars(out.name.data(), out.name.data() + out.name.size(), out.arrived);
  // "1700000000.…": others, those that deed files among them, do not begin with a time.
  if (error != std::errc() || end == out.name.data() + out.name.size() || *end != '.') out.arrived = -1;
  return out;
}

std::int64_t modified_at(const std::string& path) {
  struct stat st = {};
  return lstat(path.c_str(), &st) == 0 ? static_cast<std::int64_t>(st.st_mtime) : 0;
}

// ":2," and the flags in alphabetical order; those of others ("T", the keywords a to z) stay.
std::string flags_of_file(const MailMarks& marks, std::string flags = {}) {
  const auto set = [&](char flag, bool on) {
    std::erase(flags, flag);
    if (on) flags += flag;
  };
  set('D', marks.draft);
  set('F', marks.flagged);
  set('R', marks.answered);
  set('S', marks.seen);
  std::sort(flags.begin(), flags.end());
  return ":2," + flags;
}

bool is_listed_before(const MaildirFile& a, const MaildirFile& b) {
  return a.arrived != b.arrived ? a.arrived > b.arrived : a.name > b.name;
}

Unexpected no_mail(const MailId& id) {
  return fail(ErrorKind::not_found, "the mail is not there any more", escaped(id.text()), "it was moved or deleted; list the mails again");
}

bool contains_text(std::string_view text, std::string_view part) { return part.empty() || lower_ascii(text).find(lower_ascii(part)) != std::string::npos; }

bool any_mailbox(const std::vector<MailMailbox>& list, std::string_view part) {
  return part.empty() || std::any_of(list.begin(), list.end(), [&](const MailMailbox& m) {
    return contains_text(m.name, part) || contains_text(m.address.text(), part);
  });
}

bool has_marks(const MailQuery& query, const MailMarks& marks) {
  return query.is_seen.value_or(marks.seen) == marks.seen && query.is_flagged.value_or(marks.flagged) == marks.flagged;
}

bool is_in_time(const MailQuery& query, std::int64_t arrived) {
  const TimePoint when{std::chrono::seconds(arrived)};
  return (!query.since || when >= *query.since) && (!query.before || when < *query.before);
}

bool asks_for_content(const MailQuery& query) {
  return !(query.from.empty() && query.to.empty() && query.subject.empty() && query.text.empty() && query.message_id.empty());
}

bool has_content(const MailQuery& query, const ReceivedMail& mail) {
  const bool has_to = any_mailbox(mail.to, query.to) || any_mailbox(mail.cc, query.to);
  const bool has_id = query.message_id.empty() || mail.message_id == query.message_id;
  const bool has_text = query.text.empty() || contains_text(mail.text, query.text) || contains_text(mail.subject, query.text) || any_mailbox(mail.from, query.text);
  return any_mailbox(mail.from, query.from) && has_to && has_id && has_text && contains_text(mail.subject, query.subject);
}

// A regular file, not through a link; at most `limit` bytes of it.
Result<std::string> read_file_head(const std::string& path, std::size_t limit) {
  const OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat st = {};
  if (file.get() < 0 || fstat(file.get(), &st) != 0 || !S_ISREG(st.st_mode)) return fail(ErrorKind::not_found, "the mail cannot be opened", escaped(path));
  std::string out(std::min<std::size_t>(limit, static_cast<std::size_t>(st.st_size)), '\0');
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::read(file.get(), out.data() + done, out.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  out.resize(done);
  return out;
}

std::string header_only(std::string bytes) {
  const std::size_t lf = bytes.find("\n\n"), crlf = bytes.find("\r\n\r\n");
  const std::size_t end = std::min(lf == std::string::npos ? lf : lf + 2, crlf == std::string::npos ? crlf : crlf + 4);
  if (end < bytes.size()) bytes.resize(end);
  return bytes;
}

class MaildirStore final : public MailStore {
 public:
  MaildirStore(asio::any_io_executor executor, std::string path) : executor_(std::move(executor)), path_(std::move(path)) {}

  Async<std::vector<MailFolder>> folders() override {
    auto out = list_folders();
    co_return out;
  }
  Async<MailPage> find(MailQuery query) override {
    auto page = find_now(query);
    co_return page;
  }
  Async<MailEntry> read(MailId id, std::size_t max_bytes) override {
    auto entry = read_now(id, max_bytes);
    co_return entry;
  }
  Async<MailEntry> head(MailId id) override {
    auto entry = read_now(id, most_header_bytes, true);
    if (entry) entry->bytes = header_only(std::move(entry->bytes));
    co_return entry;
  }
  Async<bool> holds(MailId id) override {
    auto held = holds_now(id);
    co_return held;
  }
  asio::awaitable<MailChange> mark(MailId id, MailMarks marks, bool on) override {
    const auto done = mark_now(id, marks, on);
    co_return change_of(done);
  }
  asio::awaitable<MailChange> move(MailId id, std::string folder) override {
    const auto done = move_now(id, folder);
    co_return change_of(done);
  }
  Async<MailArrivals> arrivals(std::string folder, std::uint64_t from) override {
    auto out = arrivals_now(folder, from);
    co_return out;
  }
  std::string place() const override { return path_; }

  asio::awaitable<MailChange> file(std::string folder, FiledMail mail) override {
    const auto opened = open_folder(folder);
    if (!opened) co_return MailChange::not_done(opened.error());
    const std::string path = *opened;
    auto delivering = deliver_to_maildir(path, mail.key, std::move(mail.bytes), {});
    const auto delivered = co_await std::move(delivering);
    if (!delivered) co_return MailChange::not_done(delivered.error());
    const std::size_t slash = delivered->path.rfind('/');
    const std::string name = delivered->path.substr(slash + 1);
    const bool is_new = delivered->path.substr(0, slash).ends_with("/new");
    // A mail with marks is one that was seen: it belongs into cur/. Somebody else may have taken it there already.
    if (is_new && mail.marks != MailMarks{}) ::rename(delivered->path.c_str(), (path + "/cur/" + name + flags_of_file(mail.marks)).c_str());
    co_return MailChange{};
  }

  Async<bool> wait_for_mail(std::string folder, std::uint64_t from, NewMail is_new, std::chrono::milliseconds longest) override {
    auto place = open_folder(folder);
    DEED_CO_TRY(const std::string path, std::move(place));
    const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) co_return fail(ErrorKind::unavailable, "the Maildir cannot be watched", std::strerror(errno));
    // Shared with the timer's handler, which may be on its way when this ends.
    const auto watch = std::make_shared<asio::posix::stream_descriptor>(executor_, fd);
    for (const char* part : {"/new", "/cur"}) {
      if (inotify_add_watch(fd, (path + part).c_str(), IN_MOVED_TO | IN_CREATE) < 0) {
        co_return fail(ErrorKind::unavailable, "the Maildir cannot be watched", path + part, std::strerror(errno));
      }
    }
    auto since = arrivals_now(folder, from);
    DEED_CO_TRY(const MailArrivals known, std::move(since));
    if (is_new(known)) co_return true;
    asio::steady_timer limit(executor_, longest);
    limit.async_wait([watched = std::weak_ptr(watch)](const boost::system::error_code& error) {
      const auto there = watched.lock();
      if (!error && there) there->cancel();
    });
    auto waiting = watch->async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
    const auto waited = co_await std::move(waiting);
    const bool is_over = limit.expiry() <= std::chrono::steady_clock::now();
    limit.cancel();
    const bool failed = static_cast<bool>(std::get<0>(waited));
    if (failed && !is_over) co_return fail(ErrorKind::cancelled, "the wait for mail was stopped");
    co_return !failed;
  }

 private:
  // The folder's Maildir, if it is one.
  Result<std::string> open_folder(const std::string& folder) const {
    const bool is_inbox = lower_ascii(folder) == "inbox";
    std::string name = imap_mailbox_name(folder);
    std::replace(name.begin(), name.end(), '/', '.');
    if (!is_inbox && (name.empty() || name.starts_with('.') || name.find("..") != std::string::npos || has_control_characters(name))) {
      return fail(ErrorKind::invalid, "this cannot be a folder", "\"" + escaped(folder) + "\"");
    }
    std::string path = is_inbox ? path_ : path_ + "/." + name;
    struct stat st = {};
    if (lstat((path + "/cur").c_str(), &st) == 0 && S_ISDIR(st.st_mode)) return path;
    return fail(ErrorKind::not_found, "there is no such folder in the Maildir", "\"" + escaped(folder) + "\"", "email.folders names them");
  }

  Result<std::vector<MaildirFile>> files_in(const std::string& path) const {
    std::vector<MaildirFile> out;
    for (const char* part : {"new", "cur"}) {
      const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir((path + "/" + part).c_str()), closedir);
      if (!dir) return fail(ErrorKind::unavailable, "the Maildir cannot be read", path, std::strerror(errno));
      while (const dirent* entry = readdir(dir.get())) {
        std::string name = entry->d_name;
        // Others would make no id that reads back.
        const bool is_mail = !name.starts_with('.') && is_utf8(name) && !has_control_characters(name) && !name.starts_with(':');
        if (!is_mail) continue;
        out.push_back(file_named(part, std::move(name)));
        if (out.back().arrived < 0) out.back().arrived = modified_at(path + "/" + part + "/" + out.back().name);
      }
    }
    return out;
  }

  Result<MaildirFile> file_of(const std::string& path, const MailId& id) const {
    DEED_TRY(const std::vector<MaildirFile> files, files_in(path));
    const auto found = std::find_if(files.begin(), files.end(), [&](const MaildirFile& file) { return file.unique == id.unique; });
    if (found == files.end()) return no_mail(id);
    return *found;
  }

  Result<std::vector<MailFolder>> list_folders() const {
    DEED_TRY([[maybe_unused]] const std::string inbox, open_folder("INBOX"));
    std::vector<MailFolder> out{{"INBOX", ""}};
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path_.c_str()), closedir);
    while (const dirent* entry = dir ? readdir(dir.get()) : nullptr) {
      const std::string file = entry->d_name;
      if (!file.starts_with('.') || file == "." || file == "..") continue;
      std::string name = read_mailbox_name(file.substr(1));
      std::replace(name.begin(), name.end(), '.', '/');
      if (!open_folder(name)) continue;
      const std::string lower = lower_ascii(name);
      const bool has_use = lower == "sent" || lower == "drafts" || lower == "archive" || lower == "junk" || lower == "trash";
      out.push_back({name, has_use ? lower : ""});
    }
    std::sort(out.begin() + 1, out.end(), [](const MailFolder& a, const MailFolder& b) { return a.name < b.name; });
    return out;
  }

  Result<MailPage> find_now(const MailQuery& query) const {
    DEED_TRY(const std::string path, open_folder(query.folder));
    DEED_TRY(std::vector<MaildirFile> files, files_in(path));
    std::sort(files.begin(), files.end(), is_listed_before);
    std::erase_if(files, [&](const MaildirFile& file) { return !has_marks(query, file.marks) || !is_in_time(query, file.arrived); });
    MailPage page;
    const std::size_t limit = std::min(query.limit, std::size_t{1000});
    std::size_t opened = 0;
    for (const MaildirFile& file : files) {
      const bool looks_inside = asks_for_content(query);
      if (!looks_inside && page.entries.size() >= limit) {
        page.found = files.size();
        break;
      }
      if (++opened > most_looked_through) {
        page.is_complete = false;
        break;
      }
      auto bytes = read_file_head(path + "/" + file.part + "/" + file.name, query.text.empty() ? most_header_bytes : most_searched_bytes);
      if (!bytes) continue;  // taken away meanwhile
      if (query.text.empty()) bytes = header_only(*std::move(bytes));
      if (looks_inside) {
        const auto mail = read_mail(*bytes);
        if (!mail || !has_content(query, *mail)) continue;
      }
      ++page.found;
      if (page.entries.size() < limit) page.entries.push_back(entry_for(query.folder, path, file, header_only(*std::move(bytes))));
    }
    return page;
  }

  static MailEntry entry_for(const std::string& folder, const std::string& path, const MaildirFile& file, std::string bytes) {
    struct stat st = {};
    const bool is_there = lstat((path + "/" + file.part + "/" + file.name).c_str(), &st) == 0;
    return {.id = {folder, file.unique}, .marks = file.marks, .size_bytes = is_there ? static_cast<std::uint64_t>(st.st_size) : bytes.size(), .bytes = std::move(bytes)};
  }

  // Each step of a change in a Maildir is one rename: it was done, or it was not.
  static MailChange change_of(const Result<void>& done) { return done ? MailChange{} : MailChange::not_done(done.error()); }

  Result<bool> holds_now(const MailId& id) const {
    DEED_TRY(const std::string path, open_folder(id.folder));
    DEED_TRY(const std::vector<MaildirFile> files, files_in(path));
    return std::any_of(files.begin(), files.end(), [&](const MaildirFile& file) { return file.unique == id.unique; });
  }

  Result<MailArrivals> arrivals_now(const std::string& folder, std::uint64_t from) const {
    DEED_TRY(const std::string path, open_folder(folder));
    DEED_TRY(std::vector<MaildirFile> files, files_in(path));
    std::sort(files.begin(), files.end(), [](const MaildirFile& a, const MaildirFile& b) { return is_listed_before(b, a); });
    MailArrivals out{.epoch = path, .slack = 86'400};  // a delivery that takes long has its time from when it began
    for (const MaildirFile& file : files) {
      const auto order = static_cast<std::uint64_t>(std::max<std::int64_t>(file.arrived, 0));
      if (order >= from) out.mails.push_back({{folder, file.unique}, order});
    }
    return out;
  }

  Result<MailEntry> read_now(const MailId& id, std::size_t max_bytes, bool may_cut = false) const {
    DEED_TRY(const std::string path, open_folder(id.folder));
    DEED_TRY(const MaildirFile file, file_of(path, id));
    DEED_TRY(std::string bytes, read_file_head(path + "/" + file.part + "/" + file.name, max_bytes + 1));
    if (bytes.size() > max_bytes && !may_cut) return fail(ErrorKind::limit, "the mail is larger than " + human_bytes(max_bytes), escaped(id.text()));
    return entry_for(id.folder, path, file, std::move(bytes));
  }

  static Result<void> rename_mail(const std::string& from, const std::string& to, const MailId& id) {
    if (from == to || renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    // Some file systems know no RENAME_NOREPLACE; the names of mails are unique.
    struct stat st = {};
    const bool is_unknown = errno == EINVAL || errno == ENOSYS;
    if (is_unknown && lstat(to.c_str(), &st) != 0 && ::rename(from.c_str(), to.c_str()) == 0) return {};
    if (errno == ENOENT) return no_mail(id);
    return fail(ErrorKind::unavailable, "the mail cannot be moved", escaped(id.text()), std::strerror(errno));
  }

  Result<void> mark_now(const MailId& id, const MailMarks& marks, bool on) const {
    DEED_TRY(const std::string path, open_folder(id.folder));
    DEED_TRY(const MaildirFile file, file_of(path, id));
    MailMarks now = file.marks;
    if (marks.seen) now.seen = on;
    if (marks.answered) now.answered = on;
    if (marks.flagged) now.flagged = on;
    if (marks.draft) now.draft = on;
    if (now == file.marks) return {};
    return rename_mail(path + "/" + file.part + "/" + file.name, path + "/cur/" + file.unique + flags_of_file(now, file.flags), id);
  }

  Result<void> move_now(const MailId& id, const std::string& folder) const {
    DEED_TRY(const std::string path, open_folder(id.folder));
    DEED_TRY(const std::string target, open_folder(folder));
    if (target == path) return fail(ErrorKind::invalid, "the mail is in this folder", escaped(folder));
    DEED_TRY(const MaildirFile file, file_of(path, id));
    return rename_mail(path + "/" + file.part + "/" + file.name, target + "/cur/" + file.unique + flags_of_file(file.marks, file.flags), id);
  }

  const asio::any_io_executor executor_;
  const std::string path_;
};

}  // namespace

std::unique_ptr<MailStore> make_maildir_store(asio::any_io_executor executor, std::string path) {
  return std::make_unique<MaildirStore>(std::move(executor), std::move(path));
}

}  // namespace deed
