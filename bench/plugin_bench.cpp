// What a call of a plugin's tool costs: found, validated, judged by the policy and hosted, without model and journal. The tool adds two
// numbers: as C in this process and in one of its own (`deed plugin serve`), in Python by plugins/python/deed_plugin.py, and served by the
// SDK for Python of the Model Context Protocol's authors, which the same host calls, and their client too.
#include "bench.hpp"

#include "deed/agent/bounded.hpp"
#include "deed/agent/policy.hpp"
#include "deed/core/check.hpp"
#include "deed/plugins/library_host.hpp"
#include "deed/plugins/process_host.hpp"
#include "deed/plugins/program_path.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/registry.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>

namespace deed::bench {
namespace {

constexpr int rounds = 7;

// A host with its tools, as an agent has them.
struct Hosted {
  std::shared_ptr<PluginHost> host;
  Registry tools;
};

void take_tools(Hosted& hosted, const std::vector<Json>& listed) {
  auto declared = parse_declared_tools(listed, "bench");
  DEED_CHECK(declared, "the tools");
  for (DeclaredTool& tool : *declared) DEED_CHECK(hosted.tools.add(tool_of(std::move(tool), hosted.host)), "a tool");
}

// Everything that the loop does to a call but write it down.
asio::awaitable<bool> one_call(const Registry& tools, const char* name, int number, ToolContext& ctx) {
  const RegisteredTool* entry = tools.find(name);
  if (!entry) co_return false;
  Json arguments = Json::object();
  arguments["a"] = number;
  arguments["b"] = 7;
  if (!entry->arguments.check(arguments).empty()) co_return false;
  const Policy policy;
  const std::vector<ArgumentOrigin> origins;
  const PolicyDecided decided = apply_policy(policy, {.spec = entry->tool.spec, .needs_approval = changes_world(entry->tool.spec.effect), .destinations = {}, .origins = origins});
  if (decided.verdict != Verdict::allow) co_return false;
  auto running = entry->tool.run(std::move(arguments), ctx);
  const Outcome outcome = co_await std::move(running);
  co_return outcome.status == OutcomeStatus::succeeded && outcome.result["result"] == number + 7;
}

asio::awaitable<void> many_calls(const Registry& tools, const char* name, int count, std::vector<double>& took, ToolContext& ctx) {
  for (int i = 0; i < count; ++i) {
    const SteadyTime begun = now();
    auto calling = one_call(tools, name, i, ctx);
    const bool is_right = co_await std::move(calling);
    DEED_CHECK(is_right, "a call went wrong");
    took.push_back(Seconds(now() - begun).count() * 1e6);
  }
}

/// Median of a round, in microseconds.
double round_of(asio::io_context& io, const Hosted& hosted, const char* name, int count) {
  std::vector<double> took;
  FakeContext ctx;
  std::exception_ptr failure;
  asio::co_spawn(io, many_calls(hosted.tools, name, count, took, ctx), [&](std::exception_ptr e) { failure = e; });
  io.restart();
  while (took.size() < static_cast<std::size_t>(count) && !failure && io.run_one() > 0) {
  }
  DEED_CHECK(!failure && took.size() == static_cast<std::size_t>(count), "the calls did not end");
  return median(took);
}

Hosted in_process() {
  auto library = CLibrary::load(DEED_BENCH_PLUGIN, {});
  DEED_CHECK(library, "the plugin");
  Hosted hosted{.host = make_library_host(*library, {}), .tools = {}};
  take_tools(hosted, (*library)->tools());
  return hosted;
}

Hosted as_program(asio::io_context& io, std::vector<std::string> command, std::vector<std::string> environment) {
  ProcessHostOptions options;
  environment.push_back("PATH=/usr/local/bin:/usr/bin:/bin");
  options.child = {.command = std::move(command), .folder = "/", .environment = std::move(environment), .sandbox = SandboxKind::off};
  Hosted hosted{.host = make_process_host(std::move(options), {}), .tools = {}};
  const auto listed = run_async(io, hosted.host->list());
  DEED_CHECK(listed, listed ? "" : to_string(listed.error()).c_str());
  take_tools(hosted, *listed);
  return hosted;
}

std::string sdk_folder() {
  const char* cache = std::getenv("DEED_CACHE");
  const char* user = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::string base = cache ? cache : (user ? std::string(user) : std::string(home ? home : "") + "/.cache") + "/deed";
  return base + "/partners/python/lib";
}

// Their client with a server: the medians that it prints.
double client_of_others(const std::string& python, const std::string& sdk, const std::string& server) {
  const std::string command = "PYTHONPATH='" + sdk + "' " + python + " -B " DEED_BENCH_DIR "/mcp_client.py 1000 " + server;
  FILE* const out = popen(command.c_str(), "r");
  DEED_CHECK(out, "the client");
  double microseconds = 0;
  const int read = std::fscanf(out, "%lf", &microseconds);
  DEED_CHECK(pclose(out) == 0 && read == 1, "the client failed");
  return microseconds;
}

struct Row {
  const char* what;
  std::function<double()> measure;
  std::vector<double> medians = {};
};

void print_rows(std::vector<Row>& rows, std::size_t compared) {
  for (int round = 0; round < rounds; ++round) {
    for (Row& row : rows) row.medians.push_back(row.measure());
  }
  std::printf("a call of a plugin's tool              median      ratio to the SDK's server\n");
  for (Row& row : rows) {
    std::printf("%-36s %8.1f us", row.what, median(row.medians));
    std::vector<double> ratios;
    for (std::size_t i = 0; compared < rows.size() && i < row.medians.size(); ++i) ratios.push_back(row.medians[i] / rows[compared].medians[i]);
    if (ratios.empty()) std::printf("\n");
    else std::printf("   %8.4f\n", median(ratios));
  }
}

}  // namespace

void measure_plugins() {
  asio::io_context io;
  const std::string python = *program_path("python3", "");
  const Hosted here = in_process();
  const Hosted served = as_program(io, {DEED_COMMAND, "plugin", "serve", DEED_BENCH_PLUGIN}, {});
  const Hosted script = as_program(io, {python, "-B", DEED_BENCH_DIR "/plugin_tools.py"}, {"PYTHONPATH=" DEED_BENCH_DIR "/../plugins/python"});
  std::vector<Row> rows = {{"in this process, quick", [&] { return round_of(io, here, "bench.add", 20'000); }},
                           {"in this process, on its thread", [&] { return round_of(io, here, "bench.add_on_thread", 5'000); }},
                           {"in C, by deed plugin serve", [&] { return round_of(io, served, "bench.add_on_thread", 2'000); }},
                           {"in Python, by deed_plugin.py", [&] { return round_of(io, script, "bench.add", 2'000); }}};
  const std::string sdk = sdk_folder();
  if (!std::filesystem::exists(sdk + "/mcp")) {
    print_rows(rows, rows.size());
    std::printf("the SDK is not there: tests/partners/install_python_partners.sh\n");
    return;
  }
  const std::string others = python + " -B " DEED_BENCH_DIR "/mcp_tools.py";
  const Hosted sdks = as_program(io, {python, "-B", DEED_BENCH_DIR "/mcp_tools.py"}, {"PYTHONPATH=" + sdk});
  rows.push_back({"in Python, by the SDK's server", [&] { return round_of(io, sdks, "bench.add", 500); }});
  rows.push_back({"the SDK's client and its server", [&] { return client_of_others(python, sdk, others); }});
  print_rows(rows, 4);
}

}  // namespace deed::bench
