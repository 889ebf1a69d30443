// What accounting for an effect costs: a turn of deed (a reply with one call, its effect, its outcome; commits with synchronous=FULL)
// against plain C++ that commits the very same bodies of the same events, as often, with the same settings: into a table of its own,
// and by the journal's own statements into a journal. Nothing else is in the plain loops: no redaction, no full-text index, no
// transcript, no thread of the journal's own.
// Both write-ahead logs have their full size before anything is measured: forcing out a file that still grows costs more than one
// that is written over, and the smaller of the two would grow for longer.
#include "deed/agent/runner.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/memory/faulty_disk.hpp"

#include <sqlite3.h>

#include "bench.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <unistd.h>

namespace deed::bench {
namespace {

constexpr int turns = 150, rounds = 8;
constexpr std::size_t log_bytes = 5'000'000;  // more than the 1,000 pages at which SQLite begins anew

asio::awaitable<Outcome> act(ToolContext& context) {
  auto ready = co_await context.dispatching();
  if (!ready) co_return Outcome::failed_without_effect(ready.error());
  Json result = {{"done", true}};
  co_return Outcome::succeeded(std::move(result), "done");
}

class CountingModel final : public Model {
 public:
  const ModelInfo& info() const override { return info_; }
  std::int64_t count_tokens(std::string_view text) const override { return static_cast<std::int64_t>(text.size() / 4); }
  Async<Reply> generate(ModelRequest, StreamSink) override {
    Reply reply;
    if (made_ == turns) {
      reply.text = "done";
      co_return reply;
    }
    Json arguments = {{"n", made_++}};
    reply.tool_calls.push_back({"c", "act", std::move(arguments)});
    reply.stop = StopReason::tool_calls;
    co_return reply;
  }

 private:
  ModelInfo info_{.name = "counting"};
  int made_ = 0;
};

// The events of a run, as they were written. Of one that is not measured: copying them is no part of a turn.
struct Written final : Observer {
  std::vector<Event> events;
  void on_event(const RunId&, const Event& event) override { events.push_back(event); }
};

double deed_turns(const std::filesystem::path& folder, bool dispatches, Observer& observer) {
  asio::io_context io;
  const auto journal = open_sqlite_journal({.path = (folder / "journal.db").string(), .may_hold_up_caller = true}).value();  // as the command does
  Tool tool;
  tool.spec.name = "act";
  tool.spec.description = "Act.";
  tool.spec.arguments = {{"type", "object"}, {"properties", {{"n", {{"type", "integer"}}}}}};
  tool.spec.approval = ApprovalNeed::never;
  tool.spec.dispatches = dispatches;
  tool.run = [](Json, ToolContext& context) { return act(context); };
  Registry tools;
  DEED_CHECK(tools.add(std::move(tool)).has_value(), "the tool was refused");
  Event large;
  large.kind = "warm.up";
  large.body = JsonText(Json{{"bytes", std::string(log_bytes, 'x')}});
  NewRun warm_up;
  warm_up.id = make_run_id(system_clock().now());
  const auto lease = run_async(io, journal->create(warm_up)).value();
  for (int i = 0; i < 2; ++i) DEED_CHECK(run_async(io, journal->append(lease, {large}, {})).has_value(), "warming up");
  CountingModel model;
  Runner runner({*journal, model, tools, system_clock(), no_interaction(), observer, {}});
  const Limits none{.max_steps = 0, .max_calls = 0};
  const SteadyTime begun = now();
  const auto report = run_async(io, runner.start({.request = "Act many times.", .limits = none}));
  const Seconds took = now() - begun;
  DEED_CHECK(report.has_value() && report->status == RunStatus::done, "the run failed");
  return took.count() * 1000 / turns;
}

bool ends_commit(const Event& event, bool dispatches) {
  if (event.kind == "effect.settled" || event.kind == "effect.dispatched") return true;
  return dispatches && event.kind == "effect.intended";
}

// SQLite as its manual says.
class Plain {
 public:
  explicit Plain(const std::filesystem::path& path) {
    sqlite3* raw = nullptr;
    DEED_CHECK(sqlite3_open(path.c_str(), &raw) == SQLITE_OK, "the plain database");
    database_.reset(raw);
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = FULL");
  }

  using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;
  Statement prepare(const char* sql) {
    sqlite3_stmt* raw = nullptr;
    DEED_CHECK(sqlite3_prepare_v2(database_.get(), sql, -1, &raw, nullptr) == SQLITE_OK, sql);
    return {raw, sqlite3_finalize};
  }
  void execute(const char* sql) { DEED_CHECK(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql); }

  static void bind(const Statement& statement, int index, std::int64_t value) { sqlite3_bind_int64(statement.get(), index, value); }
  static void bind(const Statement& statement, int index, const std::string& text) {
    sqlite3_bind_text(statement.get(), index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  static void run(const Statement& statement) {
    while (sqlite3_step(statement.get()) == SQLITE_ROW) continue;
    DEED_CHECK(sqlite3_reset(statement.get()) == SQLITE_OK, "a statement");
  }

 private:
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_{nullptr, sqlite3_close};
};

std::int64_t milliseconds(TimePoint time) { return time.time_since_epoch().count(); }

// The bodies are made beforehand: only binding, stepping and committing is measured.
std::vector<std::string> bodies_of(const std::vector<Event>& events) {
  std::vector<std::string> bodies;
  for (const Event& event : events) bodies.push_back(event.body.text());
  return bodies;
}

double plain_turns(const std::filesystem::path& folder, bool dispatches, const std::vector<Event>& events) {
  const std::vector<std::string> bodies = bodies_of(events);
  const std::string large(log_bytes, 'x');
  Plain plain(folder / "plain.db");
  plain.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, time INTEGER, kind TEXT, call TEXT, body TEXT) STRICT");
  const auto insert = plain.prepare("INSERT INTO events (time, kind, call, body) VALUES (?1, ?2, ?3, ?4)");
  Plain::bind(insert, 4, large);
  for (int i = 0; i < 2; ++i) Plain::run(insert);
  const SteadyTime begun = now();
  plain.execute("BEGIN");
  for (std::size_t i = 0; i < events.size(); ++i) {
    Plain::bind(insert, 1, milliseconds(events[i].time));
    Plain::bind(insert, 2, events[i].kind);
    Plain::bind(insert, 3, events[i].call);
    Plain::bind(insert, 4, bodies[i]);
    Plain::run(insert);
    if (ends_commit(events[i], dispatches)) plain.execute("COMMIT; BEGIN");
  }
  plain.execute("COMMIT");
  const Seconds took = now() - begun;
  return took.count() * 1000 / turns;
}

// The statements of memory/sqlite/store_events.cpp and store_runs.cpp, into a journal that deed has made.
double same_statements(const std::filesystem::path& folder, bool dispatches, const std::vector<Event>& events) {
  const std::string path = (folder / "journal.db").string();
  NewRun run;
  run.id = make_run_id(system_clock().now());
  {
    asio::io_context io;
    const auto journal = open_sqlite_journal({.path = path}).value();
    DEED_CHECK(run_async(io, journal->create(run)).has_value(), "a run");
  }
  const std::vector<std::string> bodies = bodies_of(events);
  const std::string large(log_bytes, 'x'), none;
  Plain plain(path);
  const auto begin = plain.prepare("BEGIN IMMEDIATE"), commit = plain.prepare("COMMIT");
  const auto lease = plain.prepare(
      "SELECT runs.key, last_event, fence, pid, indexed FROM runs JOIN leases ON leases.run = runs.key WHERE id = ?1");
  const auto insert = plain.prepare(
      "INSERT INTO events (id, time, kind, version, step, call, cause, trust, body, blob, text)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, nullif(?9, ''), nullif(?10, ''), nullif(?11, ''))");
  const auto update = plain.prepare(
      "UPDATE runs SET last_event = ?2, updated = ?3, status = iif(?4 = '', status, ?4), wakes = iif(?4 = '' OR ?6, wakes, nullif(?5, 0))"
      " WHERE key = ?1");
  constexpr std::int64_t run_key = 1;
  EventNumber last = 0;
  const auto put = [&](const Event& event, const std::string& body) {
    const std::string trust_of_event = to_string(event.trust);
    Plain::bind(insert, 1, run_key << 32 | ++last);
    Plain::bind(insert, 2, milliseconds(event.time));
    Plain::bind(insert, 3, event.kind);
    Plain::bind(insert, 4, std::int64_t{event.version});
    Plain::bind(insert, 5, std::int64_t{event.step});
    Plain::bind(insert, 6, event.call);
    Plain::bind(insert, 7, event.cause);
    Plain::bind(insert, 8, trust_of_event);
    Plain::bind(insert, 9, body);
    Plain::bind(insert, 10, none);
    Plain::bind(insert, 11, event.search_text);
    Plain::run(insert);
  };
  const auto open = [&] {
    Plain::run(begin);
    Plain::bind(lease, 1, run.id);
    Plain::run(lease);
  };
  const auto close = [&](TimePoint time) {
    Plain::bind(update, 1, run_key);
    Plain::bind(update, 2, last);
    Plain::bind(update, 3, milliseconds(time));
    Plain::bind(update, 4, none);
    Plain::bind(update, 5, std::int64_t{0});
    Plain::bind(update, 6, std::int64_t{0});
    Plain::run(update);
    Plain::run(commit);
  };
  for (int i = 0; i < 2; ++i) open(), put(Event{}, large), close({});
  const SteadyTime begun = now();
  open();
  for (std::size_t i = 0; i < events.size(); ++i) {
    put(events[i], bodies[i]);
    if (ends_commit(events[i], dispatches)) close(events[i].time), open();
  }
  close(events.back().time);
  const Seconds took = now() - begun;
  return took.count() * 1000 / turns;
}

void measure(const char* what, bool dispatches) {
  const auto folder = std::filesystem::temp_directory_path() / ("deed-bench-effects-" + std::to_string(getpid()));
  std::vector<double> ours, plain, same, ratios, same_ratios;
  const auto in_new_folder = [&](auto work) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    return work();
  };
  Written written;
  Observer nobody;
  const auto with_deed = [&] { return deed_turns(folder, dispatches, nobody); };
  const auto with_sqlite = [&] { return plain_turns(folder, dispatches, written.events); };
  const auto with_statements = [&] { return same_statements(folder, dispatches, written.events); };
  in_new_folder([&] { return deed_turns(folder, dispatches, written); });
  for (int round = 0; round < rounds; ++round) {
    // In turns from either end: whoever is later meets what the ones before have left to be written back.
    if (round % 2 == 0) ours.push_back(in_new_folder(with_deed));
    else same.push_back(in_new_folder(with_statements));
    plain.push_back(in_new_folder(with_sqlite));
    if (round % 2 == 0) same.push_back(in_new_folder(with_statements));
    else ours.push_back(in_new_folder(with_deed));
    ratios.push_back(ours.back() / plain.back());
    same_ratios.push_back(ours.back() / same.back());
  }
  std::filesystem::remove_all(folder);
  std::printf("%s %6.2f ms   (plain SQLite %.2f ms; ratio %.2f, wanted: at most 1.25; the same statements %.2f ms; ratio %.2f)\n", what, median(ours),
      median(plain), median(ratios), median(same), median(same_ratios));
}

}  // namespace

// Also as on a disk that has to write what it is forced to: many virtual disks only take note of it, in a tenth of a millisecond.
void measure_effects() {
  measure("a turn with an effect, 2 commits      ", false);
  measure("the same, its commit point, 3         ", true);
  FaultyDisk disk;
  for (const int us : {200, 500, 1000, 2000}) {
    disk.slow_down_syncs(std::chrono::microseconds(us));
    std::printf("with %.1f ms more to force out a file:\n", us / 1000.0);
    measure("  a turn with an effect, 2 commits    ", false);
    measure("  the same, its commit point, 3       ", true);
  }
}

}  // namespace deed::bench
