#include "deed/agent/mail_watch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "deed/core/json.hpp"

namespace deed {
namespace {

constexpr std::size_t max_watch_bytes = 8u << 20;

Unexpected cannot_save(const std::string& path) {
  return fail(ErrorKind::unavailable, "what was seen of the mailbox cannot be kept", path, std::strerror(errno));
}

Result<void> write_durably(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return cannot_save(part);
  const bool is_written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!is_written || std::rename(part.c_str(), path.c_str()) != 0) return cannot_save(path);
  const int folder = ::open(std::filesystem::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) ::fsync(folder), ::close(folder);
  return {};
}

}  // namespace

Result<MailWatch> MailWatch::open(std::string path) {
  std::error_code ec;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ec);
  MailWatch watch(std::move(path));
  std::ifstream in(watch.path_, std::ios::binary);
  if (!in) return watch;
  std::string text(max_watch_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  const auto kept = parse_json(text, {.max_bytes = max_watch_bytes, .max_depth = 4});
  if (!kept || !kept->is_object() || kept->value("version", 0) != 1) {
    return fail(ErrorKind::corrupt, "what was seen of the mailbox cannot be read", watch.path_, "remove the file: the mails that are there then count as seen");
  }
  for (const Json& mail : kept->value("seen", Json::array())) {
    if (mail.is_string()) watch.seen_.insert(mail.get<std::string>());
  }
  const Json begun = kept->value("begun", Json::object());
  for (const auto& [mail, run] : begun.items()) {
    if (run.is_string() && is_run_id(run.get<std::string>())) watch.begun_[mail] = run.get<std::string>();
  }
  watch.is_new_ = false;
  return watch;
}

std::vector<MailId> MailWatch::news(const MailPage& page) {
  std::vector<MailId> out;
  std::set<std::string> there;
  for (const MailEntry& entry : page.entries) {
    there.insert(entry.id.text());
    if (!seen_.contains(entry.id.text()) && !begun_.contains(entry.id.text())) out.push_back(entry.id);
  }
  // An id never comes back, so what is gone need not be known; but a page that was cut says nothing about what is behind it.
  if (page.found <= page.entries.size() && page.is_complete) {
    std::erase_if(seen_, [&](const std::string& mail) { return !there.contains(mail); });
  }
  std::reverse(out.begin(), out.end());
  return out;
}

Result<RunId> MailWatch::begin(const MailId& mail, TimePoint now) {
  RunId& run = begun_[mail.text()];
  if (!run.empty()) return run;
  run = make_run_id(now);
  const RunId made = run;
  DEED_OK(save());
  return made;
}

Result<void> MailWatch::finish(const std::vector<std::string>& mails) {
  for (const std::string& mail : mails) {
    seen_.insert(mail);
    begun_.erase(mail);
  }
  is_new_ = false;
  return save();
}

Result<void> MailWatch::save() const {
  Json begun = Json::object();
  for (const auto& [mail, run] : begun_) begun[mail] = run;
  return write_durably(path_, to_text({{"version", 1}, {"seen", seen_}, {"begun", std::move(begun)}}));
}

}  // namespace deed
