#include "deed/tests/crash/world_tools.hpp"

#include "deed/core/check.hpp"
#include "deed/core/failpoint.hpp"

#include <fcntl.h>
#include <fstream>
#include <unistd.h>

namespace deed::crash {
namespace {

// One write: the line is there whole or not at all.
void add_line(const std::string& path, const std::string& line) {
  failpoint("world.line/before");
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string bytes = line + "\n";
  DEED_CHECK(fd >= 0 && ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
             "the world cannot be written");
  ::close(fd);
  failpoint("world.line/after");
}

bool has_line(const std::string& path, const std::string& wanted) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);)
    if (line == wanted) return true;
  return false;
}

Outcome done() { return Outcome::succeeded({{"done", true}}, "done"); }

asio::awaitable<Outcome> only_look(std::string path, ToolContext& ctx) {
  add_line(path, ctx.effect_key());
  co_return done();
}

asio::awaitable<Outcome> write_line(std::string path, ToolContext& ctx) {
  auto ready = co_await ctx.dispatching();
  if (!ready) co_return Outcome::failed_without_effect(ready.error());
  add_line(path, ctx.effect_key());
  co_return done();
}

asio::awaitable<Outcome> write_line_unannounced(std::string path, ToolContext& ctx) {
  add_line(path, ctx.effect_key());
  co_return done();
}

asio::awaitable<ProbeResult> look_for_line(std::string path, ToolContext& ctx) {
  const bool is_there = has_line(path, ctx.effect_key());
  co_return ProbeResult{is_there ? ProbeResult::Verdict::confirmed : ProbeResult::Verdict::refuted,
                        is_there ? "the line is there" : "the line is not there"};
}

asio::awaitable<Outcome> post(const WorldOptions& world, ToolContext& ctx) {
  HttpRequest request{.method = "POST", .url = *HttpUrl::parse(world.server + "/act")};
  request.headers = {{"Idempotency-Key", ctx.effect_key()}};
  request.body = "act";
  request.before_send = [&ctx] { return ctx.dispatching(); };
  const HttpExchange exchange = co_await world.http->send(std::move(request));
  const auto* failure = std::get_if<HttpFailure>(&exchange);
  if (!failure) co_return done();
  if (failure->may_have_acted) co_return Outcome::unknown(to_string(failure->error));
  co_return Outcome::failed_without_effect(failure->error);
}

asio::awaitable<Outcome> remember(ToolContext& ctx) {
  Outcome out = done();
  out.facts.push_back({.key = ctx.effect_key(), .value = "noted", .run = ctx.run(), .time = ctx.clock().now()});
  co_return out;
}

Tool tool_of(EffectClass effect, const char* name) {
  Tool tool;
  tool.spec.name = name;
  tool.spec.description = "Of the test.";
  tool.spec.arguments = {{"type", "object"}, {"properties", {{"n", {{"type", "integer"}}}}}};
  tool.spec.effect = effect;
  tool.spec.approval = ApprovalNeed::never;
  tool.spec.result_trust = Trust::tool;
  tool.spec.dispatches = true;
  return tool;
}

}  // namespace

Result<void> add_world_tools(Registry& registry, const WorldOptions& world) {
  const auto file = [&](const char* name) { return world.folder + "/" + name; };
  for (const EffectClass effect : {EffectClass::pure, EffectClass::read}) {
    Tool looks = tool_of(effect, to_string(effect));
    looks.run = [path = file("looks")](Json, ToolContext& ctx) { return only_look(path, ctx); };
    DEED_OK(registry.add(std::move(looks)));
  }
  for (const EffectClass effect : {EffectClass::idempotent, EffectClass::probeable, EffectClass::once}) {
    Tool writes = tool_of(effect, to_string(effect));
    writes.run = [path = file(to_string(effect))](Json, ToolContext& ctx) { return write_line(path, ctx); };
    if (effect == EffectClass::probeable)
      writes.probe = [path = file("probeable")](Json, ToolContext& ctx) { return look_for_line(path, ctx); };
    DEED_OK(registry.add(std::move(writes)));
  }
  Tool keyed = tool_of(EffectClass::keyed, "keyed");
  keyed.run = [world](Json, ToolContext& ctx) { return post(world, ctx); };
  DEED_OK(registry.add(std::move(keyed)));
  Tool local = tool_of(EffectClass::local, "local");
  local.run = [](Json, ToolContext& ctx) { return remember(ctx); };
  DEED_OK(registry.add(std::move(local)));
  Tool unannounced = tool_of(EffectClass::once, "unannounced");
  unannounced.spec.dispatches = false;
  unannounced.run = [path = file("unannounced")](Json, ToolContext& ctx) { return write_line_unannounced(path, ctx); };
  return registry.add(std::move(unannounced));
}

}  // namespace deed::crash
