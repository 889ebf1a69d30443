#include "deed/agent/schedule/daemon.hpp"

#include <signal.h>

#include <algorithm>
#include <deque>

#include "deed/agent/schedule/system.hpp"
#include "deed/agent/schedule/waker.hpp"
#include "deed/agent/schedule/zoneinfo.hpp"

namespace deed {
namespace {

// However quiet it is: a change that was not announced (another program wrote into the journal, a process died between writing and
// announcing) is seen within this time.
constexpr std::chrono::seconds look_at_least_every{60};
constexpr std::chrono::milliseconds tell_again_after{200};

class Daemon {
 public:
  Daemon(DaemonOptions options, ScheduleStore& store, SystemLauncher& launcher)
      : options_(std::move(options)),
        launcher_(launcher),
        waker_({store, system_clock(), launcher, load_time_zone, options_.log}),
        dispatcher_({store, system_clock(), launcher, load_time_zone, options_.log},
                    {.max_running = options_.max_running, .max_retries = options_.once ? 0 : 5, .only = options_.only}) {}

  Result<void> run() {
    tell("READY=1");
    bool is_first = true;
    while (!is_over()) {
      auto next = turn(is_first || !options_.once);
      is_first = false;
      // Nothing is lost: it is tried again, at the latest in a minute.
      if (!next) options_.log(to_string(next.error()));
      // A single pass cannot wait for better times.
      if (!next && options_.once) return fail(std::move(next).error());
      tell_status();
      if (options_.once && is_idle()) return {};
      handle(launcher_.wait(wake_at(next ? *next : std::nullopt)));
    }
    return {};
  }

 private:
  std::size_t going_on() const { return dispatcher_.going_on() + waker_.going_on(); }
  bool is_idle() const { return going_on() == 0; }
  bool is_over() const { return drain_until_ && is_idle(); }

  Result<std::optional<TimePoint>> turn(bool looks_for_new) {
    DEED_TRY(const auto of_schedules, looks_for_new ? dispatcher_.turn() : dispatcher_.begin_queued());
    if (!looks_for_new || options_.only) return of_schedules;
    const std::size_t others = dispatcher_.going_on();
    DEED_TRY(const auto of_runs, waker_.turn(options_.max_running > others ? options_.max_running - others : 0));
    if (!of_schedules || !of_runs) return of_schedules ? of_schedules : of_runs;
    return std::optional<TimePoint>(std::min(*of_schedules, *of_runs));
  }

  std::optional<TimePoint> wake_at(std::optional<TimePoint> next) const {
    const TimePoint now = system_clock().now();
    TimePoint at = now + look_at_least_every;
    if (next) at = std::min(at, *next);
    if (watchdog_) at = std::min<TimePoint>(at, now + *watchdog_);
    if (!untold_.empty()) at = std::min<TimePoint>(at, now + tell_again_after);
    if (drain_until_) at = std::min(at, *drain_until_);
    return at;
  }

  // Signals first: a run that ended by the same Ctrl-C or service stop was interrupted by us, not by somebody.
  void handle(const Happened& happened) {
    for (const int number : happened.signals) {
      if (number == SIGHUP) continue;  // look again
      if (drain_until_) launcher_.kill_all();
      else drain();
    }
    for (const ProcessEnd& end : happened.ended) {
      if (waker_.ended(end.process)) continue;
      const Result<void> entered = dispatcher_.ended(end.process, end.exit_code);
      if (!entered) options_.log(to_string(entered.error()));
    }
    if (drain_until_ && system_clock().now() >= *drain_until_) {
      launcher_.kill_all();
      drain_until_ = system_clock().now() + std::chrono::seconds(1);
    }
    tell_what_is_left();
    // Said again soon: one that is lost is no loss.
    if (watchdog_) notify_service_manager("WATCHDOG=1");
  }

  void drain() {
    tell("STOPPING=1");
    drain_until_ = system_clock().now() + options_.drain_limit;
    dispatcher_.drain();
    waker_.drain();
    if (!is_idle()) options_.log("stopping: waiting for " + std::to_string(going_on()) + " runs to pause");
  }

  void tell_status() {
    const std::size_t count = going_on();
    if (count == told_) return;
    told_ = count;
    tell("STATUS=" + std::to_string(count) + " runs going on");
  }

  void tell(std::string message) {
    untold_.push_back(std::move(message));
    tell_what_is_left();
  }

  void tell_what_is_left() {
    while (!untold_.empty() && notify_service_manager(untold_.front())) untold_.pop_front();
  }

  DaemonOptions options_;
  SystemLauncher& launcher_;
  Waker waker_;
  Dispatcher dispatcher_;
  std::optional<std::chrono::milliseconds> watchdog_ = watchdog_interval();
  std::optional<TimePoint> drain_until_;
  std::deque<std::string> untold_;  // the service manager's queue was full
  std::size_t told_ = static_cast<std::size_t>(-1);
};

}  // namespace

Result<void> run_daemon(DaemonOptions options) {
  DEED_TRY(const auto store, open_sqlite_schedules({.path = options.home + "/journal.db"}));
  DEED_TRY(const DaemonLock lock, DaemonLock::take(options.home));
  DEED_TRY(const auto launcher, SystemLauncher::open(options.home, {.program = options.program,
                                                                   .environment = {{"DEED_HOME", options.home}},
                                                                   .show_output = options.show_output}));
  return Daemon(std::move(options), *store, *launcher).run();
}

}  // namespace deed
