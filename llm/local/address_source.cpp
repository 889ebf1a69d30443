#include "deed/llm/local/address_source.hpp"

#include <algorithm>
#include <array>

namespace deed {
namespace {

constexpr std::array nouns = {"address", "addresses", "contact", "contacts", "emails", "recipient"};
constexpr std::array owners = {"her", "his", "their", "its", "whose", "the", "an", "s", "my", "your", "our", "of"};
constexpr std::array holders = {"is",   "are",    "s",     "stands", "written", "listed", "noted", "find",  "found",  "kept",  "saved", "stored",
                                "has",  "have",   "holds", "contains", "lists", "says",   "there", "located", "got",  "be",    "look",  "take",
                                "took", "use",    "get",   "from",   "shown",   "given",  "entry", "inside", "under", "check", "via"};
constexpr std::array writers = {"save", "write", "put", "add", "append", "store", "note", "create", "enter", "insert", "log"};
constexpr std::array recallers = {"remember", "know", "told", "memory", "memorized", "remembered", "gave", "mentioned", "recall", "knew",
                                  "noted", "stored", "saved", "have", "learned", "kept", "said", "given"};

// Number `i` of the words names an address.
bool names_address(const std::vector<Word>& words, std::size_t i) {
  if (is_one_of(words[i].lower, nouns)) return true;
  return i > 0 && (words[i].lower == "email" || words[i].lower == "mail") && is_one_of(words[i - 1].lower, owners);
}

bool ends_sentence(std::string_view text, std::size_t from, std::size_t to) {
  const std::string_view gap = text.substr(from, to - from);
  return gap.find_first_of(".!?;\n") != gap.npos && gap.size() > 1;
}

// "Write to the address in a.txt" writes to somebody, "write the address into a.txt" does not.
bool is_written_down(const std::vector<Word>& words, std::size_t begin, std::size_t noun) {
  bool writes = false, has_to = false;
  for (std::size_t i = begin; i < noun; ++i) {
    writes = writes || is_one_of(words[i].lower, writers);
    has_to = has_to || words[i].lower == "to" || words[i].lower == "whose" || words[i].lower == "at";
  }
  return !writes || has_to;
}

struct Sentence {
  std::size_t begin, end;  // numbers of words
};

std::vector<Sentence> sentences_of(std::string_view text, const std::vector<Word>& words, const std::vector<Span>& places) {
  std::vector<Sentence> found;
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= words.size(); ++i) {
    const bool is_inside = i < words.size() && is_in_place(places, words[i].span) && is_in_place(places, words[i - 1].span);
    if (i < words.size() && (is_inside || !ends_sentence(text, words[i - 1].span.end, words[i].span.begin))) continue;
    found.push_back({begin, i});
    begin = i;
  }
  return found;
}

}  // namespace

bool speaks_of_address(const std::vector<Word>& words) {
  static constexpr std::array people = {"phonebook", "sender", "author"};
  for (std::size_t i = 0; i < words.size(); ++i)
    if (names_address(words, i) || is_one_of(words[i].lower, people)) return true;
  return false;
}

AddressSource find_address_source(std::string_view text, const std::vector<Word>& words, Language language) {
  AddressSource source;
  const std::vector<Span> places = find_places(text);
  // Who gets it is said.
  if (std::any_of(places.begin(), places.end(), [&](const Span& p) { return p.in(text).find('@') != std::string_view::npos; })) return source;
  for (const Sentence& sentence : sentences_of(text, words, places)) {
    std::optional<std::size_t> noun, holder;
    bool recalls = false, has_you = false, has_at = false;
    for (std::size_t i = sentence.begin; i < sentence.end; ++i) {
      if (is_in_place(places, words[i].span)) continue;
      const std::string& word = words[i].lower;
      if (!noun && names_address(words, i)) noun = i;
      if (is_one_of(word, holders) && (noun || word == "has" || word == "there" || word == "holds" || word == "contains")) holder = i;
      // "to the address in a.txt"
      has_at = has_at || (!noun && (word == "to" || word == "at" || word == "whose"));
      recalls = recalls || is_one_of(word, recallers);
      has_you = has_you || word == "you" || word == "your" || word == "memory";
    }
    if (!noun || !is_written_down(words, sentence.begin, *noun)) continue;
    const std::size_t begin = words[sentence.begin].span.begin, end = words[sentence.end - 1].span.end;
    bool has_place = false;
    for (const Span& place : places) {
      if (place.begin < begin || place.end > end) continue;
      has_place = true;
      const bool is_behind = place.begin > words[*noun].span.begin;
      const bool is_held = language == Language::korean || holder || (is_behind && has_at);
      if (is_held && !source.place) source.place = place;
    }
    source.is_memory = source.is_memory || (!has_place && recalls && has_you);
  }
  if (source.place) source.is_memory = false;
  return source;
}

}  // namespace deed
