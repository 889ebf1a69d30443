// `deed eval`: the same requests to several models, and what came of it side by side. Nothing that a model asks for is done.
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "deed/agent/bounded.hpp"
#include "deed/agent/interrupt.hpp"
#include "deed/agent/model_settings.hpp"
#include "deed/cli/commands.hpp"
#include "deed/cli/eval_chart.hpp"
#include "deed/cli/eval_judge.hpp"
#include "deed/cli/eval_report.hpp"
#include "deed/cli/eval_questions.hpp"
#include "deed/cli/flags.hpp"
#include "deed/core/text.hpp"
#include "deed/net/http.hpp"

namespace deed {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

struct EvalFlags {
  Flags flags;
  std::string file;
  std::vector<std::string> models, charts;
  int repeat = 1;
  std::size_t limit = 0;  // 0: all rows
  std::int64_t max_tokens = 2048;
  bool verbose = false;

  std::string source() const { return file == "-" ? "standard input" : file; }
};

bool is_html(const std::string& chart) { return chart.ends_with(".html") || chart.ends_with(".htm"); }

Result<void> check_charts(const std::vector<std::string>& charts) {
  for (const std::string& chart : charts) {
    if (!is_html(chart) && !chart.ends_with(".svg")) {
      return fail(ErrorKind::invalid, "a chart that is neither .svg nor .html", chart, "end its name with one of them");
    }
    const fs::path folder = fs::path(chart).parent_path();
    std::error_code ec;
    if (!folder.empty() && !fs::is_directory(folder, ec)) return fail(ErrorKind::invalid, "the chart's folder is not there", chart);
  }
  return {};
}

// What the reply may cost, by estimate from above. Replies of a schema are asked for three times where they do not fit.
double estimated_usd(const ModelRequest& request, const Model& model) {
  const ModelInfo& info = model.info();
  if (!(info.usd_per_million_input > 0) && !(info.usd_per_million_output > 0)) return 0;
  constexpr std::int64_t tokens_of_media = 2000;
  std::int64_t input = 32 + model.count_tokens(request.system);
  for (const Message& message : request.messages) {
    input += model.count_tokens(message.text) + tokens_of_media * static_cast<std::int64_t>(message.media.size());
  }
  for (const ToolDefinition& tool : request.tools) {
    input += 16 + model.count_tokens(tool.name) + model.count_tokens(tool.description) + model.count_tokens(to_text(tool.parameters));
  }
  if (request.response_schema) input += model.count_tokens(to_text(*request.response_schema));
  const double usd = (static_cast<double>(input) * info.usd_per_million_input + static_cast<double>(request.max_tokens) * info.usd_per_million_output) / 1e6;
  return request.response_schema ? 3 * usd : usd;
}

// "word:…": a provider's scheme, or one that is misspelt.
bool has_scheme(std::string_view part) {
  const std::size_t colon = part.find(':');
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; };
  return colon != std::string_view::npos && colon > 0 && std::all_of(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(colon), is_letter);
}

// "fast,anthropic:x" -> the names. A name begins with a scheme or is an alias; a comma that neither follows belongs to the name.
std::vector<std::string> names_of(const std::vector<std::string>& given, const Settings& settings) {
  const auto is_alias = [&](std::string_view name) { return settings.find("alias." + std::string(name)) != nullptr; };
  std::vector<std::string> out;
  for (const std::string& text : given) {
    bool may_go_on = false;  // whether the last name may have a comma in it
    for (const std::string_view part : split(text, ',')) {
      const std::string_view name = trim(part);
      const bool begins = !may_go_on || has_scheme(name) || is_alias(name);
      if (begins) out.emplace_back(name);
      else out.back() += "," + std::string(part);
      if (begins) may_go_on = has_scheme(name) && !is_alias(name);
    }
  }
  if (out.empty()) out.push_back(settings.text("model", settings.text("alias.plan", "local:smollm2")));
  return out;
}

struct Contestant {
  std::unique_ptr<Model> model;  // null: it could not be opened
  bool has_given_up = false;
  std::size_t errors_at_first = 0;
};

// Asks one row after the other of every model, so that all of them have heard the same where it ends early.
class Evaluator {
 public:
  Evaluator(const EvalFlags& state, const Questions& questions) : state_(state), questions_(questions), http_(make_http_client(io_.get_executor())) {}

  void open(const Settings& settings);
  void warn_of_missing_prices() const;
  void ask_all();

  const Evaluation& evaluation() const { return evaluation_; }
  int exit_code() const;

 private:
  Result<std::unique_ptr<Model>> open_one(const std::string& name, const Settings& settings, std::string& resolved);
  bool may_ask(const EvalRow& row, const std::string& model, double usd);
  bool ask(std::size_t index, const EvalRow& row, int attempt);
  void on_signal(int number);
  Result<Reply> answer_of(Model& model, ModelRequest request);
  void record(std::size_t index, RowOutcome outcome, const Result<Reply>& reply, double reserved_usd);
  void give_up_if_hopeless(std::size_t index, const Result<Reply>& reply);
  void show_progress(const std::string& row, const std::string& model) const;

  const EvalFlags& state_;
  const Questions& questions_;
  // Order matters: what is borrowed is declared before what borrows it.
  asio::io_context io_{1};
  std::unique_ptr<HttpClient> http_;
  std::vector<Contestant> contestants_;  // one for each of evaluation_.models
  Evaluation evaluation_;
  Effort effort_ = Effort::as_it_likes;
  Interrupt interrupt_;
  int signal_ = 0;
  bool is_over_budget_ = false;
  double spent_usd_ = 0;
  std::size_t asked_ = 0;
};

Result<std::unique_ptr<Model>> Evaluator::open_one(const std::string& name, const Settings& settings, std::string& resolved) {
  DEED_TRY(resolved, resolve_model(settings, name, name));
  ModelEnvironment around{.executor = io_.get_executor(), .http = http_.get(), .getenv = environment};
  DEED_TRY(around.models_dir, models_dir(settings, state_.flags));
  DEED_TRY(around.providers, provider_settings(settings, resolved, environment));
  DEED_TRY(around.models, own_models(settings));
  around.threads = static_cast<int>(settings.number("threads").value_or(0));
  return open_model(resolved, around);
}

void Evaluator::open(const Settings& settings) {
  effort_ = parse_effort(settings.text("effort")).value_or(Effort::as_it_likes);
  evaluation_.file = fs::path(state_.source()).filename().string();
  evaluation_.rows = questions_.rows.size();
  evaluation_.repeat = state_.repeat;
  for (const std::string& name : names_of(state_.models, settings)) {
    ModelOutcomes outcomes{.name = name};
    auto model = open_one(name, settings, outcomes.model);
    Contestant contestant;
    if (model) {
      contestant.model = *std::move(model);
      const ModelInfo& info = contestant.model->info();
      outcomes.has_price = info.usd_per_million_input > 0 || info.usd_per_million_output > 0;
    } else {
      outcomes.problem = to_string(model.error());
    }
    evaluation_.models.push_back(std::move(outcomes));
    contestants_.push_back(std::move(contestant));
  }
}

asio::awaitable<void> answer_into(Model& model, ModelRequest request, Interrupt& interrupt, std::optional<Result<Reply>>& answer) {
  StreamSink nobody;
  auto generating = model.generate(std::move(request), std::move(nobody));
  auto bounded = co_await run_bounded(std::move(generating), std::chrono::milliseconds(0), &interrupt);
  if (bounded.value) answer.emplace(std::move(*bounded.value));
  else if (!bounded.cancelled) answer.emplace(fail(ErrorKind::internal, "the model's code failed: " + bounded.exception));
}

void Evaluator::on_signal(int number) {
  if (signal_ != 0) _exit(128 + number);  // the second time: at once
  signal_ = number;
  interrupt_.request();
}

Result<Reply> Evaluator::answer_of(Model& model, ModelRequest request) {
  std::optional<Result<Reply>> answer;
  bool has_ended = false;
  asio::signal_set signals(io_, SIGINT, SIGTERM);
  struct Waiter {
    Evaluator& evaluator;
    asio::signal_set& set;
    void operator()(const boost::system::error_code& error, int number) {
      if (error) return;
      evaluator.on_signal(number);
      set.async_wait(*this);
    }
  };
  signals.async_wait(Waiter{*this, signals});
  asio::co_spawn(io_, answer_into(model, std::move(request), interrupt_, answer), [&](const std::exception_ptr&) { has_ended = true; });
  io_.restart();
  while (!has_ended && io_.run_one() > 0) {
  }
  if (!answer) return fail(ErrorKind::cancelled, "it was interrupted");
  return *std::move(answer);
}

bool Evaluator::may_ask(const EvalRow& row, const std::string& model, double usd) {
  if (!state_.flags.max_cost_usd || usd <= 0 || spent_usd_ + usd <= *state_.flags.max_cost_usd) return true;
  is_over_budget_ = true;
  evaluation_.stopped = cost_text(spent_usd_) + " of --max-cost " + cost_text(state_.flags.max_cost_usd) + " are spent, and the row " + row.id + " of " +
                        model + " might cost " + cost_text(usd);
  return false;
}

// Where a server refuses or is not there from the first row on, the other rows would tell nothing new.
void Evaluator::give_up_if_hopeless(std::size_t index, const Result<Reply>& reply) {
  constexpr std::size_t most = 5;
  Contestant& contestant = contestants_[index];
  ModelOutcomes& outcomes = evaluation_.models[index];
  const bool is_hopeless = !reply && (reply.error().kind == ErrorKind::unavailable || reply.error().kind == ErrorKind::timeout ||
                                      reply.error().kind == ErrorKind::denied || reply.error().kind == ErrorKind::not_found);
  if (is_hopeless && contestant.errors_at_first + 1 == outcomes.rows.size()) ++contestant.errors_at_first;
  if (contestant.errors_at_first < most || contestant.errors_at_first < outcomes.rows.size()) return;
  contestant.has_given_up = true;
  outcomes.problem = "it failed " + std::to_string(most) + " times from the beginning: " + to_string(reply.error());
}

// A reply that failed may have been paid for: what was reserved for it counts as spent.
void Evaluator::record(std::size_t index, RowOutcome outcome, const Result<Reply>& reply, double reserved_usd) {
  ModelOutcomes& outcomes = evaluation_.models[index];
  if (reply) {
    spent_usd_ += reply->cost_usd;
    outcomes.has_price |= reply->cost_usd > 0;
    outcome.reply = *reply;
  } else {
    const ErrorKind kind = reply.error().kind;
    if (kind == ErrorKind::corrupt || kind == ErrorKind::timeout) spent_usd_ += reserved_usd;
    outcome.status = RowStatus::error;
    outcome.problems = {to_string(reply.error())};
  }
  outcomes.rows.push_back(std::move(outcome));
  give_up_if_hopeless(index, reply);
}

// False: nothing more is to be asked.
bool Evaluator::ask(std::size_t index, const EvalRow& row, int attempt) {
  Contestant& contestant = contestants_[index];
  if (!contestant.model || contestant.has_given_up) return true;
  const std::string& name = evaluation_.models[index].name;
  ModelRequest request = request_for(row, questions_, state_.max_tokens, *contestant.model);
  request.effort = effort_;
  const double usd = state_.flags.max_cost_usd ? estimated_usd(request, *contestant.model) : 0;
  if (!may_ask(row, name, usd)) return false;
  show_progress(row.id, name);
  const auto begun = steady_clock::now();
  const Result<Reply> reply = answer_of(*contestant.model, std::move(request));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begun);
  ++asked_;
  if (signal_ != 0) evaluation_.stopped = "it was interrupted";
  if (signal_ != 0 && !reply) return false;
  RowOutcome outcome{.id = row.id, .line = row.line, .attempt = attempt, .latency_ms = took.count()};
  if (reply) outcome.problems = judge_reply(row, *reply);
  outcome.status = outcome.problems.empty() ? RowStatus::passed : RowStatus::failed;
  record(index, std::move(outcome), reply, usd);
  return signal_ == 0;
}

void Evaluator::warn_of_missing_prices() const {
  for (const ModelOutcomes& model : evaluation_.models) {
    const bool is_free = model.has_price || !model.problem.empty() || model.model.starts_with("local:");
    if (!state_.flags.max_cost_usd || is_free) continue;
    std::fprintf(stderr, "deed: no price is known of %s, so --max-cost does not count it; set [models] in the configuration\n",
                 for_terminal(model.name).c_str());
  }
}

void Evaluator::ask_all() {
  for (const EvalRow& row : questions_.rows) {
    for (int attempt = 1; attempt <= state_.repeat; ++attempt) {
      for (std::size_t i = 0; i < contestants_.size(); ++i) {
        if (!ask(i, row, attempt)) return;
      }
    }
  }
}

void Evaluator::show_progress(const std::string& row, const std::string& model) const {
  if (!isatty(STDERR_FILENO)) return;
  const std::size_t all = questions_.rows.size() * contestants_.size() * static_cast<std::size_t>(state_.repeat);
  const std::string line = std::to_string(asked_ + 1) + "/" + std::to_string(all) + "  " + row + "  " + model;
  std::fprintf(stderr, "\r\x1b[K%s", for_terminal(utf8_prefix(line, 76)).c_str());
}

int Evaluator::exit_code() const {
  if (signal_ != 0) return 128 + signal_;
  for (const ModelOutcomes& model : evaluation_.models) {
    const bool has_answered = std::any_of(model.rows.begin(), model.rows.end(), [](const RowOutcome& row) { return row.status != RowStatus::error; });
    if (!model.problem.empty() || (!model.rows.empty() && !has_answered)) return 1;
  }
  return is_over_budget_ ? 5 : 0;
}

Result<void> write_chart(const std::string& path, const Evaluation& evaluation) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << (is_html(path) ? chart_html(evaluation) : chart_svg(evaluation)) << std::flush;
  if (!out) return fail(ErrorKind::unavailable, "the chart cannot be written", path);
  return {};
}

// Whatever is wrong with what the user gave is the user's to mend: exit code 2.
int report_invalid(Error error, const EvalFlags& state) {
  if (!error.where.starts_with(state.source())) error.where = state.source() + (error.where.empty() ? "" : ": " + error.where);
  error.kind = ErrorKind::invalid;
  return report_error(error, state.flags);
}

int evaluate(const EvalFlags& state) {
  const auto charts = check_charts(state.charts);
  if (!charts) return report_error(charts.error(), state.flags);
  const auto settings = settings_for(state.flags);
  if (!settings) return report_error(settings.error(), state.flags);
  auto questions = load_questions(state.file, state.limit);
  if (!questions) return report_invalid(questions.error(), state);
  auto builtin = builtin_request(questions->rows, state.flags);
  if (!builtin) return report_error(builtin.error(), state.flags);
  questions->builtin = *std::move(builtin);
  const auto checked = check_builtin_calls(*questions);
  if (!checked) return report_invalid(checked.error(), state);
  Evaluator evaluator(state, *questions);
  evaluator.open(*settings);
  evaluator.warn_of_missing_prices();
  evaluator.ask_all();
  if (isatty(STDERR_FILENO)) std::fprintf(stderr, "\r\x1b[K");
  const Evaluation& evaluation = evaluator.evaluation();
  const int code = evaluator.exit_code();
  if (state.flags.json) {
    Json document = to_json(evaluation);
    document["exit_code"] = code;
    print_json(document);
  } else {
    std::printf("%s", for_terminal(table_text(evaluation) + (state.verbose ? failures_text(evaluation) : "")).c_str());
    std::fflush(stdout);
  }
  for (const std::string& chart : state.charts) {
    const auto written = write_chart(chart, evaluation);
    if (written) continue;
    std::fprintf(stderr, "deed: %s\n", for_terminal(to_string(written.error())).c_str());
    return 1;
  }
  return code;
}

}  // namespace

void add_eval_command(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<EvalFlags>();
  CLI::App* eval = app.add_subcommand("eval", "Ask several models the same, and compare success, cost and time");
  add_common_flags(*eval, state->flags);
  eval->add_option("file", state->file, "Lines {\"request\",\"tools\",\"expect\"}; - reads standard input")->required();
  eval->add_option("--models", state->models, "The models, separated by commas")->type_name("A,B,C")->allow_extra_args(false);
  eval->add_option("--chart", state->charts, "Write a chart to this file")->type_name("FILE.svg|FILE.html")->allow_extra_args(false);
  eval->add_option("--repeat", state->repeat, "Ask each row so many times")->check(CLI::Range(1, 1000));
  eval->add_option("--limit", state->limit, "Only the first so many rows")->check(CLI::PositiveNumber);
  eval->add_option("--max-cost", state->flags.max_cost_usd, "Stop before this cost in USD might be passed")->check(CLI::NonNegativeNumber);
  eval->add_option("--max-tokens", state->max_tokens, "Tokens of a reply at most (default: 2048)")->check(CLI::PositiveNumber);
  eval->add_option("--effort", state->flags.effort, "How much a reasoning model is to think")->check(CLI::IsMember({"none", "low", "medium", "high"}));
  eval->add_option("--threads", state->flags.threads, "Threads of the embedded model")->check(CLI::NonNegativeNumber);
  eval->add_flag("--verbose,-v", state->verbose, "Show the rows that did not pass");
  eval->callback([state, &chosen] { chosen = [state] { return evaluate(*state); }; });
}

}  // namespace deed
