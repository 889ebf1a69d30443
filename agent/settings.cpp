#include "deed/agent/settings.hpp"

#include <algorithm>
#include <charconv>
#include <toml++/toml.h>

#include <fstream>
#include <sstream>

#include "deed/core/checked.hpp"
#include "deed/core/spelling.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

using Type = SettingRow::Type;

std::string nearest_key(std::string_view key) {
  const auto& rows = setting_rows();
  const auto best = std::min_element(rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
    return edit_distance(a.key, key) < edit_distance(b.key, key);
  });
  return best->key;
}

// A name may have dots of its own: "models.gpt-4.1.input".
bool is_of(const SettingRow& row, std::string_view key) {
  const std::size_t star = row.key.find('*');
  if (star == std::string::npos) return row.key == key;
  const std::string_view before = std::string_view(row.key).substr(0, star), behind = std::string_view(row.key).substr(star + 1);
  return key.size() > before.size() + behind.size() && key.starts_with(before) && key.ends_with(behind);
}

const SettingRow* row_of(std::string_view key) {
  const auto& rows = setting_rows();
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const SettingRow& row) { return is_of(row, key); });
  return found == rows.end() ? nullptr : &*found;
}

std::string place(const std::string& file, const toml::node& node) {
  const toml::source_position at = node.source().begin;
  return file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::optional<Json> value_of(const toml::node& node, Type type) {
  if (type == Type::text && node.is_string()) return Json(node.value<std::string>().value());
  if (type == Type::integer && node.is_integer()) return Json(node.value<std::int64_t>().value());
  if (type == Type::number && node.is_number()) return Json(node.value<double>().value());
  if (type == Type::flag && node.is_boolean()) return Json(node.value<bool>().value());
  if (type == Type::list && node.is_array()) {
    Json list = Json::array();
    for (const toml::node& item : *node.as_array()) {
      if (!item.is_string()) return std::nullopt;
      list.push_back(item.value<std::string>().value());
    }
    return list;
  }
  return std::nullopt;
}

const char* name_of(Type type) {
  switch (type) {
    case Type::text: return "a text";
    case Type::list: return "a list of texts";
    case Type::integer: return "a whole number";
    case Type::number: return "a number";
    case Type::flag: return "true or false";
  }
  return "";
}

Result<void> read_table(const toml::table& table, const std::string& prefix, const std::string& file, bool project,
                        Settings& out) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    const SettingRow* row = row_of(key);
    if (node.is_table()) {
      DEED_OK(read_table(*node.as_table(), key + ".", file, project, out));
      continue;
    }
    if (!row) {
      return fail(ErrorKind::invalid, "there is no setting \"" + escaped(key) + "\"", place(file, node),
                  "did you mean \"" + nearest_key(key) + "\"? `deed config show` lists all");
    }
    if (project && !row->project) {
      return fail(ErrorKind::denied, "a project's file may not set \"" + key + "\"", place(file, node),
                  "set it in your own configuration or by a flag");
    }
    const auto value = value_of(node, row->type);
    if (!value) return fail(ErrorKind::invalid, "\"" + key + "\" must be " + name_of(row->type), place(file, node));
    out.set(key, *value, file);
  }
  return {};
}

Result<void> read_file(const std::string& file, bool project, Settings& out) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return {};
  constexpr std::size_t max_bytes = 1u << 20;
  std::string text(max_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > max_bytes) return fail(ErrorKind::limit, "the configuration is larger than 1 MiB", file);
  try {
    const toml::table table = toml::parse(text, file);
    return read_table(table, "", file, project, out);
  } catch (const toml::parse_error& e) {
    const auto at = e.source().begin;
    return fail(ErrorKind::invalid, std::string("not valid TOML: ") + std::string(e.description()),
                file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column));
  }
}

Result<Json> from_text(const SettingRow& row, const std::string& text, const std::string& origin) {
  switch (row.type) {
    case Type::text: return Json(text);
    case Type::list: {
      Json list = Json::array();
      for (const auto part : split(text, ',')) {
        if (!trim(part).empty()) list.push_back(std::string(trim(part)));
      }
      return list;
    }
    case Type::integer: {
      std::int64_t value = 0;
      const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (ec == std::errc() && end == text.data() + text.size()) return Json(value);
      break;
    }
    case Type::flag:
      if (text == "true" || text == "false") return Json(text == "true");
      break;
    case Type::number: {
      double value = 0;
      const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (ec == std::errc() && end == text.data() + text.size()) return Json(value);
      break;
    }
  }
  return fail(ErrorKind::invalid, "\"" + escaped(text) + "\" is not " + name_of(row.type), origin);
}

}  // namespace

namespace {

// Of one account for mail; each also stands below "mail.NAME." for an account with a name.
std::vector<SettingRow> account_rows() {
  return {
      {"smtp.url", Type::text, "DEED_SMTP", false, "smtp://host:587 (STARTTLS), smtps://host:465; none: mail goes into the outbox"},
      {"smtp.user", Type::text, "DEED_SMTP_USER", false, "user name at the mail server"},
      {"smtp.password_file", Type::text, "", false, "a file of mode 0600 that holds the password"},
      {"smtp.password_command", Type::list, "", false, "a command and its arguments that prints the password"},
      {"smtp.token_file", Type::text, "", false, "a file of mode 0600 that holds an OAuth 2.0 access token, instead of a password"},
      {"smtp.token_command", Type::list, "", false, "a command and its arguments that prints an OAuth 2.0 access token"},
      {"smtp.from", Type::text, "DEED_FROM", true, "the sender's address"},
      {"smtp.from_name", Type::text, "DEED_FROM_NAME", true, "the sender's name, shown beside the address"},
      {"smtp.reply_to", Type::list, "", false, "addresses for answers, if not the sender's"},
      {"smtp.automatic", Type::flag, "", true, "true: mails say that no person wrote them (Auto-Submitted)"},
      {"smtp.rate", Type::text, "", false, "most mails in any span of time: 30/minute (second, minute, hour, day), over all runs"},
      {"smtp.domain_rate", Type::text, "", false, "the same to one domain of recipients"},
      {"smtp.retry_h", Type::number, "", false, "hours for which recipients are tried again whom the server puts off (default: 4)"},
      {"imap.url", Type::text, "DEED_IMAP", false, "imap://host:143 (STARTTLS), imaps://host:993: where mail is read, and looked for after a crash"},
      {"imap.user", Type::text, "DEED_IMAP_USER", false, "user name there; none: that of smtp, with its password"},
      {"imap.password_file", Type::text, "", false, "a file of mode 0600 that holds the password"},
      {"imap.password_command", Type::list, "", false, "a command and its arguments that prints the password"},
      {"imap.token_file", Type::text, "", false, "a file of mode 0600 that holds an OAuth 2.0 access token, instead of a password"},
      {"imap.token_command", Type::list, "", false, "a command and its arguments that prints an OAuth 2.0 access token"},
      {"imap.mailbox", Type::text, "DEED_IMAP_MAILBOX", false, "the Sent or archive mailbox (default: Sent)"},
      {"imap.authoritative", Type::flag, "DEED_IMAP_AUTHORITATIVE", false, "true: exactly one copy of each accepted transaction is there, so that a mail without one was not sent"},
      {"imap.settle_s", Type::integer, "DEED_IMAP_SETTLE_S", false, "seconds after the hand-over at which a copy is there at the latest (default: 60)"},
      {"imap.copy", Type::flag, "", false, "false: no copy of what was sent is put into imap.mailbox (default: true, unless authoritative)"},
      {"imap.drafts", Type::text, "", false, "the folder of drafts (default: Drafts)"},
      {"maildir", Type::text, "DEED_MAILDIR", false, "a Maildir whose mail is read, instead of imap"},
  };
}

std::vector<SettingRow> all_rows() {
  std::vector<SettingRow> rows = {
      {"model", Type::text, "DEED_MODEL", false, "the model: local:smollm2, openai:NAME, http://host:port/v1#NAME"},
      {"alias.*", Type::text, "", false, "a name for --model. plan: what is used where nothing is said; vision: where the other cannot look at what is attached"},
      {"secrets.*.file", Type::text, "", false, "a file of mode 0600 that holds a secret of tasks; DEED_SECRET_NAME goes first"},
      {"secrets.*.command", Type::list, "", false, "a command and its arguments that prints a secret of tasks"},
      {"providers.*.base_url", Type::text, "", false, "the address of a provider (openai, anthropic, gemini, ollama, …)"},
      {"providers.*.key_file", Type::text, "", false, "a file of mode 0600 that holds the key; an environment variable goes first"},
      {"providers.*.key_command", Type::list, "", false, "a command and its arguments that prints the key"},
      {"providers.*.headers", Type::list, "", false, "further headers: \"Name: value\", or \"Name: $VARIABLE\" for one that is secret"},
      {"providers.*.idle_timeout_s", Type::number, "", false, "seconds without a byte after which a request is made again (default: 180)"},
      {"providers.*.stream", Type::flag, "", false, "false for a server that cannot stream"},
      {"stream", Type::flag, "DEED_STREAM", false, "false: no model is asked to stream"},
      {"models.*.window", Type::integer, "", false, "tokens of the context window of the models whose name begins like this"},
      {"models.*.input", Type::number, "", false, "dollars for a million tokens of input"},
      {"models.*.cached", Type::number, "", false, "the same of input that was read from a cache"},
      {"models.*.cache_write", Type::number, "", false, "the same of input that was put into one"},
      {"models.*.output", Type::number, "", false, "dollars for a million tokens of output"},
      {"models.*.images", Type::flag, "", false, "whether they take pictures"},
      {"models.*.audio", Type::flag, "", false, "whether they take sounds"},
      {"models.*.documents", Type::flag, "", false, "whether they take PDF"},
      {"models.*.tools", Type::text, "", false, "how local models call tools: auto, trained or planner"},
      {"effort", Type::text, "DEED_EFFORT", true, "how much a reasoning model is to think: none, low, medium, high"},
      {"reasoning", Type::text, "DEED_REASONING", true, "what is shown of a model's thoughts: hide, summary, full"},
      {"root", Type::text, "DEED_ROOT", false, "the folder that file tools stay below"},
      {"account", Type::text, "DEED_ACCOUNT", false, "the mail account: NAME of [mail.NAME.smtp] and [mail.NAME.imap]; none: [smtp] and [imap]"},
      {"drafts", Type::flag, "DEED_DRAFTS", false, "true: mail is put into the folder of drafts, and nothing is sent"},
      {"allow", Type::list, "DEED_ALLOW", false, "effects that need no approval: TOOL:DESTINATION"},
      {"allow_hosts", Type::list, "DEED_ALLOW_HOSTS", false, "hosts that tools may reach although they are not public: HOST[:PORT]"},
      {"mail.suppress", Type::list, "", true, "addresses and domains that are never mailed, beside those of deed mail suppress"},
      {"mail.max_recipients", Type::integer, "", false, "most recipients of a run, over all its mails, 0: no limit"},
      {"mail.max_attachments_mib", Type::integer, "", false, "most that is attached to one mail, in MiB, 0 to 2000 (default: 25)"},
      {"mail.max_failures", Type::integer, "", false, "refused or failed recipients of a run after which nobody else is tried, 0: no limit"},
      {"limits.max_steps", Type::integer, "", true, "model requests of a run"},
      {"limits.max_tokens", Type::integer, "", true, "tokens of a run, 0: no limit"},
      {"limits.max_cost_usd", Type::number, "", true, "cost of a run, 0: no limit"},
      {"limits.max_time_s", Type::integer, "", true, "seconds of work of a run, 0: no limit"},
      {"plugins.folders", Type::list, "DEED_PLUGINS", false, "further folders of plugins, beside plugins/ next to the configuration files"},
      {"plugins.use", Type::list, "", false, "folders of plugins that are used as they are, without an agreement"},
      {"plugins.sandbox", Type::text, "DEED_SANDBOX", false, "how plugins are shut in: auto, bubblewrap, landlock or off"},
      {"plugins.*.in_process", Type::flag, "", false, "true: a library runs inside of deed, without a sandbox"},
      {"plugins.*.sha256", Type::text, "", false, "the hash that the plugin's files must have: deed plugin list --json shows it"},
      {"models_dir", Type::text, "DEED_MODELS", false, "the folder of the embedded models (default: models/ in deed's own folder)"},
      {"threads", Type::integer, "DEED_THREADS", true, "threads of the embedded model, 0: one a core"},
  };
  for (const SettingRow& row : account_rows()) {
    rows.push_back(row);
    SettingRow named = row;
    named.key = "mail.*." + row.key;
    named.environment.clear();
    named.project = false;
    rows.push_back(std::move(named));
  }
  return rows;
}

}  // namespace

const std::vector<SettingRow>& setting_rows() {
  static const std::vector<SettingRow> rows = all_rows();
  return rows;
}

Json shown(const Setting& setting) {
  if (!setting.value.is_string()) return setting.value;
  const std::string text = setting.value.get<std::string>();
  const std::size_t authority = text.find("://");
  const std::size_t at = text.rfind('@');
  if (authority == std::string::npos || at == std::string::npos || at < authority) return text;
  return text.substr(0, authority + 3) + text.substr(at + 1);
}

const Setting* Settings::find(std::string_view key) const {
  const auto it = values_.find(key);
  return it == values_.end() ? nullptr : &it->second;
}
std::string Settings::origin(std::string_view key) const {
  const Setting* setting = find(key);
  return setting ? setting->origin : "";
}

std::string Settings::text(std::string_view key, std::string_view other) const {
  const Setting* setting = find(key);
  return setting && setting->value.is_string() ? setting->value.get<std::string>() : std::string(other);
}
std::vector<std::string> Settings::list(std::string_view key) const {
  const Setting* setting = find(key);
  std::vector<std::string> out;
  if (!setting || !setting->value.is_array()) return out;
  for (const Json& item : setting->value) {
    if (item.is_string()) out.push_back(item.get<std::string>());
  }
  return out;
}
std::optional<double> Settings::number(std::string_view key) const {
  const Setting* setting = find(key);
  if (!setting || !setting->value.is_number()) return std::nullopt;
  return setting->value.get<double>();
}

bool Settings::flag(std::string_view key) const {
  const Setting* setting = find(key);
  return setting && setting->value.is_boolean() && setting->value.get<bool>();
}

std::vector<std::string> Settings::names_below(std::string_view beginning) const {
  std::vector<std::string> names;
  for (auto it = values_.lower_bound(beginning); it != values_.end() && it->first.starts_with(beginning); ++it) {
    const SettingRow* row = row_of(it->first);
    const std::size_t star = row ? row->key.find('*') : std::string::npos;
    if (star == std::string::npos) continue;
    const std::size_t behind = row->key.size() - star - 1;
    std::string name = it->first.substr(star, it->first.size() - star - behind);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

void Settings::set(const std::string& key, Json value, std::string origin) {
  const bool adds_up = key == "allow" || key == "allow_hosts" || key == "mail.suppress";
  const auto old = values_.find(key);
  if (adds_up && old != values_.end()) {
    Json& list = old->second.value;
    for (Json& item : value) {
      if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(std::move(item));
    }
    old->second.origin += ", " + origin;
    return;
  }
  values_[key] = {std::move(value), std::move(origin)};
}

SettingSources default_setting_sources(std::function<std::optional<std::string>(std::string_view)> getenv) {
  SettingSources sources;
  sources.files.push_back("/etc/deed/config.toml");
  const std::string home = getenv("HOME").value_or("");
  const auto config = getenv("XDG_CONFIG_HOME");
  if (config && !config->empty()) sources.files.push_back(*config + "/deed/config.toml");
  else if (!home.empty()) sources.files.push_back(home + "/.config/deed/config.toml");
  sources.project_file = ".deed/config.toml";
  sources.getenv = std::move(getenv);
  return sources;
}

Result<Settings> load_settings(const SettingSources& sources) {
  Settings settings;
  for (const std::string& file : sources.files) DEED_OK(read_file(file, false, settings));
  if (!sources.project_file.empty()) DEED_OK(read_file(sources.project_file, true, settings));
  for (const SettingRow& row : setting_rows()) {
    if (row.environment.empty()) continue;
    const auto text = sources.getenv(row.environment);
    if (!text || text->empty()) continue;
    DEED_TRY(Json value, from_text(row, *text, row.environment));
    settings.set(row.key, std::move(value), row.environment);
  }
  return settings;
}

}  // namespace deed
