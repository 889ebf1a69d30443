// deed watch mail TASK.yaml: a task for each new mail.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <poll.h>

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
constexpr std::chrono::seconds shortest_pause{5}, longest_pause{300};

struct WatchFlags {
  Flags flags;
  TaskFlags task;
  std::string path, folder = "INBOX";
  bool once = false, all = false;
};

// What a mail server does now and then, and what goes by itself; a token may have run out.
bool may_pass(const Error& error) {
  return error.kind == ErrorKind::unavailable || error.kind == ErrorKind::timeout || error.kind == ErrorKind::denied;
}

class MailWatcher {
 public:
  MailWatcher(const WatchFlags& wanted, std::unique_ptr<Session> session, MailWatch watch)
      : wanted_(wanted), session_(std::move(session)), watch_(std::move(watch)) {}

  Result<int> run() {
    std::chrono::seconds pause = shortest_pause;
    for (;;) {
      const Result<bool> looked = look();
      if (stopped_by_ != 0) return stopped_by_;
      if (looked && wanted_.once) return worst_;
      if (looked) {
        pause = shortest_pause;
        continue;
      }
      const bool goes_on = has_looked_ && !wanted_.once && may_pass(looked.error());
      if (!goes_on) return fail(looked.error());
      say(to_string(looked.error()) + "; looking again in " + std::to_string(pause.count()) + " s");
      ::poll(nullptr, 0, static_cast<int>(std::chrono::milliseconds(pause).count()));
      pause = std::min<std::chrono::seconds>(pause * 2, longest_pause);
      // Anew, with passwords and tokens of today.
      auto again = open_session(wanted_.flags, {.needs_model = false});
      if (again) session_ = *std::move(again);
    }
  }

 private:
  MailStore& mails() { return *session_->agent->mails(); }

  // Does what is new, and waits for more.
  Result<bool> look() {
    DEED_OK(go_on_with_begun());
    for (bool did = true; did && stopped_by_ == 0;) {
      DEED_TRY(const MailArrivals arrivals, session_->agent->wait(mails().arrivals(wanted_.folder, watch_.from())));
      DEED_TRY(did, take(arrivals));
    }
    has_looked_ = true;
    if (wanted_.once || stopped_by_ != 0) return true;
    // The watch is this one's alone, which does nothing while it waits.
    const NewMail is_new = [this](const MailArrivals& arrivals) { return watch_.is_first_look(arrivals) || !watch_.news(arrivals).empty(); };
    return session_->agent->wait(mails().wait_for_mail(wanted_.folder, watch_.from(), is_new, longest_wait));
  }

  // The process died while a run was driven, or before it was entered: then it is begun, else gone on with.
  Result<void> go_on_with_begun() {
    const auto begun = watch_.begun();
    for (const auto& [mail, run] : begun) {
      if (stopped_by_ != 0) break;
      DEED_TRY(const bool is_known, was_begun(run));
      if (is_known) {
        say("going on with run " + run + " of the mail " + mail);
        DEED_OK(ended(mail, run, resume_run(wanted_.flags, run)));
      } else {
        DEED_OK(work_on(mail, run));
      }
    }
    return {};
  }

  // Whether something of the run is in the journal.
  Result<bool> was_begun(const RunId& run) {
    const auto known = session_->agent->show(run, 1);
    if (!known && known.error().kind == ErrorKind::not_found) return false;
    if (!known) return fail(known.error());
    return known->first.last_event > 0;
  }

  // Whether there was anything to do.
  Result<bool> take(const MailArrivals& arrivals) {
    if (watch_.is_first_look(arrivals)) {
      const bool takes_all = wanted_.all && watch_.from() == 0;
      say(std::to_string(arrivals.mails.size()) + " mails are there already" + (takes_all ? "" : "; new ones are waited for"));
      DEED_OK(watch_.begin_with(takes_all ? MailArrivals{arrivals.epoch, {}, arrivals.slack} : arrivals));
      // From another mailbox only later mails were asked for.
      return true;
    }
    const std::vector<MailArrival> news = watch_.news(arrivals);
    for (const MailArrival& mail : news) {
      if (stopped_by_ != 0) break;
      DEED_TRY(const RunId run, watch_.begin(mail, system_clock().now()));
      DEED_OK(work_on(mail.id.text(), run));
    }
    return !news.empty();
  }

  Result<void> work_on(const std::string& mail, const RunId& run) {
    say("new mail " + mail + ": run " + run);
    TaskFlags task = wanted_.task;
    task.inputs.push_back("mail=" + mail);
    task.untrusted = {"mail"};
    return ended(mail, run, run_task(wanted_.flags, wanted_.path, task, run));
  }

  // A mail is done with once its run is in the journal, unless the run was stopped: then this is to stop, too, and the next one goes on with it.
  Result<void> ended(const std::string& mail, const RunId& run, int exit_code) {
    worst_ = std::max(worst_, exit_code);
    DEED_TRY(const bool is_known, was_begun(run));
    if (!is_known) return fail(ErrorKind::internal, "the run of the mail " + mail + " could not be begun", "", "the reason stands above; the mail is taken up again");
    if (exit_code > 128) {
      stopped_by_ = exit_code;
      return {};
    }
    return watch_.finish(mail);
  }

  void say(const std::string& line) const {
    if (!wanted_.flags.quiet) std::fprintf(stderr, "deed: %s\n", for_terminal(line).c_str());
  }

  const WatchFlags& wanted_;
  std::unique_ptr<Session> session_;
  MailWatch watch_;
  bool has_looked_ = false;  // once: the settings are right
  int worst_ = 0, stopped_by_ = 0;
};

// One for each mailbox, folder and task.
std::string watch_file(const Agent& agent, const MailStore& mails, const WatchFlags& wanted) {
  std::error_code ec;
  const std::string task = std::filesystem::canonical(wanted.path, ec).string();
  return agent.home() + "/watch/" + sha256_hex(mails.place() + "\n" + wanted.folder + "\n" + task).substr(0, 32) + ".json";
}

Result<int> watch_mail(const WatchFlags& wanted) {
  DEED_TRY(const ParsedTask parsed, load_task(wanted.path));
  if (!parsed.task) return report_issues(parsed.issues, wanted.flags);
  const auto& inputs = parsed.task->inputs;
  if (std::none_of(inputs.begin(), inputs.end(), [](const Input& input) { return input.name == "mail"; })) {
    return fail(ErrorKind::invalid, "the task has no input \"mail\"", wanted.path, "add `inputs: {mail: {type: string}}`: it gets the id of the new mail");
  }
  DEED_TRY(auto session, open_session(wanted.flags, {.needs_model = false}));
  if (!session->agent->mails()) {
    return fail(ErrorKind::invalid, "no mailbox is configured", "", "set imap.url, or maildir, in your configuration");
  }
  DEED_TRY(MailWatch seen, MailWatch::open(watch_file(*session->agent, *session->agent->mails(), wanted)));
  return MailWatcher(wanted, std::move(session), std::move(seen)).run();
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
