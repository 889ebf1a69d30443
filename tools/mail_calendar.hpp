// What an iCalendar file asks of whoever gets it by mail (RFC 5545, RFC 5546). Pure, internal.
#pragma once

#include <string>
#include <string_view>

namespace deed {

/// The value of METHOD in capitals ("REQUEST", "CANCEL", "REPLY", …); "" where it has none, or
/// where `bytes` is no calendar in UTF-8.
std::string calendar_method(std::string_view bytes);

}  // namespace deed
