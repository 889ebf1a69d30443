#include "deed/agent/runner.hpp"

#include "deed/agent/drive.hpp"

namespace deed {

Interaction& no_interaction() {
  class Nobody final : public Interaction {
    asio::awaitable<std::optional<ApprovalAnswer>> approve(ApprovalCard) override { co_return std::nullopt; }
    asio::awaitable<std::optional<std::string>> answer(std::string) override { co_return std::nullopt; }
  };
  static Nobody nobody;
  return nobody;
}

Runner::Runner(RunnerParts parts) : parts_(std::move(parts)) {}
Runner::~Runner() = default;

void Runner::interrupt() { interrupt_.request(); }

namespace {

// What was heard or taken over is driven; what failed leaves the run to others.
Async<RunReport> go_on_or_leave(Drive& drive, Result<void> ready) {
  if (ready) {
    auto report = co_await drive.go_on();
    co_return report;
  }
  auto left = co_await drive.leave();
  DEED_CO_OK(std::move(left));
  co_return fail(std::move(ready).error());
}

}  // namespace

Async<RunReport> Runner::start(NewRequest request) {
  Drive drive(parts_, interrupt_);
  auto begun = co_await drive.begin(std::move(request));
  auto report = co_await go_on_or_leave(drive, std::move(begun));
  co_return report;
}

Async<RunReport> Runner::resume(RunId run, std::optional<Limits> limits) {
  Drive drive(parts_, interrupt_);
  auto ready = co_await drive.take_over(std::move(run), limits);
  auto report = co_await go_on_or_leave(drive, std::move(ready));
  co_return report;
}

Async<RunReport> Runner::say(RunId run, std::string message) {
  Drive drive(parts_, interrupt_);
  auto ready = co_await drive.take_over(std::move(run), std::nullopt);
  if (ready) ready = co_await drive.hear_message(std::move(message));
  auto report = co_await go_on_or_leave(drive, std::move(ready));
  co_return report;
}

Async<RunReport> Runner::answer(RunId run, std::string text) {
  Drive drive(parts_, interrupt_);
  auto ready = co_await drive.take_over(std::move(run), std::nullopt);
  if (ready) ready = co_await drive.hear_answer(std::move(text));
  auto report = co_await go_on_or_leave(drive, std::move(ready));
  co_return report;
}

Async<RunReport> Runner::decide_approval(RunId run, ApprovalAnswer answer, std::string by) {
  Drive drive(parts_, interrupt_);
  auto ready = co_await drive.take_over(std::move(run), std::nullopt);
  if (ready) ready = co_await drive.hear_approval(std::move(answer), std::move(by));
  auto report = co_await go_on_or_leave(drive, std::move(ready));
  co_return report;
}

Async<RunReport> Runner::signal(RunId run, std::string name) {
  Drive drive(parts_, interrupt_);
  auto ready = co_await drive.take_over(std::move(run), std::nullopt);
  if (ready) ready = co_await drive.hear_signal(std::move(name));
  auto report = co_await go_on_or_leave(drive, std::move(ready));
  co_return report;
}

Async<RunReport> Runner::reconcile(RunId run, std::string decision, std::string by, std::string part) {
  Drive drive(parts_, interrupt_);
  auto ready = co_await drive.take_over(std::move(run), std::nullopt);
  if (ready) ready = co_await drive.hear_operator(std::move(decision), std::move(by), std::move(part));
  auto report = co_await go_on_or_leave(drive, std::move(ready));
  co_return report;
}

}  // namespace deed
