#include "deed/plugins/serve.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <future>
#include <map>
#include <mutex>
#include <set>

#include "deed/core/text.hpp"
#include "deed/plugins/c_table.hpp"
#include "deed/plugins/call_threads.hpp"
#include "deed/plugins/json_rpc.hpp"
#include "deed/tools/beneath.hpp"
#include "deed/plugins/quiet_write.hpp"
#include "deed/plugins/wire.hpp"

namespace deed {
namespace {

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write_quietly(fd, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(ErrorKind::unavailable, "the output is closed");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

// The output, and the questions that were asked over it. Any thread; threads of the library may speak when the server is gone, and
// whoever gave the output may have closed it then: it has a descriptor of its own.
class Speaker {
 public:
  explicit Speaker(OwnedFd fd) : fd_(std::move(fd)) {}

  void say(const rpc::Message& message) {
    const std::string line = rpc::line_of(message);
    const std::scoped_lock lock(mutex_);
    if (is_open_ && !write_all(fd_.get(), line)) is_open_ = false;
  }
  // Blocks for the answer.
  Result<Json> ask(const std::string& method, Json params) {
    std::future<Result<Json>> answer;
    std::int64_t id = 0;
    {
      const std::scoped_lock lock(asked_mutex_);
      if (is_closed_) return fail(ErrorKind::cancelled, "deed is gone");
      id = ++last_id_;
      answer = asked_[id].get_future();
    }
    say(rpc::Request{id, method, std::move(params)});
    return answer.get();
  }
  void hear(const rpc::Response& response) {
    const std::scoped_lock lock(asked_mutex_);
    const auto found = response.id.is_number_integer() ? asked_.find(response.id.get<std::int64_t>()) : asked_.end();
    if (found == asked_.end()) return;
    if (const auto* fault = std::get_if<rpc::Fault>(&response.result)) found->second.set_value(fail(ErrorKind::denied, fault->message));
    else found->second.set_value(std::get<Json>(response.result));
    asked_.erase(found);
  }
  // Without the lock of the output: where nobody reads, somebody may be writing for ever.
  void close() {
    is_open_ = false;
    const std::scoped_lock lock(asked_mutex_);
    is_closed_ = true;
    for (auto& [id, promise] : asked_) promise.set_value(fail(ErrorKind::cancelled, "deed is gone"));
    asked_.clear();
  }

 private:
  OwnedFd fd_;
  std::mutex mutex_;  // guards the output
  std::atomic<bool> is_open_ = true;
  std::mutex asked_mutex_;  // guards what follows
  std::map<std::int64_t, std::promise<Result<Json>>> asked_;
  std::int64_t last_id_ = 0;
  bool is_closed_ = false;
};

class Server {
 public:
  Server(std::shared_ptr<CLibrary> library, OwnedFd output) : library_(std::move(library)), speaker_(std::make_shared<Speaker>(std::move(output))) {}

  Result<void> start() {
    DEED_TRY(std::vector<DeclaredTool> tools, parse_declared_tools(library_->tools(), library_->name()));
    for (DeclaredTool& tool : tools) {
      const std::string name = tool.own_name;
      tools_[name] = std::move(tool);
    }
    return {};
  }

  void hear(const std::string& line) {
    const auto message = rpc::parse(line);
    if (!message) return speaker_->say(rpc::Response{nullptr, rpc::Fault{rpc::parse_error, to_string(message.error())}});
    if (const auto* request = std::get_if<rpc::Request>(&*message)) hear_request(*request);
    else if (const auto* response = std::get_if<rpc::Response>(&*message)) speaker_->hear(*response);
    else hear_notification(std::get<rpc::Notification>(*message));
  }

  void close() {
    speaker_->close();
    std::map<std::string, std::uint64_t> open;
    {
      const std::scoped_lock lock(*mutex_);
      open.swap(*open_);
    }
    for (const auto& [request, call] : open) library_->give_up(call);
  }

 private:
  void hear_request(const rpc::Request& request) {
    const auto reply = [&](Json result) { speaker_->say(rpc::Response{request.id, std::move(result)}); };
    if (request.method == "initialize") return reply(hello(request.params));
    if (request.method == "ping") return reply(Json::object());
    if (request.method == "tools/list") return reply({{"tools", library_->tools()}});
    for (const PluginCallKind kind : {PluginCallKind::run, PluginCallKind::preview, PluginCallKind::probe}) {
      if (request.method == wire::method_of(kind)) return call(kind, request);
    }
    speaker_->say(rpc::Response{request.id, rpc::Fault{rpc::method_not_found, "there is no such method"}});
  }

  void hear_notification(const rpc::Notification& notification) {
    if (notification.method != "notifications/cancelled") return;
    std::uint64_t call = 0;
    {
      const std::scoped_lock lock(*mutex_);
      const auto found = open_->find(to_text(rpc::member(notification.params, "requestId")));
      if (found == open_->end()) return;
      call = found->second;
      open_->erase(found);
    }
    library_->give_up(call);
  }

  Json hello(const Json& params) const {
    return {{"protocolVersion", string_at(params, "protocolVersion", wire::protocol_version)},
            {"capabilities", {{"tools", Json::object()}, {"experimental", {{"deed", {{"version", 1}}}}}}},
            {"serverInfo", {{"name", library_->name()}, {"version", library_->version()}}}};
  }

  void call(PluginCallKind kind, const rpc::Request& request) {
    const auto refuse = [&](std::string why) { speaker_->say(rpc::Response{request.id, rpc::Fault{rpc::invalid_params, std::move(why)}}); };
    const auto known = tools_.find(string_at(request.params, "name"));
    if (known == tools_.end()) return refuse("there is no such tool");
    auto call = wire::parse_call_params(kind, request.params);
    if (!call) return refuse(to_string(call.error()));
    call->tool = &known->second;
    const std::string name = to_text(request.id);
    const std::uint64_t id = library_->begin(*call, services_for(request, known->second));
    if (!enter_open(name, id)) {
      library_->give_up(id);
      return refuse("another call has this id");
    }
    auto work = [library = library_, id] { library->enter(id); };
    const bool has_begun = known->second.is_concurrent ? threads_.run_beside(std::move(work)) : threads_.run_in_line(std::move(work));
    if (has_begun) return;
    library_->give_up(id);
    {
      const std::scoped_lock lock(*mutex_);
      open_->erase(name);
    }
    refuse("too many calls are under way");
  }

  bool enter_open(const std::string& name, std::uint64_t id) {
    const std::scoped_lock lock(*mutex_);
    return open_->emplace(name, id).second;
  }

  CallServices services_for(const rpc::Request& request, const DeclaredTool& tool) {
    CallServices services;
    const auto speaker = speaker_;  // shared with threads that may outlive the server
    const Json id = request.id;
    const Json token = rpc::member(rpc::member(request.params, "_meta"), "progressToken");
    services.deadline = std::chrono::steady_clock::now() + tool.spec.timeout;
    services.dispatching = [speaker, id]() -> Result<void> {
      DEED_TRY([[maybe_unused]] const Json done, speaker->ask(wire::dispatching_method, {{"call", id}}));
      return {};
    };
    services.progress = [speaker, token](std::string line) {
      if (!token.is_null()) speaker->say(rpc::Notification{"notifications/progress", {{"progressToken", token}, {"progress", 0}, {"message", std::move(line)}}});
    };
    services.secret = [speaker, id](std::string name) -> Result<Secret> {
      DEED_TRY(const Json answer, speaker->ask(wire::secret_method, {{"call", id}, {"name", std::move(name)}}));
      return Secret(string_at(answer, "value"));
    };
    services.http = [speaker, id](std::string method, std::string url, HttpHeaders headers, std::string body) -> Result<HttpResponse> {
      return exchanged(*speaker, id, std::move(method), std::move(url), headers, body);
    };
    services.end = [speaker, id, open = open_, mutex = mutex_](PluginAnswer answer) {
      {
        const std::scoped_lock lock(*mutex);
        open->erase(to_text(id));
      }
      if (const auto* error = std::get_if<Error>(&answer)) speaker->say(rpc::Response{id, rpc::Fault{rpc::internal_error, to_string(*error)}});
      else speaker->say(rpc::Response{id, wire::result_of(answer)});
    };
    return services;
  }

  static Result<HttpResponse> exchanged(Speaker& speaker, const Json& id, std::string method, std::string url, const HttpHeaders& headers,
                                        const std::string& body) {
    Json params = {{"call", id}, {"method", std::move(method)}, {"url", std::move(url)}, {"headers", wire::json_of(headers)}};
    wire::put_bytes(params, "body", body);
    DEED_TRY(const Json answer, speaker.ask(wire::http_method, std::move(params)));
    HttpResponse response;
    const Json& status = rpc::member(answer, "status");
    response.status = status.is_number_integer() ? status.get<int>() : 0;
    const Json& given = rpc::member(answer, "headers");
    if (given.is_object()) {
      for (const auto& [name, value] : given.items()) response.headers.emplace_back(name, value.is_string() ? value.get<std::string>() : "");
    }
    DEED_TRY(response.body, wire::take_bytes(answer, "body"));
    return response;
  }

  std::shared_ptr<CLibrary> library_;  // shared with the threads
  std::shared_ptr<Speaker> speaker_;
  std::map<std::string, DeclaredTool> tools_;
  // By the request's id; shared with the calls.
  std::shared_ptr<std::map<std::string, std::uint64_t>> open_ = std::make_shared<std::map<std::string, std::uint64_t>>();
  std::shared_ptr<std::mutex> mutex_ = std::make_shared<std::mutex>();  // guards `open_`
  CallThreads threads_;
};

}  // namespace

Result<void> serve_library(std::shared_ptr<CLibrary> library, int input_fd, int output_fd) {
  OwnedFd output(fcntl(output_fd, F_DUPFD_CLOEXEC, 3));
  if (output.get() < 0) return fail(ErrorKind::unavailable, "the output is closed");
  Server server(std::move(library), std::move(output));
  DEED_OK(server.start());
  rpc::Lines lines;
  std::string buffer(64u << 10, '\0');
  for (;;) {
    const ssize_t count = read(input_fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    auto said = count > 0 ? lines.feed(std::string_view(buffer).substr(0, static_cast<std::size_t>(count))) : Result<std::vector<std::string>>(std::vector<std::string>());
    if (count <= 0 || !said) {
      server.close();
      return said ? Result<void>() : Result<void>(fail(said.error()));
    }
    for (const std::string& line : *said) server.hear(line);
  }
}

Result<ServeStreams> take_standard_streams() {
  ServeStreams streams{fcntl(0, F_DUPFD_CLOEXEC, 3), fcntl(1, F_DUPFD_CLOEXEC, 3)};
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (streams.input_fd < 0 || streams.output_fd < 0 || dup2(2, 1) < 0 || (nothing >= 0 && dup2(nothing, 0) < 0)) {
    return fail(ErrorKind::unavailable, "the standard streams are not open");
  }
  return streams;
}

}  // namespace deed
