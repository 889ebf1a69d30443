// perform for tasks: the next move of a step, its items one after the other, and one question for all calls that wait for a person.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "deed/agent/bounded.hpp"
#include "deed/agent/drive.hpp"
#include "deed/agent/effects.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

// Together on one card; what is more is asked about afterwards.
constexpr std::size_t most_on_a_card = 10'000;

ApprovalCard card_of(const CallState& call) {
  return {call.call.name, call.call.arguments, call.policy->why, call.policy->origins, call.policy->preview};
}

}  // namespace

Async<bool> Drive::perform(AdvanceTask action) {
  const std::size_t number = parts_.rehearse ? state_.task->next_from(std::max(action.step, rehearsed_)) : action.step;
  const bool is_step = number < state_.task->steps.size();
  if (parts_.rehearse && !is_step && rehearsed_ > 0) {
    auto ended = co_await end_rehearsal();
    co_return ended;
  }
  if (parts_.rehearse && is_step && waits_for_rehearsed(number)) {
    later_.insert(number);
    rehearsed_ = number + 1;
    co_return true;
  }
  const std::size_t waiting = is_step ? state_.task->steps[number].asking.size() : 0;
  const bool reads_on = is_step && waiting < most_on_a_card && reads_on_while_asking(number);
  if (waiting > 0 && !reads_on) {
    auto asked = co_await wait_for_person(number);
    co_return asked;
  }
  TaskMove move = next_move(state_, lease_.run, number);
  Async<bool> making = std::visit([this](auto chosen) { return make_move(std::move(chosen)); }, std::move(move));
  auto made = co_await std::move(making);
  co_return made;
}

// All that is to be asked about goes onto one card; but where the first items are to be seen, no other is done before they are.
bool Drive::reads_on_while_asking(std::size_t number) const {
  const Step& step = state_.task->task->steps[number];
  const StepProgress& progress = state_.task->steps[number];
  const auto begun = static_cast<std::int64_t>(progress.begun.size());
  const bool shows_first = !parts_.rehearse && step.approve.first > 0 && begun >= step.approve.first && !progress.asking.empty();
  return step.loop && !shows_first;
}

Async<bool> Drive::make_move(BeginStep move) {
  StepStarted started{move.id};
  auto recorded = co_await record(std::move(started), "");
  DEED_CO_OK(std::move(recorded));
  co_return true;
}

Async<bool> Drive::make_move(EndStep move) {
  auto recorded = co_await record(std::move(move.finished), "");
  DEED_CO_OK(std::move(recorded));
  items_.reset();
  co_return true;
}

Async<bool> Drive::make_move(BeginItem move) {
  ItemRef item{state_.task->task->steps[move.step].id, "", 0};
  auto begun = co_await begin_item(move.step, std::move(item), nullptr);
  co_return begun;
}

// Reads until an item begins. What is skipped leaves no event: reading the same rows again comes to the same end.
Async<bool> Drive::make_move(ReadItems move) {
  const Step& step = state_.task->task->steps[move.step];
  const StepProgress& progress = state_.task->steps[move.step];
  if (!items_ || items_->step() != move.step) {
    auto opened = read_items(state_, lease_.run, move.step, state_.start.root);
    if (!opened) {
      EndStep broken{{step.id, StepStatus::failed, to_string(opened.error()), 0}};
      auto ended = co_await make_move(std::move(broken));
      co_return ended;
    }
    items_ = std::move(*opened);
  }
  constexpr int rows_at_a_time = 1000;  // then signals are looked at
  for (int count = 0; count < rows_at_a_time; ++count) {
    auto read = items_->next();
    if (!read) items_->at_end = true;
    if (!read && progress.has_open()) {
      // Some wait for a person: what cannot be read any more is said once they are over.
      auto asked = co_await wait_for_person(move.step);
      co_return asked;
    }
    if (!read) {
      EndStep broken{{step.id, StepStatus::failed, to_string(read.error()), items_->skipped}};
      auto ended = co_await make_move(std::move(broken));
      co_return ended;
    }
    if (!*read) {
      auto ended = co_await end_of_items(move.step, items_->skipped);
      co_return ended;
    }
    NextItem& next = **read;
    if (progress.begun.contains(item_name(next.ref))) continue;
    if (!next.error && step.condition) {
      const auto holds = step.condition->holds(TaskScope(state_, lease_.run, &next.item));
      if (holds && !*holds) {
        ++items_->skipped;
        continue;
      }
      if (!holds) next.error = holds.error();
    }
    if (next.error) {
      Error error = *std::move(next.error);
      auto failed = co_await fail_item_of(std::move(next.ref), std::move(error));
      co_return failed;
    }
    auto begun = co_await begin_item(move.step, std::move(next.ref), &next.item);
    co_return begun;
  }
  if (owes_disk()) {
    auto written = co_await write();
    DEED_CO_OK(std::move(written));
  }
  auto executor = co_await asio::this_coro::executor;
  auto posting = asio::post(executor, asio::use_awaitable);
  co_await std::move(posting);
  co_return true;
}

Async<bool> Drive::end_of_items(std::size_t step, std::int64_t skipped) {
  if (state_.task->steps[step].has_open()) {
    auto asked = co_await wait_for_person(step);
    co_return asked;
  }
  EndStep end = end_of_loop(state_, step, skipped);
  auto ended = co_await make_move(std::move(end));
  co_return ended;
}

Async<bool> Drive::fail_item_of(ItemRef item, Error error) {
  constexpr std::size_t most_unwritten = 256;
  ItemFailed failed{std::move(item), to_string(error)};
  auto recorded = co_await record(std::move(failed), "");
  DEED_CO_OK(std::move(recorded));
  if (unwritten_.size() >= most_unwritten) {
    auto written = co_await write();
    DEED_CO_OK(std::move(written));
  }
  co_return true;
}

// The call of a tool step, complete: arguments, where they came from, and whether the task wants a person to see it.
Result<ToolProposed> Drive::call_of(const Step& step, const ItemRef& item, const CurrentItem* current) const {
  const auto& tool = std::get<ToolStep>(step.action);
  const TaskScope scope(state_, lease_.run, current);
  DEED_TRY(Template::Rendered rendered, tool.with.render(scope));
  ToolProposed proposed;
  proposed.tool_call = {item_name(item), tool.tool, rendered.value.is_null() ? Json::object() : std::move(rendered.value)};
  proposed.effect_key = effect_key(lease_.run, item_name(item), tool.tool);
  proposed.arguments_hash = arguments_hash(proposed.tool_call.arguments);
  proposed.item = item;
  for (Template::Leaf& leaf : rendered.leaves) proposed.origins.push_back({std::move(leaf.pointer), std::move(leaf.origin), leaf.trust});
  const auto begun = static_cast<std::int64_t>(state_.task->steps[state_.task->task->number_of(step)].begun.size());
  if (step.approve.always) proposed.asks = "the task asks about each call of this step";
  if (begun < step.approve.first) proposed.asks = "the task asks about the first " + std::to_string(step.approve.first);
  if (step.approve.when) {
    DEED_TRY(const bool holds, step.approve.when->holds(scope));
    if (holds) proposed.asks = "the task asks where " + step.approve.when->text();
  }
  return proposed;
}

Async<bool> Drive::begin_item(std::size_t number, ItemRef item, const CurrentItem* current) {
  const Step& step = state_.task->task->steps[number];
  if (!std::holds_alternative<ToolStep>(step.action)) {
    auto started = child_of(step, current);
    if (!started) {
      Error error = started.error();
      auto failed = co_await fail_item_of(std::move(item), std::move(error));
      co_return failed;
    }
    ChildStarted child{std::move(item), make_run_id(parts_.clock.now()), std::move(*started)};
    auto recorded = co_await record(std::move(child), "", on_disk);
    DEED_CO_OK(std::move(recorded));
    co_return true;
  }
  auto proposed = call_of(step, item, current);
  if (!proposed) {
    Error error = proposed.error();
    auto failed = co_await fail_item_of(std::move(item), std::move(error));
    co_return failed;
  }
  const RegisteredTool* entry = tools().find(proposed->tool_call.name);
  if (parts_.rehearse && entry && !changes_world(effect_of(entry->tool, proposed->tool_call.arguments))) {
    // It would read what an effect before it has not written.
    const std::set<std::string> held = held_destinations();
    for (const auto& [name, role] : entry->tool.spec.roles) {
      if (role != ArgumentRole::destination || !held.contains(string_at(proposed->tool_call.arguments, name))) continue;
      later_.insert(number);
      rehearsed_ = number + 1;
      co_return true;
    }
  }
  std::string call = proposed->tool_call.id;
  NewEvent made = new_event(*std::move(proposed));
  made.event.call = std::move(call);
  made.event.step = static_cast<int>(number) + 1;
  made.event.trust = Trust::user;
  made.event.cause = state_.last_event;
  std::vector<NewEvent> events;
  events.push_back(std::move(made));
  auto recorded = co_await record_all(std::move(events), AppendOptions());
  DEED_CO_OK(std::move(recorded));
  co_return true;
}

// One question for all of them. In a rehearsal nobody is asked: they wait, and the next step is looked at.
Async<bool> Drive::wait_for_person(std::size_t step) {
  if (!in_flight_.empty()) {
    auto landed = co_await land_one();
    co_return landed;
  }
  const std::vector<std::string> ids = state_.task->steps[step].asking;
  if (ids.empty()) co_return true;  // those that were open have landed
  for (const std::string& id : ids) {
    if (state_.calls.at(id).approval_request->policy_version == parts_.policy.version()) continue;
    // The question was asked under other rules; under today's it may need no answer.
    JudgeCall judge{id};
    auto judged = co_await perform(std::move(judge));
    co_return judged;
  }
  if (parts_.rehearse) {
    rehearsed_ = step + 1;
    items_.reset();
    co_return true;
  }
  auto written = co_await write();
  DEED_CO_OK(std::move(written));
  ApprovalCard card = card_of(state_.calls.at(ids.front()));
  for (std::size_t i = 1; i < ids.size(); ++i) card.others.push_back(card_of(state_.calls.at(ids[i])));
  auto asking_person = parts_.interaction.approve(std::move(card));
  auto bounded = co_await run_bounded(std::move(asking_person), std::chrono::milliseconds(0), &interrupt_);
  if (interrupt_.requested()) co_return true;  // the loop pauses
  auto answer = bounded.value.value_or(std::nullopt);
  if (!answer) {
    const std::string first = state_.calls.at(ids.front()).approval_request->summary;
    const std::string what = ids.size() == 1 ? first : std::to_string(ids.size()) + " calls, the first: " + first;
    RunPaused waiting{RunStatus::paused, "waits for approval: " + what,
                      "deed approve " + lease_.run + "   or   deed deny " + lease_.run};
    std::string first_id = ids.front();
    auto paused = co_await pause(std::move(waiting), std::move(first_id));
    co_return paused;
  }
  auto heard = co_await hear_approval(std::move(*answer), "terminal");
  DEED_CO_OK(std::move(heard));
  co_return true;
}

bool Drive::waits_for_rehearsed(std::size_t number) const {
  const Step& step = state_.task->task->steps[number];
  if (std::holds_alternative<WaitStep>(step.action)) return true;
  for (const std::size_t before : steps_before(*state_.task->task, step)) {
    if (before < rehearsed_ && !state_.task->steps[before].is_over()) return true;
  }
  return false;
}

std::set<std::string> Drive::held_destinations() const {
  std::set<std::string> places;
  for (const auto& [id, call] : state_.calls) {
    if (call.phase != CallPhase::asking || !call.policy || !call.policy->preview) continue;
    places.insert(call.policy->preview->destinations.begin(), call.policy->preview->destinations.end());
  }
  return places;
}

Async<bool> Drive::end_rehearsal() {
  is_rehearsed_ = true;
  std::size_t held = 0;
  for (const StepProgress& step : state_.task->steps) held += step.asking.size();
  std::string reason = "rehearsed: " + std::to_string(held) + (held == 1 ? " effect waits" : " effects wait");
  for (const std::size_t step : later_) reason += "; step " + state_.task->task->steps[step].id + ": it depends on what was not done";
  RunPaused waiting{RunStatus::paused, std::move(reason), "deed approve " + lease_.run + "   does exactly this"};
  auto paused = co_await pause(std::move(waiting), "");
  co_return paused;
}

Async<bool> Drive::make_move(StartTimer move) {
  TimerSet timer{std::move(move.step), move.until.time_since_epoch().count()};
  auto recorded = co_await record(std::move(timer), "", on_disk);
  DEED_CO_OK(std::move(recorded));
  co_return true;
}

Async<bool> Drive::make_move(AwaitTimer move) {
  WaitUntil wait{move.until, std::move(move.step)};
  auto waited = co_await perform(std::move(wait));
  co_return waited;
}

Async<bool> Drive::perform(WaitUntil action) {
  const TimePoint now = parts_.clock.now();
  if (now >= action.time) {
    TimerFired fired{std::move(action.step)};
    auto recorded = co_await record(std::move(fired), std::move(action.call));
    DEED_CO_OK(std::move(recorded));
    co_return true;
  }
  // Shorter waits are slept through; for longer ones the process ends, and whoever resumes the run at that time goes on.
  if (action.time - now > ToolContext::longest_sleep) {
    try_later_ = true;
    const std::string who = action.call.empty() ? "" : state_.calls.at(action.call).call.name + " ";
    RunPaused waiting{RunStatus::paused, who + "waits until " + to_iso8601(action.time), "deed daemon goes on with it then, or deed resume --all"};
    auto paused = co_await pause(std::move(waiting), "", action.time);
    co_return paused;
  }
  auto written = co_await write();
  DEED_CO_OK(std::move(written));
  auto executor = co_await asio::this_coro::executor;
  auto timer = std::make_shared<asio::steady_timer>(executor, action.time - now);  // shared with nobody: the interrupt has a weak one
  const Interrupt::Attachment attachment = interrupt_.attach([weak = std::weak_ptr(timer)] {
    if (const auto live = weak.lock()) live->cancel();
  });
  [[maybe_unused]] auto waited = co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
  co_return true;
}

Async<bool> Drive::make_move(AwaitSignal move) {
  RunPaused waiting{RunStatus::paused, "waits for the signal " + move.signal, "deed signal " + lease_.run + " " + move.signal};
  auto paused = co_await pause(std::move(waiting), std::move(move.step));
  co_return paused;
}

Async<bool> Drive::make_move(EndTask move) {
  const RunStatus status = move.status;
  RunFinished finished{status, std::move(move.text), std::move(move.reason), std::move(move.outputs)};
  AppendOptions ended{.durability = Durability::full, .status = status};
  auto recorded = co_await record(std::move(finished), "", ended);
  DEED_CO_OK(std::move(recorded));
  co_return false;
}

Async<void> Drive::hear_signal(std::string name) {
  if (!state_.task) co_return fail(ErrorKind::conflict, "the run is no task's: it waits for no signal", lease_.run);
  SignalReceived signal{"task", to_utf8(name)};
  auto recorded = co_await record(std::move(signal), "", on_disk, Trust::user);
  co_return recorded;
}

}  // namespace deed
