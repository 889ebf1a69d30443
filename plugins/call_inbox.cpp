#include "deed/plugins/call_inbox.hpp"

#include <algorithm>

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

Unexpected only_in_run() { return fail(ErrorKind::denied, "this is not for previews"); }

bool only_reads(const std::string& method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

Result<HttpRequest> judged_request(WantsHttp& wanted, const PluginServices& services) {
  if (!services.http || !services.guard) return fail(ErrorKind::denied, "this plugin has no HTTP");
  if (wanted.body.size() > max_plugin_http_bytes) return fail(ErrorKind::limit, "a request over 16 MiB");
  DEED_TRY(HttpUrl url, HttpUrl::parse(wanted.url));
  if (!EgressGuard(services.hosts).is_allowed_by_name(url)) {
    return fail(ErrorKind::denied, "the plugin's manifest does not name this host", escaped(url.host()), "permissions.hosts in plugin.toml");
  }
  HttpRequest request{.method = std::move(wanted.method), .url = std::move(url), .headers = std::move(wanted.headers), .body = std::move(wanted.body)};
  request.max_response_bytes = max_plugin_http_bytes;
  request.guard = services.guard;
  return request;
}

// A request that may change something is behind the commit point, whether the plugin said so or not.
Async<HttpResponse> exchanged(WantsHttp wanted, ToolContext& ctx, const PluginServices& services) {
  auto judged = judged_request(wanted, services);
  DEED_CO_TRY(HttpRequest request, std::move(judged));
  if (!only_reads(request.method)) {
    ToolContext* context = &ctx;
    request.before_send = [context] { return context->dispatching(); };
  }
  auto sending = services.http->send(std::move(request));
  HttpExchange exchange = co_await std::move(sending);
  if (auto* failure = std::get_if<HttpFailure>(&exchange)) co_return fail(std::move(failure->error));
  co_return std::move(std::get<HttpResponse>(exchange));
}

Result<Secret> allowed_secret(const std::string& name, const PluginServices& services) {
  const auto& names = services.secrets;
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    return fail(ErrorKind::denied, "the plugin's manifest does not name this secret", escaped(std::string(utf8_prefix(name, 100))),
                "permissions.secrets in plugin.toml");
  }
  if (!services.secret_of) return fail(ErrorKind::not_found, "there are no secrets here");
  return services.secret_of(name);
}

asio::awaitable<void> serve_one(PluginMessage& message, ToolContext* ctx, const PluginServices& services) {
  if (auto* wanted = std::get_if<WantsDispatch>(&message)) {
    if (!ctx) co_return wanted->answer(only_in_run());
    auto dispatching = ctx->dispatching();
    auto dispatched = co_await std::move(dispatching);
    wanted->answer(std::move(dispatched));
  } else if (auto* secret = std::get_if<WantsSecret>(&message)) {
    secret->answer(ctx ? allowed_secret(secret->name, services) : Result<Secret>(only_in_run()));
  } else if (auto* http = std::get_if<WantsHttp>(&message)) {
    auto answer = std::move(http->answer);
    if (!ctx) co_return answer(only_in_run());
    auto exchanging = exchanged(std::move(*http), *ctx, services);
    auto response = co_await std::move(exchanging);
    answer(std::move(response));
  } else if (const auto* progress = std::get_if<SaysProgress>(&message)) {
    if (ctx) ctx->progress(escaped(std::string(utf8_prefix(to_utf8(progress->line), max_progress_bytes))));
  }
}

}  // namespace

asio::awaitable<PluginMessage> CallInbox::next() {
  while (messages_.empty()) {
    auto waiting = wakeup_.wait();
    co_await std::move(waiting);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) throw boost::system::system_error(asio::error::operation_aborted);
  }
  PluginMessage message = std::move(messages_.front());
  messages_.pop_front();
  co_return message;
}

asio::awaitable<PluginAnswer> serve_call(std::shared_ptr<CallInbox> inbox, ToolContext* ctx, PluginServices services) {
  for (;;) {
    auto coming = inbox->next();
    PluginMessage message = co_await std::move(coming);
    if (auto* answer = std::get_if<PluginAnswer>(&message)) co_return std::move(*answer);
    auto serving = serve_one(message, ctx, services);
    co_await std::move(serving);
  }
}

}  // namespace deed
