#include "deed/llm/local/segments.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/clause_words.hpp"
#include "deed/llm/local/dictation.hpp"
#include "deed/llm/local/glossary.hpp"
#include "deed/llm/local/grounding.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace deed {
namespace {

// Of them, those that begin another step by themselves: "…, and then the file to ann@…".
constexpr std::array sequencers = {"then", "afterwards", "afterward", "thereafter", "subsequently"};

bool starts_step(const Word& word, const StepWords& words) {
  // "It is sent to … and reads …": an order has no third person.
  const bool is_third_person = word.lower.size() > 2 && word.lower.back() == 's' &&
                               std::string_view("sui").find(word.lower[word.lower.size() - 2]) == std::string_view::npos;
  if (is_third_person) return false;
  std::string stem(word.lower);
  while (!stem.empty() && stem.back() == 's') stem.pop_back();
  stem = std::string(utf8_prefix(stem, 5));
  if (words.starting.contains(stem)) return true;
  // "saved in a.txt and mailed to …", "finding it and sending it"
  for (const std::string& base : base_forms(word.lower))
    if (base != word.lower && is_one_of(base, common_verbs)) return true;
  return is_one_of(word.lower, common_verbs) && !words.naming.contains(stem);
}

// "have it sent", "get them printed": which word is the verb, where such a group begins at `index`.
std::optional<std::size_t> caused(const std::vector<Word>& words, std::size_t index) {
  static constexpr std::array things = {"it", "this", "that", "them", "these", "those"};
  if (words[index].lower != "have" && words[index].lower != "get") return std::nullopt;
  if (index + 2 >= words.size() || !is_one_of(words[index + 1].lower, things)) return std::nullopt;
  return base_forms(words[index + 2].lower).empty() ? std::nullopt : std::optional(index + 2);
}

// "file it as notes.txt": elsewhere "file" is a thing.
bool is_filing(const std::vector<Word>& words, std::size_t index) {
  static constexpr std::array things = {"it", "this", "that", "them"};
  return words[index].lower == "file" && index + 1 < words.size() && is_one_of(words[index + 1].lower, things);
}

// "would you", "can you", "could you", with more behind it than ", would you?".
bool begins_asking(const std::vector<Word>& words, std::size_t index) {
  static constexpr std::array asking = {"would", "could", "can", "will"};
  constexpr std::size_t fewest_words = 4;
  return index + fewest_words < words.size() && is_one_of(words[index].lower, asking) && words[index + 1].lower == "you";
}

enum class Joint { none, weak, then };

// What joins the word at `index` to the text before it: nothing, a comma or "and", or a "then".
Joint joint_before(std::string_view text, Language language, const std::vector<Word>& words, std::size_t index,
                   std::size_t& first) {
  Joint joint = Joint::none;
  first = index;
  while (true) {
    const std::size_t gap_begin = first == 0 ? 0 : words[first - 1].span.end;
    const std::string_view gap = text.substr(gap_begin, words[first].span.begin - gap_begin);
    // "get … -> mail it", "… + mail it"
    if (gap.find("->") != gap.npos || gap.find("→") != gap.npos || gap.find(" + ") != gap.npos)
      return Joint::then;
    if (gap.find_first_of(",;") != gap.npos || gap.find(": ") != gap.npos ||
        (gap.size() > 1 && gap.find_first_of(".!?\n") != gap.npos))
      joint = std::max(joint, Joint::weak);
    const bool is_plain = gap.find_first_not_of(" \t\r\n,;.!?:") == gap.npos;
    // "1) read it  2) save it"
    if (first > 1 && gap.starts_with(')') && words[first - 1].span.size() <= 2 &&
        words[first - 1].lower.find_first_not_of("0123456789") == std::string::npos) {
      --first;
      return Joint::then;
    }
    // "et l'envoyer", "y lo remita"
    static constexpr std::array objects = {"l", "lo", "le", "les", "the"};
    if (first > 1 && language != Language::english && is_one_of(words[first - 1].lower, objects) &&
        is_one_of(words[first - 2].lower, joiners)) {
      --first;
      continue;
    }
    if (first == 0 || !is_plain || !is_one_of(words[first - 1].lower, joiners)) return joint;
    const std::string& before = words[first - 1].lower;
    const bool is_address = before == "please" || before == "pls" || before == "kindly";
    const bool is_sequence =
        before != "and" && before != "that" && before != "also" && !is_address;
    const std::size_t before_end = first > 1 ? words[first - 2].span.end : 0;
    const std::string_view before_gap = text.substr(before_end, words[first - 1].span.begin - before_end);
    const bool begins_sentence = before_gap.size() > 1 && before_gap.find_first_of(".!?\n") != before_gap.npos;
    // "… is paid. Also remember …"
    if (begins_sentence && (is_address || before == "also")) joint = Joint::then;
    // "and please …", "and also …" speak to whoever does it, not to whom a text is for.
    const bool is_turn = first > 1 && (is_address || before == "also") &&
                         words[first - 2].lower == "and";
    if (is_turn) joint = Joint::then;
    if (before != "that" && !is_address)
      joint = std::max(joint, is_sequence ? Joint::then : Joint::weak);
    --first;
  }
}

// Which word joins "to bob@… say" to what stands before, where number `index` is the verb behind an address.
std::optional<std::size_t> joined_address(std::string_view text, const std::vector<Word>& words, const std::vector<Span>& places,
                                          std::size_t index) {
  if (index < 3) return std::nullopt;
  const auto place = std::find_if(places.rbegin(), places.rend(), [&](const Span& p) { return p.end <= words[index].span.begin; });
  if (place == places.rend() || place->in(text).find('@') == std::string_view::npos) return std::nullopt;
  if (words[index].span.begin - place->end > 2) return std::nullopt;
  std::size_t at = index;
  while (at > 0 && words[at - 1].span.end > place->begin) --at;
  if (at > 1 && words[at - 1].lower == "to") --at;
  return at > 1 && words[at - 1].lower == "and" ? std::optional(at - 1) : std::nullopt;
}

// The clause without the joining words and punctuation at its end; the cut at its beginning is
// already behind them.
// A sentence, or what stands behind "and", that begins with somebody's address and says what is due to them: "my chief (ann@…) has to
// get …", "the club, ann@…, must hear that …". index  its first word
bool names_who_is_due(std::string_view text, const std::vector<Word>& words, const std::vector<Span>& places, std::size_t index) {
  static constexpr std::array dues = {"must", "should", "has", "needs", "ought", "shall", "wants"};
  constexpr std::size_t most_before = 6;
  const std::string_view gap = text.substr(words[index - 1].span.end, words[index].span.begin - words[index - 1].span.end);
  if (words[index].lower == "and" || (words[index - 1].lower != "and" && gap.find(". ") == gap.npos)) return false;
  const auto address = std::find_if(places.begin(), places.end(), [&](const Span& place) { return place.begin >= words[index].span.begin; });
  if (address == places.end() || address->in(text).find('@') == std::string_view::npos) return false;
  std::size_t next = index;
  while (next < words.size() && words[next].span.begin < address->begin) ++next;
  const std::string_view lead = text.substr(words[index].span.begin, address->begin - words[index].span.begin);
  if (next - index > most_before || lead.find(". ") != lead.npos) return false;
  while (next < words.size() && words[next].span.begin < address->end) ++next;
  return next < words.size() && is_one_of(words[next].lower, dues);
}

Span trimmed_clause(std::string_view text, Span clause) {
  const auto is_loose = [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == ',' || c == ';' || c == ':' || c == '+';
  };
  while (clause.begin < clause.end && is_loose(text[clause.begin])) ++clause.begin;
  while (clause.end > clause.begin && is_loose(text[clause.end - 1])) --clause.end;
  return clause;
}

// A Korean verb stands behind what it is about; one that goes on ("읽고", "가져와서") ends a step.
std::vector<Span> korean_clauses(std::string_view request, const std::vector<Word>& words,
                                 const StepWords& step_words, std::size_t max) {
  std::vector<Span> clauses;
  std::size_t begin = 0;
  for (std::size_t i = 0; i + 1 < words.size() && clauses.size() + 1 < max; ++i) {
    const std::string_view word = words[i].span.in(request);
    // "…, 그다음 …": then
    if (words[i].lower == "then" && i > 0) {
      clauses.push_back(trimmed_clause(request, {begin, words[i].span.begin}));
      begin = words[i].span.end;
      continue;
    }
    const bool goes_on = word.ends_with("고") || word.ends_with("서");
    const std::string_view behind = request.substr(words[i].span.end);
    const bool is_listed = behind.starts_with(" + ") || behind.starts_with(" -> ");
    if (is_listed) {
      clauses.push_back(trimmed_clause(request, {begin, words[i].span.end}));
      begin = words[i].span.end + behind.find_first_not_of(" +->");
      continue;
    }
    // "기억해 두고": the verb may stand before one that only helps it.
    const bool is_verb = starts_step(words[i], step_words) || (i > 0 && starts_step(words[i - 1], step_words));
    if (!goes_on || word.ends_with("라고") || word.ends_with("다고") || !is_verb) continue;
    const Span clause = trimmed_clause(request, {begin, words[i].span.end});
    if (clause.size() > 0) clauses.push_back(clause);
    begin = words[i].span.end;
  }
  const Span rest = trimmed_clause(request, {begin, request.size()});
  if (rest.size() > 0) clauses.push_back(rest);
  return clauses;
}

}  // namespace

std::string without_quotes(std::string_view text) {
  std::string result(text);
  for (const Span& quote : find_quotes(text))
    std::fill(result.begin() + static_cast<std::ptrdiff_t>(quote.begin),
              result.begin() + static_cast<std::ptrdiff_t>(quote.end), ' ');
  return result;
}

std::vector<Span> find_clauses(std::string_view request, const StepWords& step_words,
                               std::size_t max) {
  const std::string bare = without_quotes(request);
  const std::vector<Word> words = words_of(bare);
  const std::vector<Span> quotes = find_quotes(request);
  const std::size_t dictation = dictation_begin(bare, words, quotes);
  const std::vector<Span> places = find_places(request);
  std::vector<Span> clauses;
  std::size_t begin = 0;
  const Language language = language_of(request);
  if (language == Language::korean) return korean_clauses(request, words, step_words, max);
  const auto has_place = [&](std::size_t from, std::size_t to) {
    return std::any_of(places.begin(), places.end(),
                       [&](const Span& place) { return place.begin >= from && place.end <= to; });
  };
  for (std::size_t i = 1; i < words.size() && clauses.size() + 1 < max; ++i) {
    // "…to log.txt. And the club (ann@…) must hear that …"
    if (words[i].span.begin < dictation && has_place(begin, words[i].span.begin) && names_who_is_due(request, words, places, i) &&
        request.substr(begin, words[i].span.begin - begin).find('@') == request.npos) {
      const std::size_t end = words[i - 1].lower == "and" ? words[i - 1].span.begin : words[i].span.begin;
      if (const Span clause = trimmed_clause(request, {begin, end}); clause.size() > 0) {
        clauses.push_back(clause);
        begin = words[i].span.begin;
        continue;
      }
    }
    // "…, and then that file to ann@…": no verb, and places on both sides.
    const bool is_joint_word = words[i].lower != "that" && is_one_of(words[i].lower, joiners);
    std::size_t sequence = i - 1;  // "thereafter please enter …"
    while (sequence > 0 && (words[sequence].lower == "please" || words[sequence].lower == "kindly" || words[sequence].lower == "also")) --sequence;
    const bool is_sequel = i > 1 && is_one_of(words[sequence].lower, sequencers) && !is_joint_word && !starts_step(words[i], step_words) &&
                           words[sequence].span.begin < dictation && has_place(begin, words[sequence].span.begin) &&
                           has_place(words[i].span.begin, request.size()) && !is_in_place(places, words[i].span);
    // "My hands are full, would you mind telling me …": words[i] is "would".
    const bool is_asking = begins_asking(words, i);
    if (!is_sequel && !is_asking && !is_filing(words, i) && !starts_step(words[i], step_words) && !caused(words, i))
      continue;
    // "tell her that …" goes on about the person of the clause before.
    static constexpr std::array persons = {"him", "her", "them"};
    const bool names_someone = request.substr(begin, words[i].span.begin - begin).find('@') != request.npos;
    if (names_someone && i + 1 < words.size() && is_one_of(words[i + 1].lower, persons)) continue;
    std::size_t first = i;
    const Joint joint = joint_before(bare, language, words, i, first);
    // "…, and to bob@… say that …": the address stands before its verb.
    if (const auto joined = joined_address(bare, words, places, i)) {
      const Span clause = trimmed_clause(request, {begin, words[*joined].span.begin});
      if (clause.size() > 0 && has_place(begin, words[*joined].span.begin)) {
        clauses.push_back(clause);
        begin = words[*joined].span.end;
        continue;
      }
    }
    if (joint == Joint::none || first == 0) continue;
    // A colon begins a step only where it leads up to one: "Quick one: mail ann@…".
    const std::string_view gap = std::string_view(bare).substr(words[first - 1].span.end,
                                             words[first].span.begin - words[first - 1].span.end);
    // In "save as a.txt: "…". Then mail ann@…" the colon leads to the quotation.
    const bool is_led_up_to = gap.starts_with(':') && gap.find_first_of(".;") == gap.npos;
    if (is_led_up_to && words[i].span.begin > dictation) continue;
    if (is_led_up_to && std::any_of(places.begin(), places.end(), [&](const Span& place) {
          return place.begin >= begin && place.begin < words[first].span.begin;
        }))
      continue;
    // "tell ann@… that …, and tell bob@… that …"
    const std::string_view near = request.substr(words[i].span.end, 60);
    const std::size_t at_sign = near.find('@');
    const bool goes_elsewhere = at_sign != near.npos && near.substr(0, at_sign).find(' ') != near.npos &&
                                std::count(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(at_sign), ' ') <= 2;
    if (joint == Joint::weak && words[i].span.begin > dictation && !goes_elsewhere) continue;
    // "notes.txt" and "ann@…" begin with a word too.
    const char after = words[i].span.end < bare.size() ? bare[words[i].span.end] : ' ';
    const bool is_hyphenated = after == '-' && language != Language::french;  // "envoie-le"
    if (after == '@' || after == '/' || is_hyphenated || after == ':' ||
        (after == '.' && words[i].span.end + 1 < bare.size() &&
         is_word_byte(bare[words[i].span.end + 1])))
      continue;
    const Span clause = trimmed_clause(request, {begin, words[first].span.begin});
    if (clause.size() == 0) continue;
    clauses.push_back(clause);
    begin = words[i].span.begin;
  }
  const Span rest = trimmed_clause(request, {begin, request.size()});
  if (rest.size() > 0) clauses.push_back(rest);
  return clauses;
}

bool has_order(std::string_view clause, const StepWords& step_words) {
  // "I need what is at …", "Could you …"
  static constexpr std::array asking = {"need", "want", "like", "wish", "please", "pls", "kindly", "could", "would", "can", "require", "request"};
  const std::string bare = without_quotes(clause);
  const Language language = language_of(clause);
  const std::vector<Word> words = words_of(bare);
  const std::vector<Span> places = find_places(clause);
  bool is_first = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_in_place(places, words[i].span)) continue;
    // "I can't come" asks for nothing.
    static constexpr std::array modals = {"can", "could", "would"};
    static constexpr std::array subjects = {"i", "we", "he", "she", "they", "it"};
    const bool is_told = i > 0 && is_one_of(words[i].lower, modals) && is_one_of(words[i - 1].lower, subjects);
    if (!is_told && is_one_of(words[i].lower, asking)) return true;
    // "a.csv is to be sent", "must be added", "should get saved"
    static constexpr std::array passive = {"be", "get", "have"};
    if (i > 0 && is_one_of(words[i - 1].lower, passive))
      for (const std::string& base : base_forms(words[i].lower))
        if (is_one_of(base, common_verbs)) return true;
    // "sa liste", "the list"
    static constexpr std::array determiners = {"the", "a", "an", "my", "your", "her", "his", "our", "their", "its", "this"};
    if (language != Language::english && language != Language::korean && i > 0 && is_one_of(words[i - 1].lower, determiners)) continue;
    // "Before I load the sheep": what somebody does is told.
    static constexpr std::array doers = {"i", "we", "they", "he", "she", "who"};
    if (language == Language::english && i > 0 && is_one_of(words[i - 1].lower, doers)) continue;
    const bool is_start = starts_step(words[i], step_words) || caused(words, i) || is_filing(words, i);
    std::size_t first = i;
    // Elsewhere than in English the verb may stand last.
    if (is_start && (is_first || language != Language::english ||
                     joint_before(bare, language, words, i, first) != Joint::none))
      return true;
    const bool is_number = words[i].lower.find_first_not_of("0123456789") == std::string::npos;
    is_first = is_first && (is_number || is_function_word(words[i].lower));
  }
  return false;
}

namespace {

// "parents list 4b@school.example": a word before an address in its sentence says whose it is.
bool names_recipient(std::string_view text, const std::vector<Span>& places, std::size_t from, const Span& word) {
  if (places.empty() || word.begin < from || word.end > places.front().begin) return false;
  const std::string_view gap = text.substr(word.end, places.front().begin - word.end);
  return places.front().in(text).find('@') != std::string_view::npos && gap.find_first_of(".!?;") == gap.npos;
}

// "… and my manager ought to hear it", "…, so tell her that": where a statement ends that what follows points to.
std::optional<std::size_t> told_to_joint(std::string_view text, const std::vector<Word>& words, std::size_t first_place) {
  static constexpr std::array tellers = {"hear", "know", "tell", "inform", "told", "get", "learn"};
  static constexpr std::array pointers = {"it", "this", "that", "so"};
  static constexpr std::array ends = {"from", "by", "via", "as", "too", "please", "asap", "today", "now", "at", "on", "in"};
  static constexpr std::array joints = {"and", "so"};
  constexpr std::size_t fewest_words = 3;
  for (std::size_t i = fewest_words; i + 2 < words.size() && words[i].span.begin < first_place; ++i) {
    if (!is_one_of(words[i].lower, joints)) continue;
    for (std::size_t k = i + 1; k + 1 < words.size() && words[k].span.begin < first_place && k < i + 9; ++k) {
      std::size_t pointer = k + 1;
      if (words[pointer].lower == "about") ++pointer;
      if (pointer >= words.size() || !is_one_of(words[k].lower, tellers) || !is_one_of(words[pointer].lower, pointers)) continue;
      const std::size_t end = words[pointer].span.end;
      const bool is_end = end >= text.size() || text[end] != ' ' ||
                          (pointer + 1 < words.size() && (is_one_of(words[pointer + 1].lower, ends) || words[pointer + 1].span.begin >= first_place));
      const std::string_view told = text.substr(0, words[i].span.begin);
      if (is_end && told.find_first_of(".!?;\n") == told.npos) return words[i - 1].span.end;
    }
  }
  return std::nullopt;
}

}  // namespace

std::size_t told_before(std::string_view clause, const StepWords& step_words) {
  static constexpr std::array pointers = {"it", "this", "these", "those", "same", "so"};
  constexpr std::size_t fewest_words = 3;
  const std::string bare = without_quotes(clause);
  const std::vector<Span> places = find_places(clause);
  const std::size_t first_place = places.empty() ? clause.size() : places.front().begin;
  if (!places.empty() && places.front().in(clause).find('@') != std::string_view::npos && language_of(clause) == Language::english)
    if (const auto joint = told_to_joint(bare, words_of(bare), first_place))
      if (!has_order(clause.substr(0, *joint), step_words) && find_quotes(clause).empty()) return *joint;
  constexpr int most_sentences = 8;  // each is read again
  int sentences = 0;
  const std::vector<Word> all = words_of(bare);
  // "…, keep that in mind": behind a comma only what begins with an order is one.
  const auto orders_at = [&](std::size_t comma) {
    static constexpr std::array polite = {"please", "so", "just", "and", "kindly"};
    auto word = std::find_if(all.begin(), all.end(), [&](const Word& w) { return w.span.begin > comma; });
    while (word != all.end() && is_one_of(word->lower, polite)) ++word;
    return word != all.end() && starts_step(*word, step_words);
  };
  for (std::size_t at = bare.find_first_of(".!;,\n"); at < first_place && sentences < most_sentences;
       at = bare.find_first_of(".!;,\n", at + 1)) {
    if (bare[at] == ',' && (places.size() > 0 || !orders_at(at))) continue;
    const bool is_end = at + 1 >= bare.size() || static_cast<unsigned char>(bare[at + 1]) <= ' ' || bare[at] == '\n';
    if (!is_end) continue;
    ++sentences;
    const std::string_view told = clause.substr(0, at), order = clause.substr(at + 1);
    if (has_order(told, step_words)) return 0;
    if (!has_order(order, step_words)) continue;
    const std::vector<Word> before = words_of(std::string_view(bare).substr(0, at));
    if (before.size() < fewest_words || is_question(told) || asks_about(told)) return 0;
    const std::vector<Word> behind = words_of(std::string_view(bare).substr(at + 1, first_place - at - 1));
    // "Keep that in mind" points, "keep that box" does not.
    static constexpr std::array links = {"in", "to", "for", "at", "on", "please", "down", "somewhere", "safe", "as", "into"};
    bool points = false;
    for (std::size_t k = 0; k < behind.size(); ++k)
      points = points || is_one_of(behind[k].lower, pointers) ||
               (behind[k].lower == "that" && k > 0 && k + 1 < behind.size() && is_one_of(behind[k + 1].lower, links));
    // "Remember that!"; not "remember that …".
    const bool ends_in_that = !behind.empty() && behind.back().lower == "that";
    // "…. Please inform ann@example.org.", "…. Remember.": nothing else to say is given.
    static constexpr std::array tellers = {"inform", "tell", "notify", "forward", "advise", "know", "warn", "remember", "memorize"};
    static constexpr std::array polite = {"please", "pls", "kindly", "let", "accordingly", "also"};
    bool tells = false, only_tells = find_quotes(order).empty();
    for (const Word& word : words_of(std::string_view(bare).substr(at + 1))) {
      const Span place{word.span.begin + at + 1, word.span.end + at + 1};
      if (is_in_place(places, place) || names_recipient(bare, places, at + 1, place)) continue;
      tells = tells || is_one_of(word.lower, tellers);
      only_tells = only_tells && (is_one_of(word.lower, tellers) || is_one_of(word.lower, polite) || is_function_word(word.lower));
    }
    return points || ends_in_that || (tells && only_tells && !asks_about(order)) ? at : 0;
  }
  return 0;
}

bool is_question(std::string_view clause) {
  static constexpr std::array openers = {"do",  "does", "did",  "is",    "are",   "was", "were", "am",
                                         "has", "have", "what", "whats", "which", "who", "whose",
                                         "when", "where", "how", "why"};
  const std::string_view text = trim(clause);
  const std::vector<Word> words = words_of(without_quotes(text));
  if (words.empty() || !text.ends_with('?')) return false;
  // "It's called list.txt, what does it say?"
  static constexpr std::array wh = {"what", "whats", "where", "which", "who", "whose", "when", "how"};
  const std::size_t comma = without_quotes(text).find_last_of(",;:-");
  if (comma != text.npos)
    for (const Word& word : words)
      if (word.span.begin > comma) {
        if (is_one_of(word.lower, wh)) return true;
        break;
      }
  // "Why don't you send …?" is a request.
  if (words[0].lower == "why") return words.size() < 2 || !words[1].lower.starts_with("don");
  return is_one_of(words[0].lower, openers);
}

bool asks_about(std::string_view clause) {
  static constexpr std::array askers = {"ask", "tell", "know", "see", "wonder", "idea", "say", "hear", "check", "learn",
                                        "remind", "sure", "recall", "find", "forgot", "forget", "unsure"};
  static constexpr std::array wh = {"what", "which", "where", "when", "who", "whose", "how", "whether", "if"};
  constexpr std::size_t farthest = 4;
  const std::vector<Word> words = words_of(without_quotes(clause));
  for (std::size_t i = 0; i < words.size(); ++i)
    for (std::size_t k = i + 1; is_one_of(words[i].lower, askers) && k < std::min(words.size(), i + farthest); ++k)
      if (is_one_of(words[k].lower, wh)) return true;
  return false;
}

bool refers_back(std::string_view clause) {
  static constexpr std::array pronouns = {"it", "its", "them", "this", "these", "those"};
  static constexpr std::array things = {"result",   "results", "response", "output", "content",
                                        "contents", "answer",  "page",     "text",   "data",
                                        "reply",    "body",    "findings"};
  const std::vector<Word> words = words_of(without_quotes(clause));
  const bool is_korean = language_of(clause) == Language::korean;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_one_of(words[i].lower, pronouns)) return true;
    // "email that to …"
    if (words[i].lower == "that" && i > 0 && i + 1 < words.size() && words[i + 1].lower == "to") return true;
    // Korean has no articles.
    if (is_korean && is_one_of(words[i].lower, things)) return true;
    static constexpr std::array articles = {"a", "the", "another"};
    if (i > 0 && words[i].lower == "copy" && is_one_of(words[i - 1].lower, articles)) return true;
    if (i > 0 && is_one_of(words[i].lower, things) &&
        (words[i - 1].lower == "the" || words[i - 1].lower == "their"))
      return true;
  }
  return false;
}

}  // namespace deed
