#include "deed/agent/schedule/zoneinfo.hpp"

#include <cctz/time_zone.h>

#include <cstdio>
#include <filesystem>

namespace deed {
namespace {

using CctzTime = cctz::time_point<cctz::seconds>;

CctzTime to_cctz(TimePoint time) { return std::chrono::floor<cctz::seconds>(time); }
TimePoint from_cctz(CctzTime time) { return TimePoint(std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch())); }

class SystemZone final : public TimeZone {
 public:
  explicit SystemZone(cctz::time_zone zone) : zone_(zone) {}

  OffsetSpan span_at(TimePoint time) const override {
    const CctzTime at = to_cctz(time);
    OffsetSpan span{.offset = std::chrono::seconds(zone_.lookup(at).offset)};
    cctz::time_zone::civil_transition change;
    // The one before the next second is the last one that is not after `at`.
    if (zone_.prev_transition(at + cctz::seconds(1), &change)) span.begin = std::max(earliest_time, from_cctz(zone_.lookup(change.to).trans));
    if (zone_.next_transition(at, &change)) span.end = std::min(latest_time, from_cctz(zone_.lookup(change.to).trans));
    return span;
  }

 private:
  cctz::time_zone zone_;
};

// CCTZ also takes absolute paths, "libc:…" and "Fixed/…"; a zone here is a name below the folder of the zone files.
bool is_zone_name(const std::string& name) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-";
  return !name.empty() && name.size() <= 64 && name.front() != '/' && !name.starts_with("Fixed/") &&
         name.find_first_not_of(allowed) == std::string::npos;
}

}  // namespace

Result<std::unique_ptr<TimeZone>> load_time_zone(const std::string& name) {
  cctz::time_zone zone;
  if (is_zone_name(name) && cctz::load_time_zone(name, &zone)) return std::unique_ptr<TimeZone>(std::make_unique<SystemZone>(zone));
  // CCTZ knows UTC without a file.
  if (is_zone_name(name) && !cctz::load_time_zone("Europe/Berlin", &zone)) {
    return fail(ErrorKind::invalid, "no time zones are installed on this machine", name, "install the package tzdata");
  }
  return fail(ErrorKind::invalid, "no such time zone", name.substr(0, 64), "a name like Europe/Berlin or America/New_York; `timedatectl list-timezones` has them all");
}

std::string local_time_zone_name() {
  std::error_code ec;
  const std::string target = std::filesystem::canonical("/etc/localtime", ec).string();
  constexpr std::string_view folder = "/zoneinfo/";
  const std::size_t at = target.find(folder);
  if (ec || at == std::string::npos) return "UTC";
  std::string name = target.substr(at + folder.size());
  for (const char* variant : {"posix/", "right/"}) {
    if (name.starts_with(variant)) name.erase(0, 6);
  }
  return name == "Etc/UTC" || !load_time_zone(name) ? "UTC" : name;
}

std::string to_local_iso8601(TimePoint time, const TimeZone& zone) {
  const std::chrono::seconds offset = zone.span_at(time).offset;
  const std::string local = to_iso8601(time + offset);
  const long minutes = static_cast<long>(std::chrono::abs(offset) / std::chrono::minutes(1));
  char suffix[48];
  std::snprintf(suffix, sizeof suffix, "%c%02ld:%02ld", offset.count() < 0 ? '-' : '+', minutes / 60, minutes % 60);
  return local.substr(0, 19) + suffix;
}

}  // namespace deed
