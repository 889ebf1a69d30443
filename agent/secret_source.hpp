// Where secrets come from: the environment, a file that only its owner reads, or a command. Never configuration text.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "deed/agent/settings.hpp"
#include "deed/core/secrets.hpp"

namespace deed {

/// The first line of a file.
/// errors  denied: the file is readable by group or others, or belongs to somebody else; not_found; limit: over 64 KiB
Result<Secret> read_secret_file(const std::string& path);

/// The first line that a command prints, run without a shell; standard error stays visible.
/// errors  unavailable: it cannot be started, fails, prints nothing, or takes longer than 30 s
Result<Secret> read_secret_command(const std::vector<std::string>& arguments);

/// The places where one secret may be; what is empty is none.
struct SecretPlaces {
  std::string variable = {};  ///< goes first
  std::string file = {};
  std::vector<std::string> command = {};
};

/// The secret from the first of these places that is given; empty where none is.
/// getenv  may be empty where no variable is named
/// errors  those of read_secret_file and read_secret_command
Result<Secret> secret_of(const SecretPlaces& places, const std::function<std::optional<std::string>(std::string_view)>& getenv);

/// A secret that a task names: $DEED_SECRET_NAME (in capitals), secrets.NAME.file, secrets.NAME.command.
/// errors  not_found: none of these is set
Result<Secret> named_secret(const Settings& settings, const std::string& name,
                            const std::function<std::optional<std::string>(std::string_view)>& getenv);

/// Whether one of these is set; nothing is read or run.
bool has_named_secret(const Settings& settings, std::string_view name,
                      const std::function<std::optional<std::string>(std::string_view)>& getenv);

}  // namespace deed
