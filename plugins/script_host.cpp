#include "deed/plugins/script_host.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/agent/wakeup.hpp"
#include "deed/plugins/json_rpc.hpp"
#include "deed/plugins/program_path.hpp"
#include "deed/plugins/quiet_write.hpp"
#include "deed/plugins/watched_stream.hpp"

namespace deed {
namespace {

constexpr std::size_t max_script_output = 16u << 20;
constexpr std::size_t kept_error_bytes = 4000;

Result<std::string> plain(const std::string& name, const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : value.is_primitive() && !value.is_null() ? to_text(value) : "";
  if (value.is_structured()) return fail(ErrorKind::invalid, "an argument of a command is a text, a number or a flag", "/" + escaped(name));
  if (text.find('\0') != std::string::npos) return fail(ErrorKind::invalid, "an argument of a command has no NUL", "/" + escaped(name));
  return text;
}

// "{{name}}" -> "name"; nullopt: it is something else, or more.
std::optional<std::string> whole_placeholder(std::string_view element) {
  if (!element.starts_with("{{") || !element.ends_with("}}") || element.size() < 5) return std::nullopt;
  const std::string_view name = trim(element.substr(2, element.size() - 4));
  if (name.find('{') != std::string_view::npos || name.find('}') != std::string_view::npos) return std::nullopt;
  return std::string(name);
}

Result<void> add_value(std::vector<std::string>& command, const std::string& name, const Json& value, bool is_behind_dashes) {
  DEED_TRY(std::string text, plain(name, value));
  if (text.starts_with('-') && !is_behind_dashes && !value.is_number()) {
    return fail(ErrorKind::invalid, "a value that begins with \"-\" would be an option", "/" + escaped(name), "for a path, put ./ before it");
  }
  command.push_back(std::move(text));
  return {};
}

using Stream = asio::posix::stream_descriptor;

// Until the end of the stream; what is over the limit is read and dropped, and `is_cut` says so.
struct Captured {
  std::string text;
  bool is_cut = false;
  bool is_done = false;
};
asio::awaitable<void> capture(Stream& stream, std::size_t limit, std::shared_ptr<Captured> into, std::shared_ptr<Wakeup> done) {
  std::string buffer(32u << 10, '\0');
  for (;;) {
    auto got = co_await stream.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    const auto& [ec, count] = got;
    if (ec) break;
    const std::size_t fits = std::min(count, limit - std::min(limit, into->text.size()));
    into->text.append(buffer, 0, fits);
    into->is_cut = into->is_cut || fits < count;
  }
  into->is_done = true;
  done->wake();
}

asio::awaitable<void> feed(Stream& stream, std::string text, std::shared_ptr<Captured> into, std::shared_ptr<Wakeup> done) {
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t count = write_quietly(stream.native_handle(), rest);
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
    if (count < 0 && errno == EAGAIN) {
      auto waited = co_await stream.async_wait(Stream::wait_write, asio::as_tuple(asio::use_awaitable));
      if (std::get<0>(waited)) break;
    } else if (count < 0 && errno != EINTR) {
      break;  // it reads no more
    }
  }
  boost::system::error_code ignored;
  stream.close(ignored);
  into->is_done = true;
  done->wake();
}

asio::awaitable<void> until_readable(Stream& stream, std::shared_ptr<Captured> into, std::shared_ptr<Wakeup> done) {
  [[maybe_unused]] auto waited = co_await stream.async_wait(Stream::wait_read, asio::as_tuple(asio::use_awaitable));
  into->is_done = true;
  done->wake();
}

// One command at work: its streams are read by coroutines of their own, which end when they are closed.
struct Running {
  explicit Running(const asio::any_io_executor& executor) : input(executor), output(executor), errors(executor), end(executor) {}
  Stream input, output, errors, end;
  std::shared_ptr<Captured> fed = std::make_shared<Captured>(), said = std::make_shared<Captured>(), complained = std::make_shared<Captured>(), ended = std::make_shared<Captured>();
  std::shared_ptr<Wakeup> done = std::make_shared<Wakeup>();
  std::optional<ChildProcess> child;

  bool is_done() const { return fed->is_done && said->is_done && complained->is_done; }
};

std::string complaint_of(const Running& running) {
  const std::string text(trim(utf8_suffix(to_utf8(running.complained->text), 1000)));
  return text.empty() ? "" : ": " + text;
}

Outcome outcome_of_script(const DeclaredTool& tool, const Running& running, const ChildEnd& end) {
  if (end.code != 0) {
    Outcome failed = Outcome::rejected("the command ended with " + std::to_string(end.code) + complaint_of(running));
    if (!changes_world(tool.spec.effect)) failed.status = OutcomeStatus::failed_without_effect;
    else if (!tool.errors_reject) failed.status = OutcomeStatus::unknown;
    return failed;
  }
  std::string text = to_utf8(running.said->text);
  if (running.said->is_cut) text += "\n[cut: the output was larger than " + human_bytes(max_script_output) + "]";
  auto json = parse_json(text);
  if (json && json->is_structured()) return Outcome::succeeded(*std::move(json), std::move(text));
  text = std::string(trim(text));
  Json result = {{"text", text}};
  return Outcome::succeeded(std::move(result), std::move(text));
}

class ScriptHost final : public PluginHost {
 public:
  ScriptHost(std::vector<ScriptTool> tools, std::string folder, ChildOptions child, std::function<Result<void>()> may_start)
      : tools_(std::move(tools)), folder_(std::move(folder)), child_(std::move(child)), may_start_(std::move(may_start)) {}

  Async<std::vector<Json>> list() override {
    std::vector<Json> listed;
    for (const ScriptTool& tool : tools_) listed.push_back(tool.listed);
    co_return listed;
  }

  asio::awaitable<PluginAnswer> call(PluginCall call, ToolContext* ctx) override {
    auto options = filled(call);
    if (!options) co_return Outcome::failed_without_effect(options.error());
    if (ctx) {
      auto dispatching = ctx->dispatching();  // before the process: from here on it may have done something
      auto dispatched = co_await std::move(dispatching);
      if (!dispatched) co_return Outcome::failed_without_effect(dispatched.error());
    }
    auto working = run(*std::move(options), call.tool);
    PluginAnswer answer = co_await std::move(working);
    co_return answer;
  }

 private:
  struct Filled {
    ChildOptions child;
    std::string input;
  };
  Result<Filled> filled(const PluginCall& call) const {
    const auto found = std::find_if(tools_.begin(), tools_.end(), [&](const ScriptTool& tool) { return string_at(tool.listed, "name") == call.tool->own_name; });
    if (found == tools_.end()) return fail(ErrorKind::not_found, "the plugin has no such tool any more");
    if (may_start_) DEED_OK(may_start_());
    Filled out{child_, {}};
    DEED_TRY(out.child.command, filled_command(found->command, call.arguments));
    DEED_TRY(out.child.command.front(), program_path(out.child.command.front(), folder_));
    DEED_TRY(out.input, filled_text(found->input, call.arguments));
    return out;
  }

  static asio::awaitable<PluginAnswer> run(Filled what, const DeclaredTool* tool) {
    auto executor = co_await asio::this_coro::executor;
    const auto running = std::make_shared<Running>(executor);  // shared with the coroutines that read its streams
    auto begun = begin(*running, what.child);
    // The process was not made.
    if (!begun) co_return Outcome::failed_without_effect(begun.error());
    const Closer closer{*running};
    watch(executor, running, std::move(what.input));
    // Its end counts, not that of its output: programs close that before they say how they ended, and what they started may keep it.
    while (!running->ended->is_done) {
      auto waiting = until_changed(running);
      co_await std::move(waiting);
    }
    running->child->kill_all();
    const ChildEnd ended = running->child->wait_end();
    while (!running->is_done()) {
      auto waiting = until_changed(running);
      co_await std::move(waiting);
    }
    co_return outcome_of_script(*tool, *running, ended);
  }

  static asio::awaitable<void> until_changed(std::shared_ptr<Running> running) {
    auto waiting = running->done->wait();
    co_await std::move(waiting);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) throw boost::system::system_error(asio::error::operation_aborted);
  }

  static Result<void> begin(Running& running, const ChildOptions& options) {
    DEED_TRY(ChildProcess child, start_child(options));
    DEED_OK(watch_descriptor(running.input, child.input_fd()));
    DEED_OK(watch_descriptor(running.output, child.output_fd()));
    DEED_OK(watch_descriptor(running.errors, child.errors_fd()));
    DEED_OK(watch_descriptor(running.end, child.ended_fd()));
    child.close_input();
    running.child.emplace(std::move(child));
    return {};
  }

  static void watch(const asio::any_io_executor& executor, const std::shared_ptr<Running>& running, std::string input) {
    const auto keep = [running](std::exception_ptr) {};  // what it reads from lives as long as it reads
    asio::co_spawn(executor, feed(running->input, std::move(input), running->fed, running->done), keep);
    asio::co_spawn(executor, capture(running->output, max_script_output, running->said, running->done), keep);
    asio::co_spawn(executor, capture(running->errors, kept_error_bytes, running->complained, running->done), keep);
    asio::co_spawn(executor, until_readable(running->end, running->ended, running->done), keep);
  }

  // However the call ends: no process is left, and the readers end.
  struct Closer {
    Running& running;
    ~Closer() {
      running.child->kill_all();
      running.child->wait_end();
      boost::system::error_code ignored;
      for (Stream* stream : {&running.input, &running.output, &running.errors, &running.end}) stream->close(ignored);
    }
  };

  std::vector<ScriptTool> tools_;
  std::string folder_;
  ChildOptions child_;
  std::function<Result<void>()> may_start_;
};

}  // namespace

Result<std::string> filled_text(const std::string& pattern, const Json& arguments) {
  std::string out;
  std::string_view rest = pattern;
  for (;;) {
    const std::size_t open = rest.find("{{"), close = open == std::string_view::npos ? open : rest.find("}}", open);
    if (close == std::string_view::npos) return out + std::string(rest);
    out += rest.substr(0, open);
    const std::string name(trim(rest.substr(open + 2, close - open - 2)));
    DEED_TRY(const std::string value, plain(name, rpc::member(arguments, name)));
    out += value;
    rest.remove_prefix(close + 2);
  }
}

Result<std::vector<std::string>> filled_command(const std::vector<std::string>& pattern, const Json& arguments) {
  std::vector<std::string> command;
  bool is_behind_dashes = false;
  for (const std::string& element : pattern) {
    is_behind_dashes = is_behind_dashes || element == "--";
    const auto name = whole_placeholder(element);
    if (!name) {
      DEED_TRY(std::string text, filled_text(element, arguments));
      command.push_back(std::move(text));
      continue;
    }
    const Json& value = rpc::member(arguments, *name);
    if (value.is_null()) continue;
    if (!value.is_array()) {
      DEED_OK(add_value(command, *name, value, is_behind_dashes || command.empty()));
      continue;
    }
    for (const Json& one : value) DEED_OK(add_value(command, *name, one, is_behind_dashes));
  }
  if (command.empty() || command.front().empty()) return fail(ErrorKind::invalid, "there is no program to run");
  return command;
}

std::shared_ptr<PluginHost> make_script_host(std::vector<ScriptTool> tools, std::string folder, ChildOptions child,
                                             std::function<Result<void>()> may_start) {
  return std::make_shared<ScriptHost>(std::move(tools), std::move(folder), std::move(child), std::move(may_start));
}

}  // namespace deed
