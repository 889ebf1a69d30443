#include "deed/agent/secret_source.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

#include "deed/core/text.hpp"
#include "deed/tools/beneath.hpp"

extern char** environ;

namespace deed {
namespace {

constexpr std::size_t max_bytes = 64u << 10;

Secret first_line(const std::string& text) { return Secret(text.substr(0, text.find_first_of("\r\n"))); }

// Reads until the end, the size limit or the deadline.
Result<std::string> read_all(int fd, std::chrono::steady_clock::time_point deadline) {
  std::string out;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{fd, POLLIN, 0};
    if (left.count() <= 0 || poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
      return fail(ErrorKind::unavailable, "no answer in 30 seconds");
    }
    char buffer[4096];
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return out;
    out.append(buffer, static_cast<std::size_t>(n));
    if (out.size() > max_bytes) return fail(ErrorKind::limit, "more than 64 KiB");
  }
}

}  // namespace

Result<Secret> read_secret_file(const std::string& path) {
  const OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (file.get() < 0 || fstat(file.get(), &info) != 0) {
    return fail(ErrorKind::not_found, std::string("the secret's file cannot be read: ") + std::strerror(errno), path);
  }
  if (!S_ISREG(info.st_mode) || (info.st_mode & 077) != 0 || (info.st_uid != geteuid() && info.st_uid != 0)) {
    return fail(ErrorKind::denied, "the secret's file can be read by others", path, "chmod 600 " + path);
  }
  auto text = read_all(file.get(), std::chrono::steady_clock::now() + std::chrono::seconds(30));
  if (!text) return fail(text.error().kind, text.error().what, path);
  return first_line(*text);
}

Result<Secret> read_secret_command(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return fail(ErrorKind::invalid, "the secret's command is empty");
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorKind::unavailable, "no pipe for the secret's command");
  const OwnedFd out(ends[0]);
  pid_t child = 0;
  {
    const OwnedFd in(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.get(), STDOUT_FILENO);
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const int rc = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (rc != 0) {
      return fail(ErrorKind::unavailable, std::string("the secret's command cannot be started: ") + std::strerror(rc),
                  arguments[0]);
    }
  }
  auto text = read_all(out.get(), std::chrono::steady_clock::now() + std::chrono::seconds(30));
  if (!text) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!text) return fail(text.error().kind, text.error().what, arguments[0]);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || text->empty()) {
    return fail(ErrorKind::unavailable, "the secret's command failed or printed nothing", arguments[0]);
  }
  return first_line(*text);
}

Result<Secret> secret_of(const SecretPlaces& places, const std::function<std::optional<std::string>(std::string_view)>& getenv) {
  const auto given = places.variable.empty() ? std::nullopt : getenv(places.variable);
  if (given && !given->empty()) return Secret(*given);
  if (!places.file.empty()) return read_secret_file(places.file);
  if (!places.command.empty()) return read_secret_command(places.command);
  return Secret();
}

namespace {

std::string variable_of(std::string_view name) {
  std::string variable = "DEED_SECRET_" + std::string(name);
  for (char& c : variable) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return variable;
}

}  // namespace

bool has_named_secret(const Settings& settings, std::string_view name,
                      const std::function<std::optional<std::string>(std::string_view)>& getenv) {
  const auto given = getenv(variable_of(name));
  const std::string key = "secrets." + std::string(name);
  return (given && !given->empty()) || settings.find(key + ".file") || settings.find(key + ".command");
}

Result<Secret> named_secret(const Settings& settings, const std::string& name,
                            const std::function<std::optional<std::string>(std::string_view)>& getenv) {
  const std::string variable = variable_of(name);
  const std::string key = "secrets." + name;
  DEED_TRY(Secret found, secret_of({.variable = variable, .file = settings.text(key + ".file"), .command = settings.list(key + ".command")}, getenv));
  if (!found.empty()) return found;
  return fail(ErrorKind::not_found, "the secret \"" + name + "\" is nowhere", "",
              "set " + variable + ", or secrets." + name + ".file or .command in the configuration");
}

}  // namespace deed
