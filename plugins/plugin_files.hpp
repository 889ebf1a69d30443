// The files of a plugin: who may have written them, and whether they are still those that the user agreed to. Internal.
#pragma once

#include <string>
#include <vector>

#include "deed/core/result.hpp"
#include "deed/plugins/manifest.hpp"

namespace deed {

/// Nobody but root and this user may change what is run: the path and all folders above it belong to one of them and are not
/// writable by others (a sticky folder of root's such as /tmp counts as such).
/// path    absolute; links are followed
/// errors  denied: with the first path that is not so; not_found
Result<void> check_owners(const std::string& path);

/// Files beside the folder that the manifest's commands and library name, and that are not the system's.
std::vector<std::string> further_files(const Manifest& manifest, const std::string& folder);

struct PluginFiles {
  std::string digest;  ///< SHA-256 of names and contents of all
  std::string stamp;   ///< SHA-256 of names, sizes and times: the same stamp is the same digest, and quicker
};

inline constexpr std::size_t max_plugin_files = 50'000;
inline constexpr std::uint64_t max_plugin_bytes = 1u << 30;

/// The stamp alone.
/// further  paths beside the folder
/// errors   limit; denied: a file in the folder that others may write; not_found
Result<std::string> stamp_of(const std::string& folder, const std::vector<std::string>& further);
/// Both; reads every file.
Result<PluginFiles> files_of(const std::string& folder, const std::vector<std::string>& further);

}  // namespace deed
