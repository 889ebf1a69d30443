// What accounting for an effect costs: a turn of deed (a reply with one call, its effect, its outcome; commits with synchronous=FULL)
// against plain C++ that commits the very same bodies of the same events, as often, into a table of its own with the same settings.
// Nothing else is in the plain loop: no redaction, no full-text index, no lease, no transcript, no thread of the journal's own.
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

// The events of the run, as they were written.
struct Written final : Observer {
  std::vector<Event> events;
  void on_event(const RunId&, const Event& event) override { events.push_back(event); }
};

double deed_turns(const std::filesystem::path& folder, bool dispatches, Written& written) {
  asio::io_context io;
  const auto journal = open_sqlite_journal({.path = (folder / "journal.db").string()}).value();
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
  large.body = {{"bytes", std::string(log_bytes, 'x')}};
  NewRun warm_up;
  warm_up.id = make_run_id(system_clock().now());
  const auto lease = run_async(io, journal->create(warm_up)).value();
  for (int i = 0; i < 2; ++i) DEED_CHECK(run_async(io, journal->append(lease, {large}, {})).has_value(), "warming up");
  CountingModel model;
  Runner runner({*journal, model, tools, system_clock(), no_interaction(), written, {}});
  const Limits none{.max_steps = 0, .max_calls = 0};
  const SteadyTime begun = now();
  const auto report = run_async(io, runner.start({.request = "Act many times.", .limits = none}));
  const Seconds took = now() - begun;
  DEED_CHECK(report.has_value() && report->status == RunStatus::done, "the run failed");
  return took.count() * 1000 / turns;
}

void execute(sqlite3* database, const char* sql) { DEED_CHECK(sqlite3_exec(database, sql, nullptr, nullptr,
    nullptr) == SQLITE_OK, sql); }

bool ends_commit(const Event& event, bool dispatches) {
  if (event.kind == "effect.settled" || event.kind == "effect.dispatched") return true;
  return dispatches && event.kind == "effect.intended";
}

// The bodies are made beforehand: only binding, stepping and committing is measured.
double plain_turns(const std::filesystem::path& folder, bool dispatches, const std::vector<Event>& events) {
  std::vector<std::string> bodies;
  for (const Event& event : events) bodies.push_back(to_text(event.body));
  sqlite3* raw = nullptr;
  DEED_CHECK(sqlite3_open((folder / "plain.db").c_str(), &raw) == SQLITE_OK, "the plain database");
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> database(raw, sqlite3_close);
  execute(raw, "PRAGMA journal_mode = WAL");
  execute(raw, "PRAGMA synchronous = FULL");
  execute(raw, "CREATE TABLE events (id INTEGER PRIMARY KEY, time INTEGER, kind TEXT, call TEXT, body TEXT) STRICT");
  sqlite3_stmt* statement = nullptr;
  DEED_CHECK(sqlite3_prepare_v2(raw, "INSERT INTO events (time, kind, call, body) VALUES (?1, ?2, ?3, ?4)", -1, &statement,
      nullptr) == SQLITE_OK, "insert");
  const std::string large(log_bytes, 'x');
  for (int i = 0; i < 2; ++i) {
    sqlite3_bind_text(statement, 4, large.c_str(), static_cast<int>(large.size()), SQLITE_STATIC);
    DEED_CHECK(sqlite3_step(statement) == SQLITE_DONE, "warming up");
    sqlite3_reset(statement);
  }
  const SteadyTime begun = now();
  execute(raw, "BEGIN");
  for (std::size_t i = 0; i < events.size(); ++i) {
    sqlite3_bind_int64(statement, 1, events[i].time.time_since_epoch().count());
    sqlite3_bind_text(statement, 2, events[i].kind.c_str(), -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, events[i].call.c_str(), -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, bodies[i].c_str(), static_cast<int>(bodies[i].size()), SQLITE_STATIC);
    DEED_CHECK(sqlite3_step(statement) == SQLITE_DONE, "insert");
    sqlite3_reset(statement);
    if (ends_commit(events[i], dispatches)) execute(raw, "COMMIT; BEGIN");
  }
  execute(raw, "COMMIT");
  const Seconds took = now() - begun;
  sqlite3_finalize(statement);
  return took.count() * 1000 / turns;
}

void measure(const char* what, bool dispatches) {
  const auto folder = std::filesystem::temp_directory_path() / ("deed-bench-effects-" + std::to_string(getpid()));
  std::vector<double> ours, plain, ratios;
  const auto in_new_folder = [&](auto work) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    return work();
  };
  Written written;
  const auto with_deed = [&] { return written.events.clear(), deed_turns(folder, dispatches, written); };
  const auto with_sqlite = [&] { return plain_turns(folder, dispatches, written.events); };
  in_new_folder(with_deed);  // for its events
  for (int round = 0; round < rounds; ++round) {
    // Each goes first in every other round: whoever is second meets what the first one left to be written back.
    if (round % 2 == 0) ours.push_back(in_new_folder(with_deed));
    plain.push_back(in_new_folder(with_sqlite));
    if (round % 2 != 0) ours.push_back(in_new_folder(with_deed));
    ratios.push_back(ours.back() / plain.back());
  }
  std::filesystem::remove_all(folder);
  std::printf("%s %6.2f ms   (plain SQLite %.2f ms; ratio %.2f, wanted: at most 1.25)\n", what, median(ours), median(plain),
      median(ratios));
}

}  // namespace

// Also as on a disk that has to write what it is forced to: many virtual disks only take note of it, in a tenth of a millisecond.
void measure_effects() {
  measure("a turn with an effect, 2 commits      ", false);
  measure("the same, its commit point, 3         ", true);
  FaultyDisk disk;
  for (const int ms : {1, 2}) {
    disk.slow_down_syncs(std::chrono::milliseconds(ms));
    std::printf("with %d ms more to force out a file:\n", ms);
    measure("  a turn with an effect, 2 commits    ", false);
    measure("  the same, its commit point, 3       ", true);
  }
}

}  // namespace deed::bench
