// Runs in this process against a journal of their own, with tools that a script of replies calls.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "deed/agent/runner.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/fakes/scripted_model.hpp"

namespace deed {

// What the tools of these tests did to the world.
struct RunnerWorld {
  std::vector<std::string> done;
  std::optional<Outcome> next;          // instead of success
  std::optional<Error> no_preview;
  std::function<void()> on_entry;       // called by each tool before it does anything
  bool throws_after_commit = false;
  ProbeResult probe{ProbeResult::Verdict::undecided, "nobody knows"};
};

inline asio::awaitable<Outcome> runner_act(Json arguments, ToolContext& context, RunnerWorld& world) {
  if (world.on_entry) world.on_entry();
  auto committed = co_await context.dispatching();
  if (!committed) co_return Outcome::failed_without_effect(committed.error());
  world.done.push_back(string_at(arguments, "what"));
  if (world.throws_after_commit) throw std::runtime_error("lost connection");
  if (world.next) co_return *world.next;
  co_return Outcome::succeeded({{"ok", true}}, "did " + string_at(arguments, "what"));
}
inline asio::awaitable<Outcome> runner_look(Json arguments, RunnerWorld& world) {
  if (world.on_entry) world.on_entry();
  world.done.push_back("look");
  co_return Outcome::succeeded({{"seen", string_at(arguments, "what")}}, "seen " + string_at(arguments, "what"));
}
inline asio::awaitable<ProbeResult> runner_probe(RunnerWorld& world) { co_return world.probe; }

class RunnerAnswers final : public Interaction {
 public:
  std::optional<ApprovalAnswer> approval;
  std::optional<std::string> words;
  std::vector<ApprovalCard> cards;
  std::function<void()> on_card;

  asio::awaitable<std::optional<ApprovalAnswer>> approve(ApprovalCard card) override {
    cards.push_back(std::move(card));
    if (on_card) on_card();
    co_return approval;
  }
  asio::awaitable<std::optional<std::string>> answer(std::string) override { co_return words; }
};

class RunnerTest : public testing::Test {
 protected:
  static Reply calls(const char* tool, const char* what) { return ScriptedModel::calls(tool, {{"what", what}}); }
  static Reply says(const char* text) { return ScriptedModel::says(text); }

  RunnerTest() {
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() / ("deed-runner-" + std::to_string(getpid()) + "-" + std::to_string(++count));
    open();
    add("act", EffectClass::once, true);
    add("act.quiet", EffectClass::once, false);
    add("act.probed", EffectClass::probeable, false);
    add("act.again", EffectClass::idempotent, false);
    Tool looks = tool("look", EffectClass::read, false);
    looks.run = [this](Json arguments, ToolContext&) { return runner_look(std::move(arguments), world_); };
    EXPECT_OK(tools_.add(std::move(looks)));
    Tool asks = tool("user.ask", EffectClass::read, false);
    asks.spec.arguments = {{"type", "object"}, {"properties", {{"question", {{"type", "string"}}}}}, {"required",
        Json::array({"question"})}};
    asks.spec.roles = {};
    asks.spec.asks_user = true;
    asks.run = {};
    EXPECT_OK(tools_.add(std::move(asks)));
  }
  ~RunnerTest() override {
    journal_.reset();
    std::filesystem::remove_all(folder_);
  }

  void open(Redactor redactor = {}) {
    journal_.reset();
    auto journal = open_sqlite_journal({.path = folder_ / "journal.db", .redactor = std::move(redactor), .may_hold_up_caller = true});
    ASSERT_OK(journal);
    journal_ = std::move(*journal);
  }
  static Tool tool(const std::string& name, EffectClass effect, bool asks) {
    Tool tool;
    tool.spec.name = name;
    tool.spec.description = "Test.";
    tool.spec.arguments = {{"type", "object"}, {"properties", {{"what", {{"type", "string"}}}}}, {"required",
        Json::array({"what"})},
                           {"additionalProperties", false}};
    tool.spec.effect = effect;
    tool.spec.roles = {{"what", ArgumentRole::destination}};
    tool.spec.approval = asks ? ApprovalNeed::always : ApprovalNeed::never;
    tool.spec.result_trust = Trust::tool;
    tool.spec.dispatches = true;
    return tool;
  }
  void add(const std::string& name, EffectClass effect, bool asks) {
    Tool made = tool(name, effect, asks);
    made.run = [this](Json arguments, ToolContext& context) { return runner_act(std::move(arguments), context, world_); };
    made.preview = [this](const Json& arguments, const ToolContext&) -> Result<Preview> {
      if (world_.no_preview) return fail(*world_.no_preview);
      const std::string what = string_at(arguments, "what");
      return Preview{"text/plain", "will do " + what, "do " + what, {what}};
    };
    if (effect == EffectClass::probeable) made.probe = [this](Json, ToolContext&) { return runner_probe(world_); };
    EXPECT_OK(tools_.add(std::move(made)));
  }

  RunReport start(std::string request, Limits limits = {}) {
    Runner runner({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
    auto report = run_async(io_, runner.start({.request = std::move(request), .limits = limits}));
    EXPECT_OK(report);
    return report ? *report : RunReport{};
  }
  Result<RunReport> resume(const RunId& run) {
    Runner runner({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
    return run_async(io_, runner.resume(run));
  }
  void script(std::vector<Result<Reply>> replies) { model_ = ScriptedModel(std::move(replies)); }
  std::vector<std::string> kinds(const RunId& run) {
    return kinds_of(run_async(io_, journal_->read(run, 0, 1000)));
  }

  // What another process would read now: the kinds of the newest run's events.
  std::vector<std::string> kinds_on_disk() {
    asio::io_context io;
    auto journal = open_sqlite_journal({.path = folder_ / "journal.db"});
    EXPECT_OK(journal);
    const auto run = run_async(io, (*journal)->find_run("last"));
    EXPECT_OK(run);
    return kinds_of(run_async(io, (*journal)->read(run->id, 0, 1000)));
  }
  static std::vector<std::string> kinds_of(const Result<std::vector<Event>>& events) {
    EXPECT_OK(events);
    std::vector<std::string> out;
    for (const Event& event : *events) out.push_back(event.kind);
    return out;
  }

  std::filesystem::path folder_;
  asio::io_context io_;
  std::unique_ptr<Journal> journal_;
  ScriptedModel model_;
  Registry tools_;
  RunnerWorld world_;
  RunnerAnswers answers_;
  Observer observer_;
  Policy policy_;
};

}  // namespace deed
