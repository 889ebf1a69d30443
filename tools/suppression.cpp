#include "deed/tools/suppression.hpp"

#include "deed/core/text.hpp"
#include "deed/tools/beneath.hpp"
#include "deed/tools/gmime_ptr.hpp"
#include "deed/tools/mail_header.hpp"
#include "deed/tools/private_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace deed {
namespace {

constexpr std::size_t max_bytes = 64u << 20;

// One spelling for what people take for the same: NFC without case.
std::string folded(std::string_view text) {
  const GText lower(g_utf8_casefold(text.data(), static_cast<gssize>(text.size())));
  const GText composed(g_utf8_normalize(lower.get(), -1, G_NORMALIZE_DEFAULT_COMPOSE));
  return composed ? composed.get() : std::string(text);
}

std::string folded_address(const EmailAddress& address) {
  const auto lower = EmailAddress::parse(folded(address.local()) + "@" + folded(address.domain()));
  return lower_ascii(with_ascii_domain(lower ? *lower : address));
}

Result<OwnedFd> locked(const std::string& path) {
  OwnedFd lock(open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.get() >= 0 && flock(lock.get(), LOCK_EX) == 0) return lock;
  return fail(ErrorKind::unavailable, "the list of those who must not be mailed cannot be locked", path + ".lock", std::strerror(errno));
}

// Another one is another file, or the same with other bytes.
struct FileState {
  ino_t inode = 0;
  off_t size = -1;
  std::int64_t seconds = 0, nanoseconds = 0;
  bool operator==(const FileState&) const = default;
};
FileState state_of(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return {};
  return {info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

class KeptSuppression {
 public:
  KeptSuppression(Suppression own, std::string path) : own_(std::move(own)), path_(std::move(path)) {}

  Result<std::shared_ptr<const Suppression>> now() {
    const FileState state = state_of(path_);  // before it is read: what changes meanwhile is read again
    if (all_ && state == state_) return all_;
    DEED_TRY(const std::vector<SuppressedEntry> kept, load_suppressed(path_));
    auto all = std::make_shared<Suppression>(own_);
    for (const SuppressedEntry& one : kept) DEED_OK(all->add(one.entry));
    all_ = std::move(all), state_ = state;
    return all_;
  }

 private:
  Suppression own_;
  std::string path_;
  FileState state_;
  std::shared_ptr<const Suppression> all_;
};

std::string line_of(const SuppressedEntry& entry) { return entry.entry + (entry.why.empty() ? "" : " " + entry.why) + "\n"; }

}  // namespace

std::string compared_domain(const EmailAddress& address) {
  const std::string text = folded_address(address);
  return text.substr(text.rfind('@') + 1);
}

Result<std::string> Suppression::canonical(std::string_view entry) {
  entry = trim(entry);
  // A word alone may be anything; "@localhost" says that it is a domain.
  const bool is_bare = entry.find('@') == std::string_view::npos && entry.find('.') != std::string_view::npos;
  const bool is_domain = is_bare || entry.starts_with('@');
  const auto address = EmailAddress::parse((is_bare ? "x@" : is_domain ? "x" : "") + std::string(entry));
  if (!address) return fail(ErrorKind::invalid, "\"" + escaped(entry) + "\" is neither a mail address nor a domain", "", "for example ann@example.org, or example.org");
  return is_domain ? "@" + compared_domain(*address) : folded_address(*address);
}

Result<void> Suppression::add(std::string_view entry) {
  DEED_TRY(std::string text, canonical(entry));
  entries_.insert(std::move(text));
  return {};
}

std::optional<std::string> Suppression::match(const EmailAddress& address) const {
  if (entries_.empty()) return std::nullopt;
  const std::string text = folded_address(address);
  if (entries_.contains(text)) return text;
  for (std::size_t at = text.rfind('@'); at != std::string::npos; at = text.find('.', at + 1)) {
    const std::string domain = "@" + text.substr(at + 1);
    if (entries_.contains(domain)) return domain;
  }
  return std::nullopt;
}

std::string suppressed_path(const std::string& home) { return home + "/mail_suppressed"; }

Result<std::vector<SuppressedEntry>> load_suppressed(const std::string& path) {
  std::vector<SuppressedEntry> out;
  DEED_TRY(const std::optional<std::string> text, read_private_file(path, max_bytes));
  if (!text) return out;
  std::size_t number = 0;
  for (const std::string_view line : split(*text, '\n')) {
    ++number;
    const std::string_view words = trim(line);
    if (words.empty() || words.front() == '#') continue;
    const std::size_t blank = words.find_first_of(" \t");
    auto entry = Suppression::canonical(words.substr(0, blank));
    if (!entry) {
      return fail(ErrorKind::corrupt, "the list of those who must not be mailed has a line that is neither an address nor a domain",
                  path + ":" + std::to_string(number), "mend the line, or take it out");
    }
    out.push_back({*std::move(entry), blank == std::string_view::npos ? "" : std::string(trim(words.substr(blank)))});
  }
  return out;
}

SuppressionNow suppression_now(Suppression own, std::string path) {
  // Owned by the copies of the function.
  const auto kept = std::make_shared<KeptSuppression>(std::move(own), std::move(path));
  return [kept] { return kept->now(); };
}

Result<std::size_t> change_suppressed(const std::string& path, const std::vector<SuppressedEntry>& add, const std::vector<std::string>& remove) {
  DEED_TRY(const OwnedFd lock, locked(path));
  DEED_TRY(std::vector<SuppressedEntry> all, load_suppressed(path));
  std::size_t changed = std::erase_if(all, [&](const SuppressedEntry& one) { return std::find(remove.begin(), remove.end(), one.entry) != remove.end(); });
  for (const SuppressedEntry& one : add) {
    const bool is_known = std::any_of(all.begin(), all.end(), [&](const SuppressedEntry& known) { return known.entry == one.entry; });
    if (is_known) continue;
    all.push_back(one);
    ++changed;
  }
  if (changed == 0) return changed;
  std::string text;
  for (const SuppressedEntry& one : all) text += line_of(one);
  DEED_OK(replace_private_file(path, text));
  return changed;
}

}  // namespace deed
