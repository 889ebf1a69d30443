#include "deed/agent/call_context.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

constexpr std::size_t max_name_bytes = 1000;

Unexpected stopped() { return fail(ErrorKind::cancelled, "the run is to stop"); }

Result<void> check_part_name(const std::string& name) {
  if (!name.empty() && name.size() <= max_name_bytes && is_utf8(name)) return {};
  return fail(ErrorKind::invalid, "not a name for a part of an effect", escaped(name), "1 to 1,000 bytes of UTF-8");
}

Result<void> check_declared(Dispatch dispatch) {
  if (dispatch == Dispatch::by_tool) return {};
  return fail(ErrorKind::invalid, "a tool whose effect has parts says where its commit points are", "ToolSpec::dispatches");
}

}  // namespace

CallContext::CallContext(Drive& drive, std::string id, Options options)
    : drive_(drive), id_(std::move(id)), call_(drive.state().calls.at(id_)), options_(std::move(options)) {}

bool CallContext::stop_requested() const {
  told_to_stop_ = told_to_stop_ || drive_.interrupt().requested();
  return told_to_stop_;
}

Async<void> CallContext::dispatching() {
  if (options_.dispatch != Dispatch::by_tool || dispatched_) co_return Result<void>();
  EffectDispatched body{call_.effect_key, options_.attempt};
  auto recorded = co_await drive_.record(std::move(body), id_, on_disk);
  DEED_CO_OK(std::move(recorded));
  dispatched_ = true;
  co_return Result<void>();
}

EffectPart CallContext::part(const std::string& name) const {
  const auto found = call_.parts.find(name);
  if (found == call_.parts.end()) return {};
  EffectPart out{found->second.phase};
  if (out.phase == PartPhase::in_doubt && options_.may_repeat) out.phase = PartPhase::open;
  out.has_begun = found->second.is_counted;
  if (const auto& last = found->second.outcome) out.outcome = Outcome{last->status, last->result, last->text};
  return out;
}

Async<void> CallContext::dispatching_part(std::string name) {
  auto named = check_part_name(name);
  DEED_CO_OK(std::move(named));
  if (options_.dispatch == Dispatch::never) co_return Result<void>();
  auto declared = check_declared(options_.dispatch);
  DEED_CO_OK(std::move(declared));
  if (dispatched_ || part(name).phase != PartPhase::open) {
    co_return fail(ErrorKind::conflict, "this part of the effect was dispatched before", escaped(name));
  }
  if (stop_requested()) co_return stopped();  // remembered: the call is not over
  EffectDispatched body{call_.effect_key, options_.attempt, std::move(name)};
  auto recorded = co_await drive_.record(std::move(body), id_, on_disk);
  co_return recorded;
}

// Written at once, so that it survives the process; the disk has it before the next part is dispatched, because the
// journal keeps the order.
Async<void> CallContext::settle_part(std::string name, Outcome outcome) {
  auto named = check_part_name(name);
  DEED_CO_OK(std::move(named));
  renewal_.renew();
  if (options_.dispatch == Dispatch::never) co_return Result<void>();
  auto declared = check_declared(options_.dispatch);
  DEED_CO_OK(std::move(declared));
  if (part(name).phase == PartPhase::settled) {
    co_return fail(ErrorKind::conflict, "this part of the effect has its outcome", escaped(name));
  }
  EffectSettled body = settled_by(outcome, options_.attempt, std::chrono::milliseconds(0));
  body.part = std::move(name);
  const Trust trust = Trust::tool;
  auto recorded = co_await drive_.record(std::move(body), id_, at_leisure, trust);
  DEED_CO_OK(std::move(recorded));
  auto written = co_await drive_.write();
  co_return written;
}

Async<void> CallContext::wait(std::chrono::milliseconds time) {
  if (stop_requested()) co_return stopped();
  if (time > longest_sleep && !options_.is_probe && !has_dispatched()) {
    const TimePoint until = drive_.parts().clock.now() + time;
    auto set = co_await go_on_at(until);
    co_return set;
  }
  renewal_.renew(time);
  auto executor = co_await asio::this_coro::executor;
  auto timer = std::make_shared<asio::steady_timer>(executor, time);  // shared with nobody: the interrupt has a weak one
  const Interrupt::Attachment attachment = drive_.interrupt().attach([weak = std::weak_ptr(timer)] {
    if (const auto live = weak.lock()) live->cancel();
  });
  auto waited = co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
  renewal_.renew();
  if (stop_requested()) co_return stopped();
  if (std::get<0>(waited)) co_return fail(ErrorKind::cancelled, "the wait was ended");
  co_return Result<void>();
}

// As if the run were to stop, for this call alone.
Async<void> CallContext::go_on_at(TimePoint time) {
  TimerSet timer{call_.item ? call_.item->step : "", time.time_since_epoch().count()};
  auto recorded = co_await drive_.record(std::move(timer), id_, on_disk);
  DEED_CO_OK(std::move(recorded));
  told_to_stop_ = true;
  co_return fail(ErrorKind::cancelled, "the call goes on at " + to_iso8601(time));
}

void CallContext::stop_at_limit(std::string limit, std::string what, std::string hint) {
  if (has_dispatched()) return;
  limit_ = ToolLimit{std::move(limit), std::move(what), std::move(hint)};
  told_to_stop_ = true;
}

TimePoint CallContext::dispatched_at() const {
  const auto found = call_.parts.find(options_.probed_part);
  return found == call_.parts.end() ? call_.dispatched_at : found->second.dispatched_at;
}

Outcome CallContext::broken_off(const std::string& why) const {
  if (has_dispatched()) return Outcome::unknown(why + " behind its commit point");
  if (call_.has_doubt()) return Outcome::unknown(why + " while the outcome was open for " + parts_in(call_, PartPhase::in_doubt));
  const std::string settled = parts_in(call_, PartPhase::settled);
  if (settled.empty()) return Outcome::failed_without_effect(Error{ErrorKind::timeout, why + " before its commit point"});
  Json parts = Json::object();
  for (const auto& [name, part] : call_.parts) {
    if (part.phase == PartPhase::settled) parts[name] = to_string(part.outcome->status);
  }
  // Not a failure without effect: that would invite to do all of it again.
  return Outcome::succeeded({{"error", why}, {"parts", parts}}, why + ". Before that it was done with " + settled + ", and with nothing else.");
}

Outcome CallContext::checked(Outcome outcome) const {
  if (outcome.status == OutcomeStatus::unknown || options_.may_repeat || !call_.has_doubt()) return outcome;
  Outcome honest = Outcome::unknown("the outcome is open for " + parts_in(call_, PartPhase::in_doubt));
  return honest;
}

EffectSettled settled_by(const Outcome& outcome, std::int64_t attempt, std::chrono::milliseconds took) {
  std::string text = outcome.text;
  if (text.empty() && outcome.status == OutcomeStatus::succeeded) text = to_text(outcome.result);
  if (text.empty()) {
    const std::string hint = string_at(outcome.result, "hint");
    text = string_at(outcome.result, "error", "failed") + (hint.empty() ? "" : ": " + hint);
  }
  return {outcome.status, outcome.result, to_utf8(text), attempt, took.count(), "", outcome.media};
}

std::string parts_in(const CallState& call, PartPhase phase) {
  constexpr std::size_t most_named = 20;
  std::string out;
  std::size_t count = 0;
  for (const auto& [name, part] : call.parts) {
    if (part.phase != phase) continue;
    if (++count <= most_named) out += (out.empty() ? "" : ", ") + escaped(name);
  }
  if (count > most_named) out += " and " + std::to_string(count - most_named) + " more";
  return out;
}

}  // namespace deed
