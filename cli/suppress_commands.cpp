// deed mail suppress: who must never be mailed.
#include <cstdio>

#include "deed/agent/state.hpp"
#include "deed/cli/commands.hpp"
#include "deed/cli/flags.hpp"
#include "deed/cli/terminal.hpp"
#include "deed/core/text.hpp"
#include "deed/tools/suppression.hpp"

namespace deed {
namespace {

struct SuppressFlags {
  Flags flags;
  std::vector<std::string> entries;
  std::string why, folder = "INBOX";
  int limit = 200;
};

std::string path_of(const Flags& flags) { return suppressed_path(flags.home.empty() ? default_home().value_or("") : flags.home); }

Result<std::vector<std::string>> canonical_entries(const std::vector<std::string>& given) {
  std::vector<std::string> out;
  for (const std::string& one : given) {
    DEED_TRY(std::string entry, Suppression::canonical(one));
    out.push_back(std::move(entry));
  }
  return out;
}

int report_change(const Result<std::size_t>& changed, const char* what, const SuppressFlags& state) {
  if (!changed) return report_error(changed.error(), state.flags);
  if (state.flags.json) print_json({{"version", 1}, {what, *changed}});
  else std::printf("%zu %s\n", *changed, what);
  return 0;
}

Result<void> make_home(const Flags& flags) {
  // The journal's opening makes the folder with the right mode.
  DEED_TRY(auto session, open_session(flags, {.needs_model = false}));
  return {};
}

int add(const SuppressFlags& state) {
  const auto entries = canonical_entries(state.entries);
  if (!entries) return report_error(entries.error(), state.flags);
  const auto home = make_home(state.flags);
  if (!home) return report_error(home.error(), state.flags);
  std::vector<SuppressedEntry> all;
  for (const std::string& entry : *entries) all.push_back({entry, escaped(state.why)});
  return report_change(change_suppressed(path_of(state.flags), all, {}), "added", state);
}

int remove(const SuppressFlags& state) {
  const auto entries = canonical_entries(state.entries);
  if (!entries) return report_error(entries.error(), state.flags);
  const auto home = make_home(state.flags);
  if (!home) return report_error(home.error(), state.flags);
  return report_change(change_suppressed(path_of(state.flags), {}, *entries), "removed", state);
}

int list(const SuppressFlags& state) {
  const auto settings = settings_for(state.flags);
  if (!settings) return report_error(settings.error(), state.flags);
  const auto kept = load_suppressed(path_of(state.flags));
  if (!kept) return report_error(kept.error(), state.flags);
  Json all = Json::array();
  const auto tell = [&](const std::string& entry, const std::string& why, const std::string& origin) {
    all.push_back({{"entry", entry}, {"why", why}, {"origin", origin}});
    if (!state.flags.json) std::printf("%s%s\n", for_terminal(entry).c_str(), why.empty() ? "" : ("  " + for_terminal(why)).c_str());
  };
  for (const SuppressedEntry& one : *kept) tell(one.entry, one.why, path_of(state.flags));
  const auto own = canonical_entries(settings->list("mail.suppress"));
  if (!own) return report_error(own.error(), state.flags);
  for (const std::string& entry : *own) tell(entry, "mail.suppress", settings->origin("mail.suppress"));
  if (state.flags.json) print_json({{"version", 1}, {"suppressed", all}});
  return 0;
}

// Anybody can write a mail that looks like a bounce: it counts where the run that it names has mailed that very address.
Result<bool> was_mailed(Agent& agent, const std::string& run, const std::string& address) {
  DEED_TRY(const auto shown, agent.show(run));
  for (const Event& event : shown.second) {
    if (event.kind != "effect.dispatched" && event.kind != "effect.settled") continue;
    const auto part = Suppression::canonical(string_at(event.body.value(), "part"));
    if (part && *part == address) return true;
  }
  return false;
}

Result<std::vector<SuppressedEntry>> permanent_bounces(Agent& agent, const Json& bounces) {
  std::vector<SuppressedEntry> out;
  for (const Json& bounce : bounces) {
    const std::string run = string_at(bounce, "run");
    for (const Json& recipient : bounce.value("recipients", Json::array())) {
      const std::string status = string_at(recipient, "status");
      const auto address = Suppression::canonical(string_at(recipient, "address"));
      if (run.empty() || !address || string_at(recipient, "action") != "failed" || !status.starts_with("5.")) continue;
      DEED_TRY(const bool is_known, was_mailed(agent, run, *address));
      if (is_known) out.push_back({*address, "bounced " + escaped(status)});
    }
  }
  return out;
}

int bounced(const SuppressFlags& state) {
  auto session = open_session(state.flags, {.needs_model = false});
  if (!session) return report_error(session.error(), state.flags);
  Agent& agent = *(*session)->agent;
  const auto report = agent.call_tool("email.bounces", {{"folder", state.folder}, {"limit", state.limit}});
  if (!report) return report_error(report.error(), state.flags);
  if (report->status != RunStatus::done) return report_run(report, **session, state.flags);
  Json bounces = Json::array();
  for (const auto& [id, call] : report->state.calls) {
    if (call.outcome && call.outcome->result.is_object()) bounces = call.outcome->result.value("bounces", Json::array());
  }
  const auto found = permanent_bounces(agent, bounces);
  if (!found) return report_error(found.error(), state.flags);
  if (!state.flags.json) {
    for (const SuppressedEntry& one : *found) std::printf("%s  %s\n", for_terminal(one.entry).c_str(), for_terminal(one.why).c_str());
  }
  return report_change(change_suppressed(path_of(state.flags), *found, {}), "added", state);
}

}  // namespace

void add_suppress_commands(CLI::App& mail, Chosen& chosen) {
  auto state = std::make_shared<SuppressFlags>();
  CLI::App* suppress = mail.add_subcommand("suppress", "Addresses and domains that must never be mailed");
  suppress->require_subcommand(1);
  const auto command = [&](const char* name, const char* about, int (*run)(const SuppressFlags&)) {
    CLI::App* one = suppress->add_subcommand(name, about);
    add_common_flags(*one, state->flags);
    one->callback([state, run, &chosen] { chosen = [state, run] { return run(*state); }; });
    return one;
  };
  CLI::App* adding = command("add", "Never mail these any more", add);
  adding->add_option("entry", state->entries, "ann@example.org, or example.org with all below it")->required()->type_name("ADDRESS");
  adding->add_option("--why", state->why, "Kept beside them")->type_name("TEXT");
  command("remove", "Let these be mailed again", remove)->add_option("entry", state->entries)->required()->type_name("ADDRESS");
  command("list", "All of them, those of the setting mail.suppress too", list);
  CLI::App* of_bounces = command("bounced", "Add those whose mail came back for good, by the bounces in a folder", bounced);
  add_run_flags(*of_bounces, state->flags);
  of_bounces->add_option("--folder", state->folder, "Where the bounces are (default: INBOX)")->type_name("FOLDER");
  of_bounces->add_option("--limit", state->limit, "So many of the newest mails are looked at (default: 200)")->check(CLI::Range(1, 1000));
}

}  // namespace deed
