#include "deed/agent/crashtest/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace deed::crashtest {
namespace {

std::vector<std::string> environment_of(const ProcessOptions& options) {
  std::vector<std::string> all;
  for (char** at = environ; *at; ++at) {
    const std::string variable = *at;
    bool is_replaced = false;
    for (const auto& [name, value] : options.environment) is_replaced = is_replaced || variable.starts_with(name + "=");
    if (!is_replaced) all.push_back(variable);
  }
  for (const auto& [name, value] : options.environment) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

Result<pid_t> begin(const ProcessOptions& options) {
  std::vector<std::string> command = options.command, variables = environment_of(options);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::unique_ptr<posix_spawn_file_actions_t, int (*)(posix_spawn_file_actions_t*)> owner(
      &actions, posix_spawn_file_actions_destroy);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addchdir_np(&actions, options.folder.c_str());
  pid_t child = 0;
  const int code = posix_spawnp(&child, command.front().c_str(), &actions, nullptr, pointers(command).data(),
      pointers(variables).data());
  if (code == 0) return child;
  return fail(ErrorKind::unavailable, std::string("the program cannot be started: ") + std::strerror(code), command.front());
}

// A descriptor that becomes readable when the process ends, so that waiting for an instant ends early with it.
void kill_at(pid_t child, std::chrono::nanoseconds after) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  const timespec wait{static_cast<time_t>(after.count() / 1'000'000'000), static_cast<long>(after.count() % 1'000'000'000)};
  pollfd ended{fd, POLLIN, 0};
  while (ppoll(&ended, fd >= 0 ? 1 : 0, &wait, nullptr) < 0 && errno == EINTR) {
  }
  if (fd >= 0) close(fd);
  kill(child, SIGKILL);  // not collected yet: the number is still its own
}

}  // namespace

Result<Ended> run_process(const ProcessOptions& options) {
  const auto begun = std::chrono::steady_clock::now();
  DEED_TRY(const pid_t child, begin(options));
  if (options.kill_after) kill_at(child, *options.kill_after);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  Ended ended;
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ended.took = std::chrono::steady_clock::now() - begun;
  return ended;
}

}  // namespace deed::crashtest
