#include "deed/llm/local/transfer.hpp"

#include <algorithm>
#include <array>

namespace deed {
namespace {

constexpr std::array into = {"to", "into", "onto", "in", "as", "called", "named", "under", "on", "over", "after", "end", "bottom"};
constexpr std::array out_of = {"of", "from", "whats", "content", "contents", "at", "off", "inside", "whatever", "copy", "text", "read", "take",
                               "fetch", "get", "grab", "pull", "says", "out"};
constexpr std::array skipped = {"the", "a", "an", "file", "my", "our", "page", "folder", "new", "fresh", "its", "her", "his"};

// How the words just before a place speak of it: 1 something goes there, -1 something comes from there, 0 neither.
int direction_before(std::string_view text, const std::vector<Word>& words, const Span& place) {
  if (const std::string_view gap = text.substr(0, place.begin); gap.ends_with("-> ") || gap.ends_with("→ ")) return 1;
  auto word = std::find_if(words.rbegin(), words.rend(), [&](const Word& w) { return w.span.end <= place.begin; });
  while (word != words.rend() && is_one_of(word->lower, skipped)) ++word;
  if (word == words.rend()) return 0;
  // "what's in a.txt", "everything in a.txt", "the text at http://…"
  const auto before = std::next(word);
  static constexpr std::array subjects = {"s", "is", "whats", "everything", "all", "whatever", "stands", "written", "text", "contents", "says", "what"};
  const bool names_content = before != words.rend() && is_one_of(before->lower, subjects);
  if (names_content && (word->lower == "in" || word->lower == "at" || word->lower == "on" || word->lower == "inside")) return -1;
  // "to the end of b.txt"
  if (word->lower == "of" && before != words.rend() && (before->lower == "end" || before->lower == "bottom" || before->lower == "foot")) return 1;
  if (is_one_of(word->lower, out_of)) return -1;
  return is_one_of(word->lower, into) ? 1 : 0;
}

}  // namespace

std::optional<Transfer> find_transfer(std::string_view text, const std::vector<Word>& words, const std::vector<Span>& places) {
  if (places.size() != 2) return std::nullopt;
  const int first = direction_before(text, words, places[0]), second = direction_before(text, words, places[1]);
  if (second > first) return Transfer{places[0], places[1]};
  if (first > second && first > 0) return Transfer{places[1], places[0]};
  return std::nullopt;
}

}  // namespace deed
