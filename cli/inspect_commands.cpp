#include <algorithm>
#include <cstdio>

#include "deed/agent/report.hpp"
#include "deed/cli/commands.hpp"
#include "deed/cli/explain.hpp"
#include "deed/cli/flags.hpp"

namespace deed {
namespace {

struct InspectFlags {
  Flags flags;
  std::string run = "last", query;
  std::size_t max = 20;
  bool full = false, all = false;
};

Json record_json(const RunRecord& run) {
  return {{"run", run.id},          {"status", to_string(run.status)},     {"title", run.title},
          {"created", to_iso8601(run.created)}, {"updated", to_iso8601(run.updated)}, {"events", run.last_event}};
}

int list_runs(const InspectFlags& state) {
  const auto session = open_session(state.flags, {.needs_model = false});
  if (!session) return report_error(session.error(), state.flags);
  // The steps of tasks may have begun many.
  constexpr std::size_t looked_at = 10'000;
  auto runs = (*session)->agent->runs(state.all ? state.max : std::max(state.max, looked_at));
  if (!runs) return report_error(runs.error(), state.flags);
  if (!state.all) std::erase_if(*runs, [](const RunRecord& run) { return !run.parent.empty(); });
  if (runs->size() > state.max) runs->resize(state.max);
  if (state.flags.json) {
    Json list = Json::array();
    for (const RunRecord& run : *runs) list.push_back(record_json(run));
    print_json({{"version", 1}, {"runs", list}});
    return 0;
  }
  for (const RunRecord& run : *runs) {
    std::printf("%s  %-9s %s  %s\n", run.id.c_str(), to_string(run.status), to_iso8601(run.created).substr(0, 16).c_str(),
                for_terminal(run.title).c_str());
  }
  if (runs->empty()) std::fprintf(stderr, "no runs yet; begin with: deed run \"…\"\n");
  return 0;
}

int show(const InspectFlags& state) {
  const auto session = open_session(state.flags, {.needs_model = false});
  if (!session) return report_error(session.error(), state.flags);
  const auto shown = (*session)->agent->show(state.run);
  if (!shown) return report_error(shown.error(), state.flags);
  const auto& [run, events] = *shown;
  if (state.flags.json) {
    Json list = Json::array();
    for (const Event& event : events) list.push_back(to_json(run.id, event));
    print_json({{"version", 1}, {"run", record_json(run)}, {"events", list}});
    return 0;
  }
  std::fputs(explain_run(run, events, state.full).c_str(), stdout);
  return 0;
}

int search(const InspectFlags& state) {
  const auto session = open_session(state.flags, {.needs_model = false});
  if (!session) return report_error(session.error(), state.flags);
  const auto hits = (*session)->agent->search(state.query, state.max);
  if (!hits) return report_error(hits.error(), state.flags);
  Json list = Json::array();
  for (const SearchHit& hit : *hits) {
    if (state.flags.json) {
      list.push_back({{"run", hit.run}, {"event", hit.number}, {"kind", hit.kind}, {"time", to_iso8601(hit.time)}, {"snippet", hit.snippet}});
    } else {
      std::printf("%s  #%lld %s: %s\n", hit.run.c_str(), static_cast<long long>(hit.number), hit.kind.c_str(),
                  for_terminal(hit.snippet).c_str());
    }
  }
  if (state.flags.json) print_json({{"version", 1}, {"hits", list}});
  return 0;
}

}  // namespace

void add_inspect_commands(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<InspectFlags>();
  CLI::App* runs = app.add_subcommand("runs", "List the runs, newest first");
  add_common_flags(*runs, state->flags);
  runs->add_option("--max", state->max, "How many")->capture_default_str();
  runs->add_flag("--all", state->all, "Also those that steps of tasks began");
  runs->callback([state, &chosen] { chosen = [state] { return list_runs(*state); }; });

  CLI::App* show_command = app.add_subcommand("show", "Explain a run, step by step");
  add_common_flags(*show_command, state->flags);
  show_command->add_option("run", state->run, "Id of the run, a part of it, or \"last\"")->capture_default_str();
  show_command->add_flag("--full", state->full, "Whole results and previews");
  show_command->callback([state, &chosen] { chosen = [state] { return show(*state); }; });

  CLI::App* search_command = app.add_subcommand("search", "Find words in requests, replies and results of all runs");
  add_common_flags(*search_command, state->flags);
  search_command->add_option("words", state->query, "All of them must occur")->required();
  search_command->add_option("--max", state->max, "How many")->capture_default_str();
  search_command->callback([state, &chosen] { chosen = [state] { return search(*state); }; });
}

}  // namespace deed
