#include "deed/agent/schedule/system.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace deed {
namespace {

std::string lock_path(const std::string& home) { return home + "/daemon.lock"; }
std::string change_path(const std::string& home) { return home + "/schedules.changed"; }

Unexpected refused(const char* what, const std::string& where) {
  return fail(ErrorKind::unavailable, std::string(what) + ": " + std::strerror(errno), where);
}

sigset_t heard_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

int pidfd_open(ProcessId process) { return static_cast<int>(syscall(SYS_pidfd_open, static_cast<pid_t>(process), 0)); }

// Reads what waits in a descriptor that does not block, only to make it quiet again.
void drain(const Descriptor& from) {
  std::array<char, 4096> bytes;
  while (read(from.number(), bytes.data(), bytes.size()) > 0) {
  }
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}
Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Result<DaemonLock> DaemonLock::take(const std::string& home) {
  Descriptor file(::open(lock_path(home).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.is_open()) return refused("the daemon's lock cannot be made", lock_path(home));
  if (flock(file.number(), LOCK_EX | LOCK_NB) == 0) return DaemonLock(std::move(file));
  if (errno != EWOULDBLOCK) return refused("the daemon's lock cannot be taken", lock_path(home));
  return fail(ErrorKind::conflict, "a daemon runs for this home already", home, "`systemctl --user status deed`, or stop the other one");
}

bool DaemonLock::is_taken(const std::string& home) {
  const Descriptor file(::open(lock_path(home).c_str(), O_RDWR | O_CLOEXEC));
  return file.is_open() && flock(file.number(), LOCK_SH | LOCK_NB) != 0;
}

// To close a file that was open for writing is an event, written or not.
void announce_schedule_change(const std::string& home) {
  const Descriptor file(::open(change_path(home).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

bool notify_service_manager(const std::string& state) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (!name || (*name != '/' && *name != '@') || std::strlen(name) >= sizeof address.sun_path) return true;
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(name);
  std::memcpy(address.sun_path, name, length);
  if (*name == '@') address.sun_path[0] = '\0';  // an abstract socket
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return false;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  // A manager that does not listen is no reason to stop: its queue holds few messages, and a send that waits would wait for ever.
  const auto sent = sendto(socket.number(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address), size);
  return sent >= 0 || (errno != EAGAIN && errno != ENOBUFS);
}

std::optional<std::chrono::milliseconds> watchdog_interval() {
  const char* microseconds = std::getenv("WATCHDOG_USEC");
  const char* process = std::getenv("WATCHDOG_PID");
  if (!microseconds || (process && std::strtoll(process, nullptr, 10) != getpid())) return std::nullopt;
  const long long value = std::strtoll(microseconds, nullptr, 10);
  if (value <= 0) return std::nullopt;
  return std::chrono::milliseconds(std::max(1LL, value / 2000));  // half of it, as sd_watchdog_enabled(3) advises
}

Result<std::unique_ptr<SystemLauncher>> SystemLauncher::open(const std::string& home, Options options) {
  std::unique_ptr<SystemLauncher> out(new SystemLauncher(std::move(options)));  // NOLINT: the constructor is private
  const sigset_t heard = heard_signals();
  out->signals_ = Descriptor(signalfd(-1, &heard, SFD_NONBLOCK | SFD_CLOEXEC));
  out->timer_ = Descriptor(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  out->changes_ = Descriptor(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!out->signals_.is_open() || !out->timer_.is_open() || !out->changes_.is_open()) return refused("the daemon cannot wait", home);
  announce_schedule_change(home);
  if (inotify_add_watch(out->changes_.number(), change_path(home).c_str(), IN_CLOSE_WRITE | IN_ATTRIB) < 0) {
    return refused("changes of the schedules cannot be watched", change_path(home));
  }
  sigprocmask(SIG_BLOCK, &heard, nullptr);
  return out;
}

SystemLauncher::~SystemLauncher() {
  const sigset_t heard = heard_signals();
  sigprocmask(SIG_UNBLOCK, &heard, nullptr);
}

Result<ProcessId> SystemLauncher::start(const std::vector<std::string>& arguments, const std::string& folder) {
  std::error_code ec;
  if (!std::filesystem::is_directory(folder, ec)) {
    return fail(ErrorKind::invalid, "the schedule's folder is not there", folder, "make it, or add the schedule anew with --folder");
  }
  std::vector<std::string> command = arguments, variables;
  command.insert(command.begin(), options_.program);
  for (char** at = environ; *at; ++at) {
    bool is_kept = std::strncmp(*at, "NOTIFY_SOCKET=", 14) != 0 && std::strncmp(*at, "WATCHDOG_", 9) != 0;
    for (const auto& [name, value] : options_.environment) is_kept = is_kept && !std::string_view(*at).starts_with(name + "=");
    if (is_kept) variables.emplace_back(*at);
  }
  for (const auto& [name, value] : options_.environment) variables.push_back(name + "=" + value);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::unique_ptr<posix_spawn_file_actions_t, int (*)(posix_spawn_file_actions_t*)> actions_owner(&actions, posix_spawn_file_actions_destroy);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (!options_.show_output) posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  const std::unique_ptr<posix_spawnattr_t, int (*)(posix_spawnattr_t*)> attributes_owner(&attributes, posix_spawnattr_destroy);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  // A process group of its own: Ctrl-C on the daemon's terminal is for the daemon, which asks its runs to stop.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  const int code = posix_spawn(&child, options_.program.c_str(), &actions, &attributes, pointers(command).data(), pointers(variables).data());
  if (code != 0) return fail(ErrorKind::unavailable, std::string("the run's process cannot be started: ") + std::strerror(code), options_.program);
  Descriptor descriptor(pidfd_open(child));
  if (!descriptor.is_open()) {
    // It cannot be waited for: better no process than one that is forgotten.
    const Unexpected failure = refused("the run's process cannot be watched", options_.program);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return failure;
  }
  processes_[child] = {std::move(descriptor), true};
  return child;
}

Result<void> SystemLauncher::watch(ProcessId process) {
  if (processes_.contains(process)) return fail(ErrorKind::conflict, "the process is watched already", std::to_string(process));
  Descriptor descriptor(pidfd_open(process));
  if (!descriptor.is_open()) return fail(ErrorKind::not_found, "the process cannot be seen", std::to_string(process));
  processes_[process] = {std::move(descriptor), false};
  return {};
}

void SystemLauncher::stop(ProcessId process) {
  const auto found = processes_.find(process);
  if (found != processes_.end() && found->second.is_child) kill(static_cast<pid_t>(process), SIGTERM);  // not collected yet: the number is its own
}

void SystemLauncher::kill_all() {
  for (const auto& [number, process] : processes_) {
    if (process.is_child) kill(static_cast<pid_t>(number), SIGKILL);
  }
}

void SystemLauncher::set_timer(std::optional<TimePoint> until) {
  itimerspec when{};
  if (until) {
    // 0 would switch the timer off; a time that has passed fires at once.
    const auto at = std::max<std::int64_t>(1, until->time_since_epoch().count());
    when.it_value = {static_cast<time_t>(at / 1000), static_cast<long>(at % 1000 * 1'000'000)};
  } else {
    when.it_value = {static_cast<time_t>(4'000'000'000), 0};  // armed all the same, to hear when the clock is set
  }
  timerfd_settime(timer_.number(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr);
}

Happened SystemLauncher::wait(std::optional<TimePoint> until) {
  set_timer(until);
  std::vector<pollfd> waited = {{signals_.number(), POLLIN, 0}, {timer_.number(), POLLIN, 0}, {changes_.number(), POLLIN, 0}};
  std::vector<ProcessId> order;
  for (const auto& [number, process] : processes_) {
    waited.push_back({process.descriptor.number(), POLLIN, 0});
    order.push_back(number);
  }
  while (poll(waited.data(), waited.size(), -1) < 0 && errno == EINTR) {
  }
  Happened out;
  for (signalfd_siginfo info; read(signals_.number(), &info, sizeof info) == sizeof info;) out.signals.push_back(static_cast<int>(info.ssi_signo));
  drain(timer_);
  drain(changes_);
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (waited[i + 3].revents == 0) continue;
    ProcessEnd end{order[i], std::nullopt};
    int status = 0;
    if (processes_.at(order[i]).is_child && waitpid(static_cast<pid_t>(order[i]), &status, 0) > 0) {
      end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    processes_.erase(order[i]);
    out.ended.push_back(end);
  }
  return out;
}

}  // namespace deed
