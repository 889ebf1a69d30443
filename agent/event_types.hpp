// The kinds of events, each with its body as a type. What a body holds on disk is written by `encode` and read by `decode`;
// a reader skips a kind that it does not know. docs/journal.md lists the kinds.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "deed/agent/limits.hpp"
#include "deed/core/media.hpp"
#include "deed/llm/message.hpp"
#include "deed/memory/event.hpp"
#include "deed/memory/journal.hpp"
#include "deed/tools/tool.hpp"

namespace deed {

/// A text file as it was read when the run began: what it is changed to later has no influence on the run.
struct TaskText {
  std::string path, text;
};
struct TaskInput {
  std::string name;
  Json value;
  std::string origin;
  Trust trust = Trust::user;
};
/// The task file that a run carries out.
struct TaskOfRun {
  std::string path;
  std::vector<TaskText> files;    ///< the task's own, then those that it uses
  std::vector<TaskInput> inputs;  ///< all of them, defaults included
  std::vector<std::string> left_out = {};  ///< steps that are not done this time (--from-step, --only-step)
};
/// Words of a request that a task made, and where they came from.
struct RequestPart {
  std::string text, origin;
  Trust trust = Trust::user;
};

/// run.started: the user's words and everything that decides how the run goes on after a crash.
struct RunStarted {
  std::string request;
  std::vector<std::string> attachments;  ///< paths below the root
  std::string model;
  std::string root;   ///< absolute
  Limits limits;
  bool chat = false;  ///< waits for the user instead of finishing
  Json settings = Json::object();  ///< what the user allowed and where mail goes, without secrets: a resume works under the same
  std::optional<TaskOfRun> task = {};  ///< no model is asked: its steps are done
  // Of a run that a step of a task began:
  std::vector<RequestPart> parts = {};  ///< what origins are looked for in, instead of `request`; empty: all of that is the user's
  std::string system = {};              ///< instead of deed's own instructions
  std::optional<Json> schema = {};      ///< the answer is JSON of this
  std::optional<std::vector<std::string>> tools = {};  ///< the only ones that the model may use; absent: all
  std::int64_t parts_begun = 0, parts_failed = 0;  ///< what its parent's effects had come to by then (PartCounts)
};
/// run.resumed: another process took the run over.
struct RunResumed {
  std::int64_t pid = 0;
  std::optional<Limits> limits;  ///< new ones, if the user gave some
};
/// run.paused: nothing goes on until somebody resumes it.
struct RunPaused {
  RunStatus status = RunStatus::paused;
  std::string reason;
  std::string hint;
};
/// run.finished: nothing follows it, except in a chat.
struct RunFinished {
  RunStatus status = RunStatus::done;
  std::string text;    ///< the answer
  std::string reason;  ///< why it ended, where the answer does not say
  Json outputs = nullptr;  ///< of a task
};
/// Which item of which step of a task something is about.
struct ItemRef {
  std::string step;
  std::string key;         ///< names the item in its loop; "" where the step has none
  std::int64_t index = 0;  ///< in the list or file, when it was read
};
/// step.started, step.finished: of a task.
struct StepStarted {
  std::string id;
};
enum class StepStatus { done, skipped, failed };
const char* to_string(StepStatus status);
struct StepFinished {
  std::string id;
  StepStatus status = StepStatus::done;
  std::string error;          ///< why it failed or was skipped
  std::int64_t skipped = 0;   ///< items whose condition did not hold
};
/// item.failed: an item that never became a call: its arguments could not be made.
struct ItemFailed {
  ItemRef item;
  std::string error;
};
/// child.started: a step's own run (llm, agent, use), by its id and all that it begins with, before it exists.
struct ChildStarted {
  ItemRef item;
  RunId run;
  RunStarted started;
};
/// child.finished: with what its parent needs of it.
struct ChildFinished {
  RunId run;
  RunStatus status = RunStatus::done;
  std::string text, reason;
  Json out;
  TokenUsage usage;
  double cost_usd = 0;
  std::int64_t parts_begun = 0, parts_failed = 0;  ///< its own (PartCounts)
};
/// timer.set: nothing of the step goes on before that time; in an event of a call, nothing of that call. timer.fired: the time has come.
struct TimerSet {
  std::string step;  ///< "" of a call that no task made
  std::int64_t until_ms = 0;  ///< since 1970, UTC
};
struct TimerFired {
  std::string step;
};
/// media.attached: a picture, a sound or a document that the user gave with the request, as its bytes were.
struct MediaAttached {
  Media media;
};
/// plan.updated: the steps that the model means to take.
struct PlanUpdated {
  std::vector<std::string> steps;
};
/// model.requested: what was sent is a function of the events before it; only its measures are kept.
struct ModelRequested {
  std::string model;
  std::int64_t messages = 0;
  std::int64_t tools = 0;
  std::int64_t estimated_tokens = 0;
  std::int64_t cut_results = 0;  ///< old tool results that were left out to fit the window
  std::string context_sha256;
  std::int64_t max_tokens = 0;   ///< the longest reply that was allowed
  double reserved_usd = 0;       ///< what it may cost at most, by estimate; settled by the reply's cost
};
/// model.reasoned: what the model showed of its thoughts, in the same transaction as its reply.
struct ModelReasoned {
  std::string text;
  Replay replay;  ///< what this provider, and no other, wants back with the reply
};
/// model.replied: `reply.reasoning` only in journals that have no model.reasoned.
struct ModelReplied {
  Reply reply;
  std::int64_t milliseconds = 0;
};
struct ModelFailed {
  ErrorKind kind = ErrorKind::internal;
  std::string what, where, hint;
};
/// Where the value of one argument came from.
struct ArgumentOrigin {
  std::string pointer;  ///< into the arguments: "/to/0"
  std::string origin;   ///< "request", "answer", "attachment", "result of CALL at POINTER", "text of CALL", "none"
  Trust trust = Trust::untrusted;
};

/// tool.proposed: one per call of a reply, in order, or of a step of a task.
struct ToolProposed {
  ToolCall tool_call;
  std::string bad_arguments;   ///< the text that was not JSON; empty if it was
  std::string effect_key;      ///< SHA-256 of run, step, ordinal and tool
  std::string arguments_hash;  ///< SHA-256 of the canonical arguments
  std::optional<ItemRef> item = {};            ///< of a task: what the call is for
  std::vector<ArgumentOrigin> origins = {};    ///< of a task: where the texts with references in them came from
  std::string asks = {};                       ///< of a task: why a person is asked, whatever the policy says; empty: it does not ask
};

enum class Verdict {
  allow,
  ask,
  deny,
  invalid,  ///< unknown tool or arguments that break the schema
  repeat,   ///< the same call was already made
};
const char* to_string(Verdict verdict);

/// The effect as it was shown. `bytes` and `diff` are cut at 1 MiB each; the hash is of all of both.
struct PreviewRecord {
  std::string media_type, summary, bytes, sha256;
  std::vector<std::string> destinations;
  std::string diff;
};

/// policy.decided. For deny, invalid and repeat `why` is what the model is told, and the call has ended.
struct PolicyDecided {
  Verdict verdict = Verdict::deny;
  std::string why;
  std::string policy_version;
  std::vector<ArgumentOrigin> origins;
  std::optional<PreviewRecord> preview;
};
/// approval.requested, approval.decided: bound to key, arguments, policy and the shown bytes.
struct ApprovalRequested {
  std::string effect_key, arguments_hash, policy_version, preview_sha256, summary;
};
struct ApprovalDecided {
  std::string effect_key, arguments_hash, policy_version, preview_sha256;
  bool approved = false;
  std::string by;    ///< "terminal", "deed approve"
  std::string note;  ///< told to the model when denied
};
/// `part` in the events of an effect: the part that they are about (ToolContext::dispatching_part), "" for all of the call.
struct EffectIntended {
  std::string effect_key, arguments_hash;
  std::int64_t attempt = 1;
  EffectClass effect_class = EffectClass::once;  ///< of this very call, as the tool declares it
};
struct EffectDispatched {
  std::string effect_key;
  std::int64_t attempt = 1;
  std::string part = {};
};
struct EffectSettled {
  OutcomeStatus status = OutcomeStatus::unknown;
  Json result;
  std::string text;
  std::int64_t attempt = 1;
  std::int64_t milliseconds = 0;
  std::string part = {};
  std::vector<Media> media = {};  ///< what the result has besides text
};
struct EffectProbed {
  std::string verdict;  ///< confirmed, refuted, undecided
  std::string evidence;
  std::string part = {};
};
/// effect.reconciled: the operator's word about an unknown outcome.
struct EffectReconciled {
  std::string decision;  ///< done, not_done, retry
  std::string by;
  std::string part = {};  ///< "": all that is in doubt
};
struct BudgetExceeded {
  std::string limit;  ///< "max_steps", …
  std::string what;
};
/// signal.received: words of the user after the start: an answer to a call's question, the next message of a chat, or what a task waits for.
struct SignalReceived {
  std::string signal;  ///< answer, message; of a task "task", and its name is the text
  std::string text;
};

using EventBody =
    std::variant<RunStarted, RunResumed, RunPaused, RunFinished, MediaAttached, PlanUpdated, ModelRequested, ModelReasoned, ModelReplied,
                 ModelFailed,
                 ToolProposed, PolicyDecided, ApprovalRequested, ApprovalDecided, EffectIntended, EffectDispatched,
                 EffectSettled, EffectProbed, EffectReconciled, BudgetExceeded, SignalReceived, StepStarted, StepFinished, ItemFailed,
                 ChildStarted, ChildFinished, TimerSet, TimerFired>;

/// "model.replied", … in the order of the variant; what `deed` prints for the documentation.
const std::vector<std::string>& event_kinds();
const std::string& kind_of(const EventBody& body);

/// Kind, version and body of an event; the caller fills step, call, cause, trust and search text.
Event encode(const EventBody& body);

/// An event that is not recorded yet, and what it was made of.
struct NewEvent {
  Event event;
  EventBody body;
  /// Whether `decode` gives this very body back. Not, where it has bytes that are not UTF-8, a number that is not finite, or a medium
  /// without bytes: then what the journal will say holds, and not what was meant.
  bool is_exact = true;
};
NewEvent new_event(EventBody body);

/// nullopt for a kind that this version does not know.
/// errors  corrupt: a body that is not of the kind's shape
Result<std::optional<EventBody>> decode(const Event& event);

}  // namespace deed
