// What references of a task mean at one point of its run.
#pragma once

#include <functional>
#include <optional>

#include "deed/agent/state.hpp"
#include "deed/agent/task/expression.hpp"
#include "deed/core/secrets.hpp"

namespace deed {

/// One item of a loop, while its step is made.
struct CurrentItem {
  Json value;
  std::int64_t index = 0;
  std::string origin;  ///< "row 17 of people.csv"
  Trust trust = Trust::tool;
};

/// inputs, run, steps, secrets, and in a loop row, item and index. Borrows the state for its lifetime.
class TaskScope final : public Scope {
 public:
  /// run  the id of the run. item  nullptr: outside of loops
  TaskScope(const State& state, RunId run, const CurrentItem* item = nullptr) : state_(state), run_(std::move(run)), item_(item) {}

  Result<Sourced> find(const Reference& reference) const override;

 private:
  Result<Sourced> input(const Reference& reference) const;
  Result<Sourced> step(const Reference& reference) const;
  Result<Sourced> run(const Reference& reference) const;

  const State& state_;
  RunId run_;
  const CurrentItem* item_;
};

/// What stands in the arguments of a call for the secret `name`, in the journal too. Nobody outside of the run can know it, so no
/// page or row can name it.
std::string secret_mark(const RunId& run, const std::string& name);

/// `value` with each secret's mark in its texts replaced; `secret_of` gives the secret itself.
/// errors  those of secret_of
Result<Json> with_secrets(const Json& value, const RunId& run, const std::vector<std::string>& names,
                          const std::function<Result<Secret>(const std::string& name)>& secret_of);

/// `text` with "[secret]" in place of each of the secrets: what is shown to people. A secret that is nowhere is in no text.
std::string without_secrets(std::string text, const std::vector<std::string>& names,
                            const std::function<Result<Secret>(const std::string& name)>& secret_of);

}  // namespace deed
