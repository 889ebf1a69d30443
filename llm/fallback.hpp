// Several models as one: where the first is out of order, out of quota or too small, the next one is asked.
#pragma once

#include "deed/llm/model.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace deed {

struct FallbackOptions {
  /// A model whose server was out of order is asked again only after so long, as long as another one works.
  std::chrono::milliseconds rest{60'000};
  std::function<std::chrono::steady_clock::time_point()> now = {};  ///< empty: the steady clock
};

/// At least one model. Each request goes to the first that is not resting; one that fails with unavailable, timeout, limit, corrupt,
/// denied, not_found or unsupported gives way to the next, with the same request. `invalid` and `cancelled` end it: no other model would
/// do better. `info` is the first's, with the names of all; media are taken if any of them takes them. The reply says in `fell_back`
/// who was asked in vain and why. errors  the last model's
std::unique_ptr<Model> make_fallback(std::vector<std::unique_ptr<Model>> models, FallbackOptions options = {});

/// "anthropic:a, openai:b,local:c" -> the names; a comma that no provider's scheme follows belongs to the name. Never empty.
std::vector<std::string> split_model_names(const std::string& names);

}  // namespace deed
