#include "deed/plugins/program.hpp"

#include <boost/asio/buffer.hpp>
#include <cerrno>

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/plugins/quiet_write.hpp"
#include "deed/plugins/watched_stream.hpp"
#include "deed/plugins/wire.hpp"

namespace deed {
namespace {

constexpr std::size_t most_unsent_bytes = 64u << 20;
constexpr std::size_t kept_words = 2000;
constexpr std::int64_t most_strange_lines = 1000;

std::string how_it_ended(const ChildEnd& end, bool was_by_itself) {
  if (end.signal == 9 && !was_by_itself) return "the plugin closed its output, or was killed";
  if (end.signal != 0) return "the plugin's process was ended by signal " + std::to_string(end.signal);
  return "the plugin's process ended with " + std::to_string(end.code);
}

std::string progress_text(const Json& params) {
  const Json& done = rpc::member(params, "progress");
  const Json& total = rpc::member(params, "total");
  return to_text(done) + (total.is_number() ? " of " + to_text(total) : "");
}

}  // namespace

Result<std::shared_ptr<Program>> Program::start(const asio::any_io_executor& executor, const ChildOptions& options,
                                                std::function<void(const std::string& line)> log) {
  std::shared_ptr<Program> program(new Program(executor));  // NOLINT: the constructor is private
  DEED_TRY(ChildProcess child, start_child(options));
  DEED_OK(watch_descriptor(program->input_, child.input_fd()));
  DEED_OK(watch_descriptor(program->output_, child.output_fd()));
  DEED_OK(watch_descriptor(program->errors_, child.errors_fd()));
  DEED_OK(watch_descriptor(program->ended_, child.ended_fd()));
  child.close_input();  // the stream has it
  program->child_.emplace(std::move(child));
  program->log_ = std::move(log);
  program->read_output();
  program->read_errors();
  program->watch_end();
  return program;
}

Program::~Program() = default;

void Program::read_output() {
  output_.async_read_some(asio::buffer(out_buffer_), [weak = weak_from_this()](const boost::system::error_code& ec, std::size_t count) {
    const auto self = weak.lock();
    if (!self || self->broken_) return;
    if (ec) return self->wait_for_end();
    self->take_bytes(count);
    if (!self->broken_) self->read_output();
  });
}

void Program::take_bytes(std::size_t count) {
  auto lines = lines_.feed(std::string_view(out_buffer_).substr(0, count));
  if (!lines) return end(lines.error());
  for (const std::string& line : *lines) {
    if (!broken_) take(line);
  }
}

// It closed its output. Mostly because it is ending, and how it ends tells more.
void Program::wait_for_end() {
  grace_.expires_after(std::chrono::seconds(1));
  grace_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
    const auto self = weak.lock();
    if (self && !self->broken_ && !ec) self->end({ErrorKind::unavailable, "", "", ""});
  });
}

// A process that has ended may have left somebody who keeps its output open.
void Program::watch_end() {
  ended_.async_wait(asio::posix::stream_descriptor::wait_read, [weak = weak_from_this()](const boost::system::error_code& ec) {
    const auto self = weak.lock();
    if (!self || self->broken_ || ec) return;
    self->has_ended_ = true;
    boost::system::error_code none;
    self->output_.non_blocking(true, none);
    while (!self->broken_ && !none) {  // what it said before
      const std::size_t count = self->output_.read_some(asio::buffer(self->out_buffer_), none);
      if (!none) self->take_bytes(count);
    }
    if (!self->broken_) self->end({ErrorKind::unavailable, "", "", ""});
  });
}

void Program::read_errors() {
  errors_.async_read_some(asio::buffer(error_buffer_), [weak = weak_from_this()](const boost::system::error_code& ec, std::size_t count) {
    const auto self = weak.lock();
    if (!self || ec) return;
    const std::string_view text = std::string_view(self->error_buffer_).substr(0, count);
    self->said_ += text;
    if (self->said_.size() > kept_words) self->said_.erase(0, self->said_.size() - kept_words);
    for (const std::string_view line : split(text, '\n')) {
      if (!trim(line).empty()) self->tell(std::string(line));
    }
    self->read_errors();
  });
}

void Program::tell(const std::string& line) {
  if (log_) log_(escaped(std::string(utf8_prefix(to_utf8(line), max_progress_bytes))));
}

std::string Program::last_words() const {
  std::string text(trim(utf8_suffix(to_utf8(said_), 300)));
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text.empty() ? "" : "it said: " + escaped(text);
}

// An end without a reason is that of its output: the process says why.
void Program::end(Error why) {
  if (broken_) return;
  broken_ = std::move(why);
  const bool is_told = !broken_->what.empty();
  child_->kill_all();
  const ChildEnd end = child_->wait_end();  // killed: it does not last
  boost::system::error_code ignored;
  grace_.cancel();
  // What it said last may still be in the pipe.
  errors_.non_blocking(true, ignored);
  const std::size_t rest = errors_.read_some(asio::buffer(error_buffer_), ignored);
  said_.append(error_buffer_, 0, rest);
  if (!is_told) broken_->what = how_it_ended(end, has_ended_);
  if (broken_->hint.empty()) broken_->hint = last_words();
  for (auto* stream : {&input_, &output_, &errors_, &ended_}) stream->close(ignored);
  auto waiting = std::move(waiting_);
  waiting_.clear();
  for (auto& [id, one] : waiting) {
    if (const auto inbox = one.inbox.lock()) inbox->push(PluginAnswer(*broken_));
  }
}

void Program::send(const rpc::Message& message) {
  if (broken_) return;
  unsent_.push_back(rpc::line_of(message));
  unsent_bytes_ += unsent_.back().size();
  if (unsent_bytes_ > most_unsent_bytes) return end({ErrorKind::limit, "the plugin does not read its input", "", ""});
  write();
}

void Program::write() {
  while (!unsent_.empty() && !broken_ && !is_writing_) {
    const std::string_view rest = std::string_view(unsent_.front()).substr(sent_of_front_);
    const ssize_t count = write_quietly(input_.native_handle(), rest);
    if (count < 0 && errno == EAGAIN) return wait_to_write();
    if (count < 0 && errno != EINTR) return unsent_.clear(), void(unsent_bytes_ = 0);  // it reads no more; what it still says, or its end, tells why
    if (count < 0) continue;
    sent_of_front_ += static_cast<std::size_t>(count);
    unsent_bytes_ -= static_cast<std::size_t>(count);
    if (sent_of_front_ < unsent_.front().size()) continue;
    unsent_.pop_front();
    sent_of_front_ = 0;
  }
}

void Program::wait_to_write() {
  is_writing_ = true;
  input_.async_wait(asio::posix::stream_descriptor::wait_write, [weak = weak_from_this()](const boost::system::error_code& ec) {
    const auto self = weak.lock();
    if (!self || self->broken_ || ec) return;
    self->is_writing_ = false;
    self->write();
  });
}

std::int64_t Program::begin(const std::string& method, Json params, std::weak_ptr<CallInbox> inbox,
                            std::function<PluginAnswer(const Json& result)> read, bool is_call) {
  const std::int64_t id = ++last_id_;
  if (broken_) {
    if (const auto live = inbox.lock()) live->push(PluginAnswer(*broken_));
    return id;
  }
  waiting_[id] = Waiting{std::move(inbox), std::move(read), is_call};
  send(rpc::Request{id, method, std::move(params)});
  return id;
}

void Program::notify(const std::string& method, Json params) { send(rpc::Notification{method, std::move(params)}); }

void Program::give_up(std::int64_t id) {
  if (waiting_.erase(id) == 0) return;
  notify("notifications/cancelled", {{"requestId", id}, {"reason", "given up"}});
  hangs_ = true;
  if (waiting_.empty()) end({ErrorKind::timeout, "the plugin did not answer in time, and was ended", "", ""});
}

void Program::take(const std::string& line) {
  auto message = rpc::parse(line);
  if (!message) {
    // Programs print to the wrong stream; that alone is no reason to end them.
    tell("not a message: " + line);
    if (++strange_lines_ > most_strange_lines) end({ErrorKind::corrupt, "the plugin writes something else than messages to its output", "", ""});
    return;
  }
  if (const auto* request = std::get_if<rpc::Request>(&*message)) take_request(*request);
  else if (const auto* notification = std::get_if<rpc::Notification>(&*message)) take_notification(*notification);
  else take_response(std::get<rpc::Response>(*message));
}

void Program::take_response(const rpc::Response& response) {
  const auto found = response.id.is_number_integer() ? waiting_.find(response.id.get<std::int64_t>()) : waiting_.end();
  if (found == waiting_.end()) return;  // given up, or answered before
  Waiting waiting = std::move(found->second);
  waiting_.erase(found);
  if (const auto inbox = waiting.inbox.lock()) {
    if (const auto* fault = std::get_if<rpc::Fault>(&response.result)) {
      const bool is_refused = fault->code == rpc::invalid_params || fault->code == rpc::method_not_found || fault->code == rpc::invalid_request;
      Error error{is_refused ? ErrorKind::invalid : ErrorKind::unavailable, "the plugin answered: " + std::string(utf8_prefix(to_utf8(fault->message), 2000)), "", ""};
      // The specification has these for what did not begin.
      if (is_refused && waiting.is_call) inbox->push(PluginAnswer(Outcome::failed_without_effect(error)));
      else inbox->push(PluginAnswer(std::move(error)));
    } else {
      inbox->push(waiting.read(std::get<Json>(response.result)));
    }
  }
  if (hangs_ && waiting_.empty()) end({ErrorKind::timeout, "the plugin was ended after a call that it never answered", "", ""});
}

void Program::take_notification(const rpc::Notification& notification) {
  if (notification.method == "notifications/progress") {
    const Json& token = rpc::member(notification.params, "progressToken");
    const auto found = token.is_number_integer() ? waiting_.find(token.get<std::int64_t>()) : waiting_.end();
    if (found == waiting_.end()) return;
    std::string line = string_at(notification.params, "message");
    if (line.empty()) line = progress_text(notification.params);
    if (const auto inbox = found->second.inbox.lock()) inbox->push(SaysProgress{std::move(line)});
  } else if (notification.method == "notifications/message") {
    const Json& said = rpc::member(notification.params, "data");
    tell(said.is_string() ? said.get<std::string>() : to_text(said));
  } else if (notification.method == "notifications/tools/list_changed") {
    ++list_changes_;
  }
}

void Program::answer(const Json& id, Result<Json> result) {
  if (result) return send(rpc::Response{id, *std::move(result)});
  send(rpc::Response{id, rpc::Fault{rpc::internal_error, to_string(result.error())}});
}

void Program::take_request(const rpc::Request& request) {
  if (request.method == "ping") return answer(request.id, Json::object());
  const Json& call = rpc::member(request.params, "call");
  const auto found = call.is_number_integer() ? waiting_.find(call.get<std::int64_t>()) : waiting_.end();
  const bool is_known = request.method == wire::dispatching_method || request.method == wire::secret_method || request.method == wire::http_method;
  if (!is_known) return send(rpc::Response{request.id, rpc::Fault{rpc::method_not_found, "deed does not serve " + escaped(request.method.substr(0, 100))}});
  const auto inbox = found == waiting_.end() ? nullptr : found->second.inbox.lock();
  if (!inbox) return answer(request.id, fail(ErrorKind::cancelled, "there is no such call, or it was given up"));
  const auto reply = [weak = weak_from_this(), id = request.id](Result<Json> result) {
    if (const auto self = weak.lock()) self->answer(id, std::move(result));
  };
  if (request.method == wire::dispatching_method) {
    inbox->push(WantsDispatch{[reply](Result<void> done) { reply(done ? Result<Json>(Json::object()) : Result<Json>(fail(done.error()))); }});
  } else if (request.method == wire::secret_method) {
    inbox->push(WantsSecret{string_at(request.params, "name"), [reply](Result<Secret> secret) {
                              reply(secret ? Result<Json>(Json{{"value", secret->reveal()}}) : Result<Json>(fail(secret.error())));
                            }});
  } else {
    auto wanted = wire::parse_http(request.params);
    if (!wanted) return reply(fail(wanted.error()));
    wanted->answer = [reply](Result<HttpResponse> response) {
      reply(response ? Result<Json>(wire::http_result(*response)) : Result<Json>(fail(response.error())));
    };
    inbox->push(*std::move(wanted));
  }
}

}  // namespace deed
