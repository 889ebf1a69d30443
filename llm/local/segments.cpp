#include "deed/llm/local/segments.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/glossary.hpp"
#include "deed/llm/local/grounding.hpp"

#include <algorithm>
#include <array>

namespace deed {
namespace {

constexpr std::array common_verbs = {
    "send",   "email",    "mail",     "write",    "tell",   "notify",   "inform", "message",
    "fetch",  "get",      "download", "post",     "submit", "upload",   "push",   "read",
    "open",   "show",     "display",  "save",     "store",  "create",   "make",   "list",
    "search", "look",     "find",     "check",    "print",  "put",      "copy",   "forward",
    "reply",  "add",      "append",   "ask",      "call",   "give",     "return", "delete",
    "remove", "remember", "load",     "retrieve", "report", "summarize"};
constexpr std::array joiners = {"and",        "then", "after", "that",   "finally",
                                "afterwards", "next", "also",  "please", "lastly"};
constexpr std::array dictating = {"saying", "says", "containing", "reading", "that"};

struct Word {
  Span span;
  std::string lower;
};

// In English as far as the glossary goes.
std::vector<Word> words_of(std::string_view text) {
  const Language language = language_of(text);
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word_byte(text[at])) {
      ++at;
      continue;
    }
    Span span{at, at};
    while (span.end < text.size() && is_word_byte(text[span.end])) ++span.end;
    const std::string lower = lower_ascii(span.in(text));
    words.push_back({span, std::string(in_english(lower, language))});
    at = span.end;
  }
  return words;
}

bool starts_step(const Word& word, const StepWords& words) {
  std::string stem(word.lower);
  while (!stem.empty() && stem.back() == 's') stem.pop_back();
  stem = std::string(utf8_prefix(stem, 5));
  if (words.starting.contains(stem)) return true;
  // "saved in a.txt and mailed to …", "finding it and sending it"
  for (const std::string_view ending : {"ed", "d", "ing"})
    if (word.lower.size() > ending.size() + 3 && word.lower.ends_with(ending) &&
        is_one_of(std::string_view(word.lower).substr(0, word.lower.size() - ending.size()), common_verbs))
      return true;
  return is_one_of(word.lower, common_verbs) && !words.naming.contains(stem);
}

enum class Joint { none, weak, then };

// What joins the word at `index` to the text before it: nothing, a comma or "and", or a "then".
Joint joint_before(std::string_view text, const std::vector<Word>& words, std::size_t index,
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
    // "et l'envoyer"
    if (first > 1 && words[first - 1].lower == "l" && is_one_of(words[first - 2].lower, joiners)) {
      --first;
      continue;
    }
    if (first == 0 || !is_plain || !is_one_of(words[first - 1].lower, joiners)) return joint;
    const std::string& before = words[first - 1].lower;
    const bool is_sequence =
        before != "and" && before != "that" && before != "also" && before != "please";
    // "and please …", "and also …" speak to whoever does it, not to whom a text is for.
    const bool is_turn = first > 1 && (before == "please" || before == "also") &&
                         words[first - 2].lower == "and";
    if (is_turn) joint = Joint::then;
    if (before != "that" && before != "please")
      joint = std::max(joint, is_sequence ? Joint::then : Joint::weak);
    --first;
  }
}

// Where text that the user dictates begins: after "saying", "containing" or a colon, where no
// quotation follows at once.
std::size_t dictation_begin(std::string_view text, const std::vector<Word>& words,
                            const std::vector<Span>& quotes) {
  const auto is_before_quote = [&](std::size_t at) {
    return std::any_of(quotes.begin(), quotes.end(), [&](const Span& q) {
      return q.begin > at && q.begin - at <= 6 && trim(text.substr(at, q.begin - at)).size() <= 3;
    });
  };
  // All places stand behind it: the words before only lead up to the task.
  const std::vector<Span> places = find_places(text);
  const auto leads_up_to_places = [&](std::size_t at) {
    return !places.empty() && places.front().begin >= at;
  };
  std::size_t begin = text.npos;
  for (std::size_t i = 0; i < words.size(); ++i) {
    // "let her know …"; in Korean what is said stands before the word for saying.
    const bool is_let_know = words[i].lower == "know" && i > 1 && words[i - 2].lower.starts_with("let");
    const bool is_dictating = is_one_of(words[i].lower, dictating) || is_let_know;
    if (!is_dictating || is_before_quote(words[i].span.end)) continue;
    if (static_cast<unsigned char>(text[words[i].span.begin]) >= 0x80) continue;
    // "send him what it says"
    static constexpr std::array speakers = {"it", "that", "which"};
    if (words[i].lower == "says" && i > 0 && is_one_of(words[i - 1].lower, speakers)) continue;
    // "know what the log says"
    const auto near = words.begin() + static_cast<std::ptrdiff_t>(i - std::min<std::size_t>(i, 5));
    if (words[i].lower == "says" &&
        std::any_of(near, words.begin() + static_cast<std::ptrdiff_t>(i),
                    [](const Word& word) { return word.lower == "what"; }))
      continue;
    // "ce que dit …", "lo que dice …": what something says.
    if (words[i].lower == "that" && i > 0 && (words[i - 1].lower == "what" || words[i - 1].lower == "lo"))
      continue;
    // "that "paid" be added to list.txt": what follows names the place of it all.
    if (words[i].lower == "that" && leads_up_to_places(words[i].span.begin)) continue;
    // "after that", "and that" join; "that" dictates only after a verb of saying.
    if (words[i].lower == "that" && (i == 0 || is_one_of(words[i - 1].lower, joiners))) continue;
    begin = std::min(begin, words[i].span.end);
  }
  for (std::size_t at = text.find(": "); at != text.npos; at = text.find(": ", at + 1)) {
    if (is_before_quote(at + 1)) continue;
    // "…: write to ann@… and say …"
    if (leads_up_to_places(at)) continue;
    // "ideas.txt: add "bees""
    const auto next = std::find_if(words.begin(), words.end(),
                                   [&](const Word& word) { return word.span.begin > at; });
    if (next != words.end() && is_one_of(next->lower, common_verbs) && !quotes.empty() &&
        quotes.back().begin > at)
      continue;
    return std::min(begin, at);
  }
  return begin;
}

// The clause without the joining words and punctuation at its end; the cut at its beginning is
// already behind them.
Span trimmed(std::string_view text, Span clause) {
  const auto is_loose = [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == ',' || c == ';' || c == ':';
  };
  while (clause.begin < clause.end && is_loose(text[clause.begin])) ++clause.begin;
  while (clause.end > clause.begin && is_loose(text[clause.end - 1])) --clause.end;
  return clause;
}

}  // namespace

namespace {

// A Korean verb stands behind what it is about; one that goes on ("읽고", "가져와서") ends a step.
std::vector<Span> korean_clauses(std::string_view request, const std::vector<Word>& words,
                                 const StepWords& step_words, std::size_t max) {
  std::vector<Span> clauses;
  std::size_t begin = 0;
  for (std::size_t i = 0; i + 1 < words.size() && clauses.size() + 1 < max; ++i) {
    const std::string_view word = words[i].span.in(request);
    const bool goes_on = word.ends_with("고") || word.ends_with("서");
    const std::string_view behind = request.substr(words[i].span.end);
    const bool is_listed = behind.starts_with(" + ") || behind.starts_with(" -> ");
    if (is_listed) {
      clauses.push_back(trimmed(request, {begin, words[i].span.end}));
      begin = words[i].span.end + behind.find_first_not_of(" +->");
      continue;
    }
    if (!goes_on || word.ends_with("라고") || word.ends_with("다고") || !starts_step(words[i], step_words)) continue;
    const Span clause = trimmed(request, {begin, words[i].span.end});
    if (clause.size() > 0) clauses.push_back(clause);
    begin = words[i].span.end;
  }
  const Span rest = trimmed(request, {begin, request.size()});
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

namespace {

// "오늘 못 간다고 전해 줘": what is said ends in 라고 or 다고, and begins behind whom it is said to.
Dictation korean_dictation(const std::string& bare) {
  static constexpr std::array<std::string_view, 5> particles = {"에게", "한테", "께", "로", "에"};
  const std::size_t at_sign = bare.find('@');
  std::size_t begin = 0;
  for (const Word& word : words_of(bare)) {
    const std::string_view text = word.span.in(bare);
    const bool quotes = text.ends_with("라고"), says = text.ends_with("다고");
    if ((quotes || says) && text.size() >= 6) {
      std::size_t cut = says ? 3 : 6;  // "고", "라고"
      if (quotes && text.size() > 9 && text.ends_with("이라고")) cut = 9;
      while (begin < bare.size() && static_cast<unsigned char>(bare[begin]) <= ' ') ++begin;
      const std::size_t end = word.span.end - cut;
      if (end > begin + 3) return {begin, end};
    }
    if (at_sign < word.span.begin && std::any_of(particles.begin(), particles.end(),
                                [&](std::string_view p) { return text.ends_with(p); }))
      begin = word.span.end;
  }
  return {};
}

}  // namespace

Dictation find_dictation(std::string_view request) {
  const std::string bare = without_quotes(request);
  if (language_of(request) == Language::korean)
    if (const Dictation said = korean_dictation(bare); said.begin != request.npos) return said;
  const std::vector<Word> words = words_of(bare);
  Dictation said{dictation_begin(bare, words, find_quotes(request)), request.size()};
  // "…, subject Sick leave" behind it is a label.
  for (const Word& word : words)
    if (said.begin != bare.npos && word.span.begin > said.begin + 2 && bare[word.span.begin - 1] == ' ' &&
        bare[word.span.begin - 2] == ',' && (word.lower == "subject" || word.lower == "subj")) {
      said.end = word.span.begin - 2;
      break;
    }
  return said;
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
  if (language_of(request) == Language::korean) return korean_clauses(request, words, step_words, max);
  for (std::size_t i = 1; i < words.size() && clauses.size() + 1 < max; ++i) {
    if (!starts_step(words[i], step_words)) continue;
    // "tell her that …" goes on about the person of the clause before.
    static constexpr std::array persons = {"him", "her", "them"};
    const bool names_someone = request.substr(begin, words[i].span.begin - begin).find('@') != request.npos;
    if (names_someone && i + 1 < words.size() && is_one_of(words[i + 1].lower, persons)) continue;
    std::size_t first = i;
    const Joint joint = joint_before(bare, words, i, first);
    if (joint == Joint::none || first == 0) continue;
    // A colon begins a step only where it leads up to one: "Quick one: mail ann@…".
    const std::string_view gap = std::string_view(bare).substr(words[first - 1].span.end,
                                             words[first].span.begin - words[first - 1].span.end);
    if (gap.starts_with(':') && words[i].span.begin > dictation) continue;
    if (gap.starts_with(':') && std::any_of(places.begin(), places.end(), [&](const Span& place) {
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
    if (after == '@' || after == '/' || after == '-' || after == ':' ||
        (after == '.' && words[i].span.end + 1 < bare.size() &&
         is_word_byte(bare[words[i].span.end + 1])))
      continue;
    const Span clause = trimmed(request, {begin, words[first].span.begin});
    if (clause.size() == 0) continue;
    clauses.push_back(clause);
    begin = words[i].span.begin;
  }
  const Span rest = trimmed(request, {begin, request.size()});
  if (rest.size() > 0) clauses.push_back(rest);
  return clauses;
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
