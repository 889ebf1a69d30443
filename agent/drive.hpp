// One run in one process: its lease, its state, and `perform` for each action. Internal to the runner.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deed/agent/runner.hpp"

namespace deed {

class Drive {
 public:
  Drive(RunnerParts& parts, Interrupt& interrupt) : parts_(parts), interrupt_(interrupt) {}

  /// Enters a new run. After this the report always names it.
  Async<void> begin(NewRequest request);
  /// Takes the lease of an existing run, folds its events, and records that it goes on.
  Async<void> take_over(RunId run, std::optional<Limits> limits);

  /// errors of the four  conflict: the run does not wait for that
  Async<void> hear_message(std::string text);
  Async<void> hear_answer(std::string text);
  Async<void> hear_approval(ApprovalAnswer answer, std::string by);
  /// part  the one part that is decided about; "": all that is in doubt
  Async<void> hear_operator(std::string decision, std::string by, std::string part);

  /// decide and perform until the run finishes or waits; gives the lease back.
  Async<RunReport> go_on();

  /// Gives the lease back, if there is one, without driving.
  Async<void> leave();

  /// Folds the events and appends them to the journal: at once where they must be on disk or change the run's status, else
  /// with the next `write`, so that what follows from one another costs one transaction. `call` may be empty.
  Async<void> record(EventBody body, std::string call, AppendOptions options = {}, Trust trust = Trust::system);
  Async<void> record_all(std::vector<Event> events, AppendOptions options);
  /// An event of this step that follows from the last one; not recorded yet.
  Event event_of(EventBody body, std::string call, Trust trust = Trust::system) const;

  /// Appends what is recorded and not yet in the journal, and tells the observer. Awaited before anything follows from it
  /// outside: a request to the model, the body of a tool, a question, a report.
  Async<void> write(AppendOptions options = {});

  RunnerParts& parts() { return parts_; }
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
  Async<bool> perform(WaitForMessage);
  Async<bool> perform(PauseRun);
  Async<bool> perform(Finish);
  Async<bool> perform(Nothing);

  struct Reservation {
    std::int64_t max_tokens = 0;  // of the reply
    double usd = 0;
    std::string exceeded = {}, what = {};  // the limit that the request might pass, and its amount; empty: none
  };
  Reservation reserve(const BuiltContext& context) const;
  Async<void> enter(NewRun run, bool is_named);
  Async<void> drive();
  Async<bool> pause(RunPaused paused, std::string call);
  Async<bool> record_reply(int step, Reply reply, std::chrono::milliseconds took);
  Async<bool> ask_operator(std::string call, std::string what);
  struct Obstacle {
    std::string why;        // empty: there is none
    bool for_good = false;  // the call can never be made again as it was
  };
  /// Why the call may not run as it was judged.
  Obstacle what_stands_in_the_way(const std::string& call, const ToolContext& context) const;
  void take_facts(Outcome& outcome);
  Async<bool> settle(std::string call, EffectSettled settled, Trust trust, bool changed_world);
  const std::string* waiting_call(CallPhase phase) const;
  RunReport report() const;

  RunnerParts& parts_;
  Interrupt& interrupt_;
  Lease lease_;
  State state_;                   // of all events, written or not
  std::vector<Event> unwritten_;
  std::vector<Fact> unwritten_facts_;
  std::optional<Error> broken_;  // an append failed: the state is ahead of the journal, and nothing more is written
  std::optional<ContextBuilder> context_builder_;  // there once the model was asked
  RunPaused paused_;
  std::string waiting_;
  bool is_paused_ = false;
  bool try_later_ = false;
};

}  // namespace deed
