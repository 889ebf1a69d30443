#include "deed/llm/local/dictation.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/glossary.hpp"
#include "deed/llm/local/grounding.hpp"
#include "deed/llm/local/segments.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

namespace deed {
namespace {

constexpr std::array dictating = {"saying", "says", "containing", "reading", "that"};

// "I need bread and stamps added to list.txt": what is to be there.
Dictation needed_there(std::string_view text, const std::vector<Word>& words, const std::vector<Span>& places) {
  static constexpr std::array needs = {"need", "want", "like"};
  static constexpr std::array put = {"added", "appended", "put", "written", "noted", "entered", "inserted"};
  static constexpr std::array named = {"a", "an", "the", "my", "our", "this", "that", "it", "what", "to", "you", "your", "all", "everything"};
  if (places.size() != 1 || text.substr(places[0].begin, places[0].size()).find('/') == 0) return {};
  const auto need = std::find_if(words.begin(), words.end(), [](const Word& word) { return is_one_of(word.lower, needs); });
  if (need == words.end() || need + 1 == words.end() || is_one_of((need + 1)->lower, named)) return {};
  static constexpr std::array onto = {"on", "onto", "into"};
  auto verb = std::find_if(need + 1, words.end(), [](const Word& word) { return is_one_of(word.lower, put); });
  // "I need oat milk on list.txt"
  if (verb == words.end())
    verb = std::find_if(need + 1, words.end(), [&](const Word& word) {
      return is_one_of(word.lower, onto) && word.span.end + 1 == places[0].begin;
    });
  if (verb == words.end() || verb == need + 1 || verb->span.begin > places[0].begin) return {};
  const std::string_view said = text.substr((need + 1)->span.begin, (verb - 1)->span.end - (need + 1)->span.begin);
  if (said.find_first_of(".!?;:") != said.npos) return {};
  return {(need + 1)->span.begin, (verb - 1)->span.end};
}

// "ask him to come on Tuesday", "remind ann@example.org to call": what somebody is asked to do.
std::optional<std::size_t> asked_to(const std::vector<Word>& words, const std::vector<Span>& places) {
  static constexpr std::array askers = {"ask", "remind", "invite", "tell", "urge", "beg"};
  static constexpr std::array persons = {"him", "her", "them"};
  static constexpr std::array by = {"by", "via", "per", "email", "mail", "e"};
  for (std::size_t i = 0; i + 3 < words.size(); ++i) {
    if (!is_one_of(words[i].lower, askers)) continue;
    std::size_t at = i + 1;
    if (is_one_of(words[at].lower, persons)) {
      ++at;
    } else {
      const auto place = std::find_if(places.begin(), places.end(), [&](const Span& p) { return p.begin > words[i].span.end; });
      if (place == places.end() || place->begin - words[i].span.end > 40) return std::nullopt;
      while (at < words.size() && words[at].span.begin < place->end) ++at;
    }
    while (at < words.size() && is_one_of(words[at].lower, by)) ++at;
    if (at + 1 < words.size() && words[at].lower == "to") return words[at + 1].span.begin;
    return std::nullopt;
  }
  return std::nullopt;
}

// "tell dana@example.org order 5512 is cancelled": what stands behind the address, with at most a name and a comma
// before it, is said; unless it is a place, a quotation, or about what is elsewhere.
std::optional<std::size_t> told_to_address(std::string_view text, const std::vector<Word>& words,
                                           const std::vector<Span>& places, const std::vector<Span>& quotes) {
  static constexpr std::array tellers = {"tell", "inform", "notify", "remind", "warn", "advise", "let"};
  static constexpr std::array links = {"about", "of", "to", "and", "what", "how", "when", "where", "which", "who",
                                       "with", "on", "in", "at", "for", "from", "by", "then"};
  // "the meeting is off" says something, "the minutes" names it.
  static constexpr std::array things = {"the", "it", "this", "my", "our", "your", "his", "her", "their", "a", "an"};
  static constexpr std::array finite = {"is",  "are", "was",  "were", "will", "won",  "has",  "have", "had",  "can",
                                        "isn", "aren", "cannot", "must", "should", "needs", "need", "did", "does", "got"};
  constexpr std::size_t farthest = 40, fewest_words = 3;
  static constexpr std::array persons = {"him", "her", "them"};
  if (!quotes.empty()) return std::nullopt;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Word& verb = words[i];
    if (!is_one_of(verb.lower, tellers)) continue;
    // "tell him the keys are under the pot"
    if (i + 2 + fewest_words <= words.size() && is_one_of(words[i + 1].lower, persons) && is_one_of(words[i + 2].lower, things) &&
        std::any_of(words.begin() + static_cast<std::ptrdiff_t>(i) + 3, words.end(), [](const Word& w) { return is_one_of(w.lower, finite); }))
      return words[i + 2].span.begin;
    const auto place = std::find_if(places.begin(), places.end(), [&](const Span& p) { return p.begin > verb.span.end; });
    if (place == places.end() || place->begin - verb.span.end > farthest) return std::nullopt;
    const std::string_view address = place->in(text);
    if (address.find('@') == address.npos || place + 1 != places.end()) return std::nullopt;
    const auto next = std::find_if(words.begin(), words.end(), [&](const Word& w) { return w.span.begin >= place->end; });
    if (words.end() - next < static_cast<std::ptrdiff_t>(fewest_words) || is_one_of(next->lower, links)) return std::nullopt;
    if (is_one_of(next->lower, things) &&
        std::none_of(next, words.end(), [](const Word& w) { return is_one_of(w.lower, finite); }))
      return std::nullopt;
    if (text.substr(place->end, next->span.begin - place->end).find_first_of(".;\n") != text.npos) return std::nullopt;
    return next->span.begin;
  }
  return std::nullopt;
}

// "Mrs Dunne at d@example.org needs to know the part came in": who is to know it is not who speaks.
bool is_for_another(const std::vector<Word>& words, std::size_t know, const std::vector<Span>& places) {
  static constexpr std::array speakers = {"i", "we", "you", "me", "us"};
  static constexpr std::array wh = {"what", "which", "where", "when", "who", "whose", "how", "whether", "if", "about", "it", "this", "of"};
  static constexpr std::array needs = {"needs", "need", "ought", "has", "have", "wants", "should", "must"};
  if (words[know].lower != "know" || know < 2 || know + 2 >= words.size() || is_one_of(words[know + 1].lower, wh)) return false;
  if (places.empty()) return false;
  std::size_t subject = know - 1;
  if (words[subject].lower == "to") {
    if (!is_one_of(words[subject - 1].lower, needs) || subject < 2) return false;
    subject -= 2;
  }
  if (is_one_of(words[subject].lower, joiners)) return false;  // "I am late and know nothing"
  return !is_one_of(words[subject].lower, speakers) && words[subject].lower != "don" && words[subject].lower != "t";
}

// "sign.txt should just read CLOSED": what a place is to say.
std::optional<std::size_t> to_be_read_there(const std::vector<Word>& words, const std::vector<Span>& places) {
  static constexpr std::array modals = {"should", "must", "shall", "ought", "needs", "has", "to"};
  static constexpr std::array between = {"just", "only", "now", "simply", "then", "to", "have"};
  static constexpr std::array verbs = {"read", "say", "contain", "state", "hold"};
  if (places.size() != 1) return std::nullopt;
  auto word = std::find_if(words.begin(), words.end(), [&](const Word& w) { return w.span.begin >= places[0].end; });
  if (word == words.end() || word->span.begin - places[0].end > 1 || !is_one_of(word->lower, modals)) return std::nullopt;
  for (++word; word != words.end() && is_one_of(word->lower, between); ++word) {}
  if (word == words.end() || !is_one_of(word->lower, verbs)) return std::nullopt;
  for (++word; word != words.end() && is_one_of(word->lower, between); ++word) {}
  return word == words.end() ? std::nullopt : std::optional(word->span.begin);
}

// Whether nothing but a comma stands between a place and `at`.
bool follows_place(std::string_view text, const std::vector<Span>& places, std::size_t at) {
  const auto behind = std::upper_bound(places.begin(), places.end(), at, [](std::size_t x, const Span& p) { return x < p.begin; });
  if (behind == places.begin()) return false;
  const Span& place = *std::prev(behind);
  return place.end <= at && at - place.end <= 8 && trim(text.substr(place.end, at - place.end)) == ",";
}

bool ends_place(const std::vector<Span>& places, std::size_t at) {
  const auto behind = std::lower_bound(places.begin(), places.end(), at, [](const Span& p, std::size_t x) { return p.begin < x; });
  return behind != places.begin() && std::prev(behind)->end == at;
}

// The first word behind `at`.
std::vector<Word>::const_iterator word_behind(const std::vector<Word>& words, std::size_t at) {
  return std::upper_bound(words.begin(), words.end(), at, [](std::size_t x, const Word& w) { return x < w.span.begin; });
}

}  // namespace

std::size_t dictation_begin(std::string_view text, const std::vector<Word>& words,
                            const std::vector<Span>& quotes) {
  const auto is_before_quote = [&](std::size_t at) {
    return std::any_of(quotes.begin(), quotes.end(), [&](const Span& q) {
      if (q.begin <= at || q.begin - at > 40) return false;
      // "containing the sentence "…"", "saying the following: "…""
      static constexpr std::array fillers = {
          "the",  "a",    "an",    "this",  "these",   "sentence",   "text",    "words", "word",  "line",   "lines",   "following", "phrase", "message",
          "entry", "one",  "more",  "another", "new",  "next",       "last",    "extra", "further", "item", "point",   "note",  "remark",    "only",   "just",
          "exactly", "simply", "saying", "says", "containing", "reading", "with", "body", "content", "contents", "write", "put", "add",  "append",    "it",
          "please", "as",  "is",   "be",    "should", "read", "title", "heading", "name", "that"};
      const std::string_view gap = text.substr(at, q.begin - at);
      if (gap.find_first_of(".!?;") != gap.npos) return false;
      const std::vector<std::string> between = identifier_words(gap);
      // "cámbialo por "2,35"": a few words, and the quotation ends it all.
      const bool ends_it = between.size() <= 3 && trim(text.substr(q.end)).find_first_not_of(" \"'.!”»“’)") == text.npos;
      if (ends_it && trim(text.substr(at - 1, 1)) == ":") return true;
      const bool is_filled = std::all_of(between.begin(), between.end(), [](const std::string& word) { return is_one_of(word, fillers); });
      return is_filled && (!between.empty() || trim(gap).size() <= 3);
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
    bool is_let_know = false;
    for (std::size_t back = 2; words[i].lower == "know" && back <= std::min<std::size_t>(i, 6); ++back)
      is_let_know = is_let_know || words[i - back].lower == "let" || words[i - back].lower == "lets";
    const bool is_dictating = is_one_of(words[i].lower, dictating) || is_let_know || is_for_another(words, i, places);
    if (!is_dictating || i + 1 == words.size() || is_before_quote(words[i].span.end)) continue;
    if (static_cast<unsigned char>(text[words[i].span.begin]) >= 0x80) continue;
    // "send him what it says"
    static constexpr std::array speakers = {"it", "that", "which"};
    if (words[i].lower == "says" && i > 0 && is_one_of(words[i - 1].lower, speakers)) continue;
    // "know what the log says", however long the name of the log is
    std::size_t seen = 0;
    bool is_asked = false;
    for (std::size_t back = i; words[i].lower == "says" && back-- > 0 && seen < 5;) {
      if (is_in_place(places, words[back].span)) continue;
      ++seen;
      is_asked = is_asked || words[back].lower == "what";
    }
    if (is_asked) continue;
    // "ce que dit …", "lo que dice …": what something says.
    if (words[i].lower == "that" && i > 0 && (words[i - 1].lower == "what" || words[i - 1].lower == "lo"))
      continue;
    // "find a.pdf, that must be in …"
    if (words[i].lower == "that" && follows_place(text, places, words[i].span.begin)) continue;
    // "that "paid" be added to list.txt": what follows names the place of it all.
    if (words[i].lower == "that" && leads_up_to_places(words[i].span.begin)) continue;
    // "once that's through", "a file that has only this line"
    static constexpr std::array relatives = {"s", "has", "have", "contains", "holds", "says", "reads", "lists", "is"};
    if (words[i].lower == "that" && is_one_of(words[i + 1].lower, relatives) &&
        (words[i + 1].lower == "s" || (i > 0 && (is_in_place(places, words[i - 1].span) || words[i - 1].lower == "file" || words[i - 1].lower == "one"))))
      continue;
    // "email that to …" points.
    if (words[i].lower == "that" && words[i + 1].lower == "to") continue;
    // So does "keep that in your head"; "remember that in winter …" does not.
    static constexpr std::array keepers = {"keep", "put", "write", "bear", "hold", "save", "store", "jot", "file", "stick", "get"};
    static constexpr std::array into = {"in", "at", "on", "for", "down", "as", "somewhere", "safe", "into"};
    if (words[i].lower == "that" && i > 0 && is_one_of(words[i - 1].lower, keepers) && is_one_of(words[i + 1].lower, into)) continue;
    // "after that", "and that" join; "that" dictates only after a verb of saying.
    if (words[i].lower == "that" && (i == 0 || is_one_of(words[i - 1].lower, joiners))) continue;
    std::size_t last = i;
    // "know by email that …"
    static constexpr std::array by = {"by", "via", "per", "e", "email", "mail"};
    while (is_let_know && last + 2 < words.size() && is_one_of(words[last + 1].lower, by)) ++last;
    if (last > i && words[last + 1].lower == "that") ++last;
    begin = std::min(begin, words[last].span.end);
  }
  if (begin == text.npos && quotes.empty())
    if (const auto asked = asked_to(words, places)) begin = *asked;
  if (begin == text.npos && quotes.empty())
    if (const auto read = to_be_read_there(words, places)) begin = *read;
  if (begin == text.npos)
    if (const auto told = told_to_address(text, words, places, quotes)) begin = *told;
  for (std::size_t at = text.find(": "); at != text.npos; at = text.find(": ", at + 1)) {
    if (is_before_quote(at + 1)) continue;
    // "The subject shall read: …"
    const auto behind = word_behind(words, at);
    bool is_title = false;
    for (auto word = behind; word != words.begin() && at - std::prev(word)->span.end <= 14 && std::prev(word)->span.end <= at; --word)
      is_title = is_title || std::prev(word)->lower == "subject" || std::prev(word)->lower == "title";
    if (is_title) continue;
    // "to both of them: ann@…, bob@…"
    const auto place = std::lower_bound(places.begin(), places.end(), at + 2, [](const Span& p, std::size_t x) { return p.begin < x; });
    if (place != places.end() && place->begin == at + 2 && place->in(text).find('@') != text.npos) continue;
    // "…: write to ann@… and say …"
    if (leads_up_to_places(at)) continue;
    // "notes.txt: read, mail its contents to …"
    const bool is_verb = behind != words.end() && is_one_of(behind->lower, common_verbs);
    if (is_verb && (behind->span.end >= text.size() || text[behind->span.end] == ',') && ends_place(places, at)) continue;
    // "ideas.txt: add "bees""
    if (is_verb && !quotes.empty() && quotes.back().begin > at) continue;
    return std::min(begin, at);
  }
  return begin;
}

namespace {

// "오늘 못 간다고 전해 줘": what is said ends in 라고 or 다고, and begins behind whom it is said to.
Dictation korean_dictation(const std::string& bare, std::string_view request) {
  static constexpr std::array<std::string_view, 5> particles = {"에게", "한테", "께", "로", "에"};
  const std::size_t at_sign = bare.find('@');
  std::size_t begin = 0;
  const std::vector<Span> places = find_places(request);
  const bool has_quotes = !find_quotes(request).empty();
  for (const Word& word : words_of(bare)) {
    const std::string_view text = word.span.in(bare);
    const bool states = text.size() > 9 && text.ends_with("음을");  // "변경되었음을 통보"
    // What stands before it is a quotation or a name, and says it all.
    const bool quotes_alone = text == "라고" || text == "이라고";
    const bool names = quotes_alone && std::any_of(places.begin(), places.end(), [&](const Span& p) {
                         return p.end <= word.span.begin && word.span.begin - p.end <= 1;
                       });
    if (quotes_alone && (names || has_quotes)) continue;
    const bool quotes = text.ends_with("라고"), says = text.ends_with("다고") || states;
    const bool asks = text.starts_with("뭐") || text.starts_with("무엇") || text.starts_with("어떻");  // "뭐라고"
    if ((quotes || says) && !asks && text.size() >= 6) {
      std::size_t cut = says ? 3 : 6;  // "고", "라고"
      if (quotes && text.size() > 9 && text.ends_with("이라고")) cut = 9;
      while (begin < bare.size() && static_cast<unsigned char>(bare[begin]) <= ' ') ++begin;
      const std::size_t end = word.span.end - cut;
      if (end > begin + 3) return {begin, end};
    }
    // "(ann@…)께 오늘 3시로": where to is said once.
    if (begin == 0 && at_sign < word.span.begin && std::any_of(particles.begin(), particles.end(),
                                [&](std::string_view p) { return text.ends_with(p); }))
      begin = word.span.end;
  }
  return {};
}

}  // namespace

namespace {

// "… and slip bob@example.org in as a blind copy": number `i` of the words is near an address and speaks of a copy.
bool speaks_of_copy(const std::vector<Word>& words, std::size_t from, std::size_t to) {
  static constexpr std::array copies = {"cc", "bcc", "copy", "copied", "blind", "loop", "looped", "cced"};
  return std::any_of(words.begin() + static_cast<std::ptrdiff_t>(from), words.begin() + static_cast<std::ptrdiff_t>(to),
                     [](const Word& word) { return is_one_of(word.lower, copies); });
}

// Where the dictated text ends because the words go on about the errand: "… that I am ill. Her address is in
// contacts.txt", "… at noon, and put bob@example.org in copy".
std::size_t errand_begin(const std::string& bare, const std::vector<Word>& words, const Dictation& said) {
  static constexpr std::array about = {"her", "his", "their", "its", "it", "they", "you", "he", "she", "put", "copy", "cc", "bcc", "attach", "subject",
                                       "use", "send", "look", "find", "take", "the", "i", "and", "slip", "keep", "add", "include", "with", "also", "loop"};
  static constexpr std::array turns = {"and", "also", "please", "but", "with"};
  static constexpr std::array addresses = {"address", "addresses", "email", "mail", "e", "s"};
  const std::vector<Span> places = find_places(bare);
  const auto is_in = [&](std::size_t from, std::size_t to, auto is) {
    return std::any_of(places.begin(), places.end(), [&](const Span& p) { return p.begin >= from && p.end <= to && is(p); });
  };
  const bool has_place_inside_first = !places.empty() && places.front().begin >= said.begin;
  std::size_t next = 0;
  for (std::size_t at = bare.find_first_of(".,;!?", std::min(said.begin, bare.size())); at < said.end; at = bare.find_first_of(".,;!?", at + 1)) {
    if (at + 1 >= bare.size() || bare[at + 1] != ' ') continue;
    while (next < words.size() && words[next].span.begin <= at) ++next;
    if (next == words.size() || !is_one_of(words[next].lower, about)) continue;
    std::size_t end = bare.find_first_of(".!?;", at + 1);
    while (end < bare.size() && end + 1 < bare.size() && bare[end + 1] != ' ') end = bare.find_first_of(".!?;", end + 1);
    end = std::min(end, said.end);
    std::size_t last = next;
    while (last < words.size() && words[last].span.begin < end) ++last;
    const bool has_email = is_in(at, end, [&](const Span& p) { return p.in(bare).find('@') != std::string_view::npos; });
    if (has_email && speaks_of_copy(words, next, last)) return at;
    if (is_one_of(words[next].lower, turns)) continue;
    // Behind a comma only "his address is ann@…".
    const bool names_address = next + 1 < words.size() && is_one_of(words[next + 1].lower, addresses);
    if (bare[at] == ',' && !names_address) continue;
    const bool is_old = is_one_of(words[next].lower, std::array{"her", "his", "their", "its", "it", "they", "you", "put", "copy", "cc", "bcc", "attach", "subject"});
    if (is_old && !places.empty() && places.back().begin > at && !(has_place_inside_first && places.front().begin < at)) return at;
    // "You know his email.", "He's at bob@…", "The address is in contacts.txt."
    bool speaks = false;
    for (std::size_t k = next; k < last; ++k) speaks = speaks || words[k].lower == "address" || words[k].lower == "email" || words[k].lower == "contacts";
    const bool is_pronoun = words[next].lower != "the" && words[next].lower != "i";
    if (has_email && is_pronoun && last - next <= 12) return at;
    if (speaks && last - next <= 16) return at;
  }
  return said.end;
}

}  // namespace

Dictation find_dictation(std::string_view request) {
  const std::string bare = without_quotes(request);
  if (language_of(request) == Language::korean)
    if (const Dictation said = korean_dictation(bare, request); said.begin != request.npos) return said;
  const std::vector<Word> words = words_of(bare);
  const std::vector<Span> quotes = find_quotes(request);
  Dictation said{dictation_begin(bare, words, quotes), request.size()};
  if (said.begin == request.npos && quotes.empty() && language_of(request) == Language::english) {
    const Dictation needed = needed_there(bare, words, find_places(request));
    if (needed.begin != request.npos) return needed;
  }
  said.end = errand_begin(bare, words, said);
  // "…, subject Sick leave" behind it is a label.
  for (const Word& word : words)
    if (said.begin != bare.npos && word.span.begin > said.begin + 2 && bare[word.span.begin - 1] == ' ' &&
        bare[word.span.begin - 2] == ',' && (word.lower == "subject" || word.lower == "subj")) {
      said.end = word.span.begin - 2;
      break;
    }
  return said;
}

}  // namespace deed
