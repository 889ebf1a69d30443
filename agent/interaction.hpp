// The person at the other end, if there is one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deed/agent/event_types.hpp"
#include "deed/core/async.hpp"
#include "deed/llm/model.hpp"

namespace deed {

/// Everything that a person needs in order to agree: shown whole, before anything happens.
struct ApprovalCard {
  std::string tool;
  Json arguments;
  std::string why;  ///< why it is asked
  std::vector<ArgumentOrigin> origins;
  std::optional<PreviewRecord> preview;
  std::vector<ApprovalCard> others = {};  ///< of a task: further calls of the same step, which are decided about together with this one
};

struct ApprovalAnswer {
  bool approved = false;
  std::string note;  ///< told to the model when refused
};

class Interaction {
 public:
  virtual ~Interaction() = default;
  /// nullopt: nobody is here; the run pauses.
  virtual asio::awaitable<std::optional<ApprovalAnswer>> approve(ApprovalCard card) = 0;
  virtual asio::awaitable<std::optional<std::string>> answer(std::string question) = 0;
};

/// Nobody is here.
Interaction& no_interaction();

/// Watches a run: every event as it is appended, pieces of the reply as they arrive. Called on the loop thread; must not block.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_event(const RunId&, const Event&) {}
  virtual void on_stream(const StreamEvent&) {}
  virtual void on_progress(const std::string& /*call*/, std::string_view /*line*/) {}
};

}  // namespace deed
