#include "deed/plugins/library_host.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <future>
#include <optional>

#include "deed/plugins/call_inbox.hpp"
#include "deed/plugins/call_threads.hpp"

namespace deed {
namespace {

Unexpected gone() { return fail(ErrorKind::cancelled, "the call was given up"); }

// From a thread of the plugin to the loop. The inbox is the call's; where that has ended, nobody is there to answer.
struct Road {
  asio::any_io_executor executor;
  std::weak_ptr<CallInbox> inbox;

  void post(PluginMessage message) const {
    asio::post(executor, [inbox = inbox, message = std::move(message)]() mutable {
      if (const auto live = inbox.lock()) live->push(std::move(message));
    });
  }
  // Blocks for the answer. A message that is dropped breaks its promise.
  template <class T, class Make>
  Result<T> ask(Make make) const {
    auto promise = std::make_shared<std::promise<Result<T>>>();  // owned by the message
    std::future<Result<T>> answer = promise->get_future();
    post(make([promise](Result<T> value) { promise->set_value(std::move(value)); }));
    promise.reset();
    try {
      return answer.get();
    } catch (const std::future_error&) {
      return gone();
    }
  }
};

CallServices services_over(Road road, std::chrono::milliseconds timeout) {
  CallServices services;
  services.deadline = std::chrono::steady_clock::now() + timeout;
  services.dispatching = [road] { return road.ask<void>([](auto answer) { return WantsDispatch{std::move(answer)}; }); };
  services.progress = [road](std::string line) { road.post(SaysProgress{std::move(line)}); };
  services.secret = [road](std::string name) {
    return road.ask<Secret>([&](auto answer) { return WantsSecret{std::move(name), std::move(answer)}; });
  };
  services.http = [road](std::string method, std::string url, HttpHeaders headers, std::string body) {
    return road.ask<HttpResponse>([&](auto answer) {
      return WantsHttp{std::move(method), std::move(url), std::move(headers), std::move(body), std::move(answer)};
    });
  };
  services.end = [road](PluginAnswer answer) { road.post(std::move(answer)); };
  return services;
}

// However the coroutine ends, the plugin reaches it no more.
class Outstanding {
 public:
  Outstanding(CLibrary& library, std::uint64_t id) : library_(library), id_(id) {}
  ~Outstanding() { library_.give_up(id_); }
  Outstanding(const Outstanding&) = delete;
  Outstanding& operator=(const Outstanding&) = delete;

 private:
  CLibrary& library_;
  std::uint64_t id_;
};

class LibraryHost final : public PluginHost {
 public:
  LibraryHost(std::shared_ptr<CLibrary> library, PluginServices services) : library_(std::move(library)), services_(std::move(services)) {}

  Async<std::vector<Json>> list() override { co_return library_->tools(); }

  asio::awaitable<PluginAnswer> call(PluginCall call, ToolContext* ctx) override {
    if (call.tool->is_quick && call.kind == PluginCallKind::run) co_return quick(call);
    auto calling = on_thread(std::move(call), ctx);
    PluginAnswer answer = co_await std::move(calling);
    co_return answer;
  }

 private:
  PluginAnswer quick(const PluginCall& call) {
    std::optional<PluginAnswer> answer;
    CallServices services;
    services.dispatching = [] { return Result<void>(); };  // it is pure or reads
    services.progress = [](std::string) {};
    services.secret = [](std::string) -> Result<Secret> { return fail(ErrorKind::denied, "a quick tool has no secrets"); };
    services.http = [](std::string, std::string, HttpHeaders, std::string) -> Result<HttpResponse> {
      return fail(ErrorKind::denied, "a quick tool does not wait");
    };
    services.end = [&answer](PluginAnswer given) { answer = std::move(given); };
    const std::uint64_t id = library_->begin(call, std::move(services));
    library_->enter(id);
    library_->give_up(id);
    if (answer) return *std::move(answer);
    return Error{ErrorKind::internal, "the quick tool returned without an answer", "", "call finish before run returns"};
  }

  asio::awaitable<PluginAnswer> on_thread(PluginCall call, ToolContext* ctx) {
    auto executor = co_await asio::this_coro::executor;
    const auto inbox = std::make_shared<CallInbox>();  // shared with nobody: the road has a weak one
    CallServices services = services_over(Road{executor, inbox}, call.tool->spec.timeout);
    const std::uint64_t id = library_->begin(call, std::move(services));
    const Outstanding outstanding(*library_, id);
    const bool is_concurrent = call.tool->is_concurrent, is_run = call.kind == PluginCallKind::run;
    auto work = [library = library_, id] { library->enter(id); };
    const bool has_begun = is_concurrent ? threads_.run_beside(std::move(work)) : threads_.run_in_line(std::move(work));
    const Error too_many{ErrorKind::unavailable, "too many calls of this plugin are under way", "", ""};
    // Nothing of the plugin was run.
    if (!has_begun && is_run) co_return Outcome::failed_without_effect(too_many);
    if (!has_begun) co_return too_many;
    auto serving = serve_call(inbox, ctx, services_);
    PluginAnswer answer = co_await std::move(serving);
    co_return answer;
  }

  std::shared_ptr<CLibrary> library_;  // shared with its threads
  PluginServices services_;
  CallThreads threads_;
};

}  // namespace

std::shared_ptr<PluginHost> make_library_host(std::shared_ptr<CLibrary> library, PluginServices services) {
  return std::make_shared<LibraryHost>(std::move(library), std::move(services));
}

}  // namespace deed
