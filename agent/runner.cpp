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

Async<RunReport> Runner::start(NewRequest request) {
  Drive drive(parts_, interrupt_);
  auto begun = co_await drive.begin(std::move(request));
  DEED_CO_OK(std::move(begun));
  auto report = co_await drive.go_on();
  co_return report;
}

Async<RunReport> Runner::resume(RunId run, std::optional<Limits> limits) {
  Drive drive(parts_, interrupt_);
  auto taken = co_await drive.take_over(std::move(run), limits);
  DEED_CO_OK(std::move(taken));
  auto report = co_await drive.go_on();
  co_return report;
}

Async<RunReport> Runner::say(RunId run, std::string message) {
  Drive drive(parts_, interrupt_);
  auto taken = co_await drive.take_over(std::move(run), std::nullopt);
  DEED_CO_OK(std::move(taken));
  auto said = co_await drive.hear_message(std::move(message));
  DEED_CO_OK(std::move(said));
  auto report = co_await drive.go_on();
  co_return report;
}

Async<RunReport> Runner::answer(RunId run, std::string text) {
  Drive drive(parts_, interrupt_);
  auto taken = co_await drive.take_over(std::move(run), std::nullopt);
  DEED_CO_OK(std::move(taken));
  auto heard = co_await drive.hear_answer(std::move(text));
  DEED_CO_OK(std::move(heard));
  auto report = co_await drive.go_on();
  co_return report;
}

Async<RunReport> Runner::decide_approval(RunId run, ApprovalAnswer answer, std::string by) {
  Drive drive(parts_, interrupt_);
  auto taken = co_await drive.take_over(std::move(run), std::nullopt);
  DEED_CO_OK(std::move(taken));
  auto decided = co_await drive.hear_approval(std::move(answer), std::move(by));
  DEED_CO_OK(std::move(decided));
  auto report = co_await drive.go_on();
  co_return report;
}

Async<RunReport> Runner::reconcile(RunId run, std::string decision, std::string by) {
  Drive drive(parts_, interrupt_);
  auto taken = co_await drive.take_over(std::move(run), std::nullopt);
  DEED_CO_OK(std::move(taken));
  auto heard = co_await drive.hear_operator(std::move(decision), std::move(by));
  DEED_CO_OK(std::move(heard));
  auto report = co_await drive.go_on();
  co_return report;
}

}  // namespace deed
