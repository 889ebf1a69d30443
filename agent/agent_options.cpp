#include "deed/agent/agent_options.hpp"

#include "deed/agent/secret_source.hpp"

namespace deed {
namespace {

std::string origin_of(const Settings& settings, std::string_view key) {
  const Setting* setting = settings.find(key);
  return setting ? setting->origin : "";
}

Result<std::int64_t> whole_at(const Settings& settings, std::string_view key, std::int64_t other) {
  const auto value = settings.number(key);
  if (!value) return other;
  if (*value < 0 || *value > 1e15) {
    return fail(ErrorKind::invalid, std::string(key) + " must not be negative", origin_of(settings, key));
  }
  return static_cast<std::int64_t>(*value);
}

Result<Limits> limits_of(const Settings& settings) {
  Limits limits;
  DEED_TRY(limits.max_steps, whole_at(settings, "limits.max_steps", limits.max_steps));
  DEED_TRY(limits.max_tokens, whole_at(settings, "limits.max_tokens", limits.max_tokens));
  DEED_TRY(const std::int64_t seconds, whole_at(settings, "limits.max_time_s", 0));
  limits.max_time = std::chrono::seconds(seconds);
  limits.max_cost_usd = settings.number("limits.max_cost_usd").value_or(0);
  return limits;
}

// A user name and password in a URL stay out of the journal.
std::string without_credentials(const std::string& url) {
  const std::size_t authority = url.find("://");
  const std::size_t at = url.rfind('@');
  if (authority == std::string::npos || at == std::string::npos || at < authority) return url;
  return url.substr(0, authority + 3) + url.substr(at + 1);
}

Json recorded(const Settings& settings) {
  Json out = Json::object();
  for (const char* key : {"smtp.url", "smtp.user", "smtp.from", "allow", "allow_hosts"}) {
    const Setting* setting = settings.find(key);
    if (setting) out[key] = setting->value;
  }
  if (out.contains("smtp.url")) out["smtp.url"] = without_credentials(settings.text("smtp.url"));
  return out;
}

}  // namespace

Result<AgentOptions> agent_options(const Settings& settings,
                                   const std::function<std::optional<std::string>(std::string_view)>& getenv) {
  AgentOptions options;
  options.model = settings.text("model", options.model);
  options.recorded_settings = recorded(settings);
  options.models_dir = settings.text("models_dir");
  options.root = settings.text("root", options.root);
  DEED_TRY(options.limits, limits_of(settings));
  DEED_TRY(const std::int64_t threads, whole_at(settings, "threads", 0));
  options.threads = static_cast<int>(threads);
  for (const std::string& text : settings.list("allow")) {
    DEED_TRY(AllowRule rule, with_context(AllowRule::parse(text), origin_of(settings, "allow")));
    options.policy.allow.push_back(std::move(rule));
  }
  for (const std::string& text : settings.list("allow_hosts")) {
    DEED_TRY(AllowedHost host, with_context(AllowedHost::parse(text), origin_of(settings, "allow_hosts")));
    options.allow_hosts.push_back(std::move(host));
  }
  const std::string from = settings.text("smtp.from");
  if (!from.empty()) {
    DEED_TRY(options.from, with_context(EmailAddress::parse(from), origin_of(settings, "smtp.from")));
  }
  const std::string url = settings.text("smtp.url");
  if (!url.empty()) {
    DEED_TRY(SmtpServer server, with_context(SmtpServer::parse(url), origin_of(settings, "smtp.url")));
    if (server.user.empty()) server.user = settings.text("smtp.user");
    if (server.password.empty()) {
      DEED_TRY(server.password, smtp_password(settings, getenv));
    }
    options.smtp = std::move(server);
  }
  return options;
}

}  // namespace deed
