// One turn = a model request, a tool call, its result. The plain loop sends the very same request
// bodies to the same server and parses nothing, journals nothing.
#include "deed/agent/agent.hpp"

#include <curl/curl.h>

#include "bench.hpp"
#include <cstdio>
#include <filesystem>
#include <memory>
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
    per_step[static_cast<std::size_t>(event.step)] += to_text(event.body).size();
  }
  double mean(std::size_t begin, std::size_t end) const {
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) sum += static_cast<double>(per_step.at(i));
    return sum / static_cast<double>(end - begin);
  }
};

double deed_run(const fakes::HttpServer& server, const std::filesystem::path& home, Bytes& bytes) {
  auto agent = open_agent({.model = server.url("/v1") + "#bench",
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

double plain_run(const fakes::HttpServer& server, const std::vector<fakes::SeenRequest>& requests) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(
      curl_slist_append(nullptr, "Content-Type: application/json"), curl_slist_free_all);
  const std::string url = server.url("/v1/chat/completions");
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

}  // namespace

void measure_turns() {
  const auto home =
      std::filesystem::temp_directory_path() / ("deed-bench-turns-" + std::to_string(getpid()));
  std::vector<double> with_deed, plain, ratio;
  Bytes bytes;
  for (int round = 0; round < rounds; ++round) {
    std::filesystem::remove_all(home);
    fakes::HttpServer server(next_turn);
    bytes = Bytes();
    const double ours = deed_run(server, home, bytes);
    const auto requests = server.requests();
    const double theirs = plain_run(server, requests);
    with_deed.push_back(ours * 1000 / turns);
    plain.push_back(theirs * 1000 / turns);
    ratio.push_back(ours / theirs);
  }
  std::printf(
      "a turn, journal on                 %6.2f ms   (the plain loop %.2f ms; ratio %.2f, wanted: "
      "at most 2)\n",
      median(with_deed), median(plain), median(ratio));
  std::printf(
      "journalled bytes of a turn         %6.0f      (turns 10-50; turns 150-190: %.0f; wanted: no "
      "growth)\n",
      bytes.mean(10, 50), bytes.mean(150, 190));
  std::printf("journal on disk after %d turns    %6.0f kB\n", turns,
              static_cast<double>(bytes_in(home)) / 1000);
  std::filesystem::remove_all(home);
}

}  // namespace deed::bench
