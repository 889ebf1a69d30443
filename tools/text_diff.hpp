// What changes in a text file, as people read it: the unified format of diff(1), which patch(1) takes.
#pragma once

#include <string>
#include <string_view>

namespace deed {

/// "--- a/PATH", "+++ b/PATH" and the hunks, some lines around each change. Empty where nothing changes. What is no text, or
/// is too large to be compared quickly (256 KiB or 4,000 lines, both together), is described in one line instead.
/// path  as people may see it
/// Source: GNU diffutils, "Detailed Description of Unified Format"; the comparison is dtl's (S. Wu, U. Manber, G. Myers,
/// "An O(NP) Sequence Comparison Algorithm", 1989)
std::string unified_diff(const std::string& path, std::string_view before, std::string_view after);

}  // namespace deed
