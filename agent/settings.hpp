// The configuration: TOML in layers (flag > environment > project > user > system), each value with the place it came from.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deed/core/json.hpp"

namespace deed {

/// One row of the table of settings. `project` says whether a project's own file may set it: a folder that was downloaded must
/// not choose where mail and prompts go, nor what is allowed.
struct SettingRow {
  std::string key;          ///< "smtp.url"; a part "*" stands for a name of the user's: "models.*.input"
  enum class Type { text, list, integer, number, flag } type;
  std::string environment;  ///< "DEED_SMTP", or empty
  bool project = false;
  std::string about;
};
const std::vector<SettingRow>& setting_rows();

struct Setting {
  Json value;
  std::string origin;  ///< "flag --model", "DEED_MODEL", "/home/ann/.config/deed/config.toml", "default"
};

/// The value as it may be shown and kept: a URL without user and password.
Json shown(const Setting& setting);

class Settings {
 public:
  /// nullptr where nothing set it.
  const Setting* find(std::string_view key) const;
  /// Where the value came from; "" where nothing set it.
  std::string origin(std::string_view key) const;
  std::string text(std::string_view key, std::string_view other = {}) const;
  std::vector<std::string> list(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  /// false where nothing set it.
  bool flag(std::string_view key) const;
  /// A later layer wins; lists of `allow`, `allow_hosts` and `mail.suppress` add up.
  void set(const std::string& key, Json value, std::string origin);
  const std::map<std::string, Setting, std::less<>>& all() const { return values_; }
  /// The names that stand for "*" in keys of this beginning, in order: "models." of "models.gpt-4.1.input" -> "gpt-4.1". Where the row
  /// ends with its "*" ("alias."), all that follows is the name.
  std::vector<std::string> names_below(std::string_view beginning) const;

 private:
  std::map<std::string, Setting, std::less<>> values_;
};

struct SettingSources {
  std::vector<std::string> files;       ///< weakest first; those that do not exist are skipped
  std::string project_file;             ///< may be empty
  std::function<std::optional<std::string>(std::string_view)> getenv;
};

/// The files of this system and user: /etc/deed/config.toml, $XDG_CONFIG_HOME/deed/config.toml, .deed/config.toml of the folder.
SettingSources default_setting_sources(std::function<std::optional<std::string>(std::string_view)> getenv);

/// Reads the layers below the flags; the caller sets those on top.
/// errors  invalid: TOML that does not parse (file, line, column), an unknown key (with the nearest known one), a wrong type. denied: a project's
///         file that sets what only the user may
Result<Settings> load_settings(const SettingSources& sources);

}  // namespace deed
