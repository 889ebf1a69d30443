// Time zones from the system's zone files (package tzdata), read by CCTZ.
// Source: https://github.com/google/cctz, include/cctz/time_zone.h
#pragma once

#include <memory>
#include <string>

#include "deed/core/result.hpp"
#include "deed/core/time_zone.hpp"

namespace deed {

/// A zone by its name in the IANA database ("Europe/Berlin", "UTC"). Files are looked for in $TZDIR, else /usr/share/zoneinfo, and read once in
/// the life of a process.
/// errors  invalid: no such name, or the zone files are not installed
Result<std::unique_ptr<TimeZone>> load_time_zone(const std::string& name);

/// The name of this machine's zone: where /etc/localtime leads to; "UTC" if that says nothing.
std::string local_time_zone_name();

/// A time as a clock in the zone shows it, with the offset: "2026-03-29T03:00:00+02:00". `zone` is borrowed.
std::string to_local_iso8601(TimePoint time, const TimeZone& zone);

}  // namespace deed
