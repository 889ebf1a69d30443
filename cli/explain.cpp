#include "deed/cli/explain.hpp"

#include <cstdio>

#include "deed/agent/event_types.hpp"
#include "deed/agent/task/progress.hpp"
#include "deed/cli/terminal.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

std::string percent(double probability) {
  char out[16];
  std::snprintf(out, sizeof out, "%.0f%%", probability * 100);
  return out;
}

std::string indented(std::string_view text, std::string_view margin) {
  std::string out;
  for (const std::string_view line : split(text, '\n')) out += std::string(margin) + std::string(line) + "\n";
  return out;
}

std::string described(const Media& media) {
  return for_terminal(media.name) + ", " + media.media_type + ", " + human_bytes(media.bytes ? media.bytes->size() : 0);
}

class Story {
 public:
  explicit Story(bool full) : full_(full) {}

  void operator()(const RunStarted& e) {
    out_ += "request   " + cut(e.request) + "\n";
    for (const std::string& path : e.attachments) out_ += "attached  " + for_terminal(path) + "\n";
    if (e.task) {
      out_ += "task      " + for_terminal(e.task->path) + "\n";
      for (const TaskInput& input : e.task->inputs) out_ += "input     " + input.name + ": " + cut(to_text(input.value)) + "\n";
      for (const std::string& id : e.task->left_out) out_ += "left out  " + for_terminal(id) + "\n";
      return;
    }
    out_ += "model     " + e.model + "\n";
  }
  void operator()(const RunResumed&) { out_ += "resumed\n"; }
  void operator()(const RunPaused& e) { out_ += "paused    " + cut(e.reason) + (e.hint.empty() ? "" : "\n          " + e.hint) + "\n"; }
  void operator()(const RunFinished& e) {
    out_ += "\nfinished  " + std::string(to_string(e.status)) + (e.reason.empty() ? "" : ": " + cut(e.reason)) + "\n";
    if (!e.text.empty()) out_ += indented(cut(e.text), "          ");
  }
  void operator()(const MediaAttached& e) { out_ += "shown     " + described(e.media) + "\n"; }
  void operator()(const PlanUpdated& e) {
    out_ += "plan      ";
    for (std::size_t i = 0; i < e.steps.size(); ++i) {
      out_ += (i ? "          " : "") + std::to_string(i + 1) + ". " + cut(e.steps[i]) + "\n";
    }
  }
  void operator()(const ModelRequested& e) {
    out_ += "\nstep " + std::to_string(step) + "    " + std::to_string(e.messages) + " messages, " + std::to_string(e.tools) +
            " tools, about " + std::to_string(e.estimated_tokens) + " tokens";
    if (e.cut_results) out_ += ", " + std::to_string(e.cut_results) + " old results cut";
    out_ += "\n";
  }
  void operator()(const ModelReasoned& e) {
    if (!e.text.empty()) out_ += "  thought " + cut(e.text) + "\n";
  }
  void operator()(const ModelReplied& e) {
    for (const std::string& vain : e.reply.fell_back) out_ += "  in vain " + cut(vain) + "\n";
    out_ += "  took    " + std::to_string(e.milliseconds) + " ms, " + std::to_string(e.reply.usage.input) + " tokens in, " +
            std::to_string(e.reply.usage.output) + " out\n";
    if (!e.reply.reasoning.empty()) out_ += "  thought " + cut(e.reply.reasoning) + "\n";
    if (!e.reply.text.empty()) out_ += "  said    " + cut(e.reply.text) + "\n";
    for (const Choice& choice : e.reply.choices) add(choice);
  }
  void operator()(const ModelFailed& e) { out_ += "  failed  " + cut(e.what) + "\n"; }
  void operator()(const ToolProposed& e) {
    out_ += "  call    " + for_terminal(e.tool_call.name) + " " + cut(to_text(e.tool_call.arguments)) + "\n";
  }
  void operator()(const PolicyDecided& e) {
    out_ += "  policy  " + std::string(to_string(e.verdict)) + ": " + cut(e.why) + "\n";
    for (const ArgumentOrigin& origin : e.origins) {
      out_ += "          " + origin.pointer + " from " + origin.origin + " (" + to_string(origin.trust) + ")\n";
    }
    if (e.preview) out_ += "  effect  " + for_terminal(e.preview->summary) + "\n";
    if (e.preview && full_) out_ += indented(for_terminal(e.preview->diff.empty() ? e.preview->bytes : e.preview->diff), "          | ");
  }
  void operator()(const ApprovalRequested&) { out_ += "  asked   for approval\n"; }
  void operator()(const ApprovalDecided& e) {
    out_ += std::string("  answer  ") + (e.approved ? "approved" : "refused") + " by " + e.by +
            (e.note.empty() ? "" : ": " + cut(e.note)) + "\n";
  }
  void operator()(const EffectIntended& e) { out_ += "  intent  attempt " + std::to_string(e.attempt) + " (" + to_string(e.effect_class) + ")\n"; }
  void operator()(const EffectDispatched& e) { out_ += "  commit point reached" + of(e.part) + "\n"; }
  void operator()(const EffectSettled& e) {
    out_ += "  result  " + std::string(to_string(e.status)) + of(e.part) + " in " + std::to_string(e.milliseconds) + " ms: " + cut(e.text) + "\n";
  }
  void operator()(const EffectProbed& e) { out_ += "  probe   " + e.verdict + of(e.part) + ": " + cut(e.evidence) + "\n"; }
  void operator()(const EffectReconciled& e) { out_ += "  settled by " + e.by + of(e.part) + ": " + e.decision + "\n"; }
  void operator()(const BudgetExceeded& e) { out_ += "limit     " + e.what + "\n"; }
  void operator()(const SignalReceived& e) { out_ += (e.signal == "answer" ? "  answer  " : "\nuser      ") + cut(e.text) + "\n"; }

  void operator()(const StepStarted& e) { out_ += "\nstep      " + for_terminal(e.id) + "\n"; }
  void operator()(const StepFinished& e) {
    out_ += "  ended   " + for_terminal(e.id) + " " + to_string(e.status) + (e.skipped ? ", " + std::to_string(e.skipped) + " left out" : "") +
            (e.error.empty() ? "" : ": " + cut(e.error)) + "\n";
  }
  void operator()(const ItemFailed& e) { out_ += "  failed  " + cut(item_name(e.item)) + ": " + cut(e.error) + "\n"; }
  void operator()(const ChildStarted& e) { out_ += "  run     " + e.run + " for " + cut(item_name(e.item)) + "\n"; }
  void operator()(const ChildFinished& e) {
    out_ += "  run     " + e.run + " " + to_string(e.status) + ": " + cut(e.reason.empty() ? e.text : e.reason) + "\n";
  }
  void operator()(const TimerSet& e) {
    out_ += "  waits   until " + to_iso8601(TimePoint(std::chrono::milliseconds(e.until_ms))) + "\n";
  }
  void operator()(const TimerFired&) { out_ += "  goes on\n"; }

  std::string take() { return std::move(out_); }
  int step = 0;

 private:
  static std::string of(const std::string& part) { return part.empty() ? "" : " for " + for_terminal(part); }
  void add(const Choice& choice) {
    out_ += "  choice  " + choice.about + ": " + cut(choice.chosen);
    if (!choice.origin.empty()) out_ += " (" + for_terminal(choice.origin) + ")";
    std::string others;
    for (const Alternative& other : choice.alternatives) {
      if (other.value == choice.chosen) out_ += " " + percent(other.probability);
      else if (other.probability >= 0.005) others += ", " + cut(other.value) + " " + percent(other.probability);
    }
    out_ += (others.empty() ? "" : "; before" + others.substr(1)) + "\n";
  }
  std::string cut(std::string_view text) const {
    std::string shown = for_terminal(trim(text));
    if (full_) return shown;
    const std::size_t line = shown.find('\n');
    const bool more = line != std::string::npos || shown.size() > 160;
    shown = std::string(utf8_prefix(std::string_view(shown).substr(0, line), 160));
    return more ? shown + " …" : shown;
  }

  bool full_;
  std::string out_;
};

}  // namespace

std::string explain_event(const Event& event, bool full) {
  Story story(full);
  story.step = event.step;
  const auto body = decode(event);
  if (body && *body) std::visit(story, **body);
  return story.take();
}

std::string explain_run(const RunRecord& run, const std::vector<Event>& events, bool full) {
  std::string story = "run       " + run.id + "\nstatus    " + to_string(run.status) + "\nstarted   " +
                     to_iso8601(run.created) + "\n";
  for (const Event& event : events) story += explain_event(event, full);
  return story;
}

}  // namespace deed
