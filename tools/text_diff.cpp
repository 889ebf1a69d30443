#include "deed/tools/text_diff.hpp"

#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"

#include <dtl/dtl.hpp>
#include <sstream>
#include <vector>

namespace deed {
namespace {

constexpr std::size_t max_compared_bytes = 256u << 10;
constexpr std::size_t max_compared_lines = 4'000;

// A last line without its line feed is another line than one with it, and is marked as diff(1) marks it.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      lines.push_back(std::string(text) + "\n\\ No newline at end of file");
      return lines;
    }
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string described(std::string_view what, std::string_view before, std::string_view after) {
  return "(" + std::string(what) + ": " + human_bytes(before.size()) + ", SHA-256 " + sha256_hex(before).substr(0, 16) + "…, are replaced by " +
         human_bytes(after.size()) + ")\n";
}

}  // namespace

std::string unified_diff(const std::string& path, std::string_view before, std::string_view after) {
  if (before == after) return {};
  const bool is_text = is_utf8(before) && is_utf8(after) && before.find('\0') == std::string_view::npos;
  if (!is_text) return described("no text", before, after);
  if (before.size() + after.size() > max_compared_bytes) return described("too large to be compared", before, after);
  std::vector<std::string> old_lines = lines_of(before), new_lines = lines_of(after);
  if (old_lines.size() + new_lines.size() > max_compared_lines) return described("too many lines to be compared", before, after);
  dtl::Diff<std::string, std::vector<std::string>> diff(old_lines, new_lines);
  diff.compose();
  diff.composeUnifiedHunks();
  std::ostringstream out;
  out << "--- a/" << path << "\n+++ b/" << path << "\n";
  diff.printUnifiedFormat(out);
  return std::move(out).str();
}

}  // namespace deed
