#include "deed/agent/mail_watch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>

#include "deed/core/json.hpp"
#include "deed/tools/private_file.hpp"

namespace deed {
namespace {

constexpr std::size_t max_watch_bytes = 8u << 20;

}  // namespace

struct MailWatch::Lock {
  int fd = -1;
};
void MailWatch::Unlock::operator()(Lock* lock) const {
  ::close(lock->fd);
  delete lock;  // made by open alone; the type is known here only
}

Result<MailWatch> MailWatch::open(std::string path) {
  std::error_code ec;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ec);
  MailWatch watch(std::move(path));
  watch.lock_.reset(new Lock{::open((watch.path_ + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)});
  if (watch.lock_->fd < 0) return fail(ErrorKind::unavailable, "what was seen of the mailbox cannot be kept", watch.path_ + ".lock", std::strerror(errno));
  if (::flock(watch.lock_->fd, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorKind::conflict, "another process watches this mailbox for this task", watch.path_);
  }
  DEED_TRY(const std::optional<std::string> text, read_private_file(watch.path_, max_watch_bytes));
  if (!text) return watch;
  const auto kept = parse_json(*text, {.max_bytes = max_watch_bytes, .max_depth = 4});
  if (!kept || !kept->is_object() || kept->value("version", 0) != 1) {
    return fail(ErrorKind::corrupt, "what was seen of the mailbox cannot be read", watch.path_, "remove the file: the mails that are there then count as seen");
  }
  watch.epoch_ = string_at(*kept, "epoch");
  watch.mark_ = kept->value("mark", std::uint64_t{0});
  watch.slack_ = kept->value("slack", std::uint64_t{0});
  const Json seen = kept->value("seen", Json::object()), begun = kept->value("begun", Json::object());
  for (const auto& [mail, order] : seen.items()) {
    if (order.is_number_unsigned()) watch.seen_[mail] = order.get<std::uint64_t>();
  }
  for (const auto& [mail, run] : begun.items()) {
    if (run.is_string() && is_run_id(run.get<std::string>())) watch.begun_[mail] = run.get<std::string>();
  }
  return watch;
}

void MailWatch::see(const std::string& mail, std::uint64_t order) {
  mark_ = std::max(mark_, order);
  seen_[mail] = order;
  std::erase_if(seen_, [&](const auto& known) { return known.second < from(); });
}

Result<void> MailWatch::begin_with(const MailArrivals& arrivals) {
  epoch_ = arrivals.epoch;
  slack_ = arrivals.slack;
  mark_ = 0;
  seen_.clear();
  for (const MailArrival& mail : arrivals.mails) mark_ = std::max(mark_, mail.order);
  for (const MailArrival& mail : arrivals.mails) {
    if (mail.order >= from()) see(mail.id.text(), mail.order);
  }
  return save();
}

std::vector<MailArrival> MailWatch::news(const MailArrivals& arrivals) const {
  std::vector<MailArrival> out;
  for (const MailArrival& mail : arrivals.mails) {
    const bool is_known = mail.order < from() || seen_.contains(mail.id.text()) || begun_.contains(mail.id.text());
    if (!is_known) out.push_back(mail);
  }
  return out;
}

Result<RunId> MailWatch::begin(const MailArrival& mail, TimePoint now) {
  RunId& run = begun_[mail.id.text()];
  if (!run.empty()) return run;
  run = make_run_id(now);
  see(mail.id.text(), mail.order);
  const RunId made = run;
  DEED_OK(save());
  return made;
}

Result<void> MailWatch::finish(const std::string& mail) {
  begun_.erase(mail);
  return save();
}

Result<void> MailWatch::save() const {
  Json begun = Json::object(), seen = Json::object();
  for (const auto& [mail, run] : begun_) begun[mail] = run;
  for (const auto& [mail, order] : seen_) seen[mail] = order;
  return replace_private_file(path_, to_text({{"version", 1}, {"epoch", epoch_}, {"mark", mark_}, {"slack", slack_}, {"seen", std::move(seen)}, {"begun", std::move(begun)}}));
}

}  // namespace deed
