#include "deed/tools/maildir.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

namespace deed {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Unexpected cannot(const char* what, const std::string& path) {
  return fail(ErrorKind::unavailable, std::string(what) + ": " + std::strerror(errno), path,
              "free space or mend the rights of the folder, then resume the run");
}

// A unique name that is the same for every attempt, as the host part of Maildir names need not be one.
std::string name_of(const std::string& key) { return key.substr(0, 32) + ".deed"; }

Result<void> make_folders(const std::string& maildir) {
  std::error_code ec;
  const std::string above = std::filesystem::path(maildir).parent_path().string();
  std::filesystem::create_directories(above, ec);
  for (const char* part : {"", "/tmp", "/new", "/cur"}) {
    const std::string folder = maildir + part;
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return cannot("the outbox cannot be made", folder);
  }
  return {};
}

Result<void> write_synced(const std::string& path, const std::string& bytes) {
  unlink(path.c_str());  // what an attempt that was killed left behind
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return cannot("the mail cannot be written", path);
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = write(file.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return cannot("the mail cannot be written", path);
    done += static_cast<std::size_t>(n);
  }
  if (fsync(file.get()) != 0) return cannot("the mail cannot be synced to disk", path);
  return {};
}

Result<void> sync_folder(const std::string& folder) {
  const Descriptor dir(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir.get() < 0 || fsync(dir.get()) != 0) return cannot("the outbox cannot be synced to disk", folder);
  return {};
}

}  // namespace

std::optional<std::string> find_in_maildir(const std::string& maildir, const std::string& key) {
  const std::string name = name_of(key);
  for (const char* part : {"/new", "/cur"}) {
    const std::string folder = maildir + part;
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), closedir);
    if (!dir) continue;
    while (const dirent* entry = readdir(dir.get())) {
      // A reader moves a mail to cur/ and adds ":2,FLAGS".
      const std::string_view found = entry->d_name;
      if (found == name || found.starts_with(name + ":")) return folder + "/" + std::string(found);
    }
  }
  return std::nullopt;
}

Async<std::string> deliver_to_maildir(std::string maildir, std::string key, std::string message,
                                      std::function<Async<void>()> before_commit) {
  auto folders = make_folders(maildir);
  DEED_CO_OK(std::move(folders));
  if (auto there = find_in_maildir(maildir, key)) co_return *there;
  const std::string draft = maildir + "/tmp/" + name_of(key);
  const std::string mail = maildir + "/new/" + name_of(key);
  auto written = write_synced(draft, message);
  if (!written) {
    unlink(draft.c_str());
    co_return fail(std::move(written).error());
  }
  if (before_commit) {
    auto committed = co_await before_commit();
    if (!committed) {
      unlink(draft.c_str());
      co_return fail(std::move(committed).error());
    }
  }
  // link, not rename: it never replaces a mail.
  if (link(draft.c_str(), mail.c_str()) != 0 && errno != EEXIST) {
    auto failure = cannot("the mail cannot be put into the outbox", mail);
    unlink(draft.c_str());
    co_return failure;
  }
  unlink(draft.c_str());
  auto synced = sync_folder(maildir + "/new");
  DEED_CO_OK(std::move(synced));
  co_return mail;
}

}  // namespace deed
