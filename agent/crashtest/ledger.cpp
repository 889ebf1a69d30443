#include "deed/agent/crashtest/ledger.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <map>
#include <optional>

namespace deed::crashtest {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_runs = 1000, page = 512;

asio::awaitable<void> keep_runs(Journal& journal, std::optional<Result<std::vector<RunRecord>>>& out) {
  auto runs = co_await journal.runs(max_runs);
  out.emplace(std::move(runs));
}

asio::awaitable<void> keep_events(Journal& journal, RunId run, EventNumber after, std::optional<Result<std::vector<Event>>>& out) {
  auto events = co_await journal.read(run, after, page);
  out.emplace(std::move(events));
}

// Only reading, and nobody else is on this loop: it ends when the one coroutine has.
template <class T>
Result<T> wait_for(auto begin) {
  asio::io_context io;
  std::optional<Result<T>> result;
  asio::co_spawn(io, begin(result), [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  io.run();
  return *std::move(result);
}

Result<std::vector<Event>> events_of(Journal& journal, const RunId& run) {
  std::vector<Event> all;
  for (;;) {
    const EventNumber after = all.empty() ? 0 : all.back().number;
    DEED_TRY(std::vector<Event> events, wait_for<std::vector<Event>>([&](auto& out) { return keep_events(journal, run, after,
        out); }));
    const std::size_t count = events.size();
    for (Event& event : events) all.push_back(std::move(event));
    if (count < page) return all;
  }
}

// Counted over the events and not taken from the folded state, which holds one outcome a call.
void count(const std::vector<Event>& events, std::map<std::string, LedgerEffect>& effects) {
  for (const Event& event : events) {
    const auto body = decode(event);
    if (!body || !*body) continue;
    LedgerEffect& effect = effects[event.call];
    if (const auto* intended = std::get_if<EffectIntended>(&**body)) effect.effect_class = intended->effect_class,
        effect.key = intended->effect_key;
    if (std::holds_alternative<EffectDispatched>(**body)) ++effect.dispatched;
    const auto* probed = std::get_if<EffectProbed>(&**body);
    if (probed && probed->verdict != "undecided") ++effect.found_out;
    const auto* settled = std::get_if<EffectSettled>(&**body);
    if (settled && settled->status == OutcomeStatus::succeeded) ++effect.succeeded;
  }
}

void add_run(Ledger& ledger, const RunRecord& run, const std::vector<Event>& events) {
  const auto state = fold_all(events);
  ledger.runs.push_back({run.id, run.status, !events.empty()});
  if (!state) {
    ledger.fault = to_string(state.error());
    return;
  }
  std::map<std::string, LedgerEffect> effects;
  count(events, effects);
  for (auto& [id, effect] : effects) {
    const auto call = state->calls.find(id);
    if (effect.key.empty() || call == state->calls.end()) continue;  // never intended: it changes nothing
    effect.run = run.id, effect.call = id, effect.tool = call->second.call.name;
    effect.phase = call->second.phase, effect.in_doubt = call->second.in_doubt;
    ledger.effects.push_back(std::move(effect));
  }
}

}  // namespace

Result<Ledger> read_ledger(const std::string& home) {
  Ledger ledger;
  std::error_code ec;
  if (!fs::exists(home + "/journal.db", ec)) return ledger;
  const std::string look = home + "-look";
  fs::remove_all(look, ec);
  fs::create_directories(look, ec);
  for (const char* name : {"/journal.db", "/journal.db-wal", "/journal.db-journal"}) fs::copy_file(home + name, look + name, ec);
  DEED_TRY(const auto journal, open_sqlite_journal({.path = look + "/journal.db"}));
  DEED_TRY(const auto runs, wait_for<std::vector<RunRecord>>([&](auto& out) { return keep_runs(*journal, out); }));
  for (const RunRecord& run : runs) {
    DEED_TRY(const auto events, events_of(*journal, run.id));
    add_run(ledger, run, events);
  }
  fs::remove_all(look, ec);
  return ledger;
}

}  // namespace deed::crashtest
