// Times as the filter `date` reads and writes them: always UTC, never a locale.
#pragma once

#include <string>
#include <string_view>

#include "deed/core/clock.hpp"
#include "deed/core/json.hpp"

namespace deed {

/// An RFC 3339 time or date as text, or seconds since 1970 as a number, within the years 0 to 9999. errors  invalid
Result<TimePoint> time_in(const Json& value);

/// %Y %m %d %H %M %S %y %j %F %T, %A %a %B %b in English, %s seconds since 1970, %% a percent sign. errors  invalid: another one
Result<std::string> date_text(TimePoint time, std::string_view format);

}  // namespace deed
