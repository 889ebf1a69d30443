#include "deed/plugins/plugin_host.hpp"

namespace deed {
namespace {

std::int64_t milliseconds_of(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

PluginCall plugin_call(PluginCallKind kind, const DeclaredTool& tool, Json arguments, const ToolContext& ctx) {
  PluginCall call{.kind = kind, .tool = &tool, .arguments = std::move(arguments), .effect_key = ctx.effect_key()};
  call.attempt = ctx.attempt();
  call.proposed_at_ms = milliseconds_of(ctx.proposed_at());
  if (kind == PluginCallKind::probe) call.dispatched_at_ms = milliseconds_of(ctx.dispatched_at());
  return call;
}

// The wrong kind of answer is no answer.
Error unfit(const char* wanted) { return {ErrorKind::corrupt, std::string("the plugin did not answer with ") + wanted, "", ""}; }

Error error_of(const Outcome& outcome, const char* wanted) {
  if (outcome.status == OutcomeStatus::succeeded) return unfit(wanted);
  return {ErrorKind::invalid, string_at(outcome.result, "error", "the plugin refused"), "", string_at(outcome.result, "hint")};
}

struct HostedTool {
  DeclaredTool declared;
  std::shared_ptr<PluginHost> host;  // of all tools of a plugin
};

asio::awaitable<Outcome> run_hosted(std::shared_ptr<const HostedTool> self, Json arguments, ToolContext& ctx) {
  PluginCall call = plugin_call(PluginCallKind::run, self->declared, std::move(arguments), ctx);
  auto calling = self->host->call(std::move(call), &ctx);
  PluginAnswer answer = co_await std::move(calling);
  if (auto* outcome = std::get_if<Outcome>(&answer)) co_return std::move(*outcome);
  const auto* error = std::get_if<Error>(&answer);
  const Error why = error ? *error : unfit("an outcome");
  // Nobody said what became of it. Its class, and how far it came, do.
  if (!changes_world(self->declared.spec.effect)) co_return Outcome::failed_without_effect(why);
  if (self->declared.spec.dispatches) throw std::runtime_error(to_string(why));  // the loop knows whether it was dispatched
  co_return Outcome::unknown(to_string(why));
}

Async<Preview> preview_hosted(std::shared_ptr<const HostedTool> self, Json arguments, const ToolContext& ctx) {
  PluginCall call = plugin_call(PluginCallKind::preview, self->declared, std::move(arguments), ctx);
  auto calling = self->host->call(std::move(call), nullptr);
  PluginAnswer answer = co_await std::move(calling);
  if (auto* preview = std::get_if<Preview>(&answer)) co_return std::move(*preview);
  if (const auto* outcome = std::get_if<Outcome>(&answer)) co_return fail(error_of(*outcome, "a preview"));
  const auto* error = std::get_if<Error>(&answer);
  co_return fail(error ? *error : unfit("a preview"));
}

asio::awaitable<ProbeResult> probe_hosted(std::shared_ptr<const HostedTool> self, Json arguments, ToolContext& ctx) {
  PluginCall call = plugin_call(PluginCallKind::probe, self->declared, std::move(arguments), ctx);
  auto calling = self->host->call(std::move(call), &ctx);
  PluginAnswer answer = co_await std::move(calling);
  if (auto* found = std::get_if<ProbeResult>(&answer)) co_return std::move(*found);
  ProbeResult undecided{ProbeResult::Verdict::undecided, ""};
  if (const auto* outcome = std::get_if<Outcome>(&answer)) undecided.evidence = error_of(*outcome, "a verdict").what;
  else if (const auto* error = std::get_if<Error>(&answer)) undecided.evidence = to_string(*error);
  else undecided.evidence = unfit("a verdict").what;
  co_return undecided;
}

}  // namespace

Tool tool_of(DeclaredTool declared, std::shared_ptr<PluginHost> host) {
  Tool tool;
  tool.spec = declared.spec;
  const bool has_preview = declared.has_preview, has_probe = declared.has_probe;
  auto self = std::make_shared<const HostedTool>(HostedTool{std::move(declared), std::move(host)});  // owned by the tool's functions
  tool.run = [self](Json arguments, ToolContext& ctx) { return run_hosted(self, std::move(arguments), ctx); };
  if (has_preview) tool.asked_preview = [self](Json arguments, const ToolContext& ctx) { return preview_hosted(self, std::move(arguments), ctx); };
  if (has_probe) tool.probe = [self](Json arguments, ToolContext& ctx) { return probe_hosted(self, std::move(arguments), ctx); };
  return tool;
}

}  // namespace deed
