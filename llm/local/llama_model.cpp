// Requests cross into the model's thread as jobs and come back as values on the executor of the
// coroutine that waits.
#include "deed/llm/local/llama_model.hpp"

#include "deed/llm/local/llama_engine.hpp"
#include "deed/llm/local/llama_own_format.hpp"
#include "deed/llm/local/planner.hpp"
#include "deed/llm/local/structured.hpp"
#include "deed/llm/local/worker.hpp"
#include "deed/llm/media.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <mutex>
#include <set>

namespace deed {
namespace {

// One request on its way through the model's thread. Owned by the coroutine that waits and by the
// queued job.
struct Job {
  ModelRequest request;
  StreamSink sink;
  asio::any_io_executor executor;
  std::atomic<bool> is_cancelled = false;
  std::chrono::steady_clock::time_point deadline;
  Result<Reply> result = fail(ErrorKind::cancelled, "stopped");
  std::atomic<bool> is_finished = false;  // the model may be gone
};

class LlamaModel final : public Model {
 public:
  explicit LlamaModel(LlamaModelOptions options) : options_(std::move(options)) {
    info_.name = options_.name;
    // The planner reads the whole transcript and shows the model only what fits; what would be left
    // out before it gets here would look to it like a step that was never taken.
    info_.context_window = options_.has_own_format ? options_.max_context : 0;
  }
  ~LlamaModel() override {
    is_closing_ = true;
    stop_.is_cancelled = true;
  }

  const ModelInfo& info() const override { return info_; }
  std::int64_t count_tokens(std::string_view text) const override;
  Async<Reply> generate(ModelRequest request, StreamSink sink) override;

 private:
  void start(const std::shared_ptr<Job>& job, std::function<void()> done);
  void work(Job& job);
  Result<Reply> reply_to(Job& job);
  Result<Reply> in_own_format(Job& job);
  Result<Reply> talk(Job& job);

  LlamaModelOptions options_;
  ModelInfo info_;
  mutable std::once_flag vocabulary_once_;
  mutable LlamaModelPtr vocabulary_;  // set once under the flag, then only read

  std::mutex mutex_;        // guards running_
  Job* running_ = nullptr;  // whose cancellation has to reach stop_
  std::atomic<bool> is_closing_ = false;
  StopSignal stop_;  // the flag is set by any thread; the rest belongs to the model's thread
  std::unique_ptr<LlamaEngine> engine_;
  std::unique_ptr<Planner> planner_;
  std::unique_ptr<ChatTemplate> template_;
  Worker worker_{"deed-llama"};  // last: ends before what its jobs use
};

std::int64_t LlamaModel::count_tokens(std::string_view text) const {
  std::call_once(vocabulary_once_, [this] {
    if (auto vocabulary = load_vocabulary(options_.path)) vocabulary_ = *std::move(vocabulary);
  });
  // A file that cannot be loaded is reported by generate; no token is shorter than a byte.
  if (!vocabulary_) return static_cast<std::int64_t>(text.size());
  return static_cast<std::int64_t>(tokenize(vocabulary_of(*vocabulary_), text).size());
}

Async<Reply> LlamaModel::generate(ModelRequest request, StreamSink sink) {
  Result<void> taken = check_media(request, info_);
  DEED_CO_OK(std::move(taken));
  auto job = std::make_shared<Job>();
  job->deadline = std::chrono::steady_clock::now() + request.timeout;
  job->request = std::move(request);
  job->sink = std::move(sink);
  job->executor = co_await asio::this_coro::executor;
  auto initiate = [this, job](auto handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected())
      slot.assign([this, job](asio::cancellation_type) {
        job->is_cancelled = true;
        if (job->is_finished) return;
        const std::lock_guard lock(mutex_);
        if (running_ == job.get()) stop_.is_cancelled = true;
      });
    const auto executor = asio::get_associated_executor(handler, job->executor);
    // std::function wants a copyable job; the handler is moved out of it once.
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto guard =
        std::make_shared<asio::executor_work_guard<std::decay_t<decltype(executor)>>>(executor);
    start(job, [shared, guard, executor] {
      asio::post(executor, [owned = std::move(*shared), guard]() mutable {
        auto slot_of_owned = asio::get_associated_cancellation_slot(owned);
        if (slot_of_owned.is_connected()) slot_of_owned.clear();
        owned();
      });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(initiate,
                                                                        asio::use_awaitable);
  co_return std::move(job->result);
}

void LlamaModel::start(const std::shared_ptr<Job>& job, std::function<void()> done) {
  worker_.post([this, job, done = std::move(done)] {
    work(*job);
    done();
  });
}

void LlamaModel::work(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    running_ = &job;
    stop_.is_cancelled = job.is_cancelled || is_closing_;
    stop_.deadline = job.deadline;
  }
  try {
    job.result = reply_to(job);
  } catch (const std::exception& e) {
    job.result = fail(ErrorKind::internal, std::string("the embedded model failed: ") + e.what(),
                      options_.path);
  }
  const std::lock_guard lock(mutex_);
  running_ = nullptr;
  job.is_finished = true;
}

Result<Reply> LlamaModel::reply_to(Job& job) {
  if (stop_.is_cancelled) return fail(ErrorKind::cancelled, "stopped");
  if (!engine_) {
    DEED_TRY(engine_,
             LlamaEngine::load(
                 {.path = options_.path,
                  .threads = options_.threads,
                  .max_context = options_.max_context,
                  .cache_dir = options_.cache_dir},
                 stop_));
    planner_ = std::make_unique<Planner>(*engine_);
  }
  if (options_.has_own_format) return in_own_format(job);
  if (job.request.response_schema) return generate_structured(*engine_, job.request);
  DEED_TRY(PlannedStep step, planner_->next(job.request));
  if (std::holds_alternative<PlainTalk>(step)) return talk(job);
  Reply reply = std::get<Reply>(std::move(step));
  reply.model = options_.name;
  if (job.sink) {
    if (!reply.text.empty())
      asio::post(job.executor, [sink = job.sink, text = reply.text] { sink(TextDelta{text}); });
    for (const ToolCall& call : reply.tool_calls)
      asio::post(job.executor, [sink = job.sink, delta = ToolCallDelta{call.id, call.name,
                                                                       to_text(call.arguments)}] {
        sink(delta);
      });
  }
  return reply;
}

Result<Reply> LlamaModel::in_own_format(Job& job) {
  if (!template_) {
    DEED_TRY(template_, ChatTemplate::read(engine_->chat_source()));
  }
  std::function<void(const StreamEvent&)> tell;
  if (job.sink)
    tell = [&job](const StreamEvent& event) { asio::post(job.executor, [sink = job.sink, event] { sink(event); }); };
  DEED_TRY(Reply reply, reply_in_own_format(*engine_, *template_, job.request, tell));
  reply.model = options_.name;
  return reply;
}

Result<Reply> LlamaModel::talk(Job& job) {
  const ModelRequest& request = job.request;
  std::vector<ChatTurn> turns;
  if (!request.system.empty()) turns.push_back({"system", request.system});
  for (const Message& message : request.messages) {
    if (message.text.empty()) continue;
    // Chat formats of small models have no tool turns; a result is something that the user shows.
    turns.push_back({message.role == Role::assistant ? "assistant" : "user", message.text});
  }
  const TokenUsage before = engine_->usage();
  Tokens prompt;
  while (true) {
    DEED_TRY(prompt, engine_->chat_prompt(turns));
    if (static_cast<int>(prompt.size()) + 64 <= engine_->context_size()) break;
    // The oldest turns go first; the last one has to fit.
    const std::size_t first = !turns.empty() && turns[0].role == "system" ? 1 : 0;
    if (turns.size() <= first + 1)
      return fail(ErrorKind::limit, "the message does not fit into the model's context of " +
                                        std::to_string(engine_->context_size()) + " tokens");
    turns.erase(turns.begin() + static_cast<std::ptrdiff_t>(first));
  }
  CompleteOptions options{.max_tokens = std::max<std::int64_t>(1, request.max_tokens),
                          .stops_at_line_end = false};
  options.temperature = request.temperature.value_or(0.0);
  options.seed = static_cast<std::uint64_t>(request.seed.value_or(0));
  options.repeat_penalty = 1.1;
  if (job.sink)
    options.on_text = [&job](std::string_view text) {
      asio::post(job.executor,
                 [sink = job.sink, piece = std::string(text)] { sink(TextDelta{piece}); });
    };
  DEED_TRY(Completion completion, engine_->complete(prompt, options));
  Reply reply{.text = std::move(completion.text),
              .stop = completion.is_whole ? StopReason::end : StopReason::length};
  const TokenUsage after = engine_->usage();
  reply.usage = {.input = static_cast<std::int64_t>(prompt.size()),
                 .cached = after.cached - before.cached,
                 .output = completion.tokens};
  reply.model = options_.name;
  return reply;
}

}  // namespace

Result<std::unique_ptr<Scorer>> load_llama_scorer(const LocalScorerOptions& options) {
  static const StopSignal never;
  const LlamaEngine::Options of_engine{
      .path = options.path,
      .threads = options.threads,
      .max_context = options.max_context,
      .cache_dir = options.cache_dir};
  DEED_TRY(std::unique_ptr<LlamaEngine> engine, LlamaEngine::load(of_engine, never));
  return std::unique_ptr<Scorer>(std::move(engine));
}

std::unique_ptr<Model> make_llama_model(LlamaModelOptions options) {
  return std::make_unique<LlamaModel>(std::move(options));
}

}  // namespace deed
