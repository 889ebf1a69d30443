// The span of a clause that ranks best for a slot: how likely the model finds its words, and what stands around them.
#include "deed/core/text.hpp"
#include "deed/llm/local/form.hpp"
#include "deed/llm/local/step_needs.hpp"

#include <algorithm>

namespace deed {
namespace {

bool has_word(std::string_view text) { return std::any_of(text.begin(), text.end(), is_word_byte); }

bool is_only_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("-$0123456789.,%") == text.npos;
}

// Whether the argument's words speak of something that digits alone can be.
bool may_be_digits(const Property& property) {
  for (const std::string& word : identifier_words(property.name + " " + property.description()))
    if (is_one_of(word, {"year",    "date",   "time",       "number",   "code",     "id",
                      "zip",     "phone",  "when",       "hour",     "period",   "duration",
                      "version", "season", "expression", "function", "equation", "formula",
                      "isbn",    "score",  "size",       "value"}))
      return true;
  return false;
}

// What a description puts in quotation marks are examples of values.
bool is_in_description(const Property& property, std::string_view text) {
  const std::string description = lower_ascii(property.description()), wanted = lower_ascii(text);
  for (const Span& quote : find_quotes(description))
    if (quote.in(description) == wanted) return true;
  return false;
}

bool is_before_text(std::string_view word) {
  return is_one_of(word, {"saying", "says", "say", "that", "text", "message", "containing", "reading",
                       "post", "save", "write", "submit", "content", "body", "with"});
}

}  // namespace

struct Form::Start {
  std::size_t word;
  std::vector<std::size_t> ends;  ///< bytes, ascending
  std::optional<Span> quote;      ///< that begins here
  Tokens tokens;                  ///< up to the last end
  TextScore score = {};
};

double Form::start_bonus(const Slot& slot, std::size_t at, bool is_text) const {
  std::vector<std::string> before = material_.words_before(at, 3);
  std::erase_if(
      before, [](const std::string& word) { return word == "the" || word == "a" || word == "an"; });
  if (before.size() > 2) before.resize(2);
  const std::vector<std::string> names = identifier_words(slot.property.name);
  const std::string last = before.empty() ? std::string() : before[0];
  const auto has_name = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return is_one_of(name, words); });
  };
  double bonus = 0;
  if (last == "from" && has_name({"from", "source", "origin", "start", "departure"}))
    bonus += weights_.direction;
  if (last == "to" && has_name({"to", "target", "destination", "end", "arrival"}))
    bonus += weights_.direction;
  const std::set<std::string> name_stems = telling_stems(slot.property.name);
  for (const std::string& word : before)
    if (count_common(stems(word), name_stems) > 0) {
      bonus += weights_.named_before;
      break;
    }
  if (has_name({"subject", "title", "topic"}) &&
      is_one_of(last, {"about", "regarding", "titled", "called", "named"}))
    bonus += weights_.announced_text;
  if (is_text && is_before_text(last)) bonus += weights_.announced_text;
  // "*.csv" where the description speaks of "*.pdf".
  const bool has_star =
      at < step_.clause.size() && (step_.clause[at] == '*' || step_.clause[at] == '?');
  if (has_star && slot.property.description().find('*') != std::string::npos)
    bonus += weights_.like_example;
  return bonus;
}

double Form::span_bonus(const Slot& slot, Span span, bool is_text) const {
  const std::string_view clause = step_.clause, text = span.in(clause);
  const auto overlaps = [&](const Span& other) {
    return other.begin < span.end && span.begin < other.end;
  };
  const bool is_reused =
      is_text ? std::any_of(used_.begin(), used_.end(), overlaps) : used_.contains(span);
  double bonus = is_reused ? weights_.reused_span : 0;
  // What is to be said is no title of itself, while other words are there.
  bool is_said = material_.dictation != std::string::npos && span.end > material_.dictation &&
                 span.begin < material_.dictation_end;
  for (const auto& [name, spans] : claims_)
    is_said = is_said ||
              (name != slot.property.name && std::any_of(spans.begin(), spans.end(), overlaps));
  if (is_said && !is_text) bonus += weights_.said_text;
  for (const auto& [name, spans] : claims_)
    if (name != slot.property.name && std::find(spans.begin(), spans.end(), span) != spans.end())
      bonus += weights_.reused_span;
  const std::vector<std::string> inside = identifier_words(text);
  if (std::all_of(inside.begin(), inside.end(), [](const std::string& word) {
        return is_function_word(word) || is_one_of(word, {"would", "kindly", "thanks", "thank", "cheers", "now", "too", "also"});
      }))
    bonus += weights_.only_function_words;
  if (is_only_digits(text) && !may_be_digits(slot.property)) bonus += weights_.only_digits;
  if (is_in_description(slot.property, text)) bonus += weights_.in_description;
  // Cut in the middle of a name: "New" of "New York".
  if (is_upper(clause[span.begin])) {
    if (span.end + 1 < clause.size() && clause[span.end] == ' ' && is_upper(clause[span.end + 1]))
      bonus += weights_.cut_name;
    const std::string_view before = clause.substr(0, span.begin);
    const std::size_t blank = before.size() > 1 && before.back() == ' '
                                  ? before.find_last_of(" ", before.size() - 2)
                                  : before.npos;
    if (blank != before.npos && is_upper(before[blank + 1]) &&
        is_word_byte(before[before.size() - 2]))
      bonus += weights_.cut_name;
  }
  if (is_text && span.end + 1 >= clause.size()) bonus += weights_.text_to_the_end;
  return bonus;
}

// In an address, a URL or a path that no argument takes as such: "find lease.pdf" has only a pattern
// for it.
bool Form::is_nobodys_piece(const Span& span) const {
  const std::vector<Property> all = properties_of(tool_.parameters);
  for (const auto& [kind, pieces] : material_.pieces) {
    for (const Piece& piece : pieces) {
      if (piece.is_in_text || piece.span.end <= span.begin || span.end <= piece.span.begin) continue;
      const bool is_file = has_extension(piece.span.in(step_.clause));
      if (std::any_of(all.begin(), all.end(), [&, wanted = kind](const Property& property) {
            return property.is_critical_string() && property.kind == wanted &&
                   !(is_file && names_folder(property));
          }))
        return false;
    }
  }
  return true;
}

// The words at which a span may begin that the model finds likeliest, each with the ends that it
// may have.
Result<std::vector<Form::Start>> Form::span_starts(const Slot& slot, bool is_text) {
  const std::string_view clause = step_.clause;
  const std::set<std::string> own = own_stems(tool_);
  std::vector<std::size_t> usable;
  for (std::size_t i = 0; i < material_.words.size() && usable.size() < 256; ++i) {
    const Span word = material_.words[i];
    // The verb of an order is no value, and no clause is its own text.
    const std::string lower = lower_ascii(word.in(clause));
    if (i == 0 && (tool_.changes_world || count_common(stems(lower), own) > 0)) continue;
    if (tool_.changes_world && !is_text && is_function_word(lower)) continue;
    if (has_word(word.in(clause)) && (!material_.is_in_piece(word) || is_critical(slot.property.kind) ||
                                      is_nobodys_piece(word)))
      usable.push_back(i);
  }
  if (usable.empty()) return std::vector<Start>();
  ScoreQuestion firsts{.prefix = slot.line};
  for (const std::size_t i : usable) {
    Tokens tokens = scorer_.tokenize(" " + std::string(material_.words[i].in(clause)));
    tokens.resize(1);
    firsts.candidates.push_back({.text = std::move(tokens)});
  }
  DEED_TRY(const std::vector<TextScore> scores, scorer_.score(firsts));
  const auto quote_at = [&](std::size_t begin) -> std::optional<Span> {
    for (const Span& quote : material_.quotes)
      if (quote.begin == begin) return quote;
    return std::nullopt;
  };
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t k = 0; k < usable.size(); ++k) {
    const std::size_t begin = material_.words[usable[k]].begin;
    order.emplace_back(scores[k].sum() + (quote_at(begin) ? weights_.whole_quote : 0) +
                           start_bonus(slot, begin, is_text),
                       usable[k]);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (order.size() > weights_.span_starts) order.resize(weights_.span_starts);
  std::vector<Start> starts;
  for (const auto& [score, index] : order) {
    Start start{.word = index, .quote = quote_at(material_.words[index].begin)};
    const std::size_t longest = is_text ? weights_.text_words : weights_.span_words;
    for (std::size_t j = index; j < std::min(index + longest, material_.words.size()); ++j) {
      const std::size_t from = material_.words[j].begin;
      if (j > index) {
        const std::string_view gap = clause.substr(start.ends.back(), from - start.ends.back());
        if (!is_text && (gap.find('\n') != gap.npos ||
                         (gap.size() > 1 && gap.find_first_of(".?!;:") != gap.npos)))
          break;
        if (material_.is_in_piece(material_.words[j]) && !is_critical(slot.property.kind) &&
            !is_nobodys_piece(material_.words[j]))
          break;
      }
      start.ends.push_back(material_.words[j].end);
    }
    if (start.quote && start.quote->end > start.ends.back() && start.quote->size() <= 400)
      start.ends.push_back(start.quote->end);
    const std::size_t begin = material_.words[index].begin;
    start.tokens =
        scorer_.tokenize(" " + std::string(clause.substr(begin, start.ends.back() - begin)));
    starts.push_back(std::move(start));
  }
  return starts;
}

Form::MaybeValue Form::best_span(const Slot& slot, bool is_text) {
  DEED_TRY(std::vector<Start> starts, span_starts(slot, is_text));
  if (starts.empty()) return std::optional<Value>();
  ScoreQuestion question{.prefix = slot.line, .judges_end = true};
  for (const Start& start : starts) question.candidates.push_back({.text = start.tokens});
  DEED_TRY(const std::vector<TextScore> judged, scorer_.score(question));
  const std::set<std::string> own = own_stems(tool_);
  std::vector<Span> spans;
  std::vector<std::string> texts;
  std::vector<double> scores;
  for (std::size_t s = 0; s < starts.size(); ++s) {
    const Start& start = starts[s];
    const std::size_t begin = material_.words[start.word].begin;
    const double announced = start_bonus(slot, begin, is_text);
    for (std::size_t n = 0; n < start.ends.size(); ++n) {
      const Span span{begin, start.ends[n]};
      // The span's own tokens must be the first of the longer text's, else its likelihood is not
      // among the scores.
      const Tokens tokens = scorer_.tokenize(" " + std::string(span.in(step_.clause)));
      if (tokens.empty() || tokens.size() > start.tokens.size() ||
          !std::equal(tokens.begin(), tokens.end(), start.tokens.begin()))
        continue;
      // What goes into an effect is never made of the words of the order itself.
      const auto is_own_content = [&](const Span& word) {
        const bool is_used =
            is_text && std::any_of(used_.begin(), used_.end(),
                                   [&](const Span& used) { return used.covers(word); });
        return span.covers(word) && !is_used && is_content(word, material_, own);
      };
      if (tool_.changes_world &&
          std::none_of(material_.words.begin(), material_.words.end(), is_own_content))
        continue;
      double score = judged[s].ends[tokens.size() - 1] +
                     weights_.more_words * static_cast<double>(n) + announced +
                     span_bonus(slot, span, is_text);
      for (std::size_t k = 0; k < tokens.size(); ++k) score += judged[s].tokens[k];
      if (start.quote)
        score += span.end == start.quote->end  ? weights_.whole_quote
                 : span.end < start.quote->end ? weights_.cut_quote
                                               : 0;
      spans.push_back(span);
      texts.emplace_back(span.in(step_.clause));
      scores.push_back(score);
    }
  }
  if (spans.empty()) return std::optional<Value>();
  const auto best =
      static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
  Value value = copied(slot, spans[best], scores[best]);
  value.choice = make_choice(slot_pointer(slot.path), texts, scores, "request");
  return std::optional(std::move(value));
}

}  // namespace deed
