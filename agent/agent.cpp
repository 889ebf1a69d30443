#include "deed/agent/agent.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>

#include "deed/agent/given_call.hpp"
#include "deed/agent/task/task_of_run.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/providers.hpp"
#include "deed/net/http.hpp"
#include "deed/tools/builtin.hpp"

namespace deed {
namespace {

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

Async<HttpResponse> fetched(HttpClient& http, HttpRequest request) {
  HttpExchange exchange = co_await http.send(std::move(request));
  if (auto* failure = std::get_if<HttpFailure>(&exchange)) co_return fail(std::move(failure->error));
  co_return std::move(std::get<HttpResponse>(exchange));
}

class LocalAgent final : public Agent {
 public:
  explicit LocalAgent(AgentOptions options) : options_(std::move(options)) {}

  Result<void> open();

  Registry& tools() override { return tools_; }
  MailStore* mails() override { return mails_.get(); }
  HttpClient& http() override { return *http_; }
  const EgressGuard& egress() const override { return guard_; }
  const std::string& home() const override { return options_.home; }
  const std::string& root() const override { return options_.root; }
  int stopped_by() const override { return stopped_by_; }
  Model& model() override {
    DEED_CHECK(model_, "an agent that was opened without a model");
    return *model_;
  }

  Result<RunReport> run(NewRequest request) override { return begun(std::move(request), model()); }
  Result<RunReport> resume(std::string run, std::optional<Limits> limits) override {
    return on_run(run, [&](Runner& runner, RunId id) { return runner.resume(std::move(id), limits); });
  }
  Result<RunReport> say(std::string run, std::string message) override {
    return on_run(run, [&](Runner& runner, RunId id) { return runner.say(std::move(id), std::move(message)); });
  }
  Result<RunReport> answer(std::string run, std::string text) override {
    return on_run(run, [&](Runner& runner, RunId id) { return runner.answer(std::move(id), std::move(text)); });
  }
  Result<RunReport> decide_approval(std::string run, ApprovalAnswer answer, std::string by) override {
    return on_run(run, [&](Runner& runner, RunId id) {
      return runner.decide_approval(std::move(id), std::move(answer), std::move(by));
    });
  }
  Result<RunReport> reconcile(std::string run, std::string decision, std::string by, std::string part) override {
    return on_run(run, [&](Runner& runner, RunId id) {
      return runner.reconcile(std::move(id), std::move(decision), std::move(by), std::move(part));
    });
  }

  Result<RunReport> run_task(TaskRequest request) override;
  Result<RunReport> signal(std::string run, std::string name) override {
    return on_run(run, [&](Runner& runner, RunId id) { return runner.signal(std::move(id), std::move(name)); });
  }
  Result<RunReport> call_tool(std::string name, Json arguments) override {
    const auto model = make_given_call_model();
    return begun(NewRequest{.request = given_call_request(name, arguments)}, *model);
  }
  Result<RunReport> rehearse_tool(std::string name, Json arguments, std::function<void(const std::string&, const Preview&)> on_preview) override {
    rehearses_ = true;
    on_preview_ = std::move(on_preview);
    auto report = call_tool(std::move(name), std::move(arguments));
    rehearses_ = false;
    on_preview_ = {};
    return report;
  }
  Result<Media> fetch_media(std::string url) override;
  Result<std::vector<RunRecord>> runs(std::size_t max) override { return wait(journal_->runs(max)); }
  Result<std::pair<RunRecord, std::vector<Event>>> show(std::string run, std::size_t most_events) override;
  Result<std::vector<SearchHit>> search(std::string query, std::size_t max) override {
    return wait(journal_->search(std::move(query), max));
  }

 protected:
  void drive(asio::awaitable<void> work) override;

 private:
  Interaction& interaction() { return options_.interaction ? *options_.interaction : no_interaction(); }
  Observer& observer() { return options_.observer ? *options_.observer : silent_; }

  Result<RunReport> begun(NewRequest request, Model& model) {
    request.root = options_.root;
    request.settings = options_.recorded_settings;
    request.settings["yes"] = options_.policy.yes;
    if (request.limits == Limits{}) request.limits = options_.limits;
    return driven([&](Runner& runner) { return runner.start(std::move(request)); }, model);
  }
  // A run of a task asks no model itself.
  Result<RunReport> driven(auto begin) { return driven(begin, model_ ? *model_ : *no_model_); }
  Result<RunReport> driven(auto begin, Model& model) {
    RunnerParts parts{*journal_, model, tools_, system_clock(), interaction(), observer(), options_.policy, options_.effort};
    parts.model_named = [this](const std::string& name) { return model_named(name); };
    parts.secret_of = [this](const std::string& name) { return secret_of(name); };
    parts.rehearse = rehearses_;
    parts.on_preview = on_preview_;
    Runner runner(std::move(parts));
    runner_ = &runner;
    stopped_by_ = 0;
    auto report = wait(begin(runner));
    runner_ = nullptr;
    return report;
  }
  Result<RunReport> on_run(const std::string& name, auto begin) {
    DEED_TRY(RunRecord record, wait(journal_->find_run(name)));
    return driven([&](Runner& runner) { return begin(runner, record.id); });
  }

  void on_signal(int number);
  Result<Model*> model_named(const std::string& name);
  Result<Secret> secret_of(const std::string& name) const;
  ModelEnvironment model_environment();
  EmailOptions email_options();

  AgentOptions options_;
  // Order matters: what is borrowed is declared before what borrows it.
  asio::io_context io_{1};
  EgressGuard guard_;
  std::unique_ptr<HttpClient> http_;
  std::unique_ptr<SmtpClient> smtp_;
  std::unique_ptr<ImapClient> imap_;
  std::unique_ptr<MailRates> rates_;  // nullptr: none are set
  std::unique_ptr<MailStore> mails_;  // nullptr: none are read
  std::unique_ptr<Journal> journal_;
  Registry tools_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Model> no_model_ = make_given_call_model();
  std::map<std::string, std::unique_ptr<Model>> models_;  // of steps, by the name that they say
  bool rehearses_ = false;                                // while a task is rehearsed
  std::function<void(const std::string& call, const Preview& preview)> on_preview_;
  Observer silent_;
  Runner* runner_ = nullptr;  // while a run is driven
  int stopped_by_ = 0;
};

Result<void> LocalAgent::open() {
  if (options_.home.empty()) {
    DEED_TRY(options_.home, default_home());
  }
  if (options_.models_dir.empty()) options_.models_dir = options_.home + "/models";
  std::error_code ec;
  options_.root = std::filesystem::canonical(options_.root, ec).string();
  if (ec || !std::filesystem::is_directory(options_.root, ec)) {
    return fail(ErrorKind::invalid, "the working folder cannot be opened", options_.root, "give a folder with --root");
  }
  guard_ = EgressGuard(options_.allow_hosts);
  http_ = make_http_client(io_.get_executor());
  smtp_ = make_smtp_client(io_.get_executor());
  imap_ = make_imap_client(io_.get_executor());
  DEED_TRY(journal_, open_sqlite_journal({.path = options_.home + "/journal.db", .redactor = known_secrets(options_), .may_hold_up_caller = true}));
  if (options_.builtin_tools) {
    BuiltinOptions builtin;
    builtin.root = options_.root;
    builtin.email = email_options();
    builtin.read_mails = options_.home + "/read_mails";
    builtin.guard = &guard_;
    builtin.http = http_.get();
    builtin.journal = journal_.get();
    DEED_OK(add_builtin_tools(tools_, builtin));
  }
  if (options_.model == given_call_model_name) {
    model_ = make_given_call_model();
  } else if (options_.needs_model) {
    DEED_TRY(model_, open_model(options_.model, model_environment()));
  }
  return {};
}

EmailOptions LocalAgent::email_options() {
  const MailAccount& account = options_.mail;
  if (!account.maildir.empty()) mails_ = make_maildir_store(io_.get_executor(), account.maildir);
  else if (account.mailbox) mails_ = make_imap_store(*imap_, *account.mailbox);
  EmailOptions out{.smtp = account.smtp, .outbox = options_.home + "/outbox", .from = account.from, .root = options_.root, .client = smtp_.get(),
                   .sent = account.sent, .imap = imap_.get(), .from_name = account.from_name, .reply_to = account.reply_to, .store = mails_.get()};
  out.limits = account.limits;
  if (account.smtp && (account.rate || account.domain_rate)) {
    const SmtpServer& server = *account.smtp;
    rates_ = make_mail_rates({.path = options_.home + "/mail_rates.db", .account = server.user + "@" + server.host + ":" + std::to_string(server.port),
                              .all = account.rate, .domain = account.domain_rate});
    out.rates = rates_.get();
  }
  out.suppressed = suppression_now(account.suppressed, suppressed_path(options_.home));
  if (account.automatic) out.auto_submitted = AutoSubmitted::auto_generated;
  if (mails_) out.copies = account.copies;
  // Without a mailbox drafts are where mail waits anyway.
  if (options_.drafts && mails_) out.drafts = account.drafts;
  if (options_.drafts && !mails_) out.smtp.reset();
  return out;
}

ModelEnvironment LocalAgent::model_environment() {
  ModelEnvironment around{.executor = io_.get_executor(), .http = http_.get()};
  around.models_dir = options_.models_dir;
  around.getenv = environment;
  around.providers = options_.providers;
  around.models = options_.models;
  around.threads = options_.threads;
  around.cache_dir = options_.cache_dir.empty() ? options_.home + "/cache" : options_.cache_dir;
  return around;
}

Result<Model*> LocalAgent::model_named(const std::string& name) {
  if (name.empty() && model_) return model_.get();
  std::unique_ptr<Model>& model = models_[name];
  if (!model) {
    const auto known = options_.named_models.find(name);
    const std::string meant = name.empty() ? options_.model : known == options_.named_models.end() ? name : known->second;
    DEED_TRY(model, open_model(meant, model_environment()));
  }
  return model.get();
}

Result<Secret> LocalAgent::secret_of(const std::string& name) const {
  const auto found = options_.named_secrets.find(name);
  if (found != options_.named_secrets.end()) return found->second;
  return fail(ErrorKind::not_found, "there is no secret \"" + name + "\"", "", "set it in the environment or the configuration: docs/tasks.md");
}

Result<RunReport> LocalAgent::run_task(TaskRequest request) {
  const Task& task = *request.task;
  NewRequest run{.request = task.name};
  run.task = task_of_run(task, request.inputs, request.untrusted_inputs);
  run.task->left_out = std::move(request.left_out);
  run.id = std::move(request.id);
  run.limits = task.budget.value_or(options_.limits);
  // A loop over a file may well have a million items; a model does not make its calls.
  if (!task.budget) run.limits.max_calls = 0;
  rehearses_ = request.rehearse;
  on_preview_ = std::move(request.on_preview);
  auto report = begun(std::move(run), *no_model_);
  rehearses_ = false;
  on_preview_ = {};
  return report;
}

Result<Media> LocalAgent::fetch_media(std::string url) {
  DEED_TRY(HttpUrl address, HttpUrl::parse(url));
  HttpRequest request{.url = address};
  request.max_response_bytes = max_media_bytes;
  request.guard = &guard_;
  DEED_TRY(HttpResponse response, wait(fetched(*http_, std::move(request))));
  if (response.status != 200) {
    return fail(ErrorKind::unavailable, "the server answered " + std::to_string(response.status), url, "give the final address of the file");
  }
  std::string path = address.text().substr(0, address.text().find_first_of("?#"));
  return make_media(path.substr(path.rfind('/') + 1), std::move(response.body));
}

void LocalAgent::on_signal(int number) {
  if (stopped_by_ != 0) _exit(128 + number);  // the second time: at once; the journal allows it
  stopped_by_ = number;
  if (runner_) runner_->interrupt();
}

void LocalAgent::drive(asio::awaitable<void> work) {
  std::exception_ptr failure;
  bool ended = false;
  asio::signal_set signals(io_);
  if (options_.stop_on_signals && runner_) {
    signals.add(SIGINT);
    signals.add(SIGTERM);
    // Waits again after each signal; ends when `signals` is destroyed.
    struct Waiter {
      LocalAgent& agent;
      asio::signal_set& set;
      void operator()(const boost::system::error_code& error, int number) {
        if (error) return;
        agent.on_signal(number);
        set.async_wait(*this);
      }
    };
    signals.async_wait(Waiter{*this, signals});
  }
  asio::co_spawn(io_, std::move(work), [&](std::exception_ptr thrown) {
    failure = thrown;
    ended = true;
    signals.cancel();
  });
  io_.restart();
  while (!ended && io_.run_one() > 0) {
  }
  if (failure) std::rethrow_exception(failure);
}

Result<std::pair<RunRecord, std::vector<Event>>> LocalAgent::show(std::string run, std::size_t most_events) {
  DEED_TRY(RunRecord record, wait(journal_->find_run(std::move(run))));
  std::vector<Event> all;
  constexpr std::size_t page = 512;
  for (;;) {
    const std::size_t wanted = std::min(page, most_events - all.size());
    DEED_TRY(std::vector<Event> events, wait(journal_->read(record.id, all.empty() ? 0 : all.back().number, wanted)));
    const std::size_t count = events.size();
    for (Event& event : events) all.push_back(std::move(event));
    if (count < page || all.size() == most_events) return std::pair(std::move(record), std::move(all));
  }
}

}  // namespace

Result<RunReport> Agent::run(std::string request) { return run(NewRequest{.request = std::move(request)}); }

Redactor known_secrets(const AgentOptions& options) {
  Redactor redactor;
  for (const Secret& secret : options.secrets) redactor.add(secret);
  for (const auto& [name, secret] : options.named_secrets) redactor.add(secret);
  for (const Secret& secret : secrets_of(options.mail)) redactor.add(secret);
  for (const auto& [name, provider] : options.providers) {
    redactor.add(provider.key);
    for (const Secret& secret : provider.secrets) redactor.add(secret);
  }
  const auto add_variable = [&](std::string_view name) {
    if (const auto value = environment(name)) redactor.add(Secret(std::string(trim(*value))));
  };
  for (const Provider& provider : providers()) {
    for (const std::string_view name : split(provider.keys, ' ')) add_variable(name);
  }
  for (const char* name : {"DEED_SMTP_PASSWORD", "DEED_IMAP_PASSWORD"}) add_variable(name);
  return redactor;
}

Result<std::string> attachment_below(const std::string& root, const std::string& path) {
  std::error_code ec;
  const std::filesystem::path whole = std::filesystem::canonical(path, ec);
  if (ec || !std::filesystem::is_regular_file(whole, ec)) {
    return fail(ErrorKind::not_found, "there is no such file to attach", path);
  }
  const std::string relative = whole.lexically_relative(root).string();
  if (relative.empty() || relative.starts_with("..")) {
    return fail(ErrorKind::denied, "the file to attach lies outside of the working folder", path,
                "move it below " + root + " or choose another folder with --root");
  }
  return relative;
}

Result<std::optional<Media>> media_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, "there is no such file to attach", path);
  std::string bytes(max_media_bytes + 1, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  if (!media_type_of(bytes)) return std::optional<Media>();
  DEED_TRY(Media media, make_media(std::filesystem::path(path).filename().string(), std::move(bytes)));
  return std::optional<Media>(std::move(media));
}

Result<std::string> default_home() {
  const auto own = environment("DEED_HOME");
  if (own && !own->empty()) return *own;
  const auto data = environment("XDG_DATA_HOME");
  if (data && !data->empty()) return *data + "/deed";
  const auto home = environment("HOME");
  if (home && !home->empty()) return *home + "/.local/share/deed";
  return fail(ErrorKind::invalid, "there is no folder for deed's data", "", "set DEED_HOME to a folder");
}

Result<std::unique_ptr<Agent>> open_agent(AgentOptions options) {
  auto agent = std::make_unique<LocalAgent>(std::move(options));
  DEED_OK(agent->open());
  return std::unique_ptr<Agent>(std::move(agent));
}

}  // namespace deed
