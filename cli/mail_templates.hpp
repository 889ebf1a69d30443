// The task files about mail that `deed init` writes. Internal.
#pragma once

#include <string_view>

namespace deed {

extern const std::string_view answer_template, newsletter_template, invoices_template;

}  // namespace deed
