#include "deed/llm/local/tool_choice.hpp"

#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/local/clause_words.hpp"
#include "deed/llm/local/form.hpp"
#include "deed/llm/local/reading_before.hpp"
#include "deed/llm/local/segments.hpp"
#include "deed/llm/local/step_needs.hpp"
#include "deed/llm/local/tool_weights.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace deed {
namespace {

constexpr std::string_view choice_examples =
    "Each request is answered by the function above it.\n\n"
    "Function: restaurant.book(restaurant, people, time) - Reserve a table in a restaurant.\n"
    "Request: Book a table for 4 people at Luigi's tomorrow at 7pm.\n\n"
    "Function: weather.forecast(city, days) - Get the weather forecast of a city.\n"
    "Request: Will it rain in Oslo in the next 3 days?\n";
constexpr std::string_view name_examples =
    "Each request is answered by the function below it.\n\n"
    "Request: Book a table for 4 people at Luigi's tomorrow at 7pm.\n"
    "Function: restaurant.book - Reserve a table in a restaurant.\n\n"
    "Request: Will it rain in Oslo in the next 3 days?\n"
    "Function: weather.forecast - Get the weather forecast of a city.\n\n"
    "Request: ";
constexpr std::array<std::string_view, 2> others = {
    "other(request) - Any other request.\nRequest: Delete old.txt\nRequest: Print the letter.\n"
    "Request: Call Ann on the phone.\nRequest: Translate page.html into French.",
    "chat(message) - Talk about anything else, or answer a question from general knowledge.\n"
    "Request: How are you?\nRequest: What is the capital of France?\nRequest: Tell me a joke.\n"
    "Request: I am so tired today."};
constexpr std::size_t talk = 1;
constexpr std::size_t shown_examples = 3;
constexpr std::size_t shown_quote = 40;  // what a text says tells little of what to do with it

std::string signature(const ToolDefinition& tool) {
  std::string arguments;
  for (const Property& property : properties_of(tool.parameters))
    arguments += (arguments.empty() ? "" : ", ") + property.name;
  std::string text =
      tool.name + "(" + arguments + ") - " + std::string(utf8_prefix(tool.description, 400));
  for (std::size_t i = 0; i < std::min(shown_examples, tool.examples.size()); ++i)
    text += "\nRequest: " + shortened(tool.examples[i]);
  return text;
}

bool has_word_byte(std::string_view text) { return std::any_of(text.begin(), text.end(), is_word_byte); }

// Where the tokens of the clause's first word with content stand among those of the clause.
std::pair<std::ptrdiff_t, std::ptrdiff_t> verb_tokens(Scorer& scorer, const std::string& clause,
                                                      const Tokens& all) {
  const std::vector<Span> words = find_words(clause, 16);
  // "a.txt -> copy to b.txt": a place is no verb.
  const std::vector<Span> places = find_places(clause);
  auto verb = std::find_if(words.begin(), words.end(), [&](const Span& word) {
    return !is_function_word(lower_ascii(word.in(clause))) && has_word_byte(word.in(clause)) && !is_in_place(places, word);
  });
  if (verb == words.end()) return {0, 0};
  const auto count = [&](std::size_t bytes) {
    return std::min(all.size(), scorer.tokenize(" " + clause.substr(0, bytes)).size());
  };
  const std::size_t before = verb->begin == 0 ? 0 : count(verb->begin - 1);
  return {static_cast<std::ptrdiff_t>(before),
          static_cast<std::ptrdiff_t>(std::max(before, count(verb->end)))};
}

// "…, what did I put into a.txt? I forget it every time": a sentence that asks, outside of what is said.
bool has_question(const Material& material) {
  const std::string text = without_quotes(material.in_english);
  const bool is_whole = material.in_english == material.clause;
  const std::size_t end = is_whole ? std::min(text.size(), material.dictation) : text.size();
  if (!is_whole && material.dictation != std::string::npos) return false;
  std::size_t begin = 0;
  for (std::size_t at = text.find_first_of(".!?;"); at < end; at = text.find_first_of(".!?;", at + 1)) {
    const bool ends = at + 1 >= text.size() || text[at + 1] == ' ' || text[at + 1] == '?';
    if (!ends) continue;
    if (text[at] == '?' && is_question(std::string_view(text).substr(begin, at + 1 - begin))) return true;
    begin = at + 1;
  }
  return false;
}

}  // namespace

double weigh(const ToolEvidence& evidence, std::span<const EvidenceWeight> weights) {
  double sum = 0;
  for (const EvidenceWeight& one : weights) sum += one.weight * evidence.*one.value;
  return sum;
}

const ToolChoiceWeights& fitted_weights(const ToolList& tools) {
  const auto weights_of = [](auto& first, auto& tool, auto& fit, double bias) {
    return ToolChoiceWeights{.first = first,
                             .tool = tool,
                             .fit = fit,
                             .fit_bias = bias,
                             .tie = 3.0,
                             .verb_margin = 0.5,
                             .reading_margin = 1.0};
  };
  static const ToolChoiceWeights plain_weights =
      weights_of(plain::first, plain::tool, plain::fit, plain::fit_bias);
  static const ToolChoiceWeights told_weights =
      weights_of(told::first, told::tool, told::fit, told::fit_bias);
  const bool is_told = std::any_of(tools.begin(), tools.end(), [](const ToolDefinition& tool) {
    return !tool.examples.empty();
  });
  return is_told ? told_weights : plain_weights;
}

std::string shortened(const std::string& clause, std::size_t longest_quote) {
  constexpr std::size_t longest = 1500;
  std::string result;
  std::size_t at = 0;
  const auto cut = [](std::string_view text, std::size_t max) {
    if (text.size() <= max) return std::string(text);
    return std::string(utf8_prefix(text, max * 2 / 3)) + " … " +
           std::string(utf8_suffix(text, max / 3));
  };
  for (const Span& quote : find_quotes(clause)) {
    result += clause.substr(at, quote.begin - at) + cut(quote.in(clause), longest_quote);
    at = quote.end;
  }
  result = cut(result + clause.substr(at), longest);
  // A line of the prompt stays one line.
  for (char& c : result)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return result;
}

// The likeliest by what can be counted: a model's opinion of the others would cost time and change
// nothing. The likeliest that only reads is among them, for an effect is measured against it.
std::vector<bool> ToolChooser::worth_asking(const ToolLook& look, const ToolList& tools) const {
  constexpr std::size_t most = 4;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < tools.size(); ++i)
    if (!tools[i].asks_user) order.push_back(i);
  std::vector<double> scores;
  for (const ToolEvidence& one : look.tools) scores.push_back(weigh(one, weights_->first));
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::vector<bool> asked(tools.size());
  bool has_reading = false;
  for (std::size_t k = 0; k < order.size() && (k < most || !has_reading); ++k) {
    if (k >= most && tools[order[k]].changes_world) continue;
    asked[order[k]] = true;
    has_reading = has_reading || !tools[order[k]].changes_world;
    if (const auto reader = look.readers[order[k]]) asked[*reader] = true;
  }
  return asked;
}

Result<ToolChooser::Likelihood> ToolChooser::likelihood(const std::string& clause,
                                                        const ToolList& tools,
                                                        const std::vector<bool>& asked) {
  ScoreQuestion question{.prefix = scorer_.document_start(), .keeps_given = true};
  const Tokens head = scorer_.tokenize(choice_examples);
  question.prefix.insert(question.prefix.end(), head.begin(), head.end());
  const Tokens request = scorer_.tokenize(" " + clause);
  Preparation again{.prefix = question.prefix, .other = form_beginning(scorer_)};
  std::string key = clause;
  std::vector<std::size_t> number;  // of the tool that a candidate is; the stand-ins behind them
  const auto add = [&](std::string_view line, std::size_t index, bool is_asked) {
    const std::string given = "\nFunction: " + std::string(line) + "\nRequest:";
    again.given.push_back(scorer_.tokenize(given));
    if (!is_asked) return;
    question.candidates.push_back({again.given.back(), request});
    number.push_back(index);
    key += given;
  };
  for (std::size_t i = 0; i < tools.size(); ++i)
    if (!tools[i].asks_user) add(signature(tools[i]), i, asked[i]);
  for (std::size_t i = 0; i < others.size(); ++i) add(others[i], tools.size() + i, true);
  key = sha256_hex(key);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  DEED_OK(scorer_.prepare(again));
  DEED_TRY(const std::vector<TextScore> scores, scorer_.score(question));
  const auto [verb_begin, verb_end] = verb_tokens(scorer_, clause, request);
  Likelihood result{std::vector<double>(tools.size()), std::vector<double>(others.size()),
                    std::vector<double>(tools.size()), std::vector<double>(others.size())};
  for (std::size_t k = 0; k < scores.size(); ++k) {
    const auto& tokens = scores[k].tokens;
    const bool is_tool = number[k] < tools.size();
    const std::size_t at = is_tool ? number[k] : number[k] - tools.size();
    (is_tool ? result.tools : result.others)[at] = scores[k].sum();
    (is_tool ? result.verb_tools : result.verb_others)[at] =
        std::accumulate(tokens.begin() + verb_begin, tokens.begin() + verb_end, 0.0);
  }
  if (known_.size() > 256) known_.clear();
  known_[key] = result;
  return result;
}

// Which of two alike is meant ("write" or "append") shows in how well their names follow the words.
Result<void> ToolChooser::break_tie(const std::string& clause, const ToolList& tools,
                                    const std::vector<bool>& asked,
                                    std::vector<ToolEvidence>& evidence) {
  std::vector<double> scores;
  for (std::size_t i = 0; i < tools.size(); ++i)
    scores.push_back(asked[i] ? weigh(evidence[i], weights_->tool) : -1e9);
  const double best = *std::max_element(scores.begin(), scores.end());
  std::vector<std::size_t> close;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (best - scores[i] < weights_->tie) close.push_back(i);
  // Only where it decides about an effect: it tells "write" from "append", and is no help elsewhere.
  const bool has_effect = std::any_of(close.begin(), close.end(),
                                      [&](std::size_t i) { return tools[i].changes_world; });
  if (close.size() < 2 || !has_effect) return {};
  ScoreQuestion question{.prefix = scorer_.document_start()};
  const Tokens head = scorer_.tokenize(std::string(name_examples) + clause + "\nFunction:");
  question.prefix.insert(question.prefix.end(), head.begin(), head.end());
  for (const std::size_t i : close)
    question.candidates.push_back({.text = scorer_.tokenize(" " + tools[i].name)});
  DEED_TRY(const std::vector<TextScore> names, scorer_.score(question));
  double likeliest = names[0].sum();
  for (const TextScore& name : names) likeliest = std::max(likeliest, name.sum());
  for (std::size_t k = 0; k < close.size(); ++k)
    evidence[close[k]].name_tie = names[k].sum() - likeliest;
  return {};
}

const Lexicon& ToolChooser::lexicon(const ToolList& tools) {
  if (!lexicon_ || listed_.size() != tools.size() || listed_.shared_head(tools) != tools.size()) {
    listed_ = tools;
    lexicon_.emplace(tools);
  }
  return *lexicon_;
}

Result<ToolLook> ToolChooser::look(const ClauseStep& step, const ToolList& tools) {
  const Material material(step);
  const std::string clause = shortened(material.in_english, shown_quote);
  const Lexicon& heard = lexicon(tools);
  weights_ = &fitted_weights(tools);
  ToolLook look;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    look.readers.push_back(reading_before(tools[i], step, material, tools));
    look.tools.push_back(
        evidence_for(tools, i, step, material, heard, look.readers.back()));
  }
  look.asked = worth_asking(look, tools);
  DEED_TRY(const Likelihood found, likelihood(clause, tools, look.asked));
  look.talk = found.others[talk], look.other = found.others[1 - talk];
  for (std::size_t i = 0; i < tools.size(); ++i) {
    look.tools[i].channel = found.tools[i];
    look.tools[i].above_other = found.tools[i] - std::max(look.talk, look.other);
    // What a model says against a tool in a language that it hardly knows is chance.
    constexpr double least = -6, foreign = 0.5;
    if (material.language != Language::english) {
      look.tools[i].above_other = std::max(look.tools[i].above_other, least);
      look.tools[i].channel *= foreign;
    }
    look.tools[i].verb_above_other =
        found.verb_tools[i] - std::max(found.verb_others[0], found.verb_others[1]);
  }
  DEED_OK(break_tie(clause, tools, look.asked, look.tools));
  if (material.language != Language::english)
    for (ToolEvidence& one : look.tools) one.name_tie *= 0.5;
  look.is_question = is_question(material.in_english) || has_question(material);
  look.has_critical =
      material.has(SlotKind::email) || material.has_to_read(SlotKind::url) || material.has_to_read(SlotKind::path);
  return look;
}

Result<ToolChoice> ToolChooser::choose(const ClauseStep& step, const ToolList& tools) {
  DEED_TRY(const ToolLook seen, look(step, tools));
  std::vector<std::string> names;
  std::vector<double> scores;
  ToolChoice choice;
  std::optional<std::size_t> reading;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    names.push_back(tools[i].name);
    // What only asks the user is never a step that the user asked for.
    scores.push_back(seen.asked[i] ? weigh(seen.tools[i], weights_->tool) : -1e9);
    if (!seen.asked[i]) continue;
    if (!choice.nearest || scores[i] > scores[*choice.nearest]) choice.nearest = i;
    if (!tools[i].changes_world && (!reading || scores[i] > scores[*reading])) reading = i;
  }
  if (!choice.nearest) return choice;
  // Reading must not turn into writing: not by a narrow decision, not where nothing calls for the
  // effect, not where an answer is wanted, and not past an address that the effect has no place for.
  // The verb alone may call for an effect on what is read: "Save http://… as page.txt".
  double reading_verb = -1e9;
  for (std::size_t i = 0; i < tools.size(); ++i)
    if (!tools[i].changes_world && seen.asked[i])
      reading_verb = std::max(reading_verb, seen.tools[i].verb_above_other);
  // "I need to see what a.txt says" wants no effect; "let ann@… know what …" does.
  const Material material(step);
  const bool is_said = material.dictation != std::string::npos || !material.quotes.empty();
  const bool wants_to_know = !is_said && !material.has(SlotKind::email) && asks_about(material.in_english);
  const auto is_doubtful = [&](std::size_t i) {
    ToolEvidence e = seen.tools[i];
    const double other_verb = seen.readers[i] ? seen.tools[*seen.readers[i]].verb_above_other : reading_verb;
    const bool needs_result = seen.readers[i] || (!step.past.empty() && !step.past.back().changes_world);
    if (needs_result && e.verb_above_other - other_verb > weights_->verb_margin) e.has_cause = 1;
    // What lacks its place only leads to a question.
    const bool is_beside = reading && seen.tools[*reading].lost_address > 0 && seen.tools[*reading].taken == 0;
    // Nor is a reading in the way that has no place for anything that is named.
    const double margin = e.missing + e.missing_all > 0 || is_beside ? 0.0 : weights_->reading_margin;
    return scores[i] - (reading ? scores[*reading] : -1e9) < margin || e.has_cause == 0 ||
           e.lost_address > 0 || seen.is_question || (wants_to_know && !seen.readers[i]);
  };
  if (tools[*choice.nearest].changes_world && is_doubtful(*choice.nearest)) {
    std::optional<std::size_t> better;
    for (std::size_t i = 0; i < tools.size(); ++i)
      if (seen.asked[i] && (!tools[i].changes_world || !is_doubtful(i)) &&
          (!better || scores[i] > scores[*better]))
        better = i;
    if (better) choice.nearest = better;
  }
  choice.takes_last_result = !step.past.empty() && !step.past.back().changes_world &&
                             tools[*choice.nearest].changes_world &&
                             lacks_text(tools[*choice.nearest], step, material);
  choice.reader = seen.readers[*choice.nearest];
  choice.fit = weights_->fit_bias + weigh(seen.tools[*choice.nearest], weights_->fit);
  names.push_back("no tool");
  scores.push_back(scores[*choice.nearest] - choice.fit);
  choice.record = make_choice("tool", names, scores, "request");
  // To look at a place that is named harms nobody, where something is asked about it and no other deed is meant.
  const ToolEvidence& nearest = seen.tools[*choice.nearest];
  const bool is_harmless = !tools[*choice.nearest].changes_world && !tools[*choice.nearest].examples.empty() &&
                           nearest.taken > 0 && nearest.outside == 0 && nearest.missing == 0 && nearest.unused == 0;
  // What lacks its place only leads to a question, which is better than none where the words are the tool's.
  constexpr double heard_from = 0.6;
  const bool only_asks = nearest.missing_all > 0 && nearest.heard >= heard_from && nearest.outside == 0 && !seen.has_critical;
  if (choice.fit >= 0 || is_harmless || only_asks)
    choice.tool = choice.nearest;
  else
    choice.is_talk = seen.talk >= seen.other && !seen.has_critical;
  choice.is_outside = nearest.outside > 0;
  choice.record.chosen = choice.tool ? tools[*choice.tool].name : "no tool";
  return choice;
}

}  // namespace deed
