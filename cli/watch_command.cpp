// deed watch mail TASK.yaml: a task for each new mail.
#include <algorithm>
#include <cstdio>

#include "deed/agent/mail_watch.hpp"
#include "deed/cli/commands.hpp"
#include "deed/cli/flags.hpp"
#include "deed/cli/run_commands.hpp"
#include "deed/cli/task_run.hpp"
#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

// A server may forget a client that says nothing for half an hour; what was missed between two waits is found when one ends.
constexpr std::chrono::minutes longest_wait{10};

struct WatchFlags {
  Flags flags;
  TaskFlags task;
  std::string path, folder = "INBOX";
  bool once = false, all = false;
};

class MailWatcher {
 public:
  MailWatcher(const WatchFlags& wanted, Session& session, MailWatch watch) : wanted_(wanted), session_(session), watch_(std::move(watch)) {}

  Result<int> run() {
    DEED_OK(go_on_with_begun());
    for (;;) {
      DEED_TRY(const MailPage page, newest());
      DEED_OK(take(page));
      if (wanted_.once) return worst_;
      DEED_TRY([[maybe_unused]] const bool came, session_.agent->wait(session_.agent->mails()->wait_for_mail(wanted_.folder, longest_wait)));
    }
  }

 private:
  Result<MailPage> newest() {
    MailQuery query{.folder = wanted_.folder, .limit = 1000};
    return session_.agent->wait(session_.agent->mails()->find(std::move(query)));
  }

  // The process died while a run was driven, or before it was entered: then it is begun, else gone on with.
  Result<void> go_on_with_begun() {
    const auto begun = watch_.begun();
    for (const auto& [mail, run] : begun) {
      const auto known = session_.agent->show(run);
      if (known) {
        say("going on with run " + run + " of the mail " + mail);
        note(resume_run(wanted_.flags, run));
        DEED_OK(watch_.finish({mail}));
      } else {
        DEED_OK(work_on(mail, run));
      }
    }
    return {};
  }

  Result<void> take(const MailPage& page) {
    const std::vector<MailId> news = watch_.news(page);
    if (watch_.is_new() && !wanted_.all) {
      std::vector<std::string> old;
      for (const MailId& mail : news) old.push_back(mail.text());
      say(std::to_string(old.size()) + " mails are there already; new ones are waited for");
      return watch_.finish(old);
    }
    for (const MailId& mail : news) {
      DEED_TRY(const RunId run, watch_.begin(mail, system_clock().now()));
      DEED_OK(work_on(mail.text(), run));
    }
    return watch_.is_new() ? watch_.finish({}) : Result<void>();
  }

  Result<void> work_on(const std::string& mail, const RunId& run) {
    say("new mail " + mail + ": run " + run);
    TaskFlags task = wanted_.task;
    task.inputs.push_back("mail=" + mail);
    note(run_task(wanted_.flags, wanted_.path, task, run));
    return watch_.finish({mail});
  }

  void say(const std::string& line) const {
    if (!wanted_.flags.quiet) std::fprintf(stderr, "deed: %s\n", for_terminal(line).c_str());
  }
  void note(int exit_code) { worst_ = std::max(worst_, exit_code); }

  const WatchFlags& wanted_;
  Session& session_;
  MailWatch watch_;
  int worst_ = 0;
};

// One for each mailbox, folder and task.
std::string watch_file(const Agent& agent, const Settings& settings, const WatchFlags& wanted) {
  std::string key;
  for (const std::string& part : {settings.text("account"), settings.text("imap.url"), settings.text("maildir"), wanted.folder, wanted.path}) key += part + "\n";
  return agent.home() + "/watch/" + sha256_hex(key).substr(0, 32) + ".json";
}

Result<int> watch_mail(const WatchFlags& wanted) {
  DEED_TRY(const ParsedTask parsed, load_task(wanted.path));
  if (!parsed.task) return report_issues(parsed.issues, wanted.flags);
  const auto& inputs = parsed.task->inputs;
  if (std::none_of(inputs.begin(), inputs.end(), [](const Input& input) { return input.name == "mail"; })) {
    return fail(ErrorKind::invalid, "the task has no input \"mail\"", wanted.path, "add `inputs: {mail: {type: string}}`: it gets the id of the new mail");
  }
  DEED_TRY(const Settings settings, settings_for(wanted.flags));
  DEED_TRY(auto session, open_session(wanted.flags, {.needs_model = false}));
  if (!session->agent->mails()) {
    return fail(ErrorKind::invalid, "no mailbox is configured", "", "set imap.url, or maildir, in your configuration");
  }
  DEED_TRY(MailWatch seen, MailWatch::open(watch_file(*session->agent, settings, wanted)));
  return MailWatcher(wanted, *session, std::move(seen)).run();
}

}  // namespace

void add_watch_command(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<WatchFlags>();
  CLI::App* command = app.add_subcommand("watch", "Run a task whenever something new comes");
  command->require_subcommand(1);
  CLI::App* mail = command->add_subcommand("mail", "Run a task for each new mail; its input `mail` is the mail's id");
  mail->add_option("TASK", state->path, "The task file")->required();
  mail->add_option("--folder", state->folder, "The folder to watch (default: INBOX)")->type_name("NAME");
  mail->add_flag("--once", state->once, "Do what is new, then end");
  mail->add_flag("--all", state->all, "The first time, take the mails that are there already for new ones");
  mail->add_option("--input", state->task.inputs, "A further input of the task")->type_name("NAME=VALUE")->allow_extra_args(false);
  add_common_flags(*mail, state->flags);
  add_run_flags(*mail, state->flags);
  mail->callback([state, &chosen] {
    chosen = [state] {
      const auto ended = watch_mail(*state);
      return ended ? *ended : report_error(ended.error(), state->flags);
    };
  });
}

}  // namespace deed
