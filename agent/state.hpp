// What the events of a run add up to. `fold` is pure: the same events give the same state on every machine.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "deed/agent/event_types.hpp"
#include "deed/agent/task/progress.hpp"

namespace deed {

/// Where a tool call stands. Everything up to `approved` is before the effect; `settled` and `ended` have a result for the model.
enum class CallPhase {
  proposed,    ///< nobody has judged it
  asking,      ///< needs an approval or an answer that is not there yet
  approved,    ///< may run
  intended,    ///< the tool may have been entered; it has not reached its commit point
  dispatched,  ///< the commit point was reached, no outcome yet
  unknown,     ///< the outcome is unknown: probe or ask the operator
  settled,     ///< succeeded, rejected or failed_without_effect
  ended,       ///< never ran: invalid, denied or a repeat
};
const char* to_string(CallPhase phase);

/// One part of a call's effect (ToolContext::dispatching_part).
struct PartState {
  PartPhase phase = PartPhase::open;
  std::optional<EffectSettled> outcome;  ///< the last one
  TimePoint dispatched_at = {};
  std::int64_t dispatches = 0;  ///< since a person last decided about it
  int probes = 0;               ///< since the last dispatch, or since the run was taken over
  std::string evidence;         ///< of the last probe
  bool is_counted = false;      ///< in PartCounts::begun
  bool has_failed = false;      ///< in PartCounts::failed
};

struct CallState {
  ToolCall call;
  std::string bad_arguments;
  int step = 0;
  int ordinal = 0;
  std::string effect_key, arguments_hash;
  TimePoint proposed_at = {};
  CallPhase phase = CallPhase::proposed;
  std::optional<PolicyDecided> policy;
  std::optional<ApprovalRequested> approval_request;
  std::optional<ApprovalDecided> approval;
  TimePoint approved_at = {};
  std::optional<std::string> answer;  ///< of a call that asks the user
  std::int64_t attempts = 0;
  bool in_doubt = false;              ///< an attempt passed its commit point, and nothing has settled what came of it
  TimePoint first_dispatched_at = {};  ///< of those attempts, where in_doubt
  std::int64_t unknowns = 0;           ///< unknown outcomes since the run was last taken up
  std::optional<EffectSettled> outcome;
  Trust result_trust = Trust::system;
  TimePoint dispatched_at = {};  ///< of the last attempt, as a whole
  int probes = 0;  ///< since the last dispatch, or since the run was last taken up
  std::string evidence;  ///< of the last probe
  /// By name. A call in phase `intended` that has parts may have been done for some of them: it runs again for those that
  /// are open.
  std::map<std::string, PartState> parts;
  std::optional<ItemRef> item;          ///< of a task
  std::vector<ArgumentOrigin> origins;  ///< of a task: of the texts with references in them
  std::string asks;                     ///< of a task: why a person is asked, whatever the policy says
  TimePoint not_before = {};            ///< the next attempt is not made earlier
  bool is_put_off = false;              ///< by the tool itself, which has not failed: others need not wait for it

  /// Whether the outcome of any part is not known.
  bool has_doubt() const;
};

struct StepState {
  int number = 0;
  Reply reply;
  std::int64_t milliseconds = 0;
  std::vector<std::string> calls;  ///< ids, in order
};

/// The conversation in order: what the user said, and the steps in between.
struct UserWords {
  std::string text;
};
using Entry = std::variant<UserWords, StepState>;

struct State {
  RunStarted start;
  TimePoint started_at = {};
  bool started = false;
  std::vector<Entry> entries;
  std::map<std::string, CallState> calls;  ///< by call id
  std::set<std::string> effect_keys;       ///< of all calls that a model proposed
  /// Ids of the calls since the user last spoke, by tool and hash of the arguments: what came before may well be wanted again.
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> calls_of_this_turn;
  std::vector<Media> media;                ///< that the user gave with the request
  std::optional<ModelReasoned> reasoned;   ///< thoughts whose reply is the next event
  std::int64_t requested_tokens = 0;       ///< estimate of the last prompt
  std::int64_t largest_prompt = 0;         ///< estimate of the largest prompt after one that did not fit; 0: as the window says
  bool may_compact = false;                ///< the last request did not fit, and a smaller one was not tried yet
  std::optional<RunFinished> finished;
  std::vector<std::string> plan;
  TokenUsage usage;
  double cost_usd = 0;
  int steps = 0;                        ///< model requests begun
  std::int64_t call_count = 0;
  PartCounts parts;                     ///< of all calls
  std::int64_t invalid_in_row = 0;
  std::int64_t repeats_in_row = 0;
  std::optional<ModelFailed> model_failure;  ///< the last request failed
  std::int64_t model_failures_in_row = 0;
  std::chrono::milliseconds active{0};  ///< time of work
  std::optional<BudgetExceeded> exceeded;
  std::optional<TaskProgress> task;  ///< of a run of a task file: `entries` holds nothing but its name
  EventNumber last_event = 0;
  TimePoint last_time = {};

  const StepState* last_step() const;
  /// The newest words of the user: the request, or the last message of a chat.
  std::string_view last_words() const;
};

/// Adds one event. Kinds that this version does not know are skipped.
/// errors  corrupt: an event that cannot follow (a result without a call, …); `where` is its number
Result<void> fold(State& state, const Event& event);
/// The same of an event whose body is at hand: what `decode` gives, too.
Result<void> fold(State& state, const Event& event, const EventBody& body);

/// All of them from the start.
Result<State> fold_all(const std::vector<Event>& events);

}  // namespace deed
