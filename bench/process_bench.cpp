// Whole processes, as a user starts them.
#include "bench.hpp"
#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace deed::bench {
namespace {

constexpr int rounds = 21;

struct Ended {
  double seconds = 0;
  double peak_mb = 0;
};

Ended run_process(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int fd : {1, 2})
    posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
  const SteadyTime begun = now();
  pid_t child = 0;
  DEED_CHECK(posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ) == 0, "spawn");
  int status = 0;
  rusage used{};
  wait4(child, &status, 0, &used);
  const Seconds took = now() - begun;
  posix_spawn_file_actions_destroy(&actions);
  DEED_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the command failed");
  return {took.count(), static_cast<double>(used.ru_maxrss) / 1024};
}

}  // namespace

void measure_processes() {
  std::atomic<std::chrono::steady_clock::rep> seen = 0;
  fakes::HttpServer server([&](const fakes::SeenRequest&) {
    seen = now().time_since_epoch().count();
    return streamed({{"content", "ok"}}, "stop");
  });
  const auto home =
      std::filesystem::temp_directory_path() / ("deed-bench-" + std::to_string(getpid()));
  const std::vector<std::string> run = {
      DEED_COMMAND, "run", "--quiet", "--home", home, "--model", server.url("/v1") + "#bench",
      "hello"};
  run_process(run);  // makes the journal; warms the page cache
  std::vector<double> version, bare, first, peak;
  for (int i = 0; i < rounds; ++i) {
    bare.push_back(run_process({"/bin/true"}).seconds * 1000);
    version.push_back(run_process({DEED_COMMAND, "--version"}).seconds * 1000);
    const SteadyTime begun = now();
    peak.push_back(run_process(run).peak_mb);
    first.push_back(Seconds(SteadyTime(SteadyTime::duration(seen.load())) - begun).count() * 1000);
  }
  std::filesystem::remove_all(home);
  std::printf(
      "deed --version                     %6.1f ms   (/bin/true %.1f ms; wanted: under 10)\n",
      median(version), median(bare));
  std::printf("start to the first whole request   %6.1f ms   (wanted: under 25)\n", median(first));
  std::printf("largest resident memory            %6.1f MB   (wanted: under 30)\n", median(peak));
}

}  // namespace deed::bench
