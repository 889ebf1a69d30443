// What a run does next, as a pure function of its state. Nothing here touches the world.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <variant>

#include "deed/agent/state.hpp"

namespace deed {

/// What `decide` needs to know of a tool; a registry answers it, and so does a test.
struct ToolTraits {
  bool exists = false;
  EffectClass effect = EffectClass::once;
  bool asks_user = false;
  bool has_probe = false;
  std::chrono::milliseconds key_window = std::chrono::hours(24);  ///< keyed: how long the receiver knows a key
};
class ToolCatalogue {
 public:
  virtual ~ToolCatalogue() = default;
  /// Of the tool that `call` names, for its arguments.
  virtual ToolTraits traits(const ToolCall& call) const = 0;
};

struct AskModel {};                           ///< send the transcript, record the reply
struct JudgeCall { std::string call; };       ///< validate, find origins, apply the policy
struct AskApproval { std::string call; };     ///< somebody must agree
struct AskUser { std::string call; };         ///< the call is a question to the user
struct RunTool { std::string call; };         ///< run it (again): provably not done yet, or allowed to be done twice
struct ProbeCall {                            ///< ask the world whether it happened
  std::string call;
  std::string part = {};                      ///< or whether this part of it did
};
struct AskOperator { std::string call; };     ///< the outcome is unknown and nothing here can find out
struct AdvanceTask { std::size_t step = 0; };  ///< a task: its next move (task/advance.hpp)
struct DriveChild { RunId run; };             ///< a step's own run goes on
struct WaitUntil {                            ///< no attempt before that
  TimePoint time = {};
  std::string step;                           ///< of a task, else ""
  std::string call = {};                      ///< the one that waits; "": the step
};
struct WaitForMessage {};                     ///< a chat's turn is over
struct PauseRun {                             ///< the model cannot be reached, or refuses
  std::string reason;
  std::string hint;
  bool try_later = false;
};
struct Finish {                               ///< with RunStatus::limit the run pauses: it can go on with a new limit
  RunStatus status = RunStatus::done;
  std::string text;
  std::string reason;
  std::string exceeded;  ///< the limit's name, if one was reached
};
struct Nothing {};                            ///< the run has finished

using Action = std::variant<AskModel, JudgeCall, AskApproval, AskUser, RunTool, ProbeCall, AskOperator, AdvanceTask,
                            DriveChild, WaitUntil, WaitForMessage, PauseRun, Finish, Nothing>;

/// How a task stands in this process, beside its events.
struct TaskView {
  std::size_t rehearsed = 0;                        ///< steps before this number are left as they are, whatever they wait for
  const std::set<std::string>* in_flight = nullptr;  ///< calls that are under way; borrowed
  bool items_at_end = false;                        ///< all items of the loop that is read have begun
};

Action decide(const State& state, const ToolCatalogue& tools, TaskView view = {});

}  // namespace deed
