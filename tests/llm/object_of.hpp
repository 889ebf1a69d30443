// The schema of a tool's arguments.
#pragma once

#include "deed/core/json.hpp"

#include <string>
#include <utility>
#include <vector>

namespace deed {

inline Json object_of(Json properties, std::vector<std::string> required) {
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

}  // namespace deed
