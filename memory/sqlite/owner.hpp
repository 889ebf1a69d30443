// Who holds a lease, and whether that process still lives. Linux: a pid alone is used again, with
// its start time and the boot it is not. Source: proc(5), /proc/PID/stat, field 22;
// /proc/sys/kernel/random/boot_id
#pragma once

#include <cstdint>
#include <string>

namespace deed::sqlite {

struct Owner {
  std::int64_t pid = 0;      ///< 0: nobody
  std::int64_t started = 0;  ///< in clock ticks since the boot
  std::string machine;       ///< boot id and pid namespace
  std::string instance;      ///< which open journal of that process

  bool operator==(const Owner&) const = default;
};

/// This process.
Owner this_process(std::string instance);

/// A process of an earlier boot is gone. One of another pid namespace (a container) cannot be seen
/// from `self` and counts as alive: to take its run over might do an effect twice.
bool is_alive(const Owner& owner, const Owner& self);

/// Whether is_alive is a guess.
bool is_out_of_sight(const Owner& owner, const Owner& self);

}  // namespace deed::sqlite
