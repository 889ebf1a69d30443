// An agent for programs: a model, tools, a journal and the loop behind one object. The command is a thin shell around it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deed/agent/interaction.hpp"
#include "deed/agent/limits.hpp"
#include "deed/agent/mail_account.hpp"
#include "deed/agent/policy.hpp"
#include "deed/agent/runner.hpp"
#include "deed/agent/task/task.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/secrets.hpp"
#include "deed/net/egress.hpp"
#include "deed/net/http.hpp"
#include "deed/net/smtp.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/registry.hpp"

namespace deed {

struct AgentOptions {
  std::string model = "local:smollm2";  ///< see open_model; a missing model is an error of `open_agent`
  /// Holds journal.db, outbox/ and models/. Empty: $DEED_HOME, else $XDG_DATA_HOME/deed, else ~/.local/share/deed.
  std::string home = {};
  std::string models_dir = {};            ///< empty: models/ in `home`
  std::string cache_dir = {};             ///< what is quick to make again; empty: cache/ in `home`
  std::string root = ".";                 ///< what file tools may touch
  MailAccount mail = {};                  ///< none: mail goes into the outbox, a Maildir, and none is read
  bool drafts = false;                    ///< mail is put into the account's folder of drafts, and nothing is sent
  std::vector<AllowedHost> allow_hosts = {};
  Policy policy = {};
  Limits limits = {};
  std::vector<Secret> secrets = {};       ///< blacked out in the journal, beside those that deed knows itself
  bool builtin_tools = true;
  bool needs_model = true;                ///< false: runs cannot be driven, everything else works
  /// SIGINT and SIGTERM pause a run that is being driven; a second one ends the process.
  bool stop_on_signals = false;
  /// Kept with each run, for whoever resumes it: the settings of `agent_options` that matter to a run. No secrets.
  Json recorded_settings = Json::object();
  std::map<std::string, ProviderSettings, std::less<>> providers = {};  ///< addresses, keys and headers, by provider
  std::vector<ModelRow> models = {};      ///< prices, windows and abilities that go before the built-in ones
  /// What the names mean that the steps of a task give their models: aliases resolved. A name that is not here means itself.
  std::map<std::string, std::string, std::less<>> named_models = {};
  std::map<std::string, Secret, std::less<>> named_secrets = {};  ///< that tasks may use, by name; blacked out in the journal
  Effort effort = Effort::as_it_likes;    ///< how much a reasoning model is to think
  int threads = 0;                        ///< of the embedded model; 0: one a core
  Interaction* interaction = nullptr;     ///< borrowed; nullptr: nobody is there, what needs approval pauses
  Observer* observer = nullptr;           ///< borrowed; may be nullptr
};

struct TaskRequest {
  std::shared_ptr<const Task> task;  ///< checked (check_task)
  Json inputs = Json::object();      ///< complete (complete_inputs)
  std::vector<std::string> left_out = {};  ///< ids of steps that are not done this time
  bool rehearse = false;             ///< effects are judged and shown, and wait; the report says so
  std::function<void(const std::string& call, const Preview& preview)> on_preview = {};  ///< see RunnerParts
  RunId id = {};                     ///< see NewRequest
  std::vector<std::string> untrusted_inputs = {};  ///< names of inputs whose values are not the user's words, such as the id of a mail that came
};

/// One thread, one loop. Every function blocks until it is done and must be called from the thread that opened the agent.
class Agent {
 public:
  virtual ~Agent() = default;

  /// Tools may be added before the first run.
  virtual Registry& tools() = 0;
  /// The mail that is read; nullptr where the account reads none.
  virtual MailStore* mails() = 0;

  /// errors  those of the Runner
  virtual Result<RunReport> run(NewRequest request) = 0;
  Result<RunReport> run(std::string request);
  virtual Result<RunReport> resume(std::string run, std::optional<Limits> limits = {}) = 0;
  virtual Result<RunReport> say(std::string run, std::string message) = 0;
  virtual Result<RunReport> answer(std::string run, std::string text) = 0;
  virtual Result<RunReport> decide_approval(std::string run, ApprovalAnswer answer, std::string by) = 0;
  /// part  as Runner::reconcile has it
  virtual Result<RunReport> reconcile(std::string run, std::string decision, std::string by, std::string part = {}) = 0;

  /// Does the steps of a task. Needs a model only for its steps that name or need one.
  /// errors  those of the Runner
  virtual Result<RunReport> run_task(TaskRequest request) = 0;
  /// A signal for a task that waits for it; drives the run.
  virtual Result<RunReport> signal(std::string run, std::string name) = 0;

  /// A run of exactly one call: validated, judged, recorded and resumable like any other. Needs no model.
  virtual Result<RunReport> call_tool(std::string name, Json arguments) = 0;
  /// The same without its effect: it is judged and shown, and its run waits for approval. What changes nothing is run.
  virtual Result<RunReport> rehearse_tool(std::string name, Json arguments, std::function<void(const std::string& call, const Preview& preview)> on_preview) = 0;

  virtual Result<std::vector<RunRecord>> runs(std::size_t max) = 0;
  /// A run by its id, a part of it, or "last", with all its events, or with the first `most_events` of them.
  virtual Result<std::pair<RunRecord, std::vector<Event>>> show(std::string run, std::size_t most_events = static_cast<std::size_t>(-1)) = 0;
  virtual Result<std::vector<SearchHit>> search(std::string query, std::size_t max) = 0;

  /// What the address leads to, as a picture, a sound or a document for the model. Reaches what tools may reach.
  /// errors  those of HttpClient; unsupported: none of these
  virtual Result<Media> fetch_media(std::string url) = 0;

  /// For tools that are added: requests that pass the user's rules of what may be reached. Borrowed; as long as the agent.
  virtual HttpClient& http() = 0;
  virtual const EgressGuard& egress() const = 0;

  virtual Model& model() = 0;          ///< precondition: needs_model
  virtual const std::string& home() const = 0;
  virtual const std::string& root() const = 0;  ///< absolute
  /// The number of the signal that stopped the last run, or 0.
  virtual int stopped_by() const = 0;

  /// Runs any coroutine to its end on the agent's loop.
  template <class T>
  Result<T> wait(Async<T> work);

 protected:
  virtual void drive(asio::awaitable<void> work) = 0;
};

/// errors  not_found: no such model, with the way to get it. unavailable or unsupported: the journal. invalid: the root is no folder
Result<std::unique_ptr<Agent>> open_agent(AgentOptions options);

/// Every secret that an agent of these options blacks out in its journal: those of the options, and the providers' keys in the environment.
Redactor known_secrets(const AgentOptions& options);

/// `path` (from the current folder) as a path below `root`, for NewRequest::attachments.
/// errors  not_found: no such file; denied: outside of the root
Result<std::string> attachment_below(const std::string& root, const std::string& path);

/// A file as a picture, a sound or a document for the model. nullopt: it is none of these.
/// errors  not_found, limit
Result<std::optional<Media>> media_file(const std::string& path);

/// $DEED_HOME, else $XDG_DATA_HOME/deed, else ~/.local/share/deed.
/// errors  invalid: none of the variables is set
Result<std::string> default_home();

namespace detail {
template <class T>
asio::awaitable<void> keep(Async<T> work, std::optional<Result<T>>& out) {
  Result<T> result = co_await std::move(work);
  out.emplace(std::move(result));
}
}  // namespace detail

template <class T>
Result<T> Agent::wait(Async<T> work) {
  std::optional<Result<T>> result;
  drive(detail::keep(std::move(work), result));
  if (!result) return fail(ErrorKind::cancelled, "stopped");
  return *std::move(result);
}

}  // namespace deed
