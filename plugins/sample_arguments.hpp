// Arguments that fit a schema, plain and odd ones, for trying a tool out. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "deed/core/schema.hpp"

namespace deed {

/// Up to `count` different values that the schema accepts: the first has only what is required, and plain; the others are drawn from the
/// seed, with empty, long and strange texts and numbers at their borders. Fewer, or none, where the schema is too narrow to hit.
std::vector<Json> sample_arguments(const Schema& schema, std::size_t count, std::uint64_t seed);

}  // namespace deed
