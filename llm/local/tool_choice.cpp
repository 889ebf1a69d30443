#include "deed/llm/local/tool_choice.hpp"

#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"

#include <algorithm>
#include <array>

namespace deed {
namespace {

constexpr std::string_view examples =
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
    "other(request) - Any other request.",
    "chat(message) - Talk about anything else, or answer a question from general knowledge."};
constexpr std::size_t talk = 1;

std::string signature(const ToolDefinition& tool) {
  std::string arguments;
  for (const Property& property : properties_of(tool.parameters))
    arguments += (arguments.empty() ? "" : ", ") + property.name;
  return tool.name + "(" + arguments + ") - " + std::string(utf8_prefix(tool.description, 400));
}

bool has_words_left(const ToolDefinition& tool, const Material& material) {
  const std::set<std::string> own = own_stems(tool);
  return material.words.size() > 1 &&
         std::any_of(material.words.begin() + 1, material.words.end(),
                     [&](const Span& word) { return is_content(word, material, own); });
}

bool has_said_text(const Material& material) {
  return material.dictation != std::string::npos ||
         std::any_of(material.quotes.begin(), material.quotes.end(),
                     [&](const Span& q) { return !material.is_in_piece(q); });
}

// Words outside of quotations and dictated text.
std::size_t count_own_words(const Material& material) {
  return static_cast<std::size_t>(
      std::count_if(material.words.begin(), material.words.end(), [&](const Span& word) {
        return word.begin < material.dictation &&
               std::none_of(material.quotes.begin(), material.quotes.end(),
                            [&](const Span& quote) { return quote.covers(word); });
      }));
}

bool carries_files(const ToolDefinition& tool, const Step& step, const Material& material) {
  for (const Property& property : properties_of(tool.parameters))
    if (property.is_list && property.is_critical_string() && property.kind == SlotKind::path)
      return material.has(SlotKind::path) || !step.attachments.empty();
  return false;
}

enum class Source { none, reference, given };

// Where a critical argument could come from.
Source source_of(SlotKind kind, const Step& step, const Material& material, bool is_list) {
  if (material.has(kind)) return Source::given;
  if (kind == SlotKind::path && is_list && !step.attachments.empty()) return Source::given;
  for (const std::string& answer : step.answers)
    if (!find_kind(kind, answer).empty()) return Source::given;
  if (!material.refers_back) return Source::none;
  for (const PastCall& call : step.past)
    if (!find_kind(kind, call.result).empty() || !find_kind(kind, to_text(call.arguments)).empty())
      return Source::reference;
  return Source::none;
}

bool has_text(const ToolDefinition& tool, const Step& step, const Material& material) {
  return !material.quotes.empty() || material.dictation != std::string::npos ||
         !step.answers.empty() || (material.refers_back && !step.past.empty()) ||
         has_words_left(tool, material) || carries_files(tool, step, material);
}

bool has_extension(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot != path.npos && dot + 1 < path.size() && path.size() - dot <= 6 &&
         path.find('/', dot) == path.npos;
}

bool is_wrong_shape(const Property& property, const Material& material) {
  const std::vector<std::string> words =
      identifier_words(property.name + " " + property.description());
  const auto says = [&](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  const bool wants_folder = (says("folder") || says("directory")) && !says("file");
  bool all = true, any = false;
  for (const Piece& piece : material.pieces.at(SlotKind::path)) {
    const bool is_file = has_extension(piece.span.in(material.clause));
    all = all && is_file, any = any || is_file;
  }
  return wants_folder ? all : !any;
}

// The kinds of strings that the tool's arguments take.
std::set<SlotKind> kinds_of(const ToolDefinition& tool) {
  std::set<SlotKind> kinds;
  for (const Property& property : properties_of(tool.parameters))
    if (property.type == "string" && !property.is_enum) kinds.insert(property.kind);
  return kinds;
}

}  // namespace

std::set<std::string> own_stems(const ToolDefinition& tool) {
  std::set<std::string> own = stems(tool.name + " " + tool.description);
  for (const Property& property : properties_of(tool.parameters))
    own.merge(stems(property.name + " " + property.description()));
  return own;
}

bool is_content(const Span& word, const Material& material, const std::set<std::string>& own) {
  const std::string text = lower_ascii(word.in(material.clause));
  if (is_function_word(text) || announces_text(text) || announces_name(text) ||
      material.is_in_piece(word))
    return false;
  const std::set<std::string> stem = stems(text);
  return stem.empty() || count_common(stem, own) == 0;
}

std::string shortened(const std::string& clause) {
  constexpr std::size_t longest_quote = 200, longest = 1500;
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

double misfit(const ToolDefinition& tool, const Step& step, const Material& material,
              const ToolChoiceWeights& weights) {
  const bool has_any =
      material.has(SlotKind::email) || material.has(SlotKind::url) || material.has(SlotKind::path);
  double score = 0;
  for (const Property& property : properties_of(tool.parameters)) {
    if (property.type != "string" || property.is_enum) continue;
    if (property.kind == SlotKind::path && !property.is_list && material.has(SlotKind::path) &&
        is_wrong_shape(property, material))
      score -= weights.wrong_shape;
    if (!property.is_required) continue;
    const Source source = is_critical(property.kind)
                              ? source_of(property.kind, step, material, property.is_list)
                              : Source::given;
    if (source == Source::none) score -= has_any ? weights.missing : weights.missing_all;
    // "post its contents to http://…" is about the URL that it names, not about the file of the
    // step before.
    if (source == Source::reference && has_any) score -= weights.missing / 2;
    if (property.kind == SlotKind::free_text && !has_text(tool, step, material))
      score -= weights.missing;
  }
  const std::set<SlotKind> taken = kinds_of(tool);
  for (const auto& [kind, pieces] : material.pieces)
    if (material.has(kind) && !taken.contains(kind)) score -= weights.unused;
  // "it" stands for something that the tool has no place for.
  const bool has_place = std::any_of(taken.begin(), taken.end(), [&](SlotKind kind) {
    return !is_critical(kind) || !material.has(kind);
  });
  if (material.refers_back && !step.past.empty() && has_any && !has_place)
    score -= weights.unused_text;
  if (has_said_text(material) && !taken.contains(SlotKind::free_text) &&
      !taken.contains(SlotKind::label))
    score -= weights.unused_text;
  return score;
}

Result<ToolChooser::Likelihood> ToolChooser::likelihood(const std::string& clause,
                                                        const ToolList& tools) {
  ScoreQuestion question{.prefix = scorer_.document_start(), .keeps_given = true};
  const Tokens head = scorer_.tokenize(examples);
  question.prefix.insert(question.prefix.end(), head.begin(), head.end());
  const Tokens request = scorer_.tokenize(" " + clause);
  std::string key = clause;
  const auto add = [&](std::string_view line) {
    const std::string given = "\nFunction: " + std::string(line) + "\nRequest:";
    question.candidates.push_back({scorer_.tokenize(given), request});
    key += given;
  };
  for (const ToolDefinition& tool : tools) add(signature(tool));
  for (const std::string_view other : others) add(other);
  key = sha256_hex(key);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  DEED_TRY(const std::vector<TextScore> scores, scorer_.score(question));
  Likelihood result;
  for (std::size_t i = 0; i < scores.size(); ++i)
    (i < tools.size() ? result.tools : result.others).push_back(scores[i].sum());
  if (known_.size() > 256) known_.clear();
  known_[key] = result;
  return result;
}

// Which of two alike is meant ("write" or "append") shows in how well their names follow the words.
Result<void> ToolChooser::break_tie(const std::string& clause,
                                    const ToolList& tools,
                                    std::vector<double>& scores) {
  const double best = *std::max_element(scores.begin(), scores.end());
  std::vector<std::size_t> close;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (best - scores[i] < weights_.tie) close.push_back(i);
  if (close.size() < 2) return {};
  ScoreQuestion question{.prefix = scorer_.document_start()};
  const Tokens head = scorer_.tokenize(std::string(name_examples) + clause + "\nFunction:");
  question.prefix.insert(question.prefix.end(), head.begin(), head.end());
  for (const std::size_t i : close)
    question.candidates.push_back({.text = scorer_.tokenize(" " + tools[i].name)});
  DEED_TRY(const std::vector<TextScore> names, scorer_.score(question));
  double likeliest = names[0].sum();
  for (const TextScore& name : names) likeliest = std::max(likeliest, name.sum());
  for (std::size_t k = 0; k < close.size(); ++k)
    scores[close[k]] += weights_.tie_name * (names[k].sum() - likeliest);
  return {};
}

Result<ToolChoice> ToolChooser::choose(const Step& step, const ToolList& tools) {
  const std::string clause = shortened(step.clause);
  DEED_TRY(const Likelihood found, likelihood(clause, tools));
  const Material material(step);
  const std::set<std::string> said = telling_stems(step.clause);
  const double none = *std::max_element(found.others.begin(), found.others.end());
  std::vector<std::string> names;
  std::vector<double> scores, fits;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const std::set<std::string> own = telling_stems(tools[i].name + " " + tools[i].description);
    const double share = own.empty() ? 0
                                     : static_cast<double>(count_common(own, said)) /
                                           static_cast<double>(own.size());
    names.push_back(tools[i].name);
    // What only asks the user is never a step that the user asked for.
    scores.push_back(tools[i].asks_user
                         ? -1e9
                         : found.tools[i] + misfit(tools[i], step, material, weights_) +
                               weights_.named * share);
    // A missing address is no reason to say that no tool fits: it can be asked for.
    fits.push_back(found.tools[i] - none + weights_.named_fit * share);
    for (const SlotKind kind : kinds_of(tools[i]))
      fits.back() += material.has(kind) ? weights_.taken : 0;
  }
  DEED_OK(break_tie(clause, tools, scores));
  ToolChoice choice;
  std::optional<std::size_t> reading;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (tools[i].asks_user) continue;
    if (!choice.nearest || scores[i] > scores[*choice.nearest]) choice.nearest = i;
    if (!tools[i].changes_world && (!reading || scores[i] > scores[*reading])) reading = i;
  }
  if (!choice.nearest) return choice;
  // Reading must not turn into writing by a narrow decision.
  if (tools[*choice.nearest].changes_world && reading &&
      scores[*choice.nearest] - scores[*reading] < weights_.reading_margin)
    choice.nearest = reading;
  choice.fit = fits[*choice.nearest];
  const double fits_from =
      std::min(weights_.fits_at_most,
               weights_.fits_per_word * static_cast<double>(count_own_words(material)));
  names.push_back("no tool");
  scores.push_back(scores[*choice.nearest] - choice.fit + fits_from);
  choice.record = make_choice("tool", names, scores, "request");
  if (choice.fit >= fits_from)
    choice.tool = choice.nearest;
  else
    choice.is_talk = found.others[talk] >= found.others[1 - talk] &&
                     !material.has(SlotKind::email) && !material.has(SlotKind::url) &&
                     !material.has(SlotKind::path);
  choice.record.chosen = choice.tool ? tools[*choice.tool].name : "no tool";
  return choice;
}

}  // namespace deed
