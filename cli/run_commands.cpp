#include "deed/cli/run_commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "deed/agent/event_types.hpp"
#include "deed/agent/mail_settings.hpp"
#include "deed/agent/report.hpp"
#include "deed/cli/commands.hpp"
#include "deed/cli/explain.hpp"
#include "deed/agent/task/task_of_run.hpp"
#include "deed/cli/flags.hpp"
#include "deed/cli/plugin_set.hpp"
#include "deed/cli/task_run.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/media.hpp"

namespace deed {
namespace {

// Reads standard input to its end, or until it is larger than any request may be.
Result<std::string> read_standard_input() {
  constexpr std::size_t max_bytes = 8u << 20;
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0) return fail(ErrorKind::invalid, "standard input is closed", "", "give the request as an argument: deed run \"…\"");
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > max_bytes) return fail(ErrorKind::invalid, "standard input holds more than 8 MB");
  }
}

Result<std::string> request_text(const std::vector<std::string>& words) {
  if (words.empty() || (words.size() == 1 && words[0] == "-")) {
    if (words.empty() && isatty(STDIN_FILENO)) {
      return fail(ErrorKind::invalid, "there is no request", "", "say what is to be done: deed run \"…\"");
    }
    DEED_TRY(std::string input, read_standard_input());
    if (!trim(input).empty()) return input;
    return fail(ErrorKind::invalid, "standard input is empty", "", "say what is to be done: deed run \"…\"");
  }
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  if (trim(text).empty()) return fail(ErrorKind::invalid, "the request has no words", "", "say what is to be done: deed run \"…\"");
  return text;
}

// A file can go into a mail, and, if it is a picture, a sound or a document, be looked at; an address can only be looked at.
Result<void> attach(Agent& agent, const Flags& flags, NewRequest& request) {
  for (const std::string& place : flags.attach) {
    if (place.starts_with("http://") || place.starts_with("https://")) {
      DEED_TRY(Media media, agent.fetch_media(place));
      DEED_OK(check_media(media, agent.model().info()));
      request.media.push_back(std::move(media));
      continue;
    }
    DEED_TRY(std::string relative, attachment_below(agent.root(), place));
    request.attachments.push_back(std::move(relative));
    DEED_TRY(std::optional<Media> media, media_file(place));
    if (!media) continue;
    const Result<void> taken = check_media(*media, agent.model().info());
    if (taken) request.media.push_back(*std::move(media));
    // It may still be meant for a mail.
    else if (!flags.quiet) std::fprintf(stderr, "deed: %s; it is only told the file's name\n", for_terminal(to_string(taken.error())).c_str());
  }
  return {};
}

// Whether something is attached that the model cannot look at, and the configuration names one that may.
bool wants_vision(Agent& agent, const Flags& flags) {
  const auto settings = settings_for(flags);
  if (!flags.model.empty() || !settings || settings->text("alias.vision").empty()) return false;
  return std::any_of(flags.attach.begin(), flags.attach.end(), [&](const std::string& place) {
    const auto media = media_file(place);
    return media && *media && !check_media(**media, agent.model().info());
  });
}

int run(Flags flags, const std::vector<std::string>& words, const RunId& run_id) {
  const auto text = request_text(words);
  if (!text) return report_error(text.error(), flags);
  auto session = open_session(flags, {});
  if (session && wants_vision(*(*session)->agent, flags)) {
    flags.model = "vision";
    session->reset();
    session = open_session(flags, {});
  }
  if (!session) return report_error(session.error(), flags);
  NewRequest request{.request = *text};
  request.id = run_id;
  const Result<void> attached = attach(*(*session)->agent, flags, request);
  if (!attached) return report_error(attached.error(), flags);
  return report_run((*session)->agent->run(std::move(request)), **session, flags);
}

// A flag of today wins over what the run was begun with.
void take_over_settings(const Json& settings, Flags& flags) {
  const auto list = [&](const char* key, std::vector<std::string>& flag) {
    const auto found = settings.find(key);
    if (!flag.empty() || found == settings.end() || !found->is_array()) return;
    for (const Json& item : *found) {
      if (item.is_string()) flag.push_back(item.get<std::string>());
    }
  };
  for (const auto& [key, value] : settings.items()) {
    if (is_of_account(key) || key == "drafts" || key == "plugins.use") flags.of_run[key] = value;
  }
  list("allow", flags.allow);
  list("allow_hosts", flags.allow_hosts);
  const auto yes = settings.find("yes");
  flags.yes = flags.yes || (yes != settings.end() && yes->is_boolean() && yes->get<bool>());
}

// A mail that may have been sent is looked for where it was sent from, and nowhere else.
Result<void> check_same_mail(const Json& settings, const Flags& flags) {
  const std::string account = string_at(settings, "account");
  if (!flags.account.empty() && settings.contains("account") && flags.account != account) {
    return fail(ErrorKind::invalid, "the run was begun with " + (account.empty() ? std::string("the account without a name") : "the account \"" + account + "\""), "--account",
                "leave --account out");
  }
  if (flags.drafts && settings.contains("drafts") && settings["drafts"] == false) {
    return fail(ErrorKind::invalid, "the run was begun as one that sends its mails", "--draft", "leave --draft out, or begin a new run");
  }
  return {};
}

// A run goes on with the files as they were when it began.
void tell_of_changes(const TaskOfRun& task, const Flags& flags) {
  for (const TaskText& file : task.files) {
    const auto now = read_task_file(file.path);
    if (flags.quiet || (now && *now == file.text)) continue;
    std::fprintf(stderr, "deed: %s was changed since; the run goes on with what it began with\n", for_terminal(file.path).c_str());
  }
}

// What a run that already exists was begun with decides how it goes on, where no flag says otherwise.
Result<std::unique_ptr<Session>> session_of_run(Flags flags, const std::string& id) {
  DEED_TRY(auto looker, open_session(flags, {.needs_model = false}));
  // The first event has it all; the others may be many, and large.
  DEED_TRY(const auto shown, looker->agent->show(id, 1));
  looker.reset();
  std::shared_ptr<const Task> task;
  SessionOptions options;
  for (const Event& event : shown.second) {
    DEED_TRY(const auto body, decode(event));
    const auto* started = body ? std::get_if<RunStarted>(&*body) : nullptr;
    if (!started) continue;
    options.model = started->model;
    if (flags.root.empty()) flags.root = started->root;
    DEED_OK(check_same_mail(started->settings, flags));
    take_over_settings(started->settings, flags);
    if (!started->task) break;
    DEED_TRY(task, recorded_task(*started->task));
    tell_of_changes(*started->task, flags);
    options = {.needs_model = false, .task = task.get()};
    break;
  }
  return open_session(flags, std::move(options));
}

template <class Act>
int on_run(const Flags& flags, const std::string& id, Act act) {
  auto session = session_of_run(flags, id);
  if (!session) return report_error(session.error(), flags);
  return report_run(act(*(*session)->agent), **session, flags);
}

// Whether the run has waited for a time which has come. One that another began is gone on with by that one.
bool is_due(const RunRecord& run) {
  return run.status == RunStatus::paused && run.parent.empty() && run.wakes && *run.wakes <= system_clock().now();
}

// Goes on with every run that a process left behind when it died, and with tasks whose time has come; the worst exit code counts. A run that is being driven is left alone.
int resume_all(const Flags& flags) {
  constexpr std::size_t most = 100'000;
  auto looker = open_session(flags, {.needs_model = false});
  if (!looker) return report_error(looker.error(), flags);
  auto runs = (*looker)->agent->runs(most);
  if (!runs) return report_error(runs.error(), flags);
  // Of a run without an event nothing was done, and nothing is known: its user gives the request again.
  std::erase_if(*runs, [&](const RunRecord& run) {
    return run.last_event == 0 || (run.status != RunStatus::running && !is_due(run));
  });
  looker->reset();
  int worst = 0;
  for (auto run = runs->rbegin(); run != runs->rend(); ++run) {
    auto session = session_of_run(flags, run->id);
    const auto report = session ? (*session)->agent->resume(run->id) : Result<RunReport>(fail(session.error()));
    if (!report && report.error().kind == ErrorKind::conflict) continue;
    worst = std::max(worst, session ? report_run(report, **session, flags) : report_error(report.error(), flags));
  }
  return worst;
}

// What is known of the effect whose outcome is unknown, for whoever has to say what became of it.
int show_doubt(const Flags& flags, const std::string& id) {
  const auto session = open_session(flags, {.needs_model = false});
  if (!session) return report_error(session.error(), flags);
  const auto shown = (*session)->agent->show(id);
  if (!shown) return report_error(shown.error(), flags);
  const auto state = fold_all(shown->second);
  if (!state) return report_error(state.error(), flags);
  std::string call;
  for (const auto& [name, one] : state->calls) {
    if (one.in_doubt) call = name;
  }
  if (call.empty()) return report_error({ErrorKind::conflict, "no call of the run has an unknown outcome", shown->first.id,
      "deed show " + shown->first.id}, flags);
  Json events = Json::array();
  std::string story;
  for (const Event& event : shown->second) {
    if (event.call != call) continue;
    events.push_back(to_json(shown->first.id, event));
    story += to_iso8601(event.time) + "\n" + explain_event(event, true);
  }
  const std::string& key = state->calls.at(call).effect_key;
  if (flags.json) print_json({{"version", 1}, {"run", shown->first.id}, {"call", call}, {"effect_key", key}, {"events", events}});
  else std::printf("run       %s\neffect    %s of %s, key %s\n%s", shown->first.id.c_str(),
      for_terminal(state->calls.at(call).call.name).c_str(), call.c_str(), key.c_str(), story.c_str());
  std::fprintf(stderr, "look, then: deed reconcile %s --done | --not-done | --retry\n", shown->first.id.c_str());
  return 4;
}

std::optional<Limits> new_limits(const Flags& flags) {
  if (!flags.max_steps && !flags.max_tokens && !flags.max_cost_usd && !flags.max_time_s) return std::nullopt;
  Limits limits;
  limits.max_steps = flags.max_steps.value_or(limits.max_steps);
  limits.max_tokens = flags.max_tokens.value_or(limits.max_tokens);
  limits.max_cost_usd = flags.max_cost_usd.value_or(limits.max_cost_usd);
  limits.max_time = std::chrono::seconds(flags.max_time_s.value_or(0));
  return limits;
}

// One line a turn, until the end of input or an empty line on a terminal.
int chat(const Flags& flags, std::string run_id) {
  auto opened = run_id.empty() ? open_session(flags, {.stream_text = isatty(STDOUT_FILENO) == 1})
                               : session_of_run(flags, run_id);
  if (!opened) return report_error(opened.error(), flags);
  Session& session = **opened;
  const bool prompts = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
  int code = 0;
  for (std::string line;;) {
    if (prompts) std::fputs("you> ", stderr);
    if (!std::getline(std::cin, line)) break;
    if (trim(line).empty()) continue;
    session.reloader->look(*session.agent, [&](const std::string& told) {
      if (!flags.quiet) std::fprintf(stderr, "deed: %s\n", for_terminal(told).c_str());
    });
    Result<RunReport> report = run_id.empty() ? session.agent->run(NewRequest{.request = line, .chat = true})
                                              : session.agent->say(run_id, line);
    if (report) run_id = report->run;
    code = report_run(report, session, flags);
    if (!report || session.agent->stopped_by()) break;
  }
  if (prompts) std::fputs("\n", stderr);
  return code;
}

}  // namespace

int resume_run(const Flags& flags, const std::string& run) {
  return on_run(flags, run, [&](Agent& agent) { return agent.resume(run); });
}

void add_run_commands(CLI::App& app, Chosen& chosen) {
  struct RunFlags {
    Flags flags;
    std::vector<std::string> words;
    std::string run = "last", run_id, answer, note, chat_run, part;
    bool done = false, not_done = false, retry = false, all = false;
    TaskFlags task;
  };
  auto state = std::make_shared<RunFlags>();
  const auto command = [&](const char* name, const char* about, bool takes_run) {
    CLI::App* sub = app.add_subcommand(name, about);
    add_common_flags(*sub, state->flags);
    add_run_flags(*sub, state->flags);
    if (takes_run) sub->add_option("run", state->run, "Id of the run, a part of it, or \"last\"")->capture_default_str();
    return sub;
  };

  CLI::App* run_command = command("run", "Do what a request in plain words says", false);
  run_command->add_option("request", state->words, "The request, or a task file (.yaml, .yml, .json); - or nothing reads standard input");
  run_command->add_option("--attach", state->flags.attach, "A file that the request is about: to be mailed, or, if it is a picture, a sound or a PDF, to be looked at; or the URL of one of these")->type_name("FILE|URL")
      ->allow_extra_args(false);
  add_task_flags(*run_command, state->task);
  run_command->callback([state, &chosen] {
    chosen = [state] {
      const bool is_task = state->words.size() == 1 && names_task_file(state->words[0]);
      return is_task ? run_task(state->flags, state->words[0], state->task, state->run_id) : run(state->flags, state->words, state->run_id);
    };
  });

  // The daemon fixes a run's id before it begins it; not shown in the help.
  run_command->add_option("--run-id", state->run_id)->group("");

  CLI::App* chat_command = command("chat", "Talk turn by turn; one run", false);
  chat_command->add_option("--run", state->chat_run, "Go on with this chat");
  chat_command->callback([state, &chosen] { chosen = [state] { return chat(state->flags, state->chat_run); }; });

  CLI::App* resume = command("resume", "Go on with a run that was stopped, killed or paused", true);
  resume->add_option("--answer", state->answer, "The answer to the question that it asks");
  resume->add_flag("--all", state->all, "Every run that a process left behind when it died, and every task whose time has come");
  resume->callback([state, &chosen] {
    chosen = [state] {
      if (state->all) return resume_all(state->flags);
      return on_run(state->flags, state->run, [&](Agent& agent) {
        return state->answer.empty() ? agent.resume(state->run, new_limits(state->flags))
                                     : agent.answer(state->run, state->answer);
      });
    };
  });

  CLI::App* plan = app.add_subcommand("plan", "Show what a task file would do; run nothing");
  add_common_flags(*plan, state->flags);
  plan->add_option("file", state->answer, "The task file")->required();
  plan->callback([state, &chosen] { chosen = [state] { return plan_task(state->flags, state->answer); }; });

  CLI::App* record = app.add_subcommand("record", "Print a run that was made from words as a task file with exact steps");
  add_common_flags(*record, state->flags);
  record->add_option("run", state->run, "Id of the run, a part of it, or \"last\"")->capture_default_str();
  record->callback([state, &chosen] { chosen = [state] { return record_task(state->flags, state->run); }; });

  CLI::App* signal = command("signal", "Send a task the signal that it waits for, and go on", true);
  signal->add_option("name", state->answer, "The signal's name")->required();
  signal->callback([state, &chosen] {
    chosen = [state] {
      return on_run(state->flags, state->run, [&](Agent& agent) { return agent.signal(state->run, state->answer); });
    };
  });

  command("approve", "Approve the effect that a run waits with, and go on", true)->callback([state, &chosen] {
    chosen = [state] {
      return on_run(state->flags, state->run,
                    [&](Agent& agent) { return agent.decide_approval(state->run, {true, ""}, "deed approve"); });
    };
  });
  CLI::App* deny = command("deny", "Refuse the effect that a run waits with, and go on", true);
  deny->add_option("--note", state->note, "What the model is told");
  deny->callback([state, &chosen] {
    chosen = [state] {
      return on_run(state->flags, state->run,
                    [&](Agent& agent) { return agent.decide_approval(state->run, {false, state->note}, "deed deny"); });
    };
  });

  CLI::App* reconcile = command("reconcile", "Show an effect whose outcome is unknown; with a verdict, go on", true);
  CLI::Option_group* verdict = reconcile->add_option_group("verdict");
  verdict->add_flag("--done", state->done, "It happened");
  verdict->add_flag("--not-done", state->not_done, "It did not happen");
  verdict->add_flag("--retry", state->retry, "Do it again, whatever happened");
  verdict->require_option(0, 1);
  reconcile->add_option("--part", state->part, "Only this part of the effect, such as one recipient of a mail")->type_name("NAME");
  reconcile->callback([state, &chosen] {
    chosen = [state] {
      if (!state->done && !state->not_done && !state->retry) return show_doubt(state->flags, state->run);
      const std::string decision = state->done ? "done" : state->not_done ? "not_done" : "retry";
      return on_run(state->flags, state->run,
                    [&](Agent& agent) { return agent.reconcile(state->run, decision, "deed reconcile", state->part); });
    };
  });
}

}  // namespace deed
