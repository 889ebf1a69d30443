// Whether a person or a program wrote a mail (RFC 3834, section 5).
#pragma once

namespace deed {

enum class AutoSubmitted {
  no,              ///< a person; no header says so
  auto_generated,  ///< a program, by itself: newsletters, alarms, reports
  auto_replied,    ///< a program, in answer to one mail; nothing answers it by itself
};

}  // namespace deed
