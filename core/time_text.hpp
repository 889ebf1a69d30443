// Times as text, read back.
#pragma once

#include <string_view>

#include "deed/core/clock.hpp"

namespace deed {

/// RFC 3339 with any offset, to the millisecond: "2026-11-24T22:35:38+01:00". A leap second counts as the one after it.
/// errors  invalid
Result<TimePoint> parse_iso8601(std::string_view text);

}  // namespace deed
