// One turn = a model request, a tool call, its result. The plain loop sends the very same request
// bodies to the same server and parses nothing, journals nothing. Three servers: one that takes 5
// milliseconds to answer, which is faster than any model; one that answers at once; and one in this
// process that answers within some 60 microseconds. The last two show what deed itself takes.
#include "deed/agent/agent.hpp"

#include <curl/curl.h>

#include "bench.hpp"
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace deed::bench {
namespace {

constexpr int turns = 200, rounds = 7;

asio::awaitable<Outcome> nothing(Json arguments) {
  Json result = {{"n", arguments.at("n")}};
  co_return Outcome::succeeded(std::move(result), "ok");
}

// Tool results are in the transcript: their number is the number of turns done.
std::size_t turns_in(const std::string& body) {
  std::size_t count = 0;
  for (std::size_t at = body.find("\"tool_call_id\""); at != std::string::npos;
       at = body.find("\"tool_call_id\"", at + 1))
    ++count;
  return count;
}

fakes::HttpReply next_turn(const fakes::SeenRequest& request) {
  const std::size_t done = turns_in(request.body);
  if (done >= turns) return streamed({{"content", "done"}}, "stop");
  const Json function = {{"name", "nothing"}, {"arguments", to_text(Json{{"n", done}})}};
  const Json call = {{"index", 0}, {"id", "c"}, {"type", "function"}, {"function", function}};
  return streamed({{"tool_calls", Json::array({call})}}, "tool_calls");
}

std::uintmax_t bytes_in(const std::filesystem::path& home) {
  std::uintmax_t sum = 0;
  for (const char* name : {"journal.db", "journal.db-wal"}) {
    std::error_code absent;
    const auto size = std::filesystem::file_size(home / name, absent);
    if (!absent) sum += size;
  }
  return sum;
}

// Bodies of events, which is what a turn adds whatever pages SQLite rounds it to.
class Bytes final : public Observer {
 public:
  std::vector<std::size_t> per_step;
  void on_event(const RunId&, const Event& event) override {
    per_step.resize(
        std::max<std::size_t>(per_step.size(), static_cast<std::size_t>(event.step) + 1));
    per_step[static_cast<std::size_t>(event.step)] += event.body.text().size();
  }
  double mean(std::size_t begin, std::size_t end) const {
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) sum += static_cast<double>(per_step.at(i));
    return sum / static_cast<double>(end - begin);
  }
};

double deed_run(const std::string& origin, const std::filesystem::path& home, Bytes& bytes) {
  auto agent = open_agent({.model = origin + "/v1#bench",
                           .home = home,
                           .limits = {.max_steps = 0, .max_calls = 0},
                           .builtin_tools = false,
                           .observer = &bytes})
                   .value();
  Tool tool;
  tool.spec.name = "nothing";
  tool.spec.description = "Do nothing.";
  tool.spec.arguments = {{"type", "object"}, {"properties", {{"n", {{"type", "integer"}}}}}};
  tool.spec.effect = EffectClass::pure;
  tool.run = [](Json arguments, ToolContext&) { return nothing(std::move(arguments)); };
  DEED_CHECK(agent->tools().add(std::move(tool)).has_value(), "the tool was refused");
  const SteadyTime begun = now();
  const auto report = agent->run("Do nothing many times.");
  const Seconds took = now() - begun;
  DEED_CHECK(report.has_value() && report->status == RunStatus::done, "the run failed");
  return took.count();
}

std::size_t discard(char*, std::size_t size, std::size_t count, void*) { return size * count; }

double plain_run(const std::string& origin, const std::vector<fakes::SeenRequest>& requests) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(
      curl_slist_append(nullptr, "Content-Type: application/json"), curl_slist_free_all);
  const std::string url = origin + "/v1/chat/completions";
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, discard);
  const SteadyTime begun = now();
  for (const fakes::SeenRequest& request : requests) {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    DEED_CHECK(curl_easy_perform(curl.get()) == CURLE_OK, "the plain request failed");
  }
  return Seconds(now() - begun).count();
}

// bench/server.py for as long as this lives.
class PythonServer {
 public:
  explicit PythonServer(std::string seconds) {
    int out[2];
    DEED_CHECK(pipe2(out, O_CLOEXEC) == 0, "pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    std::string program = "python3", script = DEED_BENCH_DIR "/server.py";
    std::string count = std::to_string(turns);
    char* argv[] = {program.data(), script.data(), count.data(), seconds.data(), nullptr};
    DEED_CHECK(posix_spawnp(&child_, "python3", &actions, nullptr, argv, environ) == 0, "python3");
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> lines(fdopen(out[0], "r"), std::fclose);
    DEED_CHECK(std::fscanf(lines.get(), "%d", &port_) == 1, "bench/server.py does not start");
  }
  ~PythonServer() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  pid_t child_ = 0;
  int port_ = 0;
};

struct Times {
  std::vector<double> with_deed, plain, ratio;

  void add(double ours, double theirs) {
    with_deed.push_back(ours * 1000 / turns);
    plain.push_back(theirs * 1000 / turns);
    ratio.push_back(ours / theirs);
  }
  void print(const char* what, const char* wanted) const {
    std::printf("%s %6.2f ms   (the plain loop %.2f ms; ratio %.2f%s)\n", what, median(with_deed),
                median(plain), median(ratio), wanted);
  }
};

}  // namespace

void measure_turns() {
  const auto home =
      std::filesystem::temp_directory_path() / ("deed-bench-turns-" + std::to_string(getpid()));
  Times five_ms, at_once, in_process;
  Bytes bytes;
  const PythonServer slow("0.005"), quick("0");
  for (int round = 0; round < rounds; ++round) {
    std::filesystem::remove_all(home);
    fakes::HttpServer server(next_turn);
    std::vector<fakes::SeenRequest> requests;
    const auto measure = [&](const std::string& origin, Times& times) {
      bytes = Bytes();
      const double ours = deed_run(origin, home, bytes);
      if (requests.empty()) requests = server.requests();
      times.add(ours, plain_run(origin, requests));
    };
    measure(server.url(""), in_process);  // first: its requests are the plain loop's everywhere
    measure(quick.origin(), at_once);
    measure(slow.origin(), five_ms);
  }
  five_ms.print("a turn, a model of 5 ms           ", ", wanted: at most 2");
  at_once.print("a turn, Python's http.server      ", "");
  in_process.print("a turn, a server of 60 us         ", "");
  std::printf(
      "journalled bytes of a turn         %6.0f      (turns 10-50; turns 150-190: %.0f; wanted: no "
      "growth)\n",
      bytes.mean(10, 50), bytes.mean(150, 190));
  std::printf("journal on disk after %d turns    %6.0f kB\n", 3 * turns,
              static_cast<double>(bytes_in(home)) / 1000);
  std::filesystem::remove_all(home);
}

}  // namespace deed::bench
