#include "deed/agent/excerpt.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "deed/core/text.hpp"

namespace deed {
namespace {

constexpr std::size_t longest_line = 240;  // of a line that is longer, a piece; JSON often has only one
constexpr std::size_t most_wanted = 64;
constexpr std::size_t shortest_word = 3;

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

// "Invoices" and "invoice" are one word.
std::string same_for_forms(std::string_view word) {
  std::string key = lower_ascii(word);
  if (key.size() > shortest_word && key.back() == 's') key.pop_back();
  return key;
}

template <class Use>
void for_each_word(std::string_view text, Use use) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_word_byte(text[end])) ++end;
    if (end - at >= shortest_word) use(same_for_forms(text.substr(at, end - at)));
    at = std::max(end, at + 1);
  }
}

struct Line {
  std::string_view text;
  std::set<std::size_t> shared;  // which of the wanted words
  double score = 0;
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    std::size_t size = newline == text.npos ? text.size() : newline + 1;
    if (size > longest_line) size = std::max<std::size_t>(1, utf8_prefix(text, longest_line).size());
    lines.push_back({text.substr(0, size), {}, 0});
    text.remove_prefix(size);
  }
  return lines;
}

// The numbers of the lines to keep, ascending.
std::vector<std::size_t> best_lines(std::vector<Line>& lines, std::string_view wanted, std::size_t room) {
  std::map<std::string, std::size_t> words;
  for_each_word(wanted, [&](std::string word) {
    if (words.size() < most_wanted) words.emplace(std::move(word), words.size());
  });
  std::vector<double> lines_with(words.size());
  for (Line& line : lines) {
    for_each_word(line.text, [&](const std::string& word) {
      if (const auto found = words.find(word); found != words.end()) line.shared.insert(found->second);
    });
    for (const std::size_t word : line.shared) ++lines_with[word];
  }
  const auto all = static_cast<double>(lines.size());
  for (Line& line : lines)
    for (const std::size_t word : line.shared) line.score += std::log((all + 1) / lines_with[word]);
  std::vector<std::size_t> order(lines.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return lines[a].score > lines[b].score; });
  std::vector<std::size_t> kept;
  for (const std::size_t i : order) {
    if (lines[i].score <= 0) break;
    if (lines[i].text.size() > room) continue;
    room -= lines[i].text.size();
    kept.push_back(i);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace

std::string excerpt(std::string_view text, std::string_view wanted, std::size_t max_bytes, std::string_view where) {
  if (text.size() <= max_bytes) return std::string(text);
  const std::string_view tail = utf8_suffix(text, max_bytes / 4);
  std::string_view head = utf8_prefix(text, max_bytes / 2);
  std::vector<Line> lines = lines_of(text.substr(head.size(), text.size() - head.size() - tail.size()));
  const std::vector<std::size_t> kept = best_lines(lines, wanted, max_bytes / 4);
  if (kept.empty()) head = utf8_prefix(text, max_bytes - max_bytes / 4);
  std::size_t cut = text.size() - head.size() - tail.size();
  for (const std::size_t i : kept) cut -= lines[i].text.size();
  std::string out(head);
  out += "\n[… " + std::to_string(cut) + " bytes cut; " + std::string(where);
  if (!kept.empty()) out += "; these lines of it share words with the request:";
  out += " …]\n";
  for (std::size_t k = 0; k < kept.size(); ++k) {
    if (k > 0 && kept[k] != kept[k - 1] + 1) out += "[…]\n";
    out += lines[kept[k]].text;
    if (out.back() != '\n' && (k + 1 == kept.size() || kept[k + 1] != kept[k] + 1)) out += '\n';
  }
  if (!kept.empty()) out += "[…]\n";
  return out + std::string(tail);
}

}  // namespace deed
