// The life of a run in this process: begin or take over, loop, pause or finish.
#include "deed/agent/drive.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cmath>
#include <utility>

#include "deed/core/checked.hpp"
#include "deed/core/failpoint.hpp"
#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

AppendOptions running() { return {.status = RunStatus::running, .keeps_wakes = true}; }
AppendOptions ended_as(RunStatus status) { return {.durability = Durability::full, .status = status}; }

constexpr std::size_t max_request_bytes = 4u << 20;

// What the full-text index gets of an event: words of people, models and tools, and keys of effects.
std::string search_text_of(const EventBody& body) {
  constexpr std::size_t max_bytes = 64u << 10;
  std::string text;
  if (const auto* started = std::get_if<RunStarted>(&body)) text = started->request;
  else if (const auto* replied = std::get_if<ModelReplied>(&body)) text = replied->reply.text;
  else if (const auto* settled = std::get_if<EffectSettled>(&body)) text = settled->part.empty() ? settled->text : "";
  else if (const auto* signal = std::get_if<SignalReceived>(&body)) text = signal->text;
  // A mail's Message-ID begins like its key: so a mail that came back leads to the run that had sent it.
  else if (const auto* intended = std::get_if<EffectIntended>(&body)) text = intended->effect_key;
  return std::string(utf8_prefix(text, max_bytes));
}

std::string title_of(const std::string& request) {
  std::string_view head = trim(request);
  head = head.substr(0, head.find('\n'));
  return to_utf8(utf8_prefix(head, 120));
}

}  // namespace

Result<void> Drive::note(std::vector<NewEvent> events, AppendOptions options) {
  const TimePoint now = parts_.clock.now();
  for (auto& [event, body, is_exact] : events) {
    event.time = now;
    event.number = state_.last_event + 1;
    DEED_OK(is_exact ? fold(state_, event, body) : fold(state_, event));
    unwritten_.push_back(std::move(event));
  }
  if (options.durability == Durability::full) unwritten_options_.durability = Durability::full;
  if (options.status) unwritten_options_.status = options.status, unwritten_options_.wakes = options.wakes, unwritten_options_.keeps_wakes = options.keeps_wakes;
  return {};
}

Async<void> Drive::record_all(std::vector<NewEvent> events, AppendOptions options) {
  auto noted = note(std::move(events), options);
  DEED_CO_OK(std::move(noted));
  constexpr std::size_t most_unwritten = 512;  // an append takes up to 1,024
  const bool at_once = options.durability == Durability::full || options.status || unwritten_.size() >= most_unwritten;
  if (!at_once) co_return Result<void>();
  auto written = co_await write();
  co_return written;
}

// One append at a time. Whoever comes meanwhile waits, and what all of them have recorded goes with the next one: calls that are under
// way at the same time share their commits.
Async<void> Drive::write() {
  const EventNumber last = state_.last_event;
  while (!broken_ && written_ < last) {
    if (is_writing_) {
      auto waiting = written_one_.wait();
      co_await std::move(waiting);
      continue;
    }
    is_writing_ = true;
    auto appended = co_await append_unwritten();
    is_writing_ = false;
    written_one_.wake();
    if (!appended) broken_ = appended.error();
  }
  if (broken_) co_return fail(*broken_);
  co_return Result<void>();
}

Async<void> Drive::append_unwritten() {
  const auto events = std::make_shared<const std::vector<Event>>(std::exchange(unwritten_, {}));
  std::vector<Fact> facts = std::exchange(unwritten_facts_, {});
  AppendOptions options = std::exchange(unwritten_options_, {});
  options.is_alone = in_flight_.empty();
  if (has_failpoints()) failpoint(events->back().kind + "/before");
  auto last = co_await parts_.journal.append_and_remember(lease_, events, std::move(facts), options);
  DEED_CO_TRY(const EventNumber number, std::move(last));
  if (has_failpoints()) failpoint(events->back().kind + "/after");
  if (number != events->back().number) {
    co_return fail(ErrorKind::internal, "the journal numbers the events of the run in another way", lease_.run);
  }
  written_ = number;
  for (const Event& event : *events) parts_.observer.on_event(lease_.run, event);
  co_return Result<void>();
}

NewEvent Drive::event_of(EventBody body, std::string call, Trust trust) const {
  NewEvent made = new_event(std::move(body));
  made.event.call = std::move(call);
  made.event.step = state_.steps;
  made.event.trust = trust;
  made.event.cause = state_.last_event;
  made.event.search_text = search_text_of(made.body);
  return made;
}

// Of a loop that does several items at a time.
bool Drive::may_fly(const Action& action) const {
  const auto* run = std::get_if<RunTool>(&action);
  if (!run || !state_.task) return false;
  const Step* step = state_.task->task->find(state_.calls.at(run->call).item->step);
  return step && step->loop && step->loop->concurrency > 1;
}

bool Drive::is_full() const {
  if (interrupt_.requested() || is_to_end_ || crashed_) return true;
  const Step& step = state_.task->task->steps[state_.task->current()];
  return in_flight_.size() >= static_cast<std::size_t>(step.loop ? step.loop->concurrency : 1);
}

// While calls are under way, further items may be made ready; everything else waits for them.
bool Drive::may_begin(const Action& action) const {
  if (is_full()) return false;
  if (std::holds_alternative<JudgeCall>(action)) return true;
  return std::holds_alternative<AdvanceTask>(action) && !(items_ && items_->at_end);
}

void Drive::take_off(RunTool action, const asio::any_io_executor& executor) {
  in_flight_.insert(action.call);
  // Owned by this drive, which waits for it (see drive()).
  asio::co_spawn(executor, fly(std::move(action)), asio::detached);
}

asio::awaitable<void> Drive::fly(RunTool action) {
  const std::string call = action.call;
  std::optional<Error> failure;
  try {
    auto performed = co_await perform(std::move(action));
    if (!performed) failure = performed.error();
    else if (!*performed) is_to_end_ = true;
  } catch (const std::exception& e) {
    failure = Error{ErrorKind::internal, std::string("a call ended with an exception: ") + e.what(), call};
  }
  if (failure && !crashed_) crashed_ = std::move(failure);
  in_flight_.erase(call);
  landed_one_.wake();
}

Async<bool> Drive::land_one() {
  const std::size_t before = in_flight_.size();
  while (!in_flight_.empty() && in_flight_.size() >= before) {
    auto waiting = landed_one_.wait();
    co_await std::move(waiting);
  }
  if (crashed_ && in_flight_.empty()) co_return fail(*crashed_);
  co_return true;
}

Async<void> Drive::record(EventBody body, std::string call, AppendOptions options, Trust trust) {
  std::vector<NewEvent> events;
  events.push_back(event_of(std::move(body), std::move(call), trust));
  auto recorded = co_await record_all(std::move(events), options);
  co_return recorded;
}

Async<void> Drive::begin(NewRequest request) {
  if (trim(request.request).empty()) {
    co_return fail(ErrorKind::invalid, "the request has no words", "", "say what is to be done: deed run \"…\"");
  }
  if (!std::isfinite(request.limits.max_cost_usd)) co_return fail(ErrorKind::invalid, "the limit of cost is no number");
  if (request.request.size() > max_request_bytes) {
    co_return fail(ErrorKind::invalid, "the request has " + human_bytes(request.request.size()), "",
                   "at most " + human_bytes(max_request_bytes) + "; put the data into a file and name it");
  }
  RunStarted started;
  started.request = to_utf8(request.request);
  started.attachments = request.attachments;
  started.model = parts_.model.info().name;
  started.root = request.root;
  started.limits = request.limits;
  started.chat = request.chat;
  started.settings = request.settings;
  started.task = std::move(request.task);
  auto entered = co_await enter(std::move(started), std::move(request.id), "", std::move(request.media));
  co_return entered;
}

Async<void> Drive::begin_child(RunStarted started, RunId id, RunId parent) {
  std::vector<Media> none;
  auto entered = co_await enter(std::move(started), std::move(id), std::move(parent), std::move(none));
  co_return entered;
}

// An id that was fixed beforehand may stand in the journal already: of a process that died right after, or of one that did more.
Async<void> Drive::create(NewRun run, bool is_named) {
  auto created = co_await parts_.journal.create(run);
  if (created || !is_named || created.error().kind != ErrorKind::conflict) {
    DEED_CO_TRY(lease_, std::move(created));
    co_return Result<void>();
  }
  auto acquired = co_await parts_.journal.acquire(run.id);
  DEED_CO_TRY(lease_, std::move(acquired));
  auto first = co_await parts_.journal.read(run.id, 0, 1);
  DEED_CO_TRY(const std::vector<Event> events, std::move(first));
  if (events.empty()) co_return Result<void>();
  co_return fail(ErrorKind::conflict, "a run of this id was begun before", run.id, "deed resume " + run.id);
}

Async<void> Drive::enter(RunStarted started, RunId id, RunId parent, std::vector<Media> media) {
  if (lease_.run.empty()) {
    const bool is_named = !id.empty();
    NewRun run;
    run.created = parts_.clock.now();
    run.id = id.empty() ? make_run_id(run.created) : std::move(id);
    run.parent = std::move(parent);
    run.task_hash = sha256_hex(started.task && !started.task->files.empty() ? started.task->files.front().text : started.request);
    run.title = title_of(started.request);
    auto created = co_await create(std::move(run), is_named);
    DEED_CO_OK(std::move(created));
  }
  std::vector<NewEvent> events;
  events.push_back(event_of(std::move(started), "", Trust::user));
  for (Media& one : media) {
    MediaAttached attached{std::move(one)};
    events.push_back(event_of(std::move(attached), "", Trust::user));
  }
  auto recorded = co_await record_all(std::move(events), running());
  DEED_CO_OK(std::move(recorded));
  co_return take_own_tools();
}

// A run that may use some tools only has a registry of these: no other is offered, judged or run.
Result<void> Drive::take_own_tools() {
  if (!state_.start.tools) return {};
  own_tools_ = std::make_unique<Registry>();
  for (const std::string& name : *state_.start.tools) {
    const RegisteredTool* entry = parts_.tools.find(name);
    if (!entry) return fail(ErrorKind::not_found, "there is no tool \"" + escaped(name) + "\" any more", lease_.run);
    DEED_OK(own_tools_->add(entry->tool));
  }
  return {};
}

Async<void> Drive::take_over(RunId run, std::optional<Limits> limits) {
  if (limits && !std::isfinite(limits->max_cost_usd)) co_return fail(ErrorKind::invalid, "the limit of cost is no number", run);
  auto acquired = co_await parts_.journal.acquire(run);
  DEED_CO_TRY(lease_, std::move(acquired));
  failpoint(failpoints::run_acquired);
  // Few at a time: among them are previews, of up to 1 MiB each.
  constexpr std::size_t page = 64;
  for (;;) {
    auto read = co_await parts_.journal.read(run, state_.last_event, page);
    DEED_CO_TRY(const std::vector<Event> events, std::move(read));
    for (const Event& event : events) {
      auto folded = fold(state_, event);
      DEED_CO_OK(std::move(folded));
    }
    if (events.size() < page) break;
  }
  written_ = state_.last_event;
  if (!state_.started) {
    co_return fail(ErrorKind::not_found, "the process ended before the request was in the journal: nothing was done", run,
                   "give the request again");
  }
  auto taken = take_own_tools();
  DEED_CO_OK(std::move(taken));
  if (state_.finished && !state_.start.chat) co_return Result<void>();
  RunResumed resumed{getpid(), limits};
  auto recorded = co_await record(std::move(resumed), "", running());
  co_return recorded;
}

Async<RunReport> Drive::go_on() {
  auto driven = co_await drive();
  auto left = co_await leave();
  DEED_CO_OK(std::move(driven));
  DEED_CO_OK(std::move(left));
  co_return report();
}

Async<void> Drive::leave() {
  if (lease_.run.empty()) co_return Result<void>();
  auto written = co_await write();
  // The lease goes back whatever happened, so that another process may go on at once.
  auto released = co_await parts_.journal.release(lease_);
  DEED_CO_OK(std::move(written));
  co_return released;
}

// Whatever ends the loop, nothing is left under way behind it.
Async<void> Drive::drive() {
  auto ended = co_await loop();
  while (!in_flight_.empty()) {
    auto landed = co_await land_one();
    if (!landed && ended) ended = fail(landed.error());
  }
  co_return ended;
}

Async<void> Drive::loop() {
  class Catalogue final : public ToolCatalogue {
   public:
    explicit Catalogue(const Registry& tools) : tools_(tools) {}
    ToolTraits traits(const ToolCall& call) const override {
      const RegisteredTool* entry = tools_.find(call.name);
      if (!entry) return {};
      const ToolSpec& spec = entry->tool.spec;
      return {true, effect_of(entry->tool, call.arguments), spec.asks_user, static_cast<bool>(entry->tool.probe),
              spec.key_window};
    }

   private:
    const Registry& tools_;
  };
  const Catalogue catalogue(tools());
  auto executor = co_await asio::this_coro::executor;
  // What never waits, such as thousands of items that cannot be done, gives others a turn: signals and timers.
  constexpr std::chrono::milliseconds longest_turn{5};
  auto turn_began = std::chrono::steady_clock::now();
  for (;;) {
    if (std::chrono::steady_clock::now() - turn_began > longest_turn) {
      auto others = asio::post(executor, asio::use_awaitable);
      co_await std::move(others);
      turn_began = std::chrono::steady_clock::now();
    }
    if (interrupt_.requested() && in_flight_.empty()) {
      RunPaused stopped{RunStatus::paused, "interrupted", "deed resume " + lease_.run};
      auto paused = co_await pause(std::move(stopped), "");
      DEED_CO_TRY([[maybe_unused]] const bool ignored, std::move(paused));
      co_return Result<void>();
    }
    if (is_to_end_ && in_flight_.empty()) co_return Result<void>();
    Action action = decide(state_, catalogue, {rehearsed_, &in_flight_, items_ && items_->at_end});
    // An outcome waits for no other computation than that of the request to the model which follows from it.
    if (!state_.task && owes_disk() && !std::holds_alternative<AskModel>(action)) {
      auto written = co_await write();
      DEED_CO_OK(std::move(written));
    }
    const bool flies = may_fly(action);
    if (flies && !is_full()) {
      take_off(std::get<RunTool>(std::move(action)), executor);
      continue;
    }
    if (!in_flight_.empty() && (flies || !may_begin(action))) {
      // Where nothing new begins, no append of that takes along what is owed.
      if (owes_disk() && !is_full()) {
        auto written = co_await write();
        DEED_CO_OK(std::move(written));
        continue;
      }
      auto landed = co_await land_one();
      DEED_CO_TRY([[maybe_unused]] const bool ignored, std::move(landed));
      continue;
    }
    Async<bool> performing = std::visit([this](auto chosen) { return perform(std::move(chosen)); }, std::move(action));
    auto performed = co_await std::move(performing);
    DEED_CO_TRY(const bool goes_on, std::move(performed));
    if (!goes_on) co_return Result<void>();
  }
}

Async<bool> Drive::pause(RunPaused paused, std::string call, std::optional<TimePoint> wakes) {
  is_paused_ = true;
  paused_ = paused;
  waiting_ = call;
  AppendOptions options = ended_as(paused.status);
  options.wakes = wakes;
  options.keeps_wakes = !wakes && interrupt_.requested();
  auto recorded = co_await record(std::move(paused), std::move(call), options);
  DEED_CO_OK(std::move(recorded));
  co_return false;
}

Async<bool> Drive::perform(Nothing) { co_return false; }

Async<bool> Drive::perform(WaitForMessage) {
  RunPaused waiting{RunStatus::paused, "waits for the user", "deed chat --run " + lease_.run};
  auto paused = co_await pause(std::move(waiting), "");
  co_return paused;
}

Async<bool> Drive::perform(PauseRun action) {
  try_later_ = action.try_later;
  RunPaused reason{RunStatus::paused, action.reason, action.hint};
  auto paused = co_await pause(std::move(reason), "");
  co_return paused;
}

Async<bool> Drive::perform(Finish action) {
  if (action.status == RunStatus::limit) {
    BudgetExceeded exceeded{action.exceeded, action.reason};
    auto recorded = co_await record(std::move(exceeded), "");
    DEED_CO_OK(std::move(recorded));
    RunPaused stopped{RunStatus::limit, action.reason,
                      "go on with a larger one: deed resume " + lease_.run + " --" +
                          std::string(action.exceeded.empty() ? "max-steps" : action.exceeded) + " N"};
    std::replace(stopped.hint.begin(), stopped.hint.end(), '_', '-');
    auto paused = co_await pause(std::move(stopped), "");
    co_return paused;
  }
  const RunStatus status = action.status;
  RunFinished finished{status, action.text, action.reason};
  auto recorded = co_await record(std::move(finished), "", ended_as(status));
  DEED_CO_OK(std::move(recorded));
  co_return false;
}

RunReport Drive::report() {
  RunReport report;
  report.run = lease_.run;
  if (is_paused_) {
    report.status = paused_.status;
    report.reason = paused_.reason;
    report.hint = paused_.hint;
    report.waiting_call = waiting_;
    report.try_later = try_later_;
    report.rehearsed = is_rehearsed_;
    report.halted = is_halted_;
  }
  if (state_.finished) {
    report.status = state_.finished->status;
    report.text = state_.finished->text;
    report.reason = state_.finished->reason;
  } else if (const StepState* step = state_.last_step(); step && state_.start.chat) {
    report.text = step->reply.text;
  }
  report.state = std::move(state_);
  return report;
}

const std::string* Drive::waiting_call(CallPhase phase) const {
  if (state_.task) {
    for (const StepProgress& step : state_.task->steps) {
      if (phase == CallPhase::asking && !step.asking.empty()) return &step.asking.front();
      for (const std::string& id : step.calls) {
        if (state_.calls.at(id).phase == phase) return &id;
      }
    }
    return nullptr;
  }
  const StepState* step = state_.last_step();
  if (!step) return nullptr;
  const auto found = std::find_if(step->calls.begin(), step->calls.end(),
                                  [&](const std::string& id) { return state_.calls.at(id).phase == phase; });
  return found == step->calls.end() ? nullptr : &*found;
}

Async<void> Drive::hear_message(std::string text) {
  if (!state_.start.chat) co_return fail(ErrorKind::conflict, "the run is not a chat", lease_.run);
  // What the user says next begins another turn, and the call would be left behind in this one.
  for (const auto& [id, call] : state_.calls) {
    const bool is_over = call.phase == CallPhase::settled || call.phase == CallPhase::ended;
    if (!call.is_put_off || is_over) continue;
    co_return fail(ErrorKind::conflict, call.call.name + " goes on at " + to_iso8601(call.not_before), lease_.run, "deed resume " + lease_.run + " then, and talk on afterwards");
  }
  SignalReceived signal{"message", to_utf8(text)};
  auto recorded = co_await record(std::move(signal), "", at_leisure, Trust::user);
  co_return recorded;
}

Async<void> Drive::hear_answer(std::string text) {
  const std::string* call = waiting_call(CallPhase::approved);
  if (!call || state_.calls.at(*call).call.name != "user.ask") {
    co_return fail(ErrorKind::conflict, "the run waits for no answer", lease_.run, "deed show " + lease_.run);
  }
  SignalReceived signal{"answer", to_utf8(text)};
  auto recorded = co_await record(std::move(signal), *call, on_disk, Trust::user);
  co_return recorded;
}

Async<void> Drive::hear_approval(ApprovalAnswer answer, std::string by) {
  const std::string* waiting = waiting_call(CallPhase::asking);
  if (!waiting || !state_.calls.at(*waiting).approval_request) {
    co_return fail(ErrorKind::conflict, "the run waits for no approval", lease_.run, "deed show " + lease_.run);
  }
  std::vector<std::string> ids = {*waiting};
  for (std::size_t i = 0; state_.task && i < state_.task->steps.size(); ++i) {
    if (i == 0) ids.clear();
    const std::vector<std::string>& of_step = state_.task->steps[i].asking;
    ids.insert(ids.end(), of_step.begin(), of_step.end());
  }
  constexpr std::size_t most_events = 512;  // of one append
  for (std::size_t begin = 0; begin < ids.size(); begin += most_events) {
    std::vector<NewEvent> events;
    for (std::size_t i = begin; i < std::min(ids.size(), begin + most_events); ++i) {
      const ApprovalRequested& request = *state_.calls.at(ids[i]).approval_request;
      ApprovalDecided decided{request.effect_key,     request.arguments_hash, request.policy_version,
                              request.preview_sha256, answer.approved,        by,
                              answer.note};
      events.push_back(event_of(std::move(decided), ids[i], Trust::user));
    }
    auto recorded = co_await record_all(std::move(events), on_disk);
    DEED_CO_OK(std::move(recorded));
  }
  co_return Result<void>();
}

Async<void> Drive::hear_operator(std::string decision, std::string by, std::string part) {
  const std::string* waiting = waiting_call(CallPhase::unknown);
  if (!waiting) waiting = waiting_call(CallPhase::dispatched);
  if (!waiting) {
    co_return fail(ErrorKind::conflict, "no call of the run has an unknown outcome", lease_.run, "deed show " + lease_.run);
  }
  const std::string call = *waiting;
  const CallState& state = state_.calls.at(call);
  const std::int64_t attempt = state.attempts;
  const bool by_parts = state.phase == CallPhase::unknown && state.has_doubt();
  const auto named = state.parts.find(part);
  if (!part.empty() && (!by_parts || named == state.parts.end() || named->second.phase != PartPhase::in_doubt)) {
    co_return fail(ErrorKind::conflict, "nothing is in doubt about \"" + escaped(part) + "\"", lease_.run, "deed show " + lease_.run);
  }
  // One append: half of an operator's word is none.
  std::vector<NewEvent> events;
  if (state.phase == CallPhase::dispatched) {
    EffectSettled lost{OutcomeStatus::unknown, nullptr, "the process ended before the outcome was known", attempt, 0};
    events.push_back(event_of(std::move(lost), call));
  }
  EffectReconciled reconciled{decision, by, std::move(part)};
  events.push_back(event_of(std::move(reconciled), call, Trust::user));
  EffectSettled settled;
  settled.attempt = attempt;
  settled.status = decision == "done" ? OutcomeStatus::succeeded : OutcomeStatus::failed_without_effect;
  settled.result = Json{{"settled_by", by}};
  settled.text = decision == "done" ? "Done; the operator confirmed it." : "Not done; the operator confirmed that.";
  // Of a call with parts the tool itself says how it ended: it runs again, for what is open.
  if (decision != "retry" && !by_parts) events.push_back(event_of(std::move(settled), call, Trust::user));
  auto recorded = co_await record_all(std::move(events), on_disk);
  co_return recorded;
}

}  // namespace deed
