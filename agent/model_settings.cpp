#include "deed/agent/model_settings.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "deed/agent/secret_source.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/fallback.hpp"
#include "deed/llm/model_table.hpp"

namespace deed {
namespace {

Result<std::string> resolve(const Settings& settings, const std::string& name, int depth) {
  constexpr int most = 8;
  if (depth > most) return fail(ErrorKind::invalid, "the aliases lead in a circle", escaped(name), "`deed config show` lists them");
  std::string out;
  for (const std::string_view part : split(name, ',')) {
    const std::string word(trim(part));
    const std::string meant = settings.text("alias." + word);
    if (meant.empty() || word.empty()) {
      out += (out.empty() ? "" : ",") + std::string(part);
      continue;
    }
    DEED_TRY(const std::string whole, resolve(settings, meant, depth + 1));
    out += (out.empty() ? "" : ", ") + whole;
  }
  return std::string(trim(out));
}

// "Name: value"; "Name: $VARIABLE" is read from the environment, and secret.
Result<void> add_header(ProviderSettings& provider, const std::string& text, const std::string& origin, const Environment& getenv) {
  const std::size_t colon = text.find(':');
  std::string name(trim(std::string_view(text).substr(0, colon)));
  if (colon == std::string::npos || name.empty()) {
    return fail(ErrorKind::invalid, "a header has no name", origin, "write \"Name: value\"");
  }
  std::string value(trim(std::string_view(text).substr(colon + 1)));
  if (value.starts_with('$')) {
    const auto set = getenv(value.substr(1));
    if (!set) return fail(ErrorKind::invalid, "the variable of the header " + escaped(name) + " is not set: " + escaped(value), origin);
    value = *set;
    provider.secrets.emplace_back(value);
  }
  if (has_control_characters(name) || has_control_characters(value)) {
    return fail(ErrorKind::invalid, "the header " + escaped(name) + " has control characters", origin);
  }
  provider.headers.emplace_back(std::move(name), std::move(value));
  return {};
}

Result<Secret> key_of(const Settings& settings, const std::string& beginning) {
  return secret_of({.file = settings.text(beginning + ".key_file"), .command = settings.list(beginning + ".key_command")}, {});
}

// The providers that the names ask for. "openai-chat" is OpenAI's.
std::set<std::string> schemes_of(std::string_view names) {
  std::set<std::string> out;
  for (const std::string& name : split_model_names(std::string(names))) {
    const std::string scheme = lower_ascii(std::string_view(name).substr(0, name.find(':')));
    out.insert(scheme.substr(0, scheme.find('-')));
  }
  return out;
}

}  // namespace

Result<std::string> resolve_model(const Settings& settings, std::string name, std::string_view other) {
  if (name.empty()) name = settings.text("alias.plan", other);
  return resolve(settings, name, 0);
}

Result<std::map<std::string, ProviderSettings, std::less<>>> provider_settings(const Settings& settings, std::string_view names,
                                                                                const Environment& getenv) {
  std::map<std::string, ProviderSettings, std::less<>> out;
  const bool streams = !settings.find("stream") || settings.flag("stream");
  for (const std::string& scheme : schemes_of(names)) {
    const std::string beginning = "providers." + scheme;
    ProviderSettings provider;
    provider.base_url = settings.text(beginning + ".base_url");
    DEED_TRY(provider.key, key_of(settings, beginning));
    for (const std::string& text : settings.list(beginning + ".headers")) {
      DEED_OK(add_header(provider, text, settings.origin(beginning + ".headers"), getenv));
    }
    const double idle_s = settings.number(beginning + ".idle_timeout_s").value_or(0);
    if (idle_s < 0 || idle_s > 86'400) {
      return fail(ErrorKind::invalid, "an idle timeout is from 0 to 86400 seconds", settings.origin(beginning + ".idle_timeout_s"));
    }
    provider.idle_timeout = std::chrono::milliseconds(static_cast<std::int64_t>(idle_s * 1000));
    provider.stream = streams && (!settings.find(beginning + ".stream") || settings.flag(beginning + ".stream"));
    out[scheme] = std::move(provider);
  }
  return out;
}

Result<std::vector<ModelRow>> own_models(const Settings& settings) {
  std::vector<ModelRow> rows;
  for (const std::string& name : settings.names_below("models.")) {
    const std::string beginning = "models." + name + ".";
    const ModelInfo known = model_info(name, name.substr(name.find_first_of(":#") == std::string::npos ? 0 : name.find_last_of(":#") + 1));
    ModelRow row{.prefix = name, .context_window = known.context_window};
    const auto number = [&](const char* member, std::optional<double> other) {
      const auto value = settings.number(beginning + member);
      return value ? value : other;
    };
    const auto flag = [&](const char* member, bool other) {
      return settings.find(beginning + member) ? settings.flag(beginning + member) : other;
    };
    // A file in this process says itself what fits.
    const std::int64_t window = name.starts_with("local:") ? 0 : known.context_window;
    row.context_window = static_cast<std::int64_t>(number("window", static_cast<double>(window)).value_or(0));
    row.usd_per_million_input = number("input", known.usd_per_million_input).value_or(0);
    row.usd_per_million_cached = number("cached", known.usd_per_million_cached);
    row.usd_per_million_cache_write = number("cache_write", known.usd_per_million_cache_write);
    row.usd_per_million_output = number("output", known.usd_per_million_output).value_or(0);
    row.takes_images = flag("images", known.takes_images);
    row.takes_audio = flag("audio", known.takes_audio);
    row.takes_documents = flag("documents", known.takes_documents);
    const std::string tools = settings.text(beginning + "tools", "auto");
    const std::optional<ToolFormat> format = parse_tool_format(tools);
    if (!format) return fail(ErrorKind::invalid, "models.*.tools is auto, trained or planner", settings.origin(beginning + "tools"));
    row.tools = *format;
    const double least = std::min({row.usd_per_million_input, row.usd_per_million_output, row.usd_per_million_cached.value_or(0),
                                   row.usd_per_million_cache_write.value_or(0), static_cast<double>(row.context_window)});
    if (least < 0) return fail(ErrorKind::invalid, "a price or a window is below 0", "models." + name);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace deed
