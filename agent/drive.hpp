// One run in one process: its lease, its state, and `perform` for each action. Internal to the runner.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "deed/agent/runner.hpp"
#include "deed/agent/task/advance.hpp"
#include "deed/agent/task/items.hpp"
#include "deed/agent/task/scope.hpp"
#include "deed/agent/wakeup.hpp"

namespace deed {

// How an append is to be kept; named, because braces inside an awaited expression are miscompiled by g++ 12.
inline constexpr AppendOptions at_leisure;
inline constexpr AppendOptions on_disk{.durability = Durability::full};

/// A limit that a tool keeps, and at which it stops the run (ToolContext::stop_at_limit).
struct ToolLimit {
  std::string name, what, hint;
};

class Drive {
 public:
  Drive(RunnerParts& parts, Interrupt& interrupt) : parts_(parts), interrupt_(interrupt) {}

  /// Enters a new run. After this the report always names it.
  Async<void> begin(NewRequest request);
  /// Enters the run of a step under the id that its parent has recorded, unless take_over found it there.
  Async<void> begin_child(RunStarted started, RunId id, RunId parent);
  /// Takes the lease of an existing run, folds its events, and records that it goes on.
  Async<void> take_over(RunId run, std::optional<Limits> limits);

  /// errors of the four  conflict: the run does not wait for that
  Async<void> hear_message(std::string text);
  Async<void> hear_answer(std::string text);
  Async<void> hear_approval(ApprovalAnswer answer, std::string by);
  /// part  the one part that is decided about; "": all that is in doubt
  Async<void> hear_operator(std::string decision, std::string by, std::string part);
  Async<void> hear_signal(std::string name);

  /// decide and perform until the run finishes or waits; gives the lease back, and the state with the report: the last thing to ask of it.
  Async<RunReport> go_on();

  /// Gives the lease back, if there is one, without driving.
  Async<void> leave();

  /// Folds the events and appends them to the journal: at once where they must be on disk or change the run's status, else
  /// with the next `write`, so that what follows from one another costs one transaction. `call` may be empty.
  Async<void> record(EventBody body, std::string call, AppendOptions options = {}, Trust trust = Trust::system);
  Async<void> record_all(std::vector<NewEvent> events, AppendOptions options);
  /// Folds them, and leaves them to the next `write`, however durable they are to be.
  Result<void> note(std::vector<NewEvent> events, AppendOptions options);
  /// An event of this step that follows from the last one; not recorded yet.
  NewEvent event_of(EventBody body, std::string call, Trust trust = Trust::system) const;

  /// Appends what is recorded and not yet in the journal, and tells the observer. Awaited before anything follows from it
  /// outside: a request to the model, the body of a tool, a question, a report.
  Async<void> write();
  /// Whether an outcome that must be on the disk was noted, and is not written yet.
  bool owes_disk() const { return unwritten_options_.durability == Durability::full; }

  RunnerParts& parts() { return parts_; }
  /// Those that this run may use.
  const Registry& tools() const { return own_tools_ ? *own_tools_ : parts_.tools; }
  const RunId& run() const { return lease_.run; }
  const State& state() const { return state_; }
  Interrupt& interrupt() { return interrupt_; }

 private:
  // Each gives back whether the run goes on.
  Async<bool> perform(AskModel);
  Async<bool> perform(JudgeCall);
  Async<bool> perform(AskApproval);
  Async<bool> perform(AskUser);
  Async<bool> perform(RunTool);
  Async<bool> perform(ProbeCall);
  Async<bool> perform(AskOperator);
  Async<bool> perform(AdvanceTask);
  Async<bool> perform(DriveChild);
  Async<bool> perform(WaitUntil);
  Async<bool> perform(WaitForMessage);
  Async<bool> perform(PauseRun);
  Async<bool> perform(Finish);
  Async<bool> perform(Nothing);

  // Of a task, in perform_task.cpp and perform_child.cpp.
  Async<bool> make_move(BeginStep);
  Async<bool> make_move(EndStep);
  Async<bool> make_move(BeginItem);
  Async<bool> make_move(ReadItems);
  Async<bool> make_move(StartTimer);
  Async<bool> make_move(AwaitTimer);
  Async<bool> make_move(AwaitSignal);
  Async<bool> make_move(EndTask);
  Async<bool> begin_item(std::size_t step, ItemRef item, const CurrentItem* current);
  Async<bool> fail_item_of(ItemRef item, Error error);
  Async<bool> end_of_items(std::size_t step, std::int64_t skipped);
  Async<bool> wait_for_person(std::size_t step);
  Async<bool> end_rehearsal();
  bool reads_on_while_asking(std::size_t step) const;
  bool waits_for_rehearsed(std::size_t step) const;
  std::set<std::string> held_destinations() const;
  Result<ToolProposed> call_of(const Step& step, const ItemRef& item, const CurrentItem* current) const;
  Result<RunStarted> child_of(const Step& step, const CurrentItem* current) const;
  /// The arguments as the tool gets them: secrets in place of their marks.
  Result<Json> revealed(const CallState& call) const;
  Result<void> take_own_tools();

  struct Reservation {
    std::int64_t max_tokens = 0;  // of the reply
    double usd = 0;
    std::string exceeded = {}, what = {};  // the limit that the request might pass, and its amount; empty: none
  };
  Reservation reserve(const BuiltContext& context) const;
  Async<void> create(NewRun run, bool is_named);
  Async<void> drive();
  Async<void> append_unwritten();
  Async<void> loop();
  // Calls of a loop may be under way at the same time: each is performed by a coroutine of its own, and lands.
  bool may_fly(const Action& action) const;
  bool is_full() const;
  bool may_begin(const Action& action) const;
  void take_off(RunTool action, const asio::any_io_executor& executor);
  asio::awaitable<void> fly(RunTool action);
  /// Waits until one has landed; gives back whether the run goes on. errors  of the one that landed
  Async<bool> land_one();
  Async<void> enter(RunStarted started, RunId id, RunId parent, std::vector<Media> media);
  Async<bool> pause(RunPaused paused, std::string call, std::optional<TimePoint> wakes = std::nullopt);
  Async<bool> pause_at(ToolLimit limit, std::string call);
  Async<bool> record_reply(int step, Reply reply, std::chrono::milliseconds took);
  Async<bool> ask_operator(std::string call, std::string what);
  Async<bool> pause_without_tool(std::string call);
  struct Obstacle {
    std::string why;        // empty: there is none
    bool for_good = false;  // the call can never be made again as it was
  };
  /// Why the call may not run as it was judged.
  Async<Obstacle> what_stands_in_the_way(std::string call, const ToolContext& context);
  /// The verdict of today's rules on a call with these arguments, secrets in place of their marks.
  /// on_preview  gets the preview whole; may be empty
  Async<PolicyDecided> judged(std::string call, const ToolContext& context, Json arguments, std::function<void(const Preview&)> on_preview = {});
  void take_facts(Outcome& outcome);
  Async<bool> settle(std::string call, EffectSettled settled, Trust trust, bool changed_world);
  const std::string* waiting_call(CallPhase phase) const;
  RunReport report();

  RunnerParts& parts_;
  Interrupt& interrupt_;
  Lease lease_;
  State state_;                   // of all events, written or not
  std::vector<Event> unwritten_;
  AppendOptions unwritten_options_;      // the strongest that was asked for them
  EventNumber written_ = 0;              // the last event that is in the journal
  bool is_writing_ = false;
  Wakeup written_one_;
  std::set<std::string> in_flight_;      // calls
  std::optional<Error> crashed_;         // of one that landed
  bool is_to_end_ = false;               // one that landed has paused the run
  Wakeup landed_one_;
  std::vector<Fact> unwritten_facts_;
  struct {
    std::string call;
    EventNumber recorded = 0, written = 0;  // the last events
  } allowed_;  // the call that was allowed last, and when
  std::optional<Error> broken_;  // an append failed: the state is ahead of the journal, and nothing more is written
  std::unique_ptr<Registry> own_tools_;  // a selection, where the run has one
  std::unique_ptr<ItemReader> items_;    // of the loop that is read
  std::size_t rehearsed_ = 0;            // steps before it were rehearsed as far as they can be
  std::set<std::size_t> later_;          // of them, those that depend on effects that were not done
  bool is_rehearsed_ = false;
  std::optional<ContextBuilder> context_builder_;  // there once the model was asked
  RunPaused paused_;
  std::string waiting_;
  bool is_paused_ = false;
  bool try_later_ = false;
  bool is_halted_ = false;  // by a tool's limit
};

}  // namespace deed
