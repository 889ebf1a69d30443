// Named instants at which a process can be made to die, so that a test finds out what is left behind (`deed crashtest`). They are off
// unless the environment says otherwise when the first one is passed, and then cost a load and a predicted branch.
//   DEED_FAILPOINT=record:FILE    the name of every failpoint that is passed goes to the end of FILE, one a line
//   DEED_FAILPOINT=kill:N:NAME    the process ends itself with SIGKILL when it passes NAME for the Nth time
// The idea: FreeBSD fail(9); Rust's `fail` crate.
#pragma once

#include <atomic>
#include <string_view>

namespace deed {

/// deed's own failpoints. An append has two more, named after the kind of its last event: "effect.intended/before" and "/after".
namespace failpoints {
inline constexpr std::string_view journal_before_commit = "journal.commit/before";  ///< all is written, nothing is committed
inline constexpr std::string_view journal_after_commit = "journal.commit/after";
inline constexpr std::string_view run_acquired = "run.acquired";    ///< a run was taken over, its events are not read
inline constexpr std::string_view tool_returned = "tool.returned";  ///< the body has ended, its outcome is nowhere
inline constexpr std::string_view probe_before = "probe/before";
inline constexpr std::string_view probe_after = "probe/after";  ///< the verdict is nowhere
inline constexpr std::string_view file_before_rename = "file.rename/before";
inline constexpr std::string_view file_after_rename = "file.rename/after";
inline constexpr std::string_view outbox_before_link = "outbox.link/before";
inline constexpr std::string_view outbox_after_link = "outbox.link/after";
inline constexpr std::string_view http_before_send = "http.request/before";  ///< connected, no byte of the request has left
inline constexpr std::string_view http_after_send = "http.request/after";    ///< the whole request was handed to the system
inline constexpr std::string_view schedule_before_commit = "schedule.commit/before";  ///< schedules and firings: all is written, nothing is committed
inline constexpr std::string_view schedule_after_commit = "schedule.commit/after";
inline constexpr std::string_view firing_before_start = "firing.start/before";  ///< it counts as running, its process was not begun
inline constexpr std::string_view firing_after_start = "firing.start/after";
inline constexpr std::string_view http_response = "http.response";           ///< the whole response is here
}  // namespace failpoints

namespace detail {
enum class FailpointState : int { unread, off, armed };
inline std::atomic<FailpointState> failpoint_state = FailpointState::unread;
/// Reads the environment the first time.
bool are_failpoints_armed();
void pass_failpoint(std::string_view name);
}  // namespace detail

/// Whether names are worth making. Any thread.
inline bool has_failpoints() {
  return detail::failpoint_state.load(std::memory_order_relaxed) != detail::FailpointState::off && detail::are_failpoints_armed();
}

/// The process passes here. Tools may have failpoints of their own: `name` is any text of one line. Any thread.
inline void failpoint(std::string_view name) {
  if (has_failpoints()) [[unlikely]] detail::pass_failpoint(name);
}

}  // namespace deed
