// The system calls that a plugin may make: all but those listed, and none that were invented after the list. Inside the room.
// Source: seccomp(2); seccomp_rule_add(3); the system call table up to Linux 6.5.
#pragma once

#include <linux/filter.h>

#include <optional>
#include <vector>

#include "deed/core/result.hpp"

namespace deed {

struct FilterOptions {
  bool network = false;
  /// Files are kept by Landlock of this version, and processes by their group: what neither covers is refused too.
  std::optional<int> landlock_version = std::nullopt;
  /// deed and the user's other programs belong to the same user.
  bool shares_user = true;
};

/// A filter for seccomp(2), SECCOMP_SET_MODE_FILTER.
/// errors  unsupported: libseccomp does not know this machine
Result<std::vector<sock_filter>> compile_filter(const FilterOptions& options);

}  // namespace deed
