// Strings: quotations and dictated text, the result of an earlier step, or the span of the clause that ranks best. Only where none of
// these is there, the model writes a short line of its own.
#include "deed/core/text.hpp"
#include "deed/llm/local/form.hpp"
#include "deed/llm/local/segments.hpp"
#include "deed/llm/local/step_needs.hpp"

#include <algorithm>
#include <array>

namespace deed {
namespace {

// The first sentence of a text, or as much of it as a title may have.
std::string title_within(std::string_view text, std::size_t longest) {
  std::size_t end = std::min(text.size(), text.find_first_of(".!?;\n"));
  if (end > longest) {
    const std::size_t blank = text.rfind(' ', longest);
    end = blank == text.npos ? utf8_prefix(text, longest).size() : blank;
  }
  return std::string(text.substr(0, end));
}

}  // namespace

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
  if (std::none_of(words.begin(), words.end(), [](const std::string& word) { return is_one_of(word, {"name", "pattern"}); }))
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
    if (is_one_of(word, {"about", "regarding", "concerning"})) return std::nullopt;
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
    if (is_past && is_one_of(lower, {"to", "for", "in", "on", "with", "from", "at", "using", "by",
                                  "of", "is", "are", "that", "which"}))
      break;
    if (lower == "and" || lower == "or")
      finish();
    else
      item += (item.empty() ? "" : " ") + std::string(word.in(rest));
    const std::size_t gap_end = std::min(rest.size(), word.end + 2);
    const std::string_view behind = rest.substr(word.end, gap_end - word.end);
    if (behind.starts_with(",") || behind.starts_with("',") || behind.starts_with("\",")) finish();
    if (!behind.empty() && is_one_of(behind.substr(0, 1), {".", "?", "!", ";", ":"}) &&
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
