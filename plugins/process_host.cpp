#include "deed/plugins/process_host.hpp"

#include <boost/asio/this_coro.hpp>

#include "deed/agent/bounded.hpp"
#include "deed/agent/wakeup.hpp"
#include "deed/plugins/program.hpp"
#include "deed/plugins/wire.hpp"

namespace deed {
namespace {

constexpr int most_pages = 64;
constexpr int most_lists_in_a_row = 8;

// However the coroutine ends, nobody waits for the answer any more.
class OpenRequest {
 public:
  OpenRequest(std::shared_ptr<Program> program, std::int64_t id) : program_(std::move(program)), id_(id) {}
  ~OpenRequest() { program_->give_up(id_); }
  OpenRequest(const OpenRequest&) = delete;
  OpenRequest& operator=(const OpenRequest&) = delete;

 private:
  std::shared_ptr<Program> program_;  // also the host's
  std::int64_t id_;
};

// The result of a request that is no call: kept in an Outcome, which is only its envelope.
Async<Json> asked(std::shared_ptr<Program> program, std::string method, Json params) {
  const auto inbox = std::make_shared<CallInbox>();  // the program has a weak one
  const auto read = [](const Json& result) -> PluginAnswer { return Outcome{OutcomeStatus::succeeded, result}; };
  const OpenRequest open(program, program->begin(method, std::move(params), inbox, read, false));
  PluginServices none;
  auto serving = serve_call(inbox, nullptr, std::move(none));
  PluginAnswer answer = co_await std::move(serving);
  if (auto* outcome = std::get_if<Outcome>(&answer)) co_return std::move(outcome->result);
  co_return fail(std::get<Error>(std::move(answer)));
}

// Of version 2025-11-25 of the protocol: such a tool refuses every other call.
bool is_only_for_tasks(const Json& tool) { return string_at(rpc::member(tool, "execution"), "taskSupport") == "required"; }

Async<std::vector<Json>> listed_tools(std::shared_ptr<Program> program) {
  std::vector<Json> tools;
  std::size_t bytes = 0;
  std::string cursor;
  for (int page = 0; page < most_pages; ++page) {
    Json params = Json::object();
    if (!cursor.empty()) params["cursor"] = cursor;
    auto asking = asked(program, "tools/list", std::move(params));
    auto result = co_await std::move(asking);
    DEED_CO_TRY(const Json list, std::move(result));
    const Json& some = rpc::member(list, "tools");
    if (!some.is_array()) co_return fail(ErrorKind::corrupt, "the plugin's list of tools is none");
    for (const Json& tool : some) {
      bytes += to_text(tool).size();
      if (!is_only_for_tasks(tool)) tools.push_back(tool);
    }
    if (bytes > max_declaration_bytes || tools.size() > max_tools_of_plugin) co_return fail(ErrorKind::limit, "the plugin lists too many tools");
    cursor = string_at(list, "nextCursor");
    if (cursor.empty()) co_return tools;
  }
  co_return fail(ErrorKind::limit, "the plugin's list of tools does not end");
}

struct ToolList {
  std::vector<Json> tools;
  std::int64_t changes = 0;  // of the program's list, until these were asked for
};

// Servers that add tools once they know their client say at once that their list has changed.
Async<ToolList> settled_tools(std::shared_ptr<Program> program) {
  for (int lists = 1;; ++lists) {
    ToolList out{.changes = program->list_changes()};
    auto listing = listed_tools(program);
    auto tools = co_await std::move(listing);
    DEED_CO_TRY(out.tools, std::move(tools));
    if (out.changes == program->list_changes() || lists == most_lists_in_a_row) co_return out;
  }
}

// Any version of the protocol: of tools all have the same words.
Async<ToolList> greeted(std::shared_ptr<Program> program) {
  Json params = wire::initialize_params();
  auto greeting = asked(program, "initialize", std::move(params));
  auto result = co_await std::move(greeting);
  DEED_CO_TRY(const Json hello, std::move(result));
  if (string_at(hello, "protocolVersion").empty()) co_return fail(ErrorKind::corrupt, "the plugin does not say what protocol it speaks");
  program->notify("notifications/initialized");
  auto listing = settled_tools(program);
  auto tools = co_await std::move(listing);
  co_return tools;
}

bool are_same(const std::vector<Json>& one, const std::vector<Json>& other) {
  return canonical_text(Json(one)) == canonical_text(Json(other));
}

class ProcessHost final : public PluginHost {
 public:
  ProcessHost(ProcessHostOptions options, PluginServices services) : options_(std::move(options)), services_(std::move(services)) {}

  Async<std::vector<Json>> list() override {
    auto starting = ready();
    auto program = co_await std::move(starting);
    DEED_CO_OK(std::move(program));
    co_return listed_.tools;
  }

  asio::awaitable<PluginAnswer> call(PluginCall call, ToolContext* ctx) override {
    auto entering = enter(call.tool->is_concurrent);
    co_await std::move(entering);
    const Turn turn(*this, call.tool->is_concurrent);
    auto starting = ready();
    auto started = co_await std::move(starting);
    // Nothing was asked of it: nothing happened.
    if (!started && call.kind == PluginCallKind::run) co_return Outcome::failed_without_effect(started.error());
    if (!started) co_return std::move(started).error();
    const std::shared_ptr<Program> program = *std::move(started);
    const auto inbox = std::make_shared<CallInbox>();  // the program has a weak one
    const auto read = [kind = call.kind, tool = call.tool](const Json& result) { return wire::answer_of(kind, *tool, result); };
    Json params = wire::call_params(call, program->next_id());
    const OpenRequest open(program, program->begin(wire::method_of(call.kind), std::move(params), inbox, read, call.kind == PluginCallKind::run));
    auto serving = serve_call(inbox, ctx, services_);
    PluginAnswer answer = co_await std::move(serving);
    co_return answer;
  }

 private:
  // Calls overlap where all of their tools say that they may. The others wait for their turn; their deadlines go on.
  asio::awaitable<void> enter(bool is_concurrent) {
    while (alone_ > 0 || (!is_concurrent && beside_ > 0)) {
      auto waiting = turn_over_.wait();
      co_await std::move(waiting);
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) throw boost::system::system_error(asio::error::operation_aborted);
    }
  }
  struct Turn {
    Turn(ProcessHost& host, bool is_concurrent) : self(host), count(is_concurrent ? host.beside_ : host.alone_) { ++count; }
    ~Turn() {
      --count;
      self.turn_over_.wake();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ProcessHost& self;
    int& count;
  };

  // One start at a time; whoever comes meanwhile waits for it.
  Async<std::shared_ptr<Program>> ready() {
    while (is_starting_) {
      auto waiting = started_one_.wait();
      co_await std::move(waiting);
    }
    const bool is_alive = program_ && program_->is_alive();
    if (is_alive && program_->list_changes() == listed_.changes) co_return program_;
    is_starting_ = true;
    const Starting until_the_end(*this);
    auto starting = is_alive ? listed_again() : start();
    auto started = co_await std::move(starting);
    co_return started;
  }
  struct Starting {
    explicit Starting(ProcessHost& host) : self(host) {}
    ~Starting() {
      self.is_starting_ = false;
      self.started_one_.wake();
    }
    ProcessHost& self;
  };

  Async<std::shared_ptr<Program>> start() {
    auto executor = co_await asio::this_coro::executor;
    auto allowed = options_.may_start ? options_.may_start() : Result<void>();
    DEED_CO_OK(std::move(allowed));
    auto made = Program::start(executor, options_.child, services_.log);
    DEED_CO_TRY(std::shared_ptr<Program> program, std::move(made));
    auto greeting = greeted(program);
    auto taking = taken_list(program, std::move(greeting));
    auto taken = co_await std::move(taking);
    if (!taken) {
      program->end(taken.error());
      co_return fail(program->why());
    }
    program_ = program;
    co_return program;
  }

  // It says that its tools have changed. Where that is so, and the user has not seen them, nothing more is asked of it.
  Async<std::shared_ptr<Program>> listed_again() {
    const std::shared_ptr<Program> program = program_;
    auto listing = settled_tools(program);
    auto taking = taken_list(program, std::move(listing));
    auto taken = co_await std::move(taking);
    if (taken) co_return program;
    if (program->is_idle()) program->end(taken.error());
    co_return fail(taken.error());
  }

  Async<void> taken_list(std::shared_ptr<Program> program, Async<ToolList> listing) {
    auto bounded = co_await run_bounded(std::move(listing), options_.start_timeout, nullptr);
    if (!bounded.value) co_return fail(ErrorKind::timeout, "the plugin did not list its tools in time");
    auto list = *std::move(bounded.value);
    if (!list && !program->is_alive()) co_return fail(program->why());
    DEED_CO_TRY(ToolList taken, std::move(list));
    if (options_.agreed && !are_same(*options_.agreed, taken.tools)) {
      co_return fail(ErrorKind::denied, "the plugin lists other tools than you agreed to", "", "look at them, then: deed plugin approve");
    }
    listed_ = std::move(taken);
    co_return Result<void>();
  }

  ProcessHostOptions options_;
  PluginServices services_;
  std::shared_ptr<Program> program_;  // also of the calls that are under way
  ToolList listed_;
  bool is_starting_ = false;
  Wakeup started_one_, turn_over_;
  int alone_ = 0, beside_ = 0;  // calls that are under way
};

}  // namespace

std::shared_ptr<PluginHost> make_process_host(ProcessHostOptions options, PluginServices services) {
  return std::make_shared<ProcessHost>(std::move(options), std::move(services));
}

}  // namespace deed
