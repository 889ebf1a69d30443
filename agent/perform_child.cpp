// perform for the steps of a task that are runs of their own: a model's reply, an agent with some tools, another task.
#include "deed/agent/drive.hpp"
#include "deed/agent/task/check_task.hpp"
#include "deed/agent/task/task_of_run.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

// Text of a step as a request: the words that the task's writer wrote are the user's, what was put in keeps its own trust.
Result<void> take_words(const Template& text, const Scope& scope, RunStarted& started) {
  DEED_TRY(Template::Rendered rendered, text.render(scope));
  if (!rendered.value.is_string()) return fail(ErrorKind::invalid, "what the model is told is no text");
  started.request = rendered.value.get<std::string>();
  if (trim(started.request).empty()) return fail(ErrorKind::invalid, "the model is told nothing: the text is empty");
  for (const Template::Leaf& leaf : rendered.leaves) {
    if (leaf.trust <= Trust::user) continue;
    started.parts = {{text.source().get<std::string>(), "task", Trust::user}, {started.request, leaf.origin, leaf.trust}};
  }
  return {};
}

Result<void> take_action(const LlmStep& step, const Scope& scope, RunStarted& started) {
  DEED_OK(take_words(step.prompt, scope, started));
  DEED_TRY(const Template::Rendered system, step.system.render(scope));
  started.system = system.value.is_string() ? system.value.get<std::string>() : "Answer the request.";
  started.schema = step.schema;
  started.tools = std::vector<std::string>();
  return {};
}

Result<void> take_action(const AgentStep& step, const Scope& scope, RunStarted& started) {
  DEED_OK(take_words(step.goal, scope, started));
  started.tools = step.tools;
  return {};
}

Result<void> take_action(const UseStep& step, const Scope& scope, RunStarted& started) {
  DEED_TRY(Template::Rendered rendered, step.with.render(scope));
  Json given = rendered.value.is_object() ? std::move(rendered.value) : Json::object();
  DEED_TRY(const Json inputs, complete_inputs(*step.task, std::move(given)));
  started.task = task_of_run(*step.task, inputs);
  for (TaskInput& input : started.task->inputs) {
    for (const Template::Leaf& leaf : rendered.leaves) {
      const bool is_of_it = leaf.pointer == "/" + input.name || leaf.pointer.starts_with("/" + input.name + "/");
      if (is_of_it && leaf.trust >= input.trust) input.trust = leaf.trust, input.origin = leaf.origin;
    }
  }
  started.request = step.task->name;
  return {};
}

Result<void> take_action(const ToolStep&, const Scope&, RunStarted&) { return fail(ErrorKind::internal, "a tool step is no run"); }
Result<void> take_action(const WaitStep&, const Scope&, RunStarted&) { return fail(ErrorKind::internal, "a wait is no run"); }

// What the parent needs of a child that is over.
Result<ChildFinished> finished_of(const RunReport& report) {
  const State& state = report.state;
  ChildFinished finished{report.run, report.status, report.text, report.reason};
  finished.usage = state.usage;
  finished.cost_usd = state.cost_usd;
  finished.parts_begun = state.parts.begun - state.start.parts_begun;
  finished.parts_failed = state.parts.failed - state.start.parts_failed;
  finished.out = report.text;
  if (state.task && state.finished) finished.out = state.finished->outputs;
  if (state.start.schema && report.status == RunStatus::done) {
    DEED_TRY(finished.out, parse_json(report.text));
  }
  return finished;
}

}  // namespace

Result<RunStarted> Drive::child_of(const Step& step, const CurrentItem* current) const {
  RunStarted started;
  const TaskScope scope(state_, lease_.run, current);
  DEED_OK(std::visit([&](const auto& action) { return take_action(action, scope, started); }, step.action));
  const Limits& own = state_.start.limits;
  started.limits = step.budget.value_or(started.task && !step.budget ? own : Limits{});
  if (own.max_cost_usd > 0) {
    const double left = std::max(1e-9, own.max_cost_usd - state_.cost_usd);
    started.limits.max_cost_usd = started.limits.max_cost_usd > 0 ? std::min(started.limits.max_cost_usd, left) : left;
  }
  if (own.max_tokens > 0) {
    const std::int64_t left = std::max<std::int64_t>(1, own.max_tokens - state_.usage.input - state_.usage.output);
    started.limits.max_tokens = started.limits.max_tokens > 0 ? std::min(started.limits.max_tokens, left) : left;
  }
  started.model = !step.model.empty() ? step.model : state_.task->task->model;
  started.root = state_.start.root;
  started.settings = state_.start.settings;
  started.parts_begun = state_.parts.begun;
  started.parts_failed = state_.parts.failed;
  return started;
}

Async<bool> Drive::perform(DriveChild action) {
  OpenChild child;
  for (const StepProgress& step : state_.task->steps) {
    for (const OpenChild& one : step.children) {
      if (one.run == action.run) child = one;
    }
  }
  Model* model = &parts_.model;
  if (!child.started.task) {
    auto named = parts_.model_named ? parts_.model_named(child.started.model)
                                    : Result<Model*>(fail(ErrorKind::unsupported, "this program has no models for the steps of tasks"));
    if (!named) {
      RunPaused waiting{RunStatus::paused, "the step " + child.item.step + " needs a model: " + named.error().what, named.error().hint};
      auto paused = co_await pause(std::move(waiting), "");
      co_return paused;
    }
    model = *named;
  }
  auto written = co_await write();
  DEED_CO_OK(std::move(written));
  RunnerParts parts{parts_.journal, *model, parts_.tools, parts_.clock, parts_.interaction, parts_.observer, parts_.policy, parts_.effort};
  parts.model_named = parts_.model_named;
  parts.secret_of = parts_.secret_of;
  parts.rehearse = parts_.rehearse;
  parts.on_preview = parts_.on_preview;
  auto drive = std::make_unique<Drive>(parts, interrupt_);
  RunId run = child.run;
  auto ready = co_await drive->take_over(std::move(run), std::nullopt);
  if (!ready && ready.error().kind == ErrorKind::not_found) {
    RunStarted started = child.started;
    RunId id = child.run, parent = lease_.run;
    ready = co_await drive->begin_child(std::move(started), std::move(id), std::move(parent));
  }
  if (!ready) {
    auto left = co_await drive->leave();
    DEED_CO_OK(std::move(left));
    co_return fail(std::move(ready).error());
  }
  auto driven = co_await drive->go_on();
  DEED_CO_TRY(const RunReport report, std::move(driven));
  if (interrupt_.requested()) co_return true;  // the loop pauses
  const bool is_over = report.state.finished || (report.status == RunStatus::limit && !report.halted);
  if (!is_over) {
    try_later_ = report.try_later;
    is_halted_ = report.halted;
    is_rehearsed_ = report.rehearsed;
    if (parts_.rehearse) {
      rehearsed_ = state_.task->task->number_of(*state_.task->task->find(child.item.step)) + 1;
      co_return true;
    }
    RunPaused waiting{report.status, "its run " + child.run + " " + report.reason, report.hint + ", then deed resume " + lease_.run};
    std::string call = report.waiting_call.empty() ? "" : item_name(child.item);
    auto paused = co_await pause(std::move(waiting), std::move(call), waits_until(report.state));
    co_return paused;
  }
  auto finished = finished_of(report);
  if (!finished) {
    ChildFinished broken{child.run, RunStatus::failed, report.text, to_string(finished.error())};
    finished = broken;
  }
  auto recorded = co_await record(std::move(*finished), "", on_disk, Trust::untrusted);
  DEED_CO_OK(std::move(recorded));
  co_return true;
}

}  // namespace deed
