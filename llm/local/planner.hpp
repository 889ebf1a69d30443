// What the embedded model does next in a run. A model of 135 million parameters cannot reason, so
// it is asked only what it can answer: the request is cut into steps, each step's tool is chosen by
// likelihood, and its arguments are copied. Reading never turns into writing, nothing is made up
// where an effect goes, and "no tool fits" is an answer. The plan is a function of the transcript:
// the steps that have results are done, the next one is planned.
#pragma once

#include "deed/llm/local/material.hpp"
#include "deed/llm/local/tool_choice.hpp"
#include "deed/llm/model.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace deed {

/// The transcript from its last user message on.
struct Situation {
  std::string request;  ///< without the lines that name attached files
  std::vector<std::string> attachments = {};
  std::vector<PastCall> done = {};
  std::vector<std::string> answers = {};    ///< to questions since the last call that was done
  std::optional<std::string> failure = {};  ///< what the last result said, if it is an error
  std::string failed_tool = {};
  bool asked_in_vain = false;  ///< the last question has no answer
  std::size_t calls = 0;       ///< in the whole transcript
};
Situation read_transcript(const ModelRequest& request);

/// Nothing to do with tools: an answer in plain words is wanted.
struct PlainTalk {};
using PlannedStep = std::variant<Reply, PlainTalk>;

class Planner {
 public:
  /// `scorer` is borrowed and outlives the planner.
  explicit Planner(Scorer& scorer) : scorer_(scorer), chooser_(scorer) {}

  /// errors  as Scorer::score; limit: a request of more than 256 KiB
  Result<PlannedStep> next(const ModelRequest& request);

 private:
  // Where the run stands: the clause that is next, and what was done for the ones before it.
  struct Place {
    std::size_t clause = 0;
    bool has_read = false;  ///< what the clause needs first is done
    ToolChoice choice = {};
    std::vector<std::string> left_out = {};  ///< clauses that were no tasks
  };
  Result<Place> find_place(const Situation& situation, const std::vector<std::string>& plan,
                           const ToolList& tools);
  Result<PlannedStep> plan_step(const Situation& situation, const std::vector<std::string>& plan,
                                const ModelRequest& request);
  Result<Reply> call(const Situation& situation, const ClauseStep& step, const ToolDefinition& tool,
                     const ModelRequest& request);

  Scorer& scorer_;
  ToolChooser chooser_;
};

}  // namespace deed
