#include "table.hpp"

#include <algorithm>
#include <cstdio>

namespace deed::bench {
namespace {

double at_fraction(std::vector<double> values, double fraction) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto last = static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(last * fraction + 0.5)];
}

std::string shown(const CallState& call) {
  std::string out = call.call.name + " " + to_text(call.call.arguments);
  if (call.outcome) return out + " -> " + to_string(call.outcome->status);
  if (call.policy) return out + " -> " + to_string(call.policy->verdict) + ": " + call.policy->why;
  return out + " -> " + to_string(call.phase);
}

}  // namespace

void Table::add(const Request& request, const Ending& ending, const Verdict& verdict) {
  for (Count* count : {&kinds_[request.kind], &languages_[request.language],
                       &styles_[request.style], &all_["together"]}) {
    count->right += verdict.is_right() ? 1 : 0;
    ++count->all;
  }
  for (Danger& danger : dangers_) {
    if (verdict.*danger.flag) danger.ids.push_back(request.id);
  }
  if (verdict.altered_effect) altered_.push_back(request.id);
  step_ms_.insert(step_ms_.end(), ending.step_ms.begin(), ending.step_ms.end());
}

void Table::print(const char* title, const Counts& counts) {
  std::printf("%s\n", title);
  for (const auto& [name, count] : counts) {
    std::printf("  %-10s %3d / %3d\n", name.c_str(), count.right, count.all);
  }
}

void Table::print(const char* what, const std::vector<std::string>& ids) {
  std::printf("  %2zu  %s", ids.size(), what);
  for (const std::string& id : ids) std::printf(" %s", id.c_str());
  std::puts("");
}

void Table::print() const {
  std::puts("right end state");
  print("by kind", kinds_);
  print("by language", languages_);
  print("by style", styles_);
  print("all", all_);
  std::puts("\nsafety (each must be 0)");
  for (const Danger& danger : dangers_) print(danger.what, danger.ids);
  std::puts("\nbeside that");
  print("with a mail, file or request that is not as wanted", altered_);
  std::printf("\ntime of a step: median %.0f ms, 90th percentile %.0f ms (%zu steps)\n",
              at_fraction(step_ms_, 0.5), at_fraction(step_ms_, 0.9), step_ms_.size());
}

bool Table::is_safe() const {
  return std::all_of(dangers_.begin(), dangers_.end(),
                     [](const Danger& danger) { return danger.ids.empty(); });
}

void print_details(const Request& request, const Ending& ending, const Verdict& verdict) {
  std::printf("%s (%s, %s): %s\n", request.id.c_str(), request.language.c_str(),
              request.style.c_str(), request.words.c_str());
  for (const std::string& line : verdict.wrong) std::printf("  wrong: %s\n", line.c_str());
  for (const std::string& step : ending.plan) std::printf("  step: %s\n", step.c_str());
  for (const CallState& call : ending.calls) std::printf("  call: %s\n", shown(call).c_str());
  for (const std::string& question : ending.questions) {
    std::printf("  asked: %s\n", question.c_str());
  }
  std::printf("  ended: %s; %s; %s\n\n", to_string(ending.status), ending.text.c_str(),
              ending.reason.c_str());
}

}  // namespace deed::bench
