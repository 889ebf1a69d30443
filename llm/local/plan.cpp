#include "deed/llm/local/plan.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/dictation.hpp"
#include "deed/llm/local/material.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace deed {
namespace {

// "show me a.txt and b.txt": one step for each place that is only listed, of a kind that is read one at a time.
std::vector<std::string> listed(const std::string& clause) {
  constexpr std::size_t most = 8;
  const ClauseStep step{clause};
  const Material material(step);
  if (!material.quotes.empty() || material.dictation != clause.npos || material.has(SlotKind::email)) return {};
  for (const SlotKind kind : {SlotKind::path, SlotKind::url}) {
    const std::vector<Piece>& pieces = material.pieces.at(kind);
    const SlotKind other = kind == SlotKind::path ? SlotKind::url : SlotKind::path;
    if (pieces.size() < 2 || pieces.size() > most || !material.pieces.at(other).empty()) continue;
    for (std::size_t i = 1; i < pieces.size(); ++i) {
      const std::string between = clause.substr(pieces[i - 1].span.end, pieces[i].span.begin - pieces[i - 1].span.end);
      const std::string_view joint = trim(between);
      if (joint != "," && joint != "and" && joint != ", and" && joint != "&" && joint != "+") return {};
    }
    std::vector<std::string> steps;
    const std::string head = clause.substr(0, pieces[0].span.begin);
    for (std::size_t i = 0; i < pieces.size(); ++i) steps.push_back(head + std::string(pieces[i].span.in(clause)));
    steps.back() += clause.substr(pieces.back().span.end);
    return steps;
  }
  return {};
}

// "Save http://a to a.txt and http://b to b.txt" is two steps of one verb: where the places and texts
// of a clause are pairs of the same two kinds, each pair gets the words before the first.
std::vector<std::string> distributed(std::string clause) {
  struct Thing {
    Span span;
    int kind;
  };
  std::vector<Thing> things;
  const ClauseStep step{clause};
  const Material material(step);
  for (const auto& [kind, pieces] : material.pieces)
    for (const Piece& piece : pieces)
      if (!piece.is_in_text) things.push_back({piece.span, static_cast<int>(kind)});
  for (const Span& quote : material.quotes)
    if (!material.is_in_piece(quote)) things.push_back({quote, -1});
  std::sort(things.begin(), things.end(),
            [](const Thing& a, const Thing& b) { return a.span < b.span; });
  if (things.size() < 4 || things.size() > 16 || things.size() % 2 != 0 ||
      things[0].kind == things[1].kind)
    return {std::move(clause)};
  for (std::size_t i = 2; i < things.size(); ++i)
    if (things[i].kind != things[i - 2].kind) return {std::move(clause)};
  std::vector<std::size_t> cuts;
  for (std::size_t i = 2; i < things.size(); i += 2) {
    const std::size_t from = things[i - 1].span.end;
    const std::string between = clause.substr(from, things[i].span.begin - from);
    std::size_t joint = between.find_first_of(",;");
    if (joint == between.npos && between.find_first_of(" \n") != between.npos) joint = between.find('.');
    std::size_t behind = joint == between.npos ? joint : joint + 1;
    // "To ann@…: "Yes." To bob@…: "No.""
    if (behind == between.npos && things[i - 1].kind == -1 && between.size() > 2)
      if (const std::size_t blank = between.find(' '); blank <= 3 && blank + 1 < between.size() && between[blank + 1] >= 'A' && between[blank + 1] <= 'Z')
        behind = blank + 1;
    for (const std::string_view word : {" and ", " y ", " et ", " und "})
      if (const std::size_t at = between.find(word); at != between.npos) behind = at + word.size();
    if (behind == between.npos) return {std::move(clause)};
    cuts.push_back(from + behind);
  }
  const std::size_t blank = clause.rfind(' ', things[0].span.begin);
  const std::string head = blank == clause.npos ? std::string() : clause.substr(0, blank + 1);
  std::vector<std::string> steps = {clause.substr(0, cuts[0])};
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    const std::size_t end = i + 1 < cuts.size() ? cuts[i + 1] : clause.size();
    steps.push_back(head + std::string(trim(clause.substr(cuts[i], end - cuts[i]))));
  }
  // What joined them is left at their ends.
  for (std::string& one : steps) {
    one = std::string(trim(one));
    if (one.ends_with(" and")) one.resize(one.size() - 4);
    while (one.ends_with(',') || one.ends_with(';')) one.pop_back();
  }
  return steps;
}

// "bob@crew.example: start 7am. sue@crew.example: start 9am": one mail for each address that a colon stands behind.
std::vector<std::string> itemized(const std::string& clause) {
  std::vector<Span> items;
  for (const Span& email : find_emails(clause))
    if (email.end + 1 < clause.size() && clause[email.end] == ':' && clause[email.end + 1] == ' ') items.push_back(email);
  if (items.size() < 2 || !find_quotes(clause).empty()) return {};
  std::vector<std::string> steps;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t end = i + 1 < items.size() ? items[i + 1].begin : clause.size();
    std::string_view item = trim(std::string_view(clause).substr(items[i].begin, end - items[i].begin));
    while (item.ends_with(',') || item.ends_with(';') || item.ends_with('/')) item = trim(item.substr(0, item.size() - 1));
    if (item.size() <= items[i].size() + 1) return {};
    steps.push_back("Email " + std::string(item));
  }
  return steps;
}

// "mail ann@example.org -> back on Wednesday": as with a colon. Before a place an arrow has another meaning.
std::string with_colons(std::string step) {
  for (const std::string_view sign : {" -> ", " → ", " => ", " --> "})
    for (const Span& email : find_emails(step)) {
      const std::string_view behind = std::string_view(step).substr(email.end);
      if (!behind.starts_with(sign) || !find_quotes(step).empty()) continue;
      const std::string_view next = behind.substr(sign.size(), behind.find(' ', sign.size()) - sign.size());
      if (find_places(next).empty()) return step.replace(email.end, sign.size(), ": ");
    }
  return step;
}

// How a request of this kind begins; of "Tell, inform or mail somebody." all three.
std::set<std::string> verbs_of(const std::string& example) {
  std::set<std::string> verbs;
  if (is_question(example)) return verbs;
  const bool is_concrete = example.find_first_of("\"@/0123456789") != example.npos;
  for (std::size_t at = 0; at < example.size();) {
    const std::size_t end = std::min({example.find(", ", at), example.find(" or ", at), example.size()});
    const std::vector<std::string> part = identifier_words(example.substr(at, end - at));
    // "…, present or read out what is written": the last of the list goes on.
    if (at > 0 && part.size() > 2) break;
    static constexpr std::array no_verbs = {"further", "next", "another", "last", "never", "today", "always", "anything", "wherever", "also", "it", "as", "or"};
    if (!part.empty() && !is_function_word(part[0]) && !is_one_of(part[0], no_verbs)) verbs.merge(stems(part[0]));
    if (is_concrete || part.size() > 2) break;
    at = end + (end < example.size() && example[end] == ',' ? 2 : 4);
  }
  return verbs;
}

// "attach a.pdf and send it to …": to fill an argument is no step.
bool only_fills(std::string_view clause, const StepWords& words) {
  const std::vector<std::string> said = identifier_words(clause);
  if (said.empty() || stems(said[0]).empty()) return false;
  const std::string stem = *stems(said[0]).begin();
  return words.naming.contains(stem) && !words.starting.contains(stem);
}

// "Hello", "would you be so kind"
bool is_only_polite(const std::string& step) {
  static constexpr std::array polite = {"hello", "hi",   "dear",  "hey",   "good",  "morning", "afternoon", "evening", "would", "be",
                                        "so",    "kind", "sir",   "madam", "there", "thanks",  "thank",     "sorry",   "kindly", "ok",  "okay",  "right",
                                        "well", "yo",   "um",    "uh",    "uff",   "ugh",     "oh",        "ah",      "alright", "great", "cool", "lol"};
  const std::vector<std::string> words = identifier_words(step);
  return std::all_of(words.begin(), words.end(), [](const std::string& word) {
    return is_one_of(word, polite) || is_function_word(word);
  });
}

// "Our dates are at http://…. Save them": a statement says where, or what, and the order behind it what to do with
// that. One that names no place is told only where no step stands before it to which the order could point.
bool leads_to(std::string_view statement, std::string_view order, const StepWords& words, bool is_first) {
  if (has_order(statement, words) || is_question(statement)) return false;
  // "list.txt + line: eggs. Also …" gives a text: it is a step, whatever its verb.
  if (find_dictation(statement).begin != statement.npos || !find_quotes(statement).empty()) return false;
  if (!find_places(statement).empty()) return true;
  const std::string both = std::string(statement) + "\n" + std::string(order);
  return is_first && told_before(both, words) > 0;
}

}  // namespace

StepWords step_words_of(const ToolList& tools) {
  StepWords words;
  for (const ToolDefinition& tool : tools) {
    // "Reserve a table" and "restaurant.book" start with, or end in, what the tool does.
    const std::vector<std::string> described = identifier_words(tool.description),
                                   named = identifier_words(tool.name);
    if (!described.empty() && !is_function_word(described[0]))
      words.starting.merge(stems(described[0]));
    if (named.size() > 1) words.starting.merge(stems(named.back()));
    for (const std::string& example : tool.examples) words.starting.merge(verbs_of(example));
    for (const Property& property : properties_of(tool.parameters))
      words.naming.merge(stems(property.name));
  }
  return words;
}

std::vector<std::string> plan_of(const std::string& request, const ToolList& tools) {
  const StepWords words = step_words_of(tools);
  std::vector<std::string> plan;
  std::optional<std::size_t> held;  // where a clause began that is part of the next one
  const std::vector<Span> clauses = find_clauses(request, words);
  for (std::size_t i = 0; i < clauses.size(); ++i) {
    const Span clause = clauses[i];
    const bool is_last = i + 1 == clauses.size();
    const std::size_t begin = held.value_or(clause.begin);
    const std::string_view text = clause.in(request);
    held.reset();
    if (!is_last && (only_fills(text, words) || leads_to(text, clauses[i + 1].in(request), words, plan.empty()))) {
      held = begin;
      continue;
    }
    const std::string step = with_colons(request.substr(begin, clause.end - begin));
    std::vector<std::string> steps = itemized(step);
    if (steps.empty()) steps = listed(step);
    if (steps.empty()) steps = distributed(step);
    for (std::string& one : steps) plan.push_back(std::move(one));
  }
  return plan;
}

bool leads_up(const std::vector<std::string>& plan, std::size_t index, const StepWords& words) {
  const auto names_place = [](const std::string& step) { return !find_places(step).empty(); };
  const std::string& step = plan[index];
  if (names_place(step) || !find_quotes(step).empty() || find_dictation(step).begin != step.npos) return false;
  const bool is_greeting = is_only_polite(step);
  if (is_greeting && index + 1 < plan.size()) return true;
  return (!has_order(step, words) || is_greeting) && !is_question(step) &&
         std::any_of(plan.begin() + static_cast<std::ptrdiff_t>(index) + 1, plan.end(), names_place);
}

}  // namespace deed
