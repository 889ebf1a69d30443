// Tasks run in this process against a journal of their own, with tools whose world is a list.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "deed/agent/runner.hpp"
#include "deed/agent/task/check_task.hpp"
#include "deed/agent/task/parse_task.hpp"
#include "deed/agent/task/task_of_run.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/fakes/scripted_model.hpp"

namespace deed {

struct TaskWorld {
  std::vector<std::string> done;
  std::deque<Outcome> next;        // instead of success, in order
  std::function<void()> on_entry;  // called by each tool before it does anything
  ProbeResult probe{ProbeResult::Verdict::undecided, "nobody knows"};
};

class TaskPerson final : public Interaction {
 public:
  std::optional<ApprovalAnswer> approval;
  std::vector<ApprovalCard> cards;
  asio::awaitable<std::optional<ApprovalAnswer>> approve(ApprovalCard card) override {
    cards.push_back(std::move(card));
    co_return approval;
  }
  asio::awaitable<std::optional<std::string>> answer(std::string) override { co_return std::nullopt; }
};

inline asio::awaitable<Outcome> task_act(Json arguments, ToolContext& context, TaskWorld& world) {
  if (world.on_entry) world.on_entry();
  const bool has_next = !world.next.empty();
  if (has_next && world.next.front().status == OutcomeStatus::failed_without_effect) {
    Outcome failed = std::move(world.next.front());
    world.next.pop_front();
    co_return failed;
  }
  auto committed = co_await context.dispatching();
  if (!committed) co_return Outcome::failed_without_effect(committed.error());
  world.done.push_back(string_at(arguments, "what"));
  if (has_next) {
    Outcome next = std::move(world.next.front());
    world.next.pop_front();
    co_return next;
  }
  co_return Outcome::succeeded({{"id", "id of " + string_at(arguments, "what")}}, "did " + string_at(arguments, "what"));
}
inline asio::awaitable<Outcome> task_look(Json arguments, TaskWorld& world) {
  world.done.push_back("look " + string_at(arguments, "what"));
  co_return Outcome::succeeded({{"seen", string_at(arguments, "what")}, {"list", {"a", "b", "c"}}}, "seen " + string_at(arguments, "what"));
}
inline asio::awaitable<ProbeResult> task_probe(TaskWorld& world) { co_return world.probe; }

class TaskTest : public testing::Test {
 protected:
  TaskTest() {
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() / ("deed-task-" + std::to_string(getpid()) + "-" + std::to_string(++count));
    std::filesystem::create_directories(folder_ / "work");
    auto journal = open_sqlite_journal({.path = folder_ / "journal.db", .redactor = redactor_of("very-secret-token")});
    EXPECT_OK(journal);
    journal_ = std::move(*journal);
    add("act", EffectClass::once, ApprovalNeed::always);
    add("act.quiet", EffectClass::once, ApprovalNeed::never);
    add("act.probed", EffectClass::probeable, ApprovalNeed::never);
    add("act.again", EffectClass::idempotent, ApprovalNeed::never);
    Tool look = tool("look", EffectClass::read, ApprovalNeed::never);
    look.run = [this](Json arguments, ToolContext&) { return task_look(std::move(arguments), world_); };
    EXPECT_OK(tools_.add(std::move(look)));
  }
  ~TaskTest() override {
    journal_.reset();
    std::filesystem::remove_all(folder_);
  }
  static Redactor redactor_of(const std::string& secret) {
    Redactor redactor;
    redactor.add(Secret(secret));
    return redactor;
  }
  static Tool tool(const std::string& name, EffectClass effect, ApprovalNeed approval) {
    Tool tool;
    tool.spec.name = name;
    tool.spec.description = "Test.";
    tool.spec.arguments = {{"type", "object"},
                           {"properties", {{"what", {{"type", "string"}}}, {"note", {{"type", "string"}}}}},
                           {"required", {"what"}},
                           {"additionalProperties", false}};
    tool.spec.effect = effect;
    tool.spec.roles = {{"what", ArgumentRole::destination}};
    tool.spec.approval = approval;
    tool.spec.result_trust = Trust::untrusted;
    tool.spec.dispatches = true;
    return tool;
  }
  void add(const std::string& name, EffectClass effect, ApprovalNeed approval) {
    Tool made = tool(name, effect, approval);
    made.run = [this](Json arguments, ToolContext& context) { return task_act(std::move(arguments), context, world_); };
    made.preview = [](const Json& arguments, const ToolContext& context) -> Result<Preview> {
      const std::string what = string_at(arguments, "what");
      return Preview{"text/plain", what + " " + string_at(arguments, "note") + " " + context.effect_key(), "do " + what, {what}};
    };
    if (effect == EffectClass::probeable) made.probe = [this](Json, ToolContext&) { return task_probe(world_); };
    EXPECT_OK(tools_.add(std::move(made)));
  }

  /// The task of `text`, which must be right.
  static std::shared_ptr<const Task> task_of(const std::string& text, std::map<std::string, std::string> files = {}) {
    const ReadTaskFile read = [&](const std::string& path) -> Result<std::string> {
      const auto found = files.find(path);
      if (found == files.end()) return fail(ErrorKind::not_found, "no such file", path);
      return found->second;
    };
    ParsedTask parsed = parse_task(text, "/tasks/main.yaml", read);
    for (const TaskIssue& issue : parsed.issues) ADD_FAILURE() << to_string(issue);
    return parsed.task;
  }
  RunnerParts parts() {
    RunnerParts parts{*journal_, none_, tools_, system_clock(), person_, observer_, policy_};
    parts.model_named = [this](const std::string& name) -> Result<Model*> {
      asked_models_.push_back(name);
      return &model_;
    };
    parts.secret_of = [](const std::string&) -> Result<Secret> { return Secret("very-secret-token"); };
    parts.rehearse = rehearse_;
    parts.on_preview = [this](const std::string& call, const Preview& preview) { previews_[call] = preview.bytes; };
    return parts;
  }
  NewRequest request_of(const std::shared_ptr<const Task>& task, Json inputs) {
    const auto complete = complete_inputs(*task, std::move(inputs));
    EXPECT_OK(complete);
    NewRequest request{.request = task->name, .root = (folder_ / "work").string(), .limits = {.max_calls = 0}};
    request.task = task_of_run(*task, *complete);
    return request;
  }
  RunReport run(const std::string& text, Json inputs = Json::object(), std::map<std::string, std::string> files = {}) {
    const auto task = task_of(text, std::move(files));
    if (!task) return {};
    Runner runner(parts());
    runner_ = &runner;
    auto report = run_async(io_, runner.start(request_of(task, std::move(inputs))));
    runner_ = nullptr;
    EXPECT_OK(report);
    return report ? *report : RunReport{};
  }
  RunReport again(auto act) {
    Runner runner(parts());
    runner_ = &runner;
    auto report = run_async(io_, act(runner));
    runner_ = nullptr;
    EXPECT_OK(report);
    return report ? *report : RunReport{};
  }
  RunReport resume(const RunId& run) {
    return again([&](Runner& runner) { return runner.resume(run); });
  }
  RunReport approve(const RunId& run, bool yes = true) {
    return again([&](Runner& runner) { return runner.decide_approval(run, {yes, ""}, "test"); });
  }
  std::vector<Event> events(const RunId& run) {
    auto read = run_async(io_, journal_->read(run, 0, 100'000));
    EXPECT_OK(read);
    return read ? *read : std::vector<Event>();
  }
  const StepProgress& step(const RunReport& report, const std::string& id) {
    const Task& task = *report.state.task->task;
    return report.state.task->steps[task.number_of(*task.find(id))];
  }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / "work" / name, std::ios::binary) << text; }

  std::filesystem::path folder_;
  asio::io_context io_;
  std::unique_ptr<Journal> journal_;
  Registry tools_;
  TaskWorld world_;
  TaskPerson person_;
  Observer observer_;
  Policy policy_;
  ScriptedModel none_, model_;
  Runner* runner_ = nullptr;
  bool rehearse_ = false;
  std::map<std::string, std::string> previews_;
  std::vector<std::string> asked_models_;
};

}  // namespace deed
