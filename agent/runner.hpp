// Drives a run: fold, decide, perform, until it finishes or has to wait. The only part of the agent that touches the world.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deed/agent/context.hpp"
#include "deed/agent/decide.hpp"
#include "deed/agent/interaction.hpp"
#include "deed/agent/interrupt.hpp"
#include "deed/agent/policy.hpp"
#include "deed/agent/state.hpp"
#include "deed/memory/journal.hpp"
#include "deed/tools/registry.hpp"

namespace deed {

/// Everything that a run works with; borrowed, and longer-lived than the runner.
struct RunnerParts {
  Journal& journal;
  Model& model;
  const Registry& tools;
  const Clock& clock;
  Interaction& interaction;
  Observer& observer;
  Policy policy;
  Effort effort = Effort::as_it_likes;  ///< how much the model is to think
  // Of tasks:
  /// The model that a step names, "" for the one that is used where no name is given; lives as long as the runner.
  std::function<Result<Model*>(const std::string& name)> model_named = {};
  std::function<Result<Secret>(const std::string& name)> secret_of = {};
  /// Nothing that changes the world is run: it is judged and shown, and waits. What reads is run.
  bool rehearse = false;
  /// Of each effect that is judged: its preview, whole.
  std::function<void(const std::string& call, const Preview& preview)> on_preview = {};
};

struct NewRequest {
  std::string request;  ///< at most 4 MiB
  std::vector<std::string> attachments = {};
  std::vector<Media> media = {};  ///< what the model is to look at or listen to; kept whole in the journal
  std::string root = {};
  Limits limits = {};
  bool chat = false;
  Json settings = Json::object();  ///< kept in run.started
  std::optional<TaskOfRun> task = {};  ///< the run does its steps; `request` is its name
  /// The id of the run, where it had to be known beforehand (make_run_id); empty: a new one. One that was entered and died before its first
  /// event is taken over: nothing of it was done. errors  conflict: a run of this id was begun
  RunId id = {};
};

/// Where a run stands when the runner gives it back.
struct RunReport {
  RunId run;
  RunStatus status = RunStatus::running;
  std::string text;     ///< the answer
  std::string reason;   ///< why it stopped, if the answer does not say
  std::string hint;     ///< what to do now
  std::string waiting_call;  ///< the call that waits for an approval, an answer or the operator
  bool try_later = false;    ///< the model could not be reached, or the run waits for its time: resume later
  bool halted = false;       ///< a tool stopped it at a limit of its own
  bool rehearsed = false;    ///< all that could be rehearsed was; nothing was changed
  State state;
};

class Runner {
 public:
  explicit Runner(RunnerParts parts);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Begins a run and drives it. A RunReport is given back whenever the run could be entered into the journal, however it ends.
  /// errors  invalid: no words, or too many. Those of Journal::create and append
  Async<RunReport> start(NewRequest request);

  /// Goes on with a run, from whatever instant its process died at. A finished run is reported as it is.
  /// errors  those of Journal::acquire and read; corrupt
  /// limits  new ones from now on, if given
  Async<RunReport> resume(RunId run, std::optional<Limits> limits = {});

  /// Enters the user's next message into a chat, and drives it.
  Async<RunReport> say(RunId run, std::string message);
  /// Answers the call that waits (a question of user.ask), and drives the run.
  Async<RunReport> answer(RunId run, std::string text);
  /// Decides about the call that waits for approval; drives the run afterwards.
  Async<RunReport> decide_approval(RunId run, ApprovalAnswer answer, std::string by);
  /// The operator's word about the call whose outcome is unknown: "done", "not_done" or "retry"; drives the run afterwards.
  /// part  of a call whose effect has parts, the one that it is about; "": all that is in doubt
  Async<RunReport> reconcile(RunId run, std::string decision, std::string by, std::string part = {});

  /// A signal that a task waits for; drives the run. errors  conflict: the run is no task's
  Async<RunReport> signal(RunId run, std::string name);

  /// Cancels a model request that is under way at once; a tool call under way may end first. The run pauses and can be resumed.
  void interrupt();

 private:
  RunnerParts parts_;
  Interrupt interrupt_;
};

}  // namespace deed
