#include "deed/agent/agent_options.hpp"

#include "deed/agent/mail_settings.hpp"
#include "deed/agent/model_settings.hpp"
#include "deed/agent/secret_source.hpp"

#include <set>

namespace deed {
namespace {

Result<std::int64_t> whole_at(const Settings& settings, std::string_view key, std::int64_t other) {
  const auto value = settings.number(key);
  if (!value) return other;
  if (*value < 0 || *value > 1e15) {
    return fail(ErrorKind::invalid, std::string(key) + " must not be negative", settings.origin(key));
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

Json recorded(const Settings& settings) {
  Json out = recorded_account(settings);
  // Also where they are not set: whoever resumes the run must not look for its mails elsewhere.
  out["account"] = settings.text("account");
  out["drafts"] = settings.flag("drafts");
  for (const char* key : {"allow", "allow_hosts", "plugins.use"}) {
    const Setting* setting = settings.find(key);
    if (setting) out[key] = shown(*setting);
  }
  return out;
}

// The names of models and secrets in a task and in the tasks that it uses.
void take_names(const Task& task, std::set<std::string>& models, std::set<std::string>& secrets) {
  secrets.insert(task.secrets.begin(), task.secrets.end());
  if (!task.model.empty()) models.insert(task.model);
  for (const Step& step : task.steps) {
    if (!step.model.empty()) models.insert(step.model);
    if (const auto* use = std::get_if<UseStep>(&step.action)) take_names(*use->task, models, secrets);
  }
}

}  // namespace

Result<AgentOptions> agent_options(const Settings& settings,
                                   const std::function<std::optional<std::string>(std::string_view)>& getenv, const Task* task) {
  AgentOptions options;
  DEED_TRY(options.model, resolve_model(settings, settings.text("model"), options.model));
  std::set<std::string> models, secrets;
  if (task) take_names(*task, models, secrets);
  std::string all_models = options.model;
  for (const std::string& name : models) {
    DEED_TRY(options.named_models[name], resolve_model(settings, name, name));
    all_models += ", " + options.named_models[name];
  }
  for (const std::string& name : secrets) {
    DEED_TRY(options.named_secrets[name], named_secret(settings, name, getenv));
  }
  DEED_TRY(options.providers, provider_settings(settings, all_models, getenv));
  DEED_TRY(options.models, own_models(settings));
  const std::optional<Effort> effort = parse_effort(settings.text("effort"));
  if (!effort) {
    return fail(ErrorKind::invalid, "effort must be none, low, medium or high", settings.origin("effort"));
  }
  options.effort = *effort;
  options.recorded_settings = recorded(settings);
  options.models_dir = settings.text("models_dir");
  options.root = settings.text("root", options.root);
  DEED_TRY(options.limits, limits_of(settings));
  DEED_TRY(const std::int64_t threads, whole_at(settings, "threads", 0));
  options.threads = static_cast<int>(threads);
  for (const std::string& text : settings.list("allow")) {
    DEED_TRY(AllowRule rule, with_context(AllowRule::parse(text), settings.origin("allow")));
    options.policy.allow.push_back(std::move(rule));
  }
  for (const std::string& text : settings.list("allow_hosts")) {
    DEED_TRY(AllowedHost host, with_context(AllowedHost::parse(text), settings.origin("allow_hosts")));
    options.allow_hosts.push_back(std::move(host));
  }
  DEED_TRY(options.mail, mail_account(settings, getenv));
  options.drafts = settings.flag("drafts");
  return options;
}

}  // namespace deed
