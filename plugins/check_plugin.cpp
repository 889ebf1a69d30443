#include "deed/plugins/check_plugin.hpp"

#include <algorithm>
#include <set>

#include "deed/agent/bounded.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"
#include "deed/plugins/declared_tool.hpp"
#include "deed/plugins/json_rpc.hpp"
#include "deed/plugins/plugin_host.hpp"
#include "deed/plugins/sample_arguments.hpp"

namespace deed {
namespace {

using Grade = PluginFinding::Grade;
using SteadyTime = std::chrono::steady_clock;

// A call that belongs to no run: nothing is recorded. Only for tools that change nothing, and for previews.
class TrialContext final : public ToolContext {
 public:
  const std::string& effect_key() const override { return key_; }
  RunId run() const override { return "trial"; }
  int attempt() const override { return 1; }
  TimePoint proposed_at() const override { return begun_; }
  const Clock& clock() const override { return system_clock(); }
  Async<void> dispatching() override { co_return Result<void>(); }
  EffectPart part(const std::string&) const override { return {}; }
  Async<void> dispatching_part(std::string) override { co_return Result<void>(); }
  Async<void> settle_part(std::string, Outcome) override { co_return Result<void>(); }
  PartCounts parts_of_run() const override { return {}; }
  bool stop_requested() const override { return false; }
  Async<void> wait(std::chrono::milliseconds) override { co_return fail(ErrorKind::denied, "this is a trial: nothing waits"); }
  void stop_at_limit(std::string, std::string, std::string) override {}
  const std::string& probed_part() const override { return none_; }
  TimePoint dispatched_at() const override { return begun_; }
  void progress(std::string_view) override {}

 private:
  std::string key_ = sha256_hex("trial"), none_;
  TimePoint begun_ = system_clock().now();
};

std::string milliseconds_text(SteadyTime::duration time) {
  const double ms = std::chrono::duration<double, std::milli>(time).count();
  std::string text = std::to_string(ms);
  return text.substr(0, text.find('.') + (ms < 10 ? 3 : 2)) + " ms";
}

Async<Bounded<Outcome>> tried(asio::awaitable<Outcome> running, std::chrono::milliseconds timeout) {
  auto bounded = co_await run_bounded(std::move(running), timeout, nullptr);
  co_return bounded;
}

struct Checker {
  const FoundPlugin& plugin;
  Agent& agent;
  PluginCheckOptions options;
  std::vector<PluginFinding> findings = {};

  void add(Grade grade, std::string what, std::string detail = {}) { findings.push_back({grade, std::move(what), std::move(detail)}); }

  // Without a word of its own on effects a tool is taken for the worst; that is safe, and tiresome.
  void look_at(const Json& listed, const DeclaredTool& tool) {
    const std::string& name = tool.spec.name;
    const Json& deed = rpc::member(rpc::member(listed, "_meta"), "deed");
    if (!deed.is_object() || !deed.contains("effect")) add(Grade::doubtful, name + " does not say what a second run would do", std::string("taken for ") + to_string(tool.spec.effect));
    if (tool.spec.description.empty()) add(Grade::bad, name + " has no description", "a model chooses by it");
    if (tool.spec.examples.empty()) add(Grade::doubtful, name + " has no examples", "small models choose by them");
    if (changes_world(tool.spec.effect) && tool.spec.roles.empty()) {
      add(Grade::doubtful, name + " changes something and says of no argument what it is for", "roles: where does the effect go?");
    }
    if (tool.spec.effect == EffectClass::once && !tool.spec.dispatches) {
      add(Grade::doubtful, name + " does not say when it passes its commit point", "whatever breaks it off leaves its outcome open");
    }
  }

  Bounded<Outcome> run(const Tool& tool, const Json& arguments, std::chrono::milliseconds timeout) {
    TrialContext context;
    auto done = agent.wait(tried(tool.run(arguments, context), timeout));
    if (done) return *std::move(done);
    Bounded<Outcome> broken;
    broken.exception = to_string(done.error());
    return broken;
  }

  void try_out(const RegisteredTool& entry, const DeclaredTool& declared) {
    const std::string& name = entry.tool.spec.name;
    const auto samples = sample_arguments(entry.arguments, options.samples, options.seed);
    if (samples.empty()) return add(Grade::doubtful, name + " was not tried", "nothing was found that its schema accepts");
    if (changes_world(entry.tool.spec.effect)) return preview_all(entry.tool, samples);
    constexpr std::chrono::milliseconds longest{10'000};
    std::vector<SteadyTime::duration> times;
    for (const Json& arguments : samples) {
      const auto begun = SteadyTime::now();
      const auto done = run(entry.tool, arguments, std::min(longest, entry.tool.spec.timeout));
      times.push_back(SteadyTime::now() - begun);
      const bool is_broken = !done.value || string_at(done.value->result, "error").starts_with("the plugin's process");
      if (!is_broken) continue;
      const std::string why = done.timed_out ? "it did not end in time" : done.value ? string_at(done.value->result, "error") : done.exception;
      return add(Grade::bad, name + " breaks on arguments that its schema allows", std::string(utf8_prefix(to_text(arguments), 300)) + ": " + why);
    }
    std::sort(times.begin(), times.end());
    add(Grade::good, name + " answers what its schema allows", std::to_string(samples.size()) + " calls, median " + milliseconds_text(times[times.size() / 2]));
    try_ending(entry.tool, samples.front(), declared);
  }

  // A call that is given up must not spoil the next one.
  void try_ending(const Tool& tool, const Json& arguments, const DeclaredTool& declared) {
    run(tool, arguments, std::chrono::milliseconds(1));
    const auto done = run(tool, arguments, std::chrono::milliseconds(30'000));
    if (done.value) add(Grade::good, declared.spec.name + " answers after a call that was given up");
    else add(Grade::bad, declared.spec.name + " does not answer after a call that was given up", done.exception);
  }

  void preview_all(const Tool& tool, const std::vector<Json>& samples) {
    const std::string& name = tool.spec.name;
    if (!tool.asked_preview) return add(Grade::doubtful, name + " has no preview", "people approve it unseen");
    for (const Json& arguments : samples) {
      TrialContext context;
      const auto first = agent.wait(tool.asked_preview(arguments, context)), second = agent.wait(tool.asked_preview(arguments, context));
      if (first.has_value() != second.has_value() || (first && first->bytes != second->bytes)) {
        return add(Grade::bad, name + " shows another preview each time", std::string(utf8_prefix(to_text(arguments), 300)));
      }
      if (!first && first.error().kind != ErrorKind::invalid) return add(Grade::bad, name + " breaks when it is to show what it would do", to_string(first.error()));
    }
    add(Grade::good, name + " shows what it would do", std::to_string(samples.size()) + " previews");
  }
};

}  // namespace

const char* to_string(Grade grade) {
  switch (grade) {
    case Grade::good: return "good";
    case Grade::doubtful: return "doubtful";
    case Grade::bad: return "bad";
  }
  return "bad";
}

std::vector<PluginFinding> check_plugin(const FoundPlugin& plugin, const PluginOptions& options, Agent& agent, PluginCheckOptions check) {
  Checker checker{plugin, agent, check};
  const auto stop = [&](std::string what, const Error& why) {
    checker.add(Grade::bad, std::move(what), to_string(why));
    return checker.findings;
  };
  if (plugin.problem) return stop("plugin.toml", *plugin.problem);
  checker.add(Grade::good, "plugin.toml is read, and nobody else may write the plugin's files");
  const auto host = open_plugin(plugin, options, {.root = agent.root(), .http = &agent.http(), .egress = &agent.egress()});
  if (!host) return stop("its process can be begun", host.error());
  const auto begun = SteadyTime::now();
  const auto listed = agent.wait((*host)->list());
  if (!listed) return stop("it lists its tools", listed.error());
  const auto took = SteadyTime::now() - begun;
  const auto shown = corrected(*listed, plugin.manifest.corrections);
  if (!shown) return stop("its tools are those of plugin.toml", shown.error());
  const auto tools = parse_declared_tools(*shown, plugin.manifest.name);
  if (!tools) return stop("its tools are described as they must be", tools.error());
  checker.add(Grade::good, "it starts and lists its tools", std::to_string(tools->size()) + " in " + milliseconds_text(took));
  if (tools->empty()) checker.add(Grade::bad, "it has no tools");
  for (std::size_t i = 0; i < tools->size(); ++i) {
    const DeclaredTool& declared = (*tools)[i];
    Registry registry;
    if (auto added = registry.add(tool_of(declared, *host)); !added) {
      checker.add(Grade::bad, declared.spec.name + " can be used", to_string(added.error()));
      continue;
    }
    checker.look_at((*shown)[i], declared);
    checker.try_out(registry.tools().front(), declared);
  }
  return checker.findings;
}

}  // namespace deed
