#include "deed/tools/maildir.hpp"

#include "deed/core/check.hpp"
#include "deed/core/failpoint.hpp"
#include "deed/tools/beneath.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace deed {
namespace {

Unexpected cannot(const char* what, const std::string& path) {
  return fail(ErrorKind::unavailable, std::string(what) + ": " + std::strerror(errno), path,
              "free space or mend the rights of the folder, then resume the run");
}

// The same for every attempt. Of the key's 64 digits the first 32 are as unique, and the host part
// of a Maildir name need not be a host.
std::string name_of(const std::string& key) {
  DEED_CHECK(!key.empty() && key.find_first_not_of("0123456789abcdef") == std::string::npos,
             "not an effect key");
  return key.substr(0, 32) + ".deed";
}

std::string draft_of(const std::string& maildir, const std::string& key) {
  return maildir + "/tmp/" + name_of(key);
}

bool is_there(const std::string& path) {
  struct stat st = {};
  return lstat(path.c_str(), &st) == 0;
}

// Some file systems know no fsync of a folder; their links are as durable as they get.
Result<void> sync_folder(const std::string& folder) {
  const OwnedFd dir(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir.get() < 0 || (fsync(dir.get()) != 0 && errno != EINVAL)) {
    return cannot("the outbox cannot be synced to disk", folder);
  }
  return {};
}

Result<void> make_folders(const std::string& maildir) {
  const std::filesystem::path path(maildir);
  if (!path.is_absolute()) {
    return fail(ErrorKind::invalid, "the outbox is not an absolute path", maildir,
                "give the outbox as an absolute path");
  }
  std::error_code ec;
  std::filesystem::create_directories(path.parent_path(), ec);  // mkdir below tells what is wrong
  bool made = false;
  for (const char* part : {"", "/tmp", "/new", "/cur"}) {
    const std::string folder = maildir + part;
    if (mkdir(folder.c_str(), 0700) == 0) {
      made = true;
    } else if (errno != EEXIST) {
      return cannot("the outbox cannot be made", folder);
    }
  }
  if (!made) return {};
  DEED_OK(sync_folder(maildir));
  return sync_folder(path.parent_path().string());
}

Result<void> write_all(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return cannot("the mail cannot be written", path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> write_synced(const std::string& path, const ByteSource& bytes) {
  unlink(path.c_str());  // what an attempt that was killed left behind
  const OwnedFd file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return cannot("the mail cannot be written", path);
  DEED_OK(for_each_piece(bytes, [&](std::string_view piece) { return write_all(file.get(), piece, path); }));
  if (fsync(file.get()) != 0) return cannot("the mail cannot be synced to disk", path);
  return {};
}

Result<void> write_draft(const std::string& maildir, const std::string& draft,
                         const ByteSource& message) {
  auto written = write_synced(draft, message);
  if (written) written = sync_folder(maildir + "/tmp");
  if (!written) unlink(draft.c_str());
  return written;
}

// In one step where the file system can do that: there is no instant at which both names exist, so
// that a draft in tmp/ proves that nothing was delivered. Never replaces a mail.
bool move_into_place(const std::string& draft, const std::string& mail) {
  if (renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, mail.c_str(), RENAME_NOREPLACE) == 0)
    return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  return link(draft.c_str(), mail.c_str()) == 0;
}

// The effect itself. Once the mail has its name it is delivered, whatever else fails.
Result<MaildirDelivery> commit(const std::string& maildir, const std::string& draft,
                               const std::string& mail) {
  failpoint(failpoints::outbox_before_link);
  const bool is_moved = move_into_place(draft, mail);
  failpoint(failpoints::outbox_after_link);
  if (!is_moved) {
    const auto failure = cannot("the mail cannot be put into the outbox", mail);
    // Over a network the call may fail and have done its work.
    if (!is_there(mail)) return failure;
  }
  MaildirDelivery delivery{mail};
  if (auto synced = sync_folder(maildir + "/new"); !synced) {
    delivery.doubt = to_string(synced.error());
  }
  unlink(draft.c_str());  // there is one only after link
  return delivery;
}

}  // namespace

std::optional<std::string> find_in_maildir(const std::string& maildir, const std::string& key) {
  const std::string name = name_of(key);
  for (const char* part : {"/new", "/cur"}) {
    const std::string folder = maildir + part;
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
    if (!dir) continue;
    while (const dirent* entry = readdir(dir.get())) {
      // A reader moves a mail to cur/ and adds ":2,FLAGS"; some put ",S=SIZE" before that.
      const std::string_view found = entry->d_name;
      if (found == name || found.starts_with(name + ":") || found.starts_with(name + ",")) {
        return folder + "/" + std::string(found);
      }
    }
  }
  return std::nullopt;
}

MaildirTrace trace_in_maildir(const std::string& maildir, const std::string& key) {
  if (find_in_maildir(maildir, key)) return MaildirTrace::delivered;
  struct stat draft = {};
  if (lstat(draft_of(maildir, key).c_str(), &draft) != 0) return MaildirTrace::none;
  // A second name: it was linked into new/, and somebody has moved it since.
  return draft.st_nlink == 1 ? MaildirTrace::drafted : MaildirTrace::none;
}

Async<MaildirDelivery> deliver_to_maildir(std::string maildir, std::string key,
                                          std::shared_ptr<const ByteSource> message,
                                          std::function<Async<void>()> before_commit) {
  auto folders = make_folders(maildir);
  DEED_CO_OK(std::move(folders));
  if (auto there = find_in_maildir(maildir, key)) co_return MaildirDelivery{*there};
  const std::string draft = draft_of(maildir, key);
  auto written = write_draft(maildir, draft, *message);
  DEED_CO_OK(std::move(written));
  if (before_commit) {
    auto committed = co_await before_commit();
    DEED_CO_OK(std::move(committed));
  }
  auto delivered = commit(maildir, draft, maildir + "/new/" + name_of(key));
  co_return delivered;
}

}  // namespace deed
