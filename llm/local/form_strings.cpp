// Strings: quotations and dictated text, the result of an earlier step, or the span of the clause
// that ranks best. Only where none of these is there, the model writes a short line of its own.
#include "deed/core/text.hpp"
#include "deed/llm/local/form.hpp"
#include "deed/llm/local/segments.hpp"
#include "deed/llm/local/tool_choice.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace deed {
namespace {

bool is_any(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool has_word(std::string_view text) { return std::any_of(text.begin(), text.end(), is_word_byte); }

bool is_only_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("-$0123456789.,%") == text.npos;
}

// Whether the argument's words speak of something that digits alone can be.
bool may_be_digits(const Property& property) {
  for (const std::string& word : identifier_words(property.name + " " + property.description()))
    if (is_any(word, {"year",    "date",   "time",       "number",   "code",     "id",
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

// The first sentence of a text, or as much of it as a title may have.
std::string title_within(std::string_view text, std::size_t longest) {
  std::size_t end = std::min(text.size(), text.find_first_of(".!?;\n"));
  if (end > longest) {
    const std::size_t blank = text.rfind(' ', longest);
    end = blank == text.npos ? utf8_prefix(text, longest).size() : blank;
  }
  return std::string(text.substr(0, end));
}

bool is_before_text(std::string_view word) {
  return is_any(word, {"saying", "says", "say", "that", "text", "message", "containing", "reading",
                       "post", "save", "write", "submit", "content", "body", "with"});
}

}  // namespace

namespace {

// "the server's answer", "the result": what a call gave back, not what it was given.
bool speaks_of_result(const Material& material) {
  for (const std::string& word : identifier_words(without_quotes(material.in_english)))
    if (is_any(word, {"result", "results", "response", "answer", "reply", "output", "returns", "returned", "comes", "back"})) return true;
  return false;
}

}  // namespace

struct Form::Start {
  std::size_t word;
  std::vector<std::size_t> ends;  ///< bytes, ascending
  std::optional<Span> quote;      ///< that begins here
  Tokens tokens;                  ///< up to the last end
  TextScore score = {};
};

// "the same to bob@…": the text that the last call with one was given.
std::optional<Form::Value> Form::same_text() const {
  for (auto call = step_.past.rbegin(); call != step_.past.rend(); ++call) {
    const std::string* best = nullptr;
    bool best_is_text = false;
    for (const auto& [name, argument] : call->arguments.items()) {
      if (!argument.is_string() || !find_places(argument.get_ref<const std::string&>()).empty()) continue;
      const std::string& text = argument.get_ref<const std::string&>();
      const bool is_text = slot_kind(name, Json::object()) == SlotKind::free_text;
      if (best == nullptr || (is_text && !best_is_text) || (is_text == best_is_text && text.size() > best->size()))
        best = &text, best_is_text = is_text;
    }
    if (best == nullptr || best->empty()) continue;
    Value value{.json = *best, .shown = std::string(utf8_prefix(*best, 200)), .is_certain = true};
    value.choice = make_choice("", {value.shown}, {0.0}, "argument of " + call->tool);
    return value;
  }
  return std::nullopt;
}

std::optional<Form::Value> Form::referred_text() {
  if (material_.says_same && !used_reference_ && !step_.past.empty() && step_.past.back().changes_world)
    if (auto value = same_text()) return value;
  if (!material_.refers_back || used_reference_ || referred_file()) return std::nullopt;
  // What was read, rather than the report of something done.
  const PastCall* source = nullptr;
  for (const PastCall& call : step_.past)
    if (source == nullptr || !call.changes_world || source->changes_world) source = &call;
  if (source == nullptr || source->result.empty()) return std::nullopt;
  // "remember that, and mail it to ann@…": what was done with a text says less than the text.
  if (source->changes_world && !speaks_of_result(material_))
    if (auto value = same_text()) return value;
  if (source->is_cut) {
    cut_result_of_ = source->tool;
    return std::nullopt;
  }
  Value value{.json = source->result,
              .shown = std::string(utf8_prefix(source->result, 200)),
              .is_certain = true};
  value.choice = make_choice("", {value.shown}, {0.0}, "result of " + source->tool);
  return value;
}

// A quotation or dictated text that the words give to this slot.
std::optional<Form::Value> Form::explicit_text(const Slot& slot) {
  if (const auto own = claims_.find(slot.property.name); own != claims_.end())
    for (const Span& span : own->second)
      if (!used_.contains(span)) return copied(slot, span, 0);
  std::set<Span> claimed;
  for (const auto& [name, spans] : claims_) claimed.insert(spans.begin(), spans.end());
  if (material_.dictation != std::string::npos && !used_dictation_) {
    std::size_t begin = material_.dictation;
    while (begin < step_.clause.size() && !is_word_byte(step_.clause[begin]) &&
           step_.clause[begin] != '(')
      ++begin;
    // "saying that lunch is at noon"
    if (std::string_view(step_.clause).substr(begin).starts_with("that ")) begin += 5;
    const Span span{begin, material_.dictation_end};
    const bool is_taken = std::any_of(claimed.begin(), claimed.end(),
                                      [&](const Span& s) { return s.begin >= begin && s.begin < span.end; });
    if (span.size() > 0 && !is_taken) {
      used_dictation_ = true;
      return copied(slot, span, 0);
    }
  }
  for (const Span& quote : material_.quotes)
    if (!used_.contains(quote) && !claimed.contains(quote) && !material_.is_in_piece(quote))
      return copied(slot, quote, 0);
  return std::nullopt;
}

Form::MaybeValue Form::text(const Slot& slot) {
  std::optional<Value> value =
      claims_.contains(slot.property.name) ? explicit_text(slot) : std::nullopt;
  // What was read for an address is not what is to be said.
  if (!value && step_.uses_last_result) value = explicit_text(slot);
  if (!value) {
    value = referred_text();
    if (value) used_reference_ = true;
  }
  if (!value && !cut_result_of_.empty() && slot.property.is_required) return std::optional<Value>();
  // A second text ("html") is given only by its name.
  const std::vector<Property> all = properties_of(tool_.parameters);
  const bool is_second = !slot.property.is_required && std::any_of(all.begin(), all.end(), [](const Property& property) {
    return property.is_text() && property.is_required;
  });
  if (!value && is_second) return std::optional<Value>();
  if (!value) value = explicit_text(slot);
  if (value) {
    value->choice.about = slot_pointer(slot.path);
    value->is_certain = true;
    return value;
  }
  if (!slot.property.is_required) return std::optional<Value>();
  // A mail that only carries files may say nothing.
  if (tool_.changes_world && carries_files() && slot.property.schema->value("minLength", 0) == 0) {
    Value empty{.json = "", .shown = "", .is_certain = true};
    empty.choice = make_choice(slot_pointer(slot.path), {""}, {0.0}, "nothing said");
    return std::optional(std::move(empty));
  }
  DEED_TRY(value, best_span(slot, true));
  if (!value || !tool_.changes_world) return value;
  // "congratulate Dov on the exam": what became the title is all that there is to say, rather than a word beside it.
  constexpr std::size_t fewest_words = 2;
  const Span* title = nullptr;
  for (const Span& span : used_)
    if (!material_.is_in_piece(span) && (title == nullptr || span.size() > title->size())) title = &span;
  if (title != nullptr && find_words(value->shown, 4).size() < fewest_words && find_words(title->in(step_.clause), 4).size() > fewest_words) {
    value = copied(slot, *title, 0);
    value->is_certain = true;
  }
  return value;
}

// "make hello.txt and send it to …": what "it" is was written by an earlier step, into a file that
// this tool can carry.
std::optional<Form::WrittenFile> Form::referred_file() const {
  if (!material_.refers_back || !tool_.changes_world || step_.past.empty() || step_.uses_last_result)
    return std::nullopt;
  const std::vector<Property> all = properties_of(tool_.parameters);
  if (std::none_of(all.begin(), all.end(), [](const Property& property) {
        return property.is_list && property.is_critical_string() && property.kind == SlotKind::path;
      }))
    return std::nullopt;
  const PastCall& last = step_.past.back();
  if (const auto found = found_file()) return WrittenFile{*found, last.tool};
  const std::vector<std::string> words = identifier_words(without_quotes(material_.in_english));
  const bool attaches = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word.starts_with("attach");
  });
  if (!last.changes_world && !attaches) return std::nullopt;
  for (const auto& [name, argument] : last.arguments.items()) {
    if (!argument.is_string()) continue;
    const std::string& text = argument.get_ref<const std::string&>();
    const std::vector<Span> spans = find_kind(SlotKind::path, text);
    if (spans.size() != 1 || spans[0].size() != text.size()) continue;
    return WrittenFile{text, last.tool};
  }
  return std::nullopt;
}

bool Form::carries_files() const {
  if (referred_file()) return true;
  for (const Property& property : properties_of(tool_.parameters))
    if (property.is_list && property.is_critical_string() && property.kind == SlotKind::path)
      return material_.has(SlotKind::path) || !step_.attachments.empty();
  return false;
}

Form::MaybeValue Form::date(const Slot& slot) {
  if (lower_ascii(slot.property.description()).find("yyyy-mm-dd") == std::string::npos &&
      string_at(*slot.property.schema, "format") != "date")
    return std::optional<Value>();
  const std::vector<DateSpan> dates = find_dates(step_.clause);
  if (dates.empty()) return std::optional<Value>();
  std::vector<std::string> texts;
  for (const DateSpan& date : dates) texts.push_back(date.iso);
  DEED_TRY(std::vector<double> scores, rank(slot.line, texts));
  std::size_t best = 0;
  for (std::size_t i = 0; i < dates.size(); ++i) {
    scores[i] += used_.contains(dates[i].span) ? weights_.reused_span : 0;
    if (scores[i] > scores[best]) best = i;
  }
  Value value{.json = texts[best],
              .shown = texts[best],
              .score = scores[best],
              .spans = {dates[best].span}};
  value.choice = make_choice(slot_pointer(slot.path), texts, scores, "request");
  return std::optional(std::move(value));
}

Form::MaybeValue Form::label(const Slot& slot) {
  DEED_TRY(auto dated, date(slot));
  if (dated) return dated;
  if (const auto own = claims_.find(slot.property.name);
      own != claims_.end() && slot.property.kind == SlotKind::label)
    for (const Span& span : own->second)
      if (!used_.contains(span)) {
        Value value = copied(slot, span, 0);
        value.is_certain = true;
        return std::optional(std::move(value));
      }
  if (!tool_.changes_world && slot.property.is_required && slot.property.kind == SlotKind::label)
    if (auto value = words_to_look_for(slot)) return std::optional(std::move(*value));
  if (!tool_.changes_world && slot.property.is_required && slot.property.kind == SlotKind::label)
    if (const auto span = only_file_name(slot)) {
      Value value = copied(slot, *span, 0);
      value.is_certain = true;
      return std::optional(std::move(value));
    }
  if (tool_.changes_world && slot.property.kind == SlotKind::label)
    if (const auto span = named_to_the_end(slot)) {
      Value value = copied(slot, *span, 0);
      value.is_certain = true;
      return std::optional(std::move(value));
    }
  const std::vector<Property> all = properties_of(tool_.parameters);
  const bool has_text = std::any_of(all.begin(), all.end(),
                                    [](const Property& property) { return property.is_text(); });
  // "remember it": what was read, where the words have nothing else to give.
  if (slot.property.is_required && tool_.changes_world && !has_text && !has_words_left(tool_, material_))
    if (auto value = referred_text()) {
      used_reference_ = true;
      value->choice.about = slot_pointer(slot.path);
      return value;
    }
  // A tool that takes no longer text may still be told one: "remember that …".
  if (slot.property.is_required && slot.property.kind == SlotKind::label && !has_text &&
      tool_.changes_world)
    if (std::optional<Value> said = explicit_text(slot)) return said;
  if (has_text)
    if (auto value = title_of_text(slot)) return std::optional(std::move(*value));
  DEED_TRY(auto span, best_span(slot, false));
  // Of what is kept as a whole a word or two says nothing: then all of the words.
  constexpr std::size_t telling = 3, many = 6;
  if (span && slot.property.is_required && !has_text && tool_.changes_world && find_words(span->shown, many).size() < telling &&
      material_.words.size() >= many && find_places(step_.clause).empty())
    span = copied(slot, {material_.words.front().begin, material_.words.back().end}, span->score);
  if (span || !slot.property.is_required || !tool_.changes_world) return span;
  if (has_text)
    if (auto value = name_of_source(slot)) return std::optional(std::move(*value));
  if (has_text)
    if (auto value = name_of_carried(slot)) return std::optional(std::move(*value));
  return decoded(slot);
}

// "What did I say the guest wifi password was?": for "words to look for", those that are not of the asking itself.
std::optional<Form::Value> Form::words_to_look_for(const Slot& slot) const {
  constexpr std::size_t most = 8;
  if (!wants_words(slot.property) || (!material_.quotes.empty() && !material_.address_source.is_memory)) return std::nullopt;
  const std::set<std::string> own = own_stems(tool_);
  const auto gathered = [&](const Span& part) {
    Value value{.is_certain = true};
    for (const Span& word : material_.words) {
      if (!part.covers(word) || value.spans.size() == most || !is_content(word, material_, own)) continue;
      value.shown += (value.shown.empty() ? "" : " ") + std::string(word.in(step_.clause));
      value.spans.push_back(word);
    }
    value.json = value.shown;
    value.choice = make_choice(slot_pointer(slot.path), {value.shown}, {0.0}, "request");
    return value;
  };
  // Of several sentences, the one that asks; of that, what stands behind the last comma, if that asks.
  const std::string& clause = step_.clause;
  Span part{0, clause.size()};
  if (const std::size_t mark = clause.rfind('?'); mark != clause.npos) {
    const std::size_t before = mark == 0 ? clause.npos : clause.find_last_of(".!?;\n", clause.find_last_not_of("?", mark));
    part = {before == clause.npos ? 0 : before + 1, mark + 1};
    const std::string_view asking = part.in(clause);
    if (const std::size_t comma = asking.rfind(", "); comma != asking.npos && is_question(asking.substr(comma + 2)))
      part.begin += comma + 2;
  }
  Value value = gathered(part);
  if (value.spans.empty()) value = gathered({0, clause.size()});
  return value.spans.empty() ? std::nullopt : std::optional(std::move(value));
}

// "Which folder is programme.txt in?": the one file's name, where a name is what is looked for.
std::optional<Span> Form::only_file_name(const Slot& slot) const {
  const std::vector<std::string> words = identifier_words(slot.property.name + " " + slot.property.description());
  if (std::none_of(words.begin(), words.end(), [](const std::string& word) { return is_any(word, {"name", "pattern"}); }))
    return std::nullopt;
  std::optional<Span> only;
  for (const Piece& piece : material_.pieces.at(SlotKind::path)) {
    if (piece.is_in_text || !has_extension(piece.span.in(step_.clause)) || !is_nobodys_piece(piece.span)) continue;
    if (only) return std::nullopt;
    only = piece.span;
  }
  return only;
}

// Where a text was read and is passed on, what it was read from names it: a file's path, or a URL
// without what may hold a key.
std::optional<Form::Value> Form::name_of_source(const Slot& slot) const {
  constexpr std::size_t longest = 200;
  if (step_.past.empty()) return std::nullopt;
  const PastCall& last = step_.past.back();
  for (const auto& [name, argument] : last.arguments.items()) {
    if (!argument.is_string()) continue;
    std::string source = argument.get<std::string>();
    if (source.size() > longest || find_places(source).empty() || has_control_characters(source)) continue;
    if (!find_kind(SlotKind::url, source).empty()) {
      source.resize(std::min(source.size(), source.find_first_of("?#")));
      const std::size_t host = source.find("://") == source.npos ? 0 : source.find("://") + 3;
      const std::size_t user = source.find('@', host);
      if (user != source.npos && user < source.find('/', host)) source.erase(host, user + 1 - host);
    }
    Value value{.json = source, .shown = source};
    value.choice = make_choice(slot_pointer(slot.path), {source}, {0.0}, "argument of " + last.tool);
    return value;
  }
  return std::nullopt;
}

// A mail that only carries a file is called as the file is.
std::optional<Form::Value> Form::name_of_carried(const Slot& slot) const {
  constexpr std::size_t longest = 200;
  const std::vector<Property> all = properties_of(tool_.parameters);
  const auto files = std::find_if(all.begin(), all.end(), [](const Property& property) {
    return property.is_list && property.is_critical_string() && property.kind == SlotKind::path;
  });
  std::string path, origin = "attachment";
  if (!step_.attachments.empty()) {
    path = carries_files() ? step_.attachments[0] : "";
  } else if (files != all.end()) {
    const std::vector<Span> named = pieces_for({*files, {}, {}});
    if (!named.empty()) path = named[0].in(step_.clause), origin = "request";
    else if (const auto found = material_.refers_back ? found_file() : std::nullopt) path = *found, origin = "result of " + step_.past.back().tool;
  }
  if (path.empty() || path.size() > longest || has_control_characters(path)) return std::nullopt;
  Value value{.json = path, .shown = path};
  value.choice = make_choice(slot_pointer(slot.path), {path}, {0.0}, origin);
  return value;
}

// Where a text is given and no title, its beginning is one.
std::optional<Form::Value> Form::title_of_text(const Slot& slot) {
  constexpr std::size_t longest = 60;
  if (!slot.property.is_required || !tool_.changes_world || slot.property.kind != SlotKind::label)
    return std::nullopt;
  // "about the roof" is a title of its own.
  for (const std::string& word : identifier_words(without_quotes(step_.clause)))
    if (is_any(word, {"about", "regarding", "concerning"})) return std::nullopt;
  const std::vector<Property> all = properties_of(tool_.parameters);
  const auto text = std::find_if(all.begin(), all.end(),
                                 [](const Property& property) { return property.is_text() && property.is_required; });
  if (text == all.end()) return std::nullopt;
  if (material_.says_same && step_.past.back().changes_world)
    if (auto same = same_text()) {
      same->shown = title_within(same->json.get<std::string>(), longest);
      same->json = same->shown;
      if (same->shown.empty()) return std::nullopt;
      same->choice.about = slot_pointer(slot.path);
      return same;
    }
  if (material_.refers_back) return std::nullopt;
  const bool had_dictation = used_dictation_;
  const auto said = explicit_text({*text, text->name, {}});
  used_dictation_ = had_dictation;
  if (!said || said->spans.size() != 1) return std::nullopt;
  Span span = said->spans[0];
  span.end = span.begin + title_within(span.in(step_.clause), longest).size();
  if (span.size() == 0) return std::nullopt;
  Value value = copied(slot, span, 0);
  value.spans.clear();  // the text still says it
  value.is_certain = true;
  return value;
}

// "…, subject Minutes of March": what stands behind the argument's name, at the end of the clause.
std::optional<Span> Form::named_to_the_end(const Slot& slot) const {
  static constexpr std::string_view links[] = {"line", "is", "be", "should", "shall", "read", "of", "the",
                                               "being", "will", "must", "it", "as"};
  const std::vector<std::string> names = identifier_words(slot.property.name);
  if (names.size() != 1 || names[0].size() < 5) return std::nullopt;
  const std::string_view clause = step_.clause;
  for (std::size_t i = 1; i + 1 < material_.words.size(); ++i) {
    const std::string word(in_english(lower_ascii(material_.words[i].in(clause)), material_.language));
    if (word.size() < 4 || !names[0].starts_with(word)) continue;
    std::size_t first = i + 1;
    while (first < material_.words.size() &&
           std::find(std::begin(links), std::end(links),
                     lower_ascii(material_.words[first].in(clause))) != std::end(links))
      ++first;
    if (first >= material_.words.size()) return std::nullopt;
    Span span{material_.words[first].begin, material_.words.back().end};
    // "Subject Invoice 0417, and just write …": as far as the comma, where a sentence begins with the label.
    const std::size_t label = material_.words[i].begin;
    const bool begins_sentence = label < 2 || clause[label - 2] == '.' || clause[label - 2] == ',';
    const std::size_t mark = clause.find_first_of(",;.\n", span.begin);
    if (begins_sentence && mark < span.end && mark > span.begin) span.end = mark;
    const std::string_view text = span.in(clause);
    // Not where anything else follows, or a quotation says it.
    if (text.find_first_of(",;.\"@“/") != text.npos || text.find(" and ") != text.npos || text.size() > 100)
      return std::nullopt;
    return span;
  }
  return std::nullopt;
}

// A line of the model's own.
Form::MaybeValue Form::decoded(const Slot& slot) {
  const CompleteOptions options{.max_tokens = weights_.decoded_tokens};
  DEED_TRY(const Completion completion, scorer_.complete(slot.line, options));
  const std::string text(trim(completion.text));
  if (text.empty() || text == "-" || !completion.is_whole || has_control_characters(text))
    return std::optional<Value>();
  // An address that nobody gave must not come in through a text either.
  if (!find_emails(text).empty() || !find_urls(text).empty()) return std::optional<Value>();
  Value value{.json = text, .shown = text};
  value.choice = make_choice(slot_pointer(slot.path), {text}, {0.0}, "decoded");
  return std::optional(std::move(value));
}

double Form::start_bonus(const Slot& slot, std::size_t at, bool is_text) const {
  std::vector<std::string> before = material_.words_before(at, 3);
  std::erase_if(
      before, [](const std::string& word) { return word == "the" || word == "a" || word == "an"; });
  if (before.size() > 2) before.resize(2);
  const std::vector<std::string> names = identifier_words(slot.property.name);
  const std::string last = before.empty() ? std::string() : before[0];
  const auto has_name = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return is_any(name, words); });
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
      is_any(last, {"about", "regarding", "titled", "called", "named"}))
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
        return is_function_word(word) || is_any(word, {"would", "kindly", "thanks", "thank", "cheers", "now", "too", "also"});
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

// "'Age', 'Income' and 'Education'": the quotations that follow one another, from the one that
// holds `first`.
std::optional<Form::Value> Form::quoted_list(const Slot& slot, const Span& first) const {
  Value value{.json = Json::array()};
  std::size_t end = 0;
  for (const Span& quote : material_.quotes) {
    if (value.spans.empty() && !quote.covers(first)) continue;
    if (!value.spans.empty()) {
      // From behind the closing mark to before the opening one.
      const std::string_view between = std::string_view(step_.clause).substr(end, quote.begin - end);
      const auto words = identifier_words(between);
      const bool is_joint = between.size() <= 12 && std::all_of(words.begin(), words.end(), [](const std::string& word) {
        return word == "and" || word == "or";
      });
      if (!is_joint) break;
    }
    const std::string text(quote.in(step_.clause));
    value.json.push_back(text);
    value.shown += (value.shown.empty() ? "" : ", ") + text;
    value.spans.push_back(quote);
    end = quote.end;
  }
  if (value.spans.size() < 2) return std::nullopt;
  value.choice = make_choice(slot_pointer(slot.path), {value.shown}, {0.0}, "request");
  return value;
}

// The first item as any string; the rest is the enumeration that goes on behind it.
Form::MaybeValue Form::string_list(const Slot& slot) {
  DEED_TRY(auto written, literal(slot, '[', ']'));
  if (written && written->json.is_array()) return written;
  DEED_TRY(auto first, best_span(slot, false));
  if (!first) return first;
  if (auto quoted = quoted_list(slot, first->spans[0])) return quoted;
  const std::size_t begin = first->spans[0].begin, first_end = first->spans[0].end;
  const std::string_view rest = std::string_view(step_.clause).substr(begin);
  Json items = Json::array();
  std::string item;
  const auto finish = [&] {
    const std::string_view text = trim(item);
    if (!text.empty()) items.push_back(std::string(text));
    item.clear();
  };
  for (const Span& word : find_words(rest, 64)) {
    const std::string lower = lower_ascii(word.in(rest));
    const bool is_past = begin + word.begin >= first_end;
    if (is_past && is_any(lower, {"to", "for", "in", "on", "with", "from", "at", "using", "by",
                                  "of", "is", "are", "that", "which"}))
      break;
    if (lower == "and" || lower == "or")
      finish();
    else
      item += (item.empty() ? "" : " ") + std::string(word.in(rest));
    const std::size_t gap_end = std::min(rest.size(), word.end + 2);
    const std::string_view behind = rest.substr(word.end, gap_end - word.end);
    if (behind.starts_with(",") || behind.starts_with("',") || behind.starts_with("\",")) finish();
    if (!behind.empty() && is_any(behind.substr(0, 1), {".", "?", "!", ";", ":"}) &&
        (behind.size() == 1 || behind[1] == ' '))
      break;
  }
  finish();
  const bool is_enumeration =
      !items.empty() && std::all_of(items.begin(), items.end(), [](const Json& one) {
        return std::count(one.get_ref<const std::string&>().begin(),
                          one.get_ref<const std::string&>().end(), ' ') < 5;
      });
  first->json = is_enumeration ? items : Json::array({first->shown});
  first->shown.clear();
  for (const Json& one : first->json)
    first->shown += (first->shown.empty() ? "" : ", ") + one.get<std::string>();
  first->choice.chosen = first->shown;
  return first;
}

}  // namespace deed
