// How far a run of a task is: a function of its events, like the rest of its state. What was done for an item of a loop is kept as
// a name of 16 bytes and a count; its result only where the task reads it again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deed/agent/event_types.hpp"
#include "deed/agent/task/item_keys.hpp"
#include "deed/agent/task/task.hpp"

namespace deed {

struct CallState;
struct State;

struct ItemFailure {
  ItemRef item;
  std::string error;
};

/// A step's own run that has not ended, by the item that it is for.
struct OpenChild {
  ItemRef item;
  RunId run;
  RunStarted started;
};

struct StepProgress {
  enum class Phase { waiting, running, done, skipped, failed };
  Phase phase = Phase::waiting;
  Json out = nullptr;     ///< of a loop: the list of its items' outs, where `keeps_outs`
  std::string text;
  std::string error;
  Trust trust = Trust::system;  ///< of `out` and `text`: the lowest that went in
  std::int64_t succeeded = 0, failed = 0, skipped = 0;  ///< items
  std::vector<ItemFailure> failures;  ///< the first 1,000
  ItemKeys begun;                     ///< items that became a call or a child, or failed before it, by `item_name`
  std::vector<std::string> calls;     ///< ids of those that are not over and wait for nobody, in order
  std::vector<std::string> asking;    ///< ids of those that wait for a person
  std::vector<OpenChild> children;    ///< those that are not over
  bool keeps_outs = false;            ///< something reads steps.ID.out
  std::optional<TimePoint> timer;     ///< nothing goes on before that
  bool timer_fired = false;
  bool broke_off = false;             ///< failed as a whole: its items could not be read to the end, or the first failure was to end it
  bool is_left_out = false;           ///< the user said so: what needs it goes on without it

  bool is_over() const { return phase == Phase::done || phase == Phase::skipped || phase == Phase::failed; }
  bool has_open() const { return !calls.empty() || !asking.empty() || !children.empty(); }
};
const char* to_string(StepProgress::Phase phase);

struct TaskProgress {
  std::shared_ptr<const Task> task;  ///< as it was when the run began; shared with nobody who changes it
  std::vector<TaskInput> inputs;
  std::vector<StepProgress> steps;   ///< one for each of the task's
  std::vector<std::string> signals;  ///< that came

  StepProgress* find(const std::string& id);
  /// The first step that is not over, from this number on; steps.size(): there is none.
  std::size_t next_from(std::size_t number) const;
  std::size_t current() const { return next_from(0); }
};

/// "mail", "mail[ann@example.org]": the path of an item's call in its run. A long key stands there as its hash.
std::string item_name(const ItemRef& item);

/// The earliest time that something of the current step waits for; nullopt: it waits for none.
std::optional<TimePoint> waits_until(const State& state);

/// errors  corrupt: the recorded file does not parse (any more)
Result<TaskProgress> begin_progress(const TaskOfRun& task);

/// Puts an open call among those that wait for a person, or not. Called by `fold` where that changes.
void place_call(TaskProgress& progress, const CallState& call);

/// What the end of a call means for its step: the item is over, or it waits for its next attempt. Called by `fold`.
/// now  the event's time
/// returns  whether the call is over and need not be kept
bool conclude_call(TaskProgress& progress, CallState& call, TimePoint now);

/// The same for a child that has finished.
void conclude_child(TaskProgress& progress, const ChildFinished& finished);

/// An item that has failed, or never became a call.
void fail_item(StepProgress& step, ItemRef item, std::string error);

}  // namespace deed
