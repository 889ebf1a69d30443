#include "deed/agent/report.hpp"

namespace deed {
namespace {

Json call_json(const std::string& id, const CallState& call) {
  Json out = {{"id", id},
              {"step", call.step},
              {"tool", call.call.name},
              {"arguments", call.call.arguments},
              {"phase", to_string(call.phase)}};
  if (call.policy) {
    out["verdict"] = to_string(call.policy->verdict);
    out["why"] = call.policy->why;
  }
  if (call.outcome) {
    out["outcome"] = to_string(call.outcome->status);
    out["result"] = call.outcome->result;
    out["text"] = call.outcome->text;
  }
  for (const auto& [name, part] : call.parts) {
    const OutcomeStatus open = OutcomeStatus::failed_without_effect;
    const OutcomeStatus doubt = OutcomeStatus::unknown;
    out["parts"][name] = to_string(part.phase == PartPhase::settled    ? part.outcome->status
                                   : part.phase == PartPhase::in_doubt ? doubt
                                                                       : open);
  }
  return out;
}

Json step_json(const Step& step, const StepProgress& progress) {
  Json out = {{"id", step.id}, {"status", to_string(progress.phase)}};
  if (!progress.error.empty()) out["error"] = progress.error;
  if (!step.loop) return out;
  out["count"] = progress.succeeded;
  out["failed"] = progress.failed;
  out["skipped"] = progress.skipped;
  out["failures"] = Json::array();
  for (const ItemFailure& failure : progress.failures) {
    out["failures"].push_back({{"index", failure.item.index}, {"key", failure.item.key}, {"error", failure.error}});
  }
  return out;
}

// Calls of loops that are over are numbers in the steps; the journal has them all.
void add_task(const State& state, Json& out) {
  const Task& task = *state.task->task;
  out["task"] = {{"name", task.name}, {"path", task.path}, {"steps", Json::array()}};
  for (const Step& step : task.steps) {
    const StepProgress& progress = state.task->steps[task.number_of(step)];
    out["task"]["steps"].push_back(step_json(step, progress));
  }
  for (const auto& [id, call] : state.calls) out["calls"].push_back(call_json(id, call));
  out["outputs"] = state.finished ? state.finished->outputs : Json(nullptr);
}

}  // namespace

int exit_code(const RunReport& report) {
  switch (report.status) {
    case RunStatus::done: return 0;
    case RunStatus::failed: return 1;
    case RunStatus::paused:
      if (report.try_later) return 75;
      if (!report.waiting_call.empty()) return 3;
      return report.state.start.chat ? 0 : 1;
    case RunStatus::unknown: return 4;
    case RunStatus::limit: return 5;
    case RunStatus::refused: return 6;
    case RunStatus::cancelled: return 130;
    case RunStatus::running: return 1;
  }
  return 1;
}

int exit_code(const Error& error) {
  switch (error.kind) {
    case ErrorKind::invalid:
    case ErrorKind::not_found:
    case ErrorKind::unsupported: return 2;
    case ErrorKind::limit: return 5;
    case ErrorKind::denied: return 6;
    case ErrorKind::conflict:
    case ErrorKind::unavailable:
    case ErrorKind::timeout: return 75;
    case ErrorKind::cancelled: return 130;
    case ErrorKind::corrupt:
    case ErrorKind::internal: return 1;
  }
  return 1;
}

Json to_json(const RunReport& report) {
  const State& state = report.state;
  Json out = {{"version", 1},
              {"run", report.run},
              {"status", to_string(report.status)},
              {"exit_code", exit_code(report)},
              {"text", report.text},
              {"reason", report.reason},
              {"hint", report.hint}};
  if (!report.waiting_call.empty()) out["waiting_call"] = report.waiting_call;
  out["model"] = state.start.model;
  out["steps"] = state.steps;
  out["calls"] = Json::array();
  for (const Entry& entry : state.entries) {
    const auto* step = std::get_if<StepState>(&entry);
    if (!step) continue;
    for (const std::string& id : step->calls) out["calls"].push_back(call_json(id, state.calls.at(id)));
  }
  if (state.task) add_task(state, out);
  out["usage"] = {{"input", state.usage.input},
                  {"cached", state.usage.cached},
                  {"output", state.usage.output},
                  {"reasoning", state.usage.reasoning}};
  out["cost_usd"] = state.cost_usd;
  return out;
}

Json to_json(const RunId& run, const Event& event) {
  Json out = {{"run", run},
              {"number", event.number},
              {"time", to_iso8601(event.time)},
              {"kind", event.kind},
              {"version", event.version},
              {"step", event.step}};
  if (!event.call.empty()) out["call"] = event.call;
  out["cause"] = event.cause;
  out["trust"] = to_string(event.trust);
  out["body"] = event.body.value();
  return out;
}

}  // namespace deed
