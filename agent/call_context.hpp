// What a tool sees of the run while it works on one call, and what the run learns from it: how far the call came. Internal.
#pragma once

#include <optional>
#include <string>

#include "deed/agent/drive.hpp"
#include "deed/agent/interrupt.hpp"

namespace deed {

/// When a call of a class and a tool passes its commit point.
enum class Dispatch {
  never,     ///< changes nothing, or only what is entered with its outcome
  by_tool,   ///< when the tool says so
  at_entry,  ///< the tool does not say: from its first instant on
};

/// Outlives the tool's coroutine. Every dispatch is on the disk before the tool goes on.
class CallContext final : public ToolContext {
 public:
  struct Options {
    Dispatch dispatch = Dispatch::never;
    bool may_repeat = false;   ///< what is in doubt counts as open: doing it twice is doing it once
    std::int64_t attempt = 1;
    bool is_probe = false;
    std::string probed_part = {};
  };
  CallContext(Drive& drive, std::string id, Options options);

  const std::string& effect_key() const override { return call_.effect_key; }
  RunId run() const override { return drive_.run(); }
  int attempt() const override { return static_cast<int>(options_.attempt); }
  TimePoint proposed_at() const override { return call_.proposed_at; }
  const Clock& clock() const override { return drive_.parts().clock; }
  void progress(std::string_view line) override { drive_.parts().observer.on_progress(id_, line); }
  Async<void> dispatching() override;
  EffectPart part(const std::string& name) const override;
  Async<void> dispatching_part(std::string name) override;
  Async<void> settle_part(std::string name, Outcome outcome) override;
  bool stop_requested() const override;
  PartCounts parts_of_run() const override { return drive_.state().parts; }
  Async<void> wait(std::chrono::milliseconds time) override;
  void stop_at_limit(std::string limit, std::string what, std::string hint) override;
  const std::string& probed_part() const override { return options_.probed_part; }
  TimePoint dispatched_at() const override;

  /// The tool's timeout begins anew with it.
  Renewal& renewal() { return renewal_; }
  bool has_parts() const { return !call_.parts.empty(); }
  /// The tool was told to stop before all was done: the call has no outcome yet, and runs again when the run is resumed, or when
  /// its timer says so.
  bool paused() const { return told_to_stop_ && !has_dispatched(); }
  /// The tool's own limit, at which the run is to pause.
  const std::optional<ToolLimit>& limit() const { return limit_; }
  /// The outcome of a tool that broke off and said nothing itself: how far it came does.
  Outcome broken_off(const std::string& why) const;
  /// What is true whatever the tool said: nothing is known of a call while a part of it is in doubt.
  Outcome checked(Outcome outcome) const;

 private:
  Drive& drive_;
  std::string id_;
  const CallState& call_;  // a std::map's node stays where it is
  Async<void> go_on_at(TimePoint time);
  bool has_dispatched() const { return dispatched_ || options_.dispatch == Dispatch::at_entry; }

  Options options_;
  bool dispatched_ = false;
  mutable bool told_to_stop_ = false;
  std::optional<ToolLimit> limit_;
  Renewal renewal_;
};

/// The event's body for an outcome; its text is never empty.
EffectSettled settled_by(const Outcome& outcome, std::int64_t attempt, std::chrono::milliseconds took);

/// "ann@example.org, bob@example.org": the parts of the call in this phase, the first 20 by name.
std::string parts_in(const CallState& call, PartPhase phase);

}  // namespace deed
