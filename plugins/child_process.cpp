// A child leads a process group of its own, and a guard watches over the group for as long as deed lives: a shell that waits for
// the end of a pipe whose other end only deed has, and then kills the group. The kernel's own means (PR_SET_PDEATHSIG) reaches the
// child alone, not what that has started, and strikes when the *thread* ends that started it.
// Sources: setpgid(2); kill(2), negative numbers; pidfd_open(2); close_range(2).
#include "deed/plugins/child_process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "deed/plugins/sandbox_launch.hpp"

namespace deed {
namespace {

struct ChildPipe {
  OwnedFd read, write;
};

// Above the three streams, so that no dup2 in the child overwrites an end that is still needed.
Result<OwnedFd> above_streams(OwnedFd fd) {
  if (fd.get() > STDERR_FILENO) return fd;
  OwnedFd higher(fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (higher.get() < 0) return system_error(errno, "there are no more descriptors", "");
  return higher;
}

Result<ChildPipe> open_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return system_error(errno, "no pipe can be made", "");
  OwnedFd read(ends[0]), write(ends[1]);
  ChildPipe made;
  DEED_TRY(made.read, above_streams(std::move(read)));
  DEED_TRY(made.write, above_streams(std::move(write)));
  return made;
}

void unblock(const OwnedFd& fd) { fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

std::vector<char*> text_pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

// No signal is delivered to a child that still has deed's handlers.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// What follows runs in a child before exec: system calls only.

// False with errno if deed's descriptors cannot be kept back.
bool become_plain_process() {
  setsid();
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  return syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) == 0;
}

struct ChildStreams {
  ChildPipe input, output, errors, status, go;
};

// Until the guard is there. A child that another thread forks meanwhile has a copy of the pipe's other end for a moment, so that
// the end of deed alone would not end the pipe; the thread is waiting in start_child, so that it cannot end before deed.
void wait_for_guard(const ChildPipe& go, pid_t deed) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != deed) _exit(127);
  close(go.write.get());
  char word = 0;
  if (read(go.read.get(), &word, 1) != 1) _exit(127);
  prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
}

[[noreturn]] void be_child(const Launch& launch, const ChildStreams& streams, pid_t deed, char* const* command,
                           char* const* environment) {
  LaunchFailure failure;
  const bool is_plain = become_plain_process();
  failure.error = errno;
  wait_for_guard(streams.go, deed);
  dup2(streams.input.read.get(), STDIN_FILENO);
  dup2(streams.output.write.get(), STDOUT_FILENO);
  dup2(streams.errors.write.get(), STDERR_FILENO);
  if (is_plain) failure = enter(launch, command, environment);
  [[maybe_unused]] const ssize_t written = write(streams.status.write.get(), &failure, sizeof failure);
  _exit(127);
}

[[noreturn]] void be_guard(const OwnedFd& alive, char* const* command, char* const* environment) {
  if (!become_plain_process()) _exit(127);
  dup2(alive.get(), STDIN_FILENO);
  close(STDOUT_FILENO);
  close(STDERR_FILENO);
  chdir("/") == 0 ? execve(command[0], command, environment) : 0;
  _exit(127);
}

// End of what runs in a child.

template <class Body>
pid_t fork_into(Body body) {
  const AllSignalsBlocked guard;
  const pid_t child = fork();
  if (child == 0) body();
  return child;
}

// Waits for the end of a child without collecting it. False while it runs; or if `options` has no WNOHANG, never.
bool has_ended(pid_t pid, int options) {
  siginfo_t info = {};
  int code = 0;
  while ((code = waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | options)) != 0 && errno == EINTR) {
  }
  DEED_CHECK(code == 0, "a plugin's process was collected by somebody else: SIGCHLD must not be ignored");
  return info.si_pid != 0;
}

int collect_child(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

void append_children(pid_t pid, std::vector<pid_t>& found) {
  std::error_code gone;
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  for (std::filesystem::directory_iterator task(tasks, gone), end; !gone && task != end; task.increment(gone)) {
    std::ifstream file(task->path() / "children");
    for (pid_t child = 0; file >> child;) found.push_back(child);
  }
}

// Of processes that are not kept in their group: the children, their children, and so on, as /proc has them now. Each is stopped
// before it is asked for its children, and they are killed last, so that none is orphaned and lost on the way.
void kill_descendants(pid_t pid) {
  std::vector<pid_t> all = {pid};
  for (std::size_t at = 0; at < all.size(); ++at) {
    kill(all[at], SIGSTOP);
    append_children(all[at], all);
  }
  for (const pid_t one : all) kill(one, SIGKILL);
}

// Else the end of a plugin is lost, and its number may be another process's when it is killed.
Result<void> check_that_children_are_kept() {
  struct sigaction action = {};
  sigaction(SIGCHLD, nullptr, &action);
  if (action.sa_handler != SIG_IGN && (action.sa_flags & SA_NOCLDWAIT) == 0) return {};
  return fail(ErrorKind::unsupported, "this program ignores SIGCHLD, so that the end of a plugin cannot be seen");
}

Unexpected launch_error(const LaunchFailure& failure, const ChildOptions& options) {
  Unexpected error = system_error(failure.error, launch_step(failure.step), options.command.front());
  error.error.hint = "";
  if (is_sandbox_step(failure.step)) error.error.kind = ErrorKind::unsupported;
  if (failure.error == ENOEXEC) error.error.kind = ErrorKind::denied;
  return error;
}

}  // namespace

ChildProcess::ChildProcess(ChildProcess&& other) noexcept { *this = std::move(other); }

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(guard_, other.guard_);
  std::swap(sandbox_, other.sandbox_);
  std::swap(end_, other.end_);
  std::swap(input_, other.input_);
  std::swap(output_, other.output_);
  std::swap(errors_, other.errors_);
  std::swap(ended_, other.ended_);
  std::swap(alive_, other.alive_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0 || end_) return;
  kill_all();
  wait_end();
}

void ChildProcess::kill_all() {
  if (pid_ < 0 || end_) return;
  if (sandbox_ == SandboxKind::off) kill_descendants(pid_);
  // Complete: who forks at this moment either has the signal before its child is there, or the child is in the group.
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);  // before it has made its group
}

std::optional<ChildEnd> ChildProcess::poll_end() {
  if (end_ || pid_ < 0) return end_;
  if (!has_ended(pid_, WNOHANG)) return std::nullopt;
  return collect();
}

ChildEnd ChildProcess::wait_end() {
  if (end_ || pid_ < 0) return end_.value_or(ChildEnd{});
  has_ended(pid_, 0);
  return collect();
}

// It has ended and is not collected yet, so that its number, which is its group's, is nobody else's while they are killed.
ChildEnd ChildProcess::collect() {
  kill(-pid_, SIGKILL);
  if (guard_ > 0) {
    kill(guard_, SIGKILL);
    collect_child(guard_);
    guard_ = -1;
  }
  const int status = collect_child(pid_);
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  end_ = ChildEnd{signal != 0 ? 128 + signal : WEXITSTATUS(status), signal};
  return *end_;
}

struct ChildLauncher {
  static Result<ChildProcess> launch(const ChildOptions& options, const Launch& launch) {
    DEED_OK(check_that_children_are_kept());
    ChildProcess child;
    child.sandbox_ = options.sandbox;
    ChildStreams streams;
    for (ChildPipe* pipe : {&streams.input, &streams.output, &streams.errors, &streams.status, &streams.go}) {
      DEED_TRY(*pipe, open_pipe());
    }
    const std::vector<char*> command = text_pointers(launch.command), environment = text_pointers(launch.environment);
    const pid_t deed = getpid();
    child.pid_ = fork_into([&] { be_child(launch, streams, deed, command.data(), environment.data()); });
    if (child.pid_ < 0) return system_error(errno, "no process can be made", options.command.front());
    child.ended_ = OwnedFd(static_cast<int>(syscall(SYS_pidfd_open, child.pid_, 0)));
    if (child.ended_.get() < 0) return system_error(errno, "the process cannot be watched (pidfd_open)", options.command.front());
    DEED_OK(start_guard(child));
    return hand_over(std::move(child), std::move(streams), options);
  }

 private:
  static Result<void> start_guard(ChildProcess& child) {
    if (access("/bin/sh", X_OK) != 0) return fail(ErrorKind::unsupported, "there is no /bin/sh to end plugins when deed is killed");
    DEED_TRY(ChildPipe alive, open_pipe());
    const std::string group = std::to_string(child.pid_);
    const std::vector<std::string> command = {"/bin/sh", "-c", "read -r line; kill -s KILL -- -" + group, "deed-guard"};
    const std::vector<char*> pointers = text_pointers(command), environment = {nullptr};
    child.guard_ = fork_into([&] { be_guard(alive.read, pointers.data(), environment.data()); });
    if (child.guard_ < 0) return system_error(errno, "no process can be made", "");
    child.alive_ = std::move(alive.write);
    return {};
  }

  // Lets it go, and waits until the program is entered or something failed on the way.
  static Result<ChildProcess> hand_over(ChildProcess child, ChildStreams streams, const ChildOptions& options) {
    [[maybe_unused]] const ssize_t sent = write(streams.go.write.get(), "g", 1);
    child.input_ = std::move(streams.input.write);
    child.output_ = std::move(streams.output.read);
    child.errors_ = std::move(streams.errors.read);
    for (const OwnedFd* fd : {&child.input_, &child.output_, &child.errors_}) unblock(*fd);
    streams.status.write = OwnedFd();
    LaunchFailure failure;
    ssize_t got = 0;
    while ((got = read(streams.status.read.get(), &failure, sizeof failure)) < 0 && errno == EINTR) {
    }
    if (got == sizeof failure) return launch_error(failure, options);
    return child;
  }
};

Result<ChildProcess> launch_child(const ChildOptions& options, const Launch& launch) {
  return ChildLauncher::launch(options, launch);
}

Result<ChildProcess> launch_child(const ChildOptions& options) {
  DEED_TRY(const Launch launch, prepare_launch(options));
  return launch_child(options, launch);
}

Result<ChildProcess> start_child(const ChildOptions& options) {
  DEED_OK(try_sandbox(options.sandbox));
  return launch_child(options);
}

}  // namespace deed
