// The order of the slots, and slots with few possible values; strings are in form_strings.cpp,
// addresses and paths in form_critical.cpp, numbers in form_numbers.cpp.
#include "deed/llm/local/form.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/description.hpp"
#include "deed/llm/local/segments.hpp"
#include "deed/llm/local/tool_choice.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr std::string_view form_examples =
    "Each form is filled with values copied from the request. A field that the request does not "
    "mention gets -.\n\n"
    "Function: restaurant.book - Reserve a table in a restaurant.\n"
    "Request: Book a table for 4 people at Luigi's for tomorrow evening.\n"
    "restaurant (Name of the restaurant.): Luigi's\n"
    "people (Number of guests.): 4\n"
    "day (When the table is needed.): tomorrow evening\n"
    "music (Kind of music wanted. Default is none.): -\n\n"
    "Function: geometry.box_volume - Compute the volume of a box.\n"
    "Request: I have a box 12 cm long, 7.5 cm wide and 3 cm high. How much fits in?\n"
    "length (Length of the box.): 12\n"
    "width (Width of the box.): 7.5\n"
    "height (Height of the box.): 3\n"
    "unit (Unit of the result. Default is liter.): -\n";

std::string shown_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : to_text(value);
}

std::string label_of(std::string path, const Property& property) {
  std::replace(path.begin(), path.end(), '\x1f', '.');
  return path + " (" + std::string(utf8_prefix(property.description(), 300)) + "):";
}

}  // namespace

Tokens form_beginning(Scorer& scorer) {
  Tokens tokens = scorer.document_start();
  const Tokens text = scorer.tokenize(form_examples);
  tokens.insert(tokens.end(), text.begin(), text.end());
  return tokens;
}

// A name may hold what a JSON pointer uses for itself (RFC 6901, section 3).
std::string slot_pointer(const std::string& path) {
  std::string result = "/";
  for (const char c : path) {
    if (c == '~')
      result += "~0";
    else if (c == '/')
      result += "~1";
    else
      result += c == '\x1f' ? '/' : c;
  }
  return result;
}

Form::Form(Scorer& scorer, const ClauseStep& step, const ToolDefinition& tool, FormWeights weights)
    : scorer_(scorer), step_(step), tool_(tool), weights_(weights), material_(step) {
  claims_ = find_claims(material_, properties_of(tool.parameters));
}

Result<std::vector<double>> Form::rank(const Tokens& line, const std::vector<std::string>& texts) {
  constexpr std::size_t judged_tokens = 48;  // the rest of a long text tells nothing more
  ScoreQuestion question{.prefix = line, .judges_end = true};
  for (const std::string& text : texts) {
    Tokens tokens = scorer_.tokenize(" " + std::string(utf8_prefix(text, 1024)));
    if (tokens.size() > judged_tokens) tokens.resize(judged_tokens);
    question.candidates.push_back({.text = std::move(tokens)});
  }
  DEED_TRY(const std::vector<TextScore> scores, scorer_.score(question));
  std::vector<double> result;
  for (const TextScore& score : scores) result.push_back(score.line());
  return result;
}

Form::Value Form::copied(const Slot& slot, Span span, double score) const {
  const std::string text(span.in(step_.clause));
  Value value{.json = text, .shown = text, .score = score, .spans = {span}};
  value.choice = make_choice(slot_pointer(slot.path), {text}, {score}, "request");
  return value;
}

Result<FormResult> Form::fill() {
  form_ = scorer_.document_start();
  const std::string head = std::string(form_examples) + "\nFunction: " + tool_.name + " - " +
                           std::string(utf8_prefix(tool_.description, 400)) +
                           "\nRequest: " + shortened(step_.clause) + "\n";
  const Tokens tokens = scorer_.tokenize(head);
  form_.insert(form_.end(), tokens.begin(), tokens.end());
  DEED_TRY(Filled filled, fill_object(tool_.parameters, ""));
  if (filled.missing) return FormResult(std::move(*filled.missing));
  return FormResult(FilledCall{std::move(filled.object), std::move(choices_)});
}

Result<Form::Filled> Form::fill_object(const Json& parameters, const std::string& path) {
  Filled filled;
  const std::vector<Property> properties = properties_of(parameters);
  DEED_OK(assign_numbers(properties, path));
  for (const Property& property : properties) {
    DEED_TRY(const bool goes_on, fill_property(property, path + property.name, filled));
    if (!goes_on) break;
  }
  return filled;
}

Result<bool> Form::fill_property(const Property& property, const std::string& path,
                                 Filled& filled) {
  Slot slot{property, path, form_};
  const Tokens label = scorer_.tokenize(label_of(path, property));
  slot.line.insert(slot.line.end(), label.begin(), label.end());
  if (property.type == "object" && !property.is_list && property.schema->contains("properties")) {
    DEED_TRY(Filled inner, fill_object(*property.schema, path + '\x1f'));
    if (inner.missing && property.is_required) {
      filled.missing = std::move(inner.missing);
      return false;
    }
    if (!inner.missing && (!inner.object.empty() || property.is_required))
      filled.object[property.name] = std::move(inner.object);
    return true;
  }
  DEED_TRY(std::optional<Value> value, value_for(slot));
  if (!value && property.is_required) {
    DEED_TRY(value, answer_for(slot));
    // Where an effect goes is never a default.
    if (!value && !property.is_critical_string() && cut_result_of_.empty()) value = by_default(slot);
    if (!value) {
      filled.missing =
          MissingArgument{property.name, property.description(), answers_used_, cut_result_of_};
      return false;
    }
  }
  if (!value) return true;
  if (!property.is_required) {
    DEED_TRY(const bool wanted, is_wanted(slot, *value));
    if (!wanted) return true;
  }
  filled.object[property.name] = value->json;
  write(slot, *value);
  return true;
}

void Form::write(const Slot& slot, const Value& value) {
  used_.insert(value.spans.begin(), value.spans.end());
  for (std::size_t i = 0; i < material_.numbers.size(); ++i)
    for (const Span& span : value.spans)
      if (span.covers(material_.numbers[i].span)) used_numbers_.insert(i);
  choices_.push_back(value.choice);
  std::string shown(shortened(value.shown));
  const Tokens tokens = scorer_.tokenize(" " + shown + "\n");
  form_ = slot.line;
  form_.insert(form_.end(), tokens.begin(), tokens.end());
}

// Optional arguments only on evidence.
Result<bool> Form::is_wanted(const Slot& slot, const Value& value) {
  if (value.is_certain) return true;
  // A call with an effect takes nothing that the words do not name.
  if (tool_.changes_world &&
      count_common(stems(slot.property.name), stems(without_quotes(step_.clause))) == 0)
    return false;
  DEED_TRY(const std::vector<double> blank, rank(slot.line, {"-"}));
  return value.score - blank[0] >= weights_.optional_from;
}

Form::MaybeValue Form::answer_for(const Slot& slot) {
  if (!cut_result_of_.empty() || answers_used_ >= step_.answers.size())
    return std::optional<Value>();
  const std::string answer(trim(step_.answers[answers_used_]));
  const Property& property = slot.property;
  Json json;
  if (property.is_critical_string()) {
    Json found = Json::array();
    for (const Span& span : find_kind(property.kind, answer))
      found.push_back(std::string(span.in(answer)));
    // A folder's name needs to look like nothing in particular.
    if (found.empty() && property.kind == SlotKind::path && !answer.empty() &&
        answer.find_first_of(" \t\n") == answer.npos)
      found.push_back(answer);
    if (found.empty()) return std::optional<Value>();
    json = property.is_list ? found : found[0];
  } else if (property.type == "number" || property.type == "integer") {
    const std::vector<NumberSpan> numbers = find_numbers(answer);
    if (numbers.empty()) return std::optional<Value>();
    json = property.type == "integer" ? Json(static_cast<std::int64_t>(numbers[0].values[0]))
                                      : Json(numbers[0].values[0]);
    if (property.is_list) json = Json::array({json});
  } else if (property.type == "string") {
    json = property.is_list ? Json::array({answer}) : Json(answer);
  } else {
    return std::optional<Value>();
  }
  ++answers_used_;
  Value value{.json = json, .shown = shown_text(json), .is_certain = true};
  value.choice = make_choice(slot_pointer(slot.path), {value.shown}, {0.0}, "answer of the user");
  return std::optional(std::move(value));
}

Form::MaybeValue Form::value_for(const Slot& slot) {
  const Property& property = slot.property;
  if (property.is_enum) return property.is_list ? enumerated_list(slot) : enumerated(slot);
  if (property.type == "number" || property.type == "integer")
    return property.is_list ? number_list(slot) : number(slot);
  if (property.type == "boolean" && !property.is_list) return truth(slot);
  if (property.type == "string" && is_critical(property.kind))
    return property.is_list ? critical_list(slot) : critical(slot);
  if (property.type == "string" && property.is_list) return string_list(slot);
  if (property.type == "string" && property.kind == SlotKind::label)
    if (const auto stated = stated_values(property); !stated.empty())
      return one_of(slot, Json(stated));
  if (property.type == "string")
    return property.kind == SlotKind::free_text ? text(slot) : label(slot);
  if (property.is_list) return literal(slot, '[', ']');
  // JSON beside a tool that takes text is that text, unless its argument is named.
  const std::vector<Property> all = properties_of(tool_.parameters);
  const bool has_text = std::any_of(all.begin(), all.end(), [](const Property& p) { return p.is_text(); });
  if (!property.is_required && has_text &&
      count_common(stems(property.name), stems(without_quotes(step_.clause))) == 0)
    return std::optional<Value>();
  return literal(slot, '{', '}');
}

// JSON that the user wrote out.
Form::MaybeValue Form::literal(const Slot& slot, char open, char close) const {
  const std::size_t begin = step_.clause.find(open), end = step_.clause.rfind(close);
  if (begin == std::string::npos || end == std::string::npos || end < begin || end - begin > 65536)
    return std::optional<Value>();
  std::string text = step_.clause.substr(begin, end - begin + 1);
  auto parsed = parse_json(text);
  if (!parsed) {
    std::replace(text.begin(), text.end(), '\'', '"');
    parsed = parse_json(text);
  }
  if (!parsed) return std::optional<Value>();
  Value value{.json = *parsed, .shown = text, .spans = {{begin, end + 1}}, .is_certain = true};
  value.choice = make_choice(slot_pointer(slot.path), {text}, {0.0}, "request");
  return std::optional(std::move(value));
}

std::optional<Form::Value> Form::by_default(const Slot& slot) const {
  const std::optional<Json> stated = stated_default(slot.property);
  if (!stated) return std::nullopt;
  Value value{.json = *stated, .shown = shown_text(*stated)};
  value.choice = make_choice(slot_pointer(slot.path), {value.shown}, {0.0}, "default");
  return value;
}

Form::MaybeValue Form::enumerated(const Slot& slot) {
  return one_of(slot, (*slot.property.schema)["enum"]);
}

// A value that is said, else the default, else the likeliest.
Form::MaybeValue Form::one_of(const Slot& slot, const Json& values) {
  std::vector<std::string> texts;
  for (const Json& value : values) texts.push_back(shown_text(value));
  if (texts.size() > 256) return std::optional<Value>();
  DEED_TRY(std::vector<double> scores, rank(slot.line, texts));
  const std::string clause = lower_ascii(step_.clause);
  bool is_said = false;
  std::size_t best = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const bool occurs = clause.find(lower_ascii(texts[i])) != clause.npos && !texts[i].empty();
    scores[i] += occurs ? weights_.enum_in_clause : 0;
    is_said = is_said || occurs;
    if (scores[i] > scores[best]) best = i;
  }
  if (!is_said && slot.property.is_required)
    if (auto value = by_default(slot)) return value;
  Value value{.json = values[best], .shown = texts[best], .score = scores[best]};
  value.choice = make_choice(slot_pointer(slot.path), texts, scores, "enum");
  return std::optional(std::move(value));
}

Form::MaybeValue Form::enumerated_list(const Slot& slot) {
  const Json& values = slot.property.schema->at("items").at("enum");
  const std::string clause = lower_ascii(step_.clause);
  Json found = Json::array();
  std::vector<std::string> texts;
  for (const Json& value : values) {
    texts.push_back(shown_text(value));
    if (!texts.back().empty() && clause.find(lower_ascii(texts.back())) != clause.npos)
      found.push_back(value);
  }
  if (texts.size() > 256) return std::optional<Value>();
  DEED_TRY(const std::vector<double> scores, rank(slot.line, texts));
  const auto best =
      static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
  Value value{.json = found.empty() ? Json::array({values[best]}) : found, .score = scores[best]};
  for (const Json& one : value.json)
    value.shown += (value.shown.empty() ? "" : ", ") + shown_text(one);
  value.choice = make_choice(slot_pointer(slot.path), texts, scores, "enum");
  value.choice.chosen = value.shown;
  return std::optional(std::move(value));
}

Form::MaybeValue Form::truth(const Slot& slot) {
  const std::string pointer = slot_pointer(slot.path);
  if (slot.property.is_required) {
    const bool is_named = count_common(telling_stems(slot.property.name),
                                       stems(without_quotes(step_.clause))) > 0;
    if (!is_named)
      if (auto value = by_default(slot)) return value;
    DEED_TRY(const std::vector<double> scores, rank(slot.line, {"true", "false"}));
    const bool is_true = scores[0] >= scores[1];
    Value value{.json = is_true,
                .shown = is_true ? "true" : "false",
                .score = std::max(scores[0], scores[1])};
    value.choice = make_choice(pointer, {"true", "false"}, scores, "enum");
    return std::optional(std::move(value));
  }
  // An optional switch is set by being named.
  const std::string clause = lower_ascii(step_.clause);
  const std::set<std::string> named = telling_stems(slot.property.name);
  const std::size_t common = count_common(named, stems(clause));
  if (named.empty() || 2 * common < named.size() + (named.size() > 1 ? 1 : 0))
    return std::optional<Value>();
  bool is_negated = false;
  for (const std::string& word : identifier_words(clause))
    is_negated = is_negated || word == "not" || word == "no" || word == "without" ||
                 word == "don" || word.starts_with("exclud");
  Value value{.json = !is_negated, .shown = is_negated ? "false" : "true", .is_certain = true};
  value.choice = make_choice(pointer, {value.shown}, {0.0}, "request");
  return std::optional(std::move(value));
}

}  // namespace deed
