// Who provides models: one row a scheme. A further provider is a file and a row.
#pragma once

#include "deed/llm/model.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace deed {

struct Provider {
  std::string_view scheme;  ///< what stands before the first colon of a model's name
  std::string_view form;    ///< "openai:NAME"
  std::string_view about;   ///< one line for people
  std::string_view keys;    ///< variables of the environment that hold its key, separated by blanks: what they hold is secret
  /// `name` is the whole name. See open_model.
  Result<std::unique_ptr<Model>> (*open)(std::string name, const ModelEnvironment& environment);
};

/// All rows, in the order in which they are shown.
std::span<const Provider> providers();

}  // namespace deed
