#include "deed/agent/task/references.hpp"

namespace deed {
namespace {

struct Collector {
  std::vector<Reference> found;

  void read(const Template& text) {
    for (Template::Use& use : text.uses()) found.push_back(std::move(use.reference));
  }
  void read(const Expression& expression) {
    for (Expression::Use& use : expression.uses()) found.push_back(std::move(use.reference));
  }
  void read(const std::optional<Expression>& expression) {
    if (expression) read(*expression);
  }

  void operator()(const ToolStep& step) { read(step.with); }
  void operator()(const LlmStep& step) { read(step.prompt), read(step.system); }
  void operator()(const AgentStep& step) { read(step.goal); }
  void operator()(const UseStep& step) { read(step.with); }
  void operator()(const WaitStep& step) {
    if (step.until) read(*step.until);
  }
  void operator()(const RowFile& file) { read(file.path), read(file.query); }
  void operator()(const Template& list) { read(list); }
};

}  // namespace

std::vector<Reference> references_of(const Step& step) {
  Collector collector;
  std::visit(collector, step.action);
  collector.read(step.condition);
  collector.read(step.approve.when);
  if (step.loop) {
    std::visit(collector, step.loop->over);
    collector.read(step.loop->key);
  }
  return std::move(collector.found);
}

}  // namespace deed
