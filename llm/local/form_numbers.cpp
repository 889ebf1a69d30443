// Numbers are copied too. Where several arguments share several numbers, they are assigned
// together.
#include "deed/core/text.hpp"
#include "deed/llm/local/description.hpp"
#include "deed/llm/local/form.hpp"

#include <algorithm>
#include <cmath>

namespace deed {
namespace {

bool is_number(const Property& property) {
  return (property.type == "number" || property.type == "integer") && !property.is_list &&
         !property.is_enum;
}

std::optional<Json> reading(double value, bool is_integer) {
  const double rounded = std::round(value);
  const bool is_whole = std::abs(value - rounded) < 1e-9 && std::abs(value) < 9e15;
  if (is_whole) return Json(static_cast<std::int64_t>(rounded));
  if (is_integer) return std::nullopt;
  return Json(value);
}

// The likeliest reading that the type allows; a slot that speaks of percent wants them as they are
// written.
std::optional<Json> value_of(const NumberSpan& number, const Property& property) {
  std::vector<double> values = number.values;
  const std::string words = lower_ascii(property.name + " " + property.description());
  if (values.size() > 1 && std::abs(values[0] * 100 - values[1]) < 1e-9 &&
      words.find("percent") != words.npos)
    std::swap(values[0], values[1]);
  for (const double value : values)
    if (auto json = reading(value, property.type == "integer")) return json;
  return std::nullopt;
}

std::string digits_of(const NumberSpan& number, std::string_view clause) {
  std::string text(number.span.in(clause));
  std::erase(text, ',');
  return text;
}

}  // namespace

std::vector<std::size_t> Form::free_numbers(const Property& property) const {
  std::vector<std::size_t> strong, all;
  bool has_unused = false;
  for (std::size_t i = 0; i < material_.numbers.size(); ++i) {
    const NumberSpan& number = material_.numbers[i];
    if (!value_of(number, property) || material_.is_in_piece(number.span)) continue;
    all.push_back(i);
    if (number.is_weak) continue;
    strong.push_back(i);
    has_unused = has_unused || !used_numbers_.contains(i);
  }
  return has_unused ? strong : all;
}

// What stands right behind a number: "kg" of "70kg" and of "70 kg", "J/K", "%".
std::string_view unit_behind(std::string_view clause, const Span& number) {
  std::string_view rest = clause.substr(number.end);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  rest = rest.substr(0, std::min(rest.size(), rest.find_first_of(" ,;:?!()\n")));
  while (!rest.empty() && (rest.back() == '.' || rest.back() == '\'')) rest.remove_suffix(1);
  return rest;
}

// Words of the argument's name beside the number, and its unit.
double Form::number_bonus(const Property& property, std::size_t index) const {
  const std::string_view clause = step_.clause;
  const Span span = material_.numbers[index].span;
  std::size_t from = span.begin > 40 ? span.begin - 40 : 0,
              to = std::min(span.end + 20, clause.size());
  for (const NumberSpan& other : material_.numbers) {
    if (other.span.end <= span.begin) from = std::max(from, other.span.end);
    if (other.span.begin >= span.end) to = std::min(to, other.span.begin);
  }
  std::string_view behind = clause.substr(span.end, to - span.end);
  behind = behind.substr(0, std::min(behind.size(), behind.find_first_of(",;")));
  const std::set<std::string> names = telling_stems(property.name);
  return (count_common(names, stems(clause.substr(from, span.begin - from))) > 0
              ? weights_.named_number
              : 0.0) +
         (speaks_of_unit(property, unit_behind(clause, span)) ? weights_.unit : 0.0) +
         (count_common(names, stems(behind)) > 0 ? weights_.number_named_behind : 0.0);
}

bool Form::is_named_by_other(const Property& property, std::size_t number) const {
  if (number_bonus(property, number) > 0) return false;
  const std::vector<Property> all = properties_of(tool_.parameters);
  return std::any_of(all.begin(), all.end(), [&](const Property& other) {
    return is_number(other) && number_bonus(other, number) > 0;
  });
}

Form::Value Form::number_value(const Slot& slot, std::size_t index) const {
  const NumberSpan& number = material_.numbers[index];
  Value value{.json = *value_of(number, slot.property),
              .shown = digits_of(number, step_.clause),
              .spans = {number.span}};
  value.choice = make_choice(slot_pointer(slot.path), {value.shown}, {0.0}, "request");
  return value;
}

Form::MaybeValue Form::number(const Slot& slot) {
  if (const auto assigned = assigned_.find(slot.path); assigned != assigned_.end()) {
    Value value = number_value(slot, assigned->second.first);
    value.score = assigned->second.second;
    return std::optional(std::move(value));
  }
  std::vector<std::size_t> numbers = free_numbers(slot.property);
  if (!slot.property.is_required)
    std::erase_if(numbers, [&](std::size_t i) { return is_named_by_other(slot.property, i); });
  // Nor one that is only said: "…, and the message is: We will be 34".
  if (!slot.property.is_required)
    std::erase_if(numbers, [&](std::size_t i) {
      const Span& span = material_.numbers[i].span;
      return material_.is_dictated(span) ||
             std::any_of(material_.quotes.begin(), material_.quotes.end(), [&](const Span& quote) { return quote.covers(span); });
    });
  const auto is_unused = [&](std::size_t i) { return !used_numbers_.contains(i); };
  const auto next = std::find_if(numbers.begin(), numbers.end(), is_unused);
  // An optional number must be one that nothing else has taken.
  if (numbers.empty() ||
      (!slot.property.is_required && (next == numbers.end() || material_.numbers[*next].is_weak)))
    return std::optional<Value>();
  std::vector<std::string> texts;
  for (const std::size_t i : numbers)
    texts.push_back(digits_of(material_.numbers[i], step_.clause));
  DEED_TRY(std::vector<double> scores, rank(slot.line, texts));
  std::size_t best = 0;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    scores[k] += (is_unused(numbers[k]) ? 0.0 : weights_.reused_number) +
                 number_bonus(slot.property, numbers[k]) +
                 (next != numbers.end() && numbers[k] == *next ? weights_.next_number : 0.0);
    if (scores[k] > scores[best]) best = k;
  }
  Value value = number_value(slot, numbers[best]);
  value.score = scores[best];
  value.choice = make_choice(slot_pointer(slot.path), texts, scores, "request");
  return std::optional(std::move(value));
}

// All pairs of required numeric slots and numbers in one batch, then a beam over the assignments.
Result<void> Form::assign_numbers(const std::vector<Property>& properties,
                                  const std::string& path) {
  constexpr std::size_t most_numbers = 12, most_slots = 8, beam_width = 64;
  std::vector<const Property*> slots;
  for (const Property& property : properties)
    if (property.is_required && is_number(property)) slots.push_back(&property);
  std::vector<std::size_t> strong, numbers;
  for (std::size_t i = 0; i < material_.numbers.size(); ++i) {
    if (used_numbers_.contains(i) || material_.is_in_piece(material_.numbers[i].span)) continue;
    numbers.push_back(i);
    if (!material_.numbers[i].is_weak) strong.push_back(i);
  }
  if (strong.size() >= slots.size()) numbers = strong;
  if (numbers.size() > most_numbers) numbers.resize(most_numbers);
  if (slots.size() < 2 || slots.size() > most_slots || numbers.size() < 2) return {};
  ScoreQuestion question{.prefix = form_, .judges_end = true};
  std::string shown_path = path;
  std::replace(shown_path.begin(), shown_path.end(), '\x1f', '.');
  for (const Property* slot : slots)
    for (const std::size_t i : numbers)
      question.candidates.push_back(
          {scorer_.tokenize(shown_path + slot->name + " (" + slot->description() + "):"),
           scorer_.tokenize(" " + digits_of(material_.numbers[i], step_.clause))});
  DEED_TRY(const std::vector<TextScore> scores, scorer_.score(question));
  struct Partial {
    double score = 0;
    std::vector<std::size_t> picks;
  };
  std::vector<Partial> beam(1);
  const auto pair_score = [&](std::size_t slot, std::size_t k) {
    return scores[slot * numbers.size() + k].line() + number_bonus(*slots[slot], numbers[k]);
  };
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    std::vector<Partial> next;
    for (const Partial& partial : beam)
      for (std::size_t k = 0; k < numbers.size(); ++k) {
        if (!value_of(material_.numbers[numbers[k]], *slots[slot])) continue;
        const bool is_reused =
            std::find(partial.picks.begin(), partial.picks.end(), k) != partial.picks.end();
        const bool is_next = k == (partial.picks.empty() ? 0 : partial.picks.back() + 1);
        Partial longer = partial;
        longer.score += pair_score(slot, k) + (is_reused ? weights_.reused_number : 0) +
                        (is_next ? weights_.next_number : 0);
        longer.picks.push_back(k);
        next.push_back(std::move(longer));
      }
    if (next.empty()) return {};
    std::stable_sort(next.begin(), next.end(),
                     [](const Partial& a, const Partial& b) { return a.score > b.score; });
    if (next.size() > beam_width) next.resize(beam_width);
    beam = std::move(next);
  }
  for (std::size_t slot = 0; slot < slots.size(); ++slot)
    assigned_[path + slots[slot]->name] = {numbers[beam[0].picks[slot]],
                                           pair_score(slot, beam[0].picks[slot])};
  return {};
}

// The longest run of numbers with nothing but joints between them.
Form::MaybeValue Form::number_list(const Slot& slot) {
  std::vector<std::vector<std::size_t>> runs;
  for (std::size_t i = 0; i < material_.numbers.size(); ++i) {
    const NumberSpan& number = material_.numbers[i];
    // In "(1, 2)" the first number is no weaker than the others.
    const bool opens_list = number.span.begin > 0 && step_.clause[number.span.begin - 1] == '(';
    if ((number.is_weak && !opens_list) || used_numbers_.contains(i) ||
        material_.is_in_piece(number.span) || !value_of(number, slot.property))
      continue;
    bool joins = false;
    if (!runs.empty()) {
      const std::size_t end = material_.numbers[runs.back().back()].span.end;
      const std::string_view between =
          std::string_view(step_.clause).substr(end, number.span.begin - end);
      joins = between.size() <= 12 && between.find_first_of("[.;:") == between.npos;
      // "from x = 1 to x = 3"
      for (const std::string& word : identifier_words(between))
        joins = joins && (word == "and" || word == "or" || word == "to" || word.size() == 1);
    }
    if (joins)
      runs.back().push_back(i);
    else
      runs.push_back({i});
  }
  if (runs.empty()) return std::optional<Value>();
  const auto best = std::max_element(
      runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  Value value{.json = Json::array()};
  for (const std::size_t i : *best) {
    const Json one = *value_of(material_.numbers[i], slot.property);
    // A list of numbers is one of numbers with a fraction, whichever its first items are.
    value.json.push_back(slot.property.type == "number" ? Json(one.get<double>()) : one);
    value.shown +=
        (value.shown.empty() ? "" : ", ") + digits_of(material_.numbers[i], step_.clause);
    value.spans.push_back(material_.numbers[i].span);
  }
  value.choice = make_choice(slot_pointer(slot.path), {value.shown}, {0.0}, "request");
  return std::optional(std::move(value));
}

}  // namespace deed
