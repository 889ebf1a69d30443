// Whether a plugin is one: it is loaded in its sandbox, read, called with what its schemas allow, and killed. `deed plugin check`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "deed/plugins/plugins.hpp"

namespace deed {

struct PluginFinding {
  enum class Grade {
    good,
    doubtful,  ///< works, and could be better
    bad,
  };
  Grade grade = Grade::good;
  std::string what;    ///< "starts and lists its tools"
  std::string detail;  ///< "12 ms, 3 tools, bubblewrap"
};
const char* to_string(PluginFinding::Grade grade);

struct PluginCheckOptions {
  std::size_t samples = 40;  ///< calls of each tool that changes nothing
  std::uint64_t seed = 1;
};

/// Only tools that change nothing are run; of the others the previews are made.
/// plugin  of `plugin_in`
std::vector<PluginFinding> check_plugin(const FoundPlugin& plugin, const PluginOptions& options, Agent& agent, PluginCheckOptions check = {});

}  // namespace deed
