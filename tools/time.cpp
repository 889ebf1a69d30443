#include "deed/core/clock.hpp"
#include "deed/tools/builtin.hpp"

namespace deed {
namespace {

asio::awaitable<Outcome> tell_time(TimePoint now) {
  Json result = {{"utc", to_iso8601(now)}};
  // The long form names the day of the week, which a model cannot work out.
  co_return Outcome::succeeded(std::move(result), to_rfc5322(now));
}

}  // namespace

Tool time_now() {
  return {.spec = {.name = "time.now",
                   .description = "Tell the current date and time, in UTC.",
                   .examples = {"What time is it?",
                                "What's the date today?",
                                "Which day of the week is it now?",
                                "Tell me the current time in UTC.",
                                "How late is it, which hour, weekday, month or year, what does the clock say at the moment?",
                             "Is it Monday or Tuesday, today's date, day of the week, the hour, o'clock, timestamp, right now, what year, month or weekday have we got, how far into the month?"},
                   .arguments = {{"type", "object"},
                                 {"properties", Json::object()},
                                 {"additionalProperties", false}},
                   .effect = EffectClass::read,
                   .approval = ApprovalNeed::never,
                   .result_trust = Trust::system},
          .run = [](Json, ToolContext& ctx) { return tell_time(ctx.clock().now()); }};
}

}  // namespace deed
