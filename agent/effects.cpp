#include "deed/agent/effects.hpp"

#include "deed/core/hash.hpp"

namespace deed {

std::string effect_key(const RunId& run, int step, int ordinal, const std::string& tool) {
  // JSON so that no two lists of parts give the same bytes.
  return sha256_hex(to_text(Json::array({run, step, ordinal, tool})));
}

std::string arguments_hash(const Json& arguments) { return sha256_hex(canonical_text(arguments)); }

}  // namespace deed
