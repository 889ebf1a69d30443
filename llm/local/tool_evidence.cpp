#include "deed/llm/local/tool_evidence.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/segments.hpp"
#include "deed/llm/local/step_needs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace deed {
namespace {

bool is_wrong_shape(const Property& property, const Material& material) {
  const std::vector<std::string> words =
      identifier_words(property.name + " " + property.description());
  const bool wants_folder =
      names_folder(property) && std::find(words.begin(), words.end(), "file") == words.end();
  bool all = true, any = false;
  for (const Piece& piece : material.pieces.at(SlotKind::path)) {
    const bool is_file = has_extension(piece.span.in(material.clause));
    all = all && is_file, any = any || is_file;
  }
  return wants_folder ? all : !any;
}

bool takes_numbers(const Property& property) {
  return property.type == "number" || property.type == "integer";
}

// A value in capitals that is an everyday word ("PUT") is said only in capitals.
bool is_enum_said(const Property& property, const std::vector<std::string>& words, const std::string& clause) {
  static constexpr std::array everyday = {"put", "get", "head", "options", "on", "off", "all", "any"};
  const auto values = property.schema->find("enum");
  if (values == property.schema->end() || !values->is_array()) return false;
  return std::any_of(values->begin(), values->end(), [&](const Json& value) {
    if (!value.is_string()) return false;
    const std::string& text = value.get_ref<const std::string&>();
    const std::vector<std::string> parts = identifier_words(text);
    if (parts.size() == 1 && parts[0] != text && is_one_of(parts[0], everyday)) return clause.find(text) != clause.npos;
    // "POSTed"
    if (parts.size() == 1 && std::any_of(words.begin(), words.end(), [&](const std::string& word) {
          const std::vector<std::string> bases = base_forms(word);
          return std::find(bases.begin(), bases.end(), parts[0]) != bases.end();
        }))
      return true;
    return !parts.empty() && std::search(words.begin(), words.end(), parts.begin(), parts.end()) !=
                                 words.end();
  });
}

void count_string(ToolEvidence& evidence, const ToolDefinition& tool, const Property& property,
                  const ClauseStep& step, const Material& material, bool has_any) {
  // "Find minutes.txt": the name is what to look for, not where.
  const std::vector<Property> all = properties_of(tool.parameters);
  const bool is_looked_for =
      !property.is_required && std::any_of(all.begin(), all.end(), [](const Property& other) {
        return other.is_required && other.type == "string" && !is_critical(other.kind);
      });
  if (property.kind == SlotKind::path && !property.is_list && material.has(SlotKind::path) &&
      !is_looked_for && places_of_move(all).empty() && is_wrong_shape(property, material))
    ++evidence.wrong_shape;
  if (!property.is_required) return;
  if (property.kind == SlotKind::free_text) {
    if (!has_text(tool, step, material)) ++evidence.no_text;
    if (!has_said_text(material) && step.answers.empty() &&
        !(material.refers_back && !step.past.empty()) && !carries_files(tool, step, material) &&
        !(!step.past.empty() && !step.past.back().changes_world && !has_words_left(tool, material)))
      ++evidence.vague_text;
  }
  if (!is_critical(property.kind)) return;
  const ArgumentSource source = source_of(property.kind, step, material, property.is_list, !tool.changes_world);
  if (source == ArgumentSource::none) ++(has_any ? evidence.missing : evidence.missing_all);
  // "post its contents to http://…" is about the URL that it names, not about the file of the step
  // before.
  if (source == ArgumentSource::reference && has_any) ++evidence.referred;
}

// "file it as b.txt", "put that into b.txt", after something was read; "the same in b.txt", after something was said.
bool is_put_into(const ClauseStep& step, const Material& material) {
  if (material.says_same && !step.past.empty() && step.past.back().changes_world) return material.has(SlotKind::path);
  if (step.past.empty() || step.past.back().changes_world || !material.refers_back) return false;
  for (const Piece& piece : material.pieces.at(SlotKind::path)) {
    const std::vector<std::string> before = material.words_before(piece.span.begin, 1);
    if (!piece.is_in_text && !before.empty() && (before[0] == "as" || before[0] == "into" || before[0] == "to"))
      return true;
  }
  return false;
}

// "Three night shifts, what day are we on? I've lost all track": of several sentences those that ask for something, if one
// does, and of those what stands behind the last comma, if that asks. The others are made blank, unless a place stands there.
std::string asking_part(std::string text, const Material& material) {
  if (material.language != Language::english) return text;
  const std::string bare = without_quotes(material.clause);
  struct Part {
    std::size_t begin, end;
    bool asks;
  };
  constexpr std::size_t most = 16;
  std::vector<Part> parts;
  std::size_t begin = 0;
  for (std::size_t at = bare.find_first_of(".!?;\n"); at < text.size() && parts.size() <= most; at = bare.find_first_of(".!?;\n", at + 1)) {
    if (at + 1 < bare.size() && static_cast<unsigned char>(bare[at + 1]) > ' ') continue;
    const std::size_t comma = bare.rfind(", ", at);
    const bool asks = bare[at] == '?';
    if (asks && comma != bare.npos && comma > begin && is_question(std::string_view(bare).substr(comma + 2, at + 1 - comma - 2))) {
      parts.push_back({begin, comma + 1, false});
      begin = comma + 1;
    }
    parts.push_back({begin, at + 1, asks});
    begin = at + 1;
  }
  if (begin < text.size()) parts.push_back({begin, text.size(), false});
  if (parts.size() < 2 || parts.size() > most || std::none_of(parts.begin(), parts.end(), [](const Part& p) { return p.asks; })) return text;
  const std::vector<Span> places = find_places(material.clause);
  for (const Part& part : parts) {
    const bool has_place = std::any_of(places.begin(), places.end(), [&](const Span& p) { return p.begin >= part.begin && p.end <= part.end; });
    if (part.asks || has_place || has_order(std::string_view(bare).substr(part.begin, part.end - part.begin), {})) continue;
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(part.begin), text.begin() + static_cast<std::ptrdiff_t>(std::min(part.end, text.size())), ' ');
  }
  return text;
}

// How far the words are those of tool number `tool`.
void hear(ToolEvidence& evidence, const Material& material, const Lexicon& lexicon,
          std::size_t tool) {
  constexpr double most = 4;
  // Where elsewhere what is said begins is not known well enough to leave it out.
  const std::string asking_words = asking_part(material.language == Language::english ? material.asking : material.clause, material);
  const auto in_plain_english = [&](const std::string& part) {
    return without_places(without_quotes(plain_english(part, material.language)));
  };
  const std::string text = in_plain_english(asking_words);
  // Every tool may be asked for politely.
  static const std::set<std::string> polite =
      stems("could would can you your please kindly like want need the and for with this that have "
            "has will may thanks");
  const auto weight_of = [&](const std::string& stem) {
    return polite.contains(stem) ? 0 : lexicon.weight(tool, stem);
  };
  std::set<std::string> heard;
  for (const std::string& word : identifier_words(text)) {
    const std::set<std::string> own = stems(word);
    heard.insert(own.begin(), own.end());
    for (const std::string& base : base_forms(word)) heard.merge(stems(base));
  }
  for (const std::string& stem : heard) evidence.heard += weight_of(stem);
  evidence.heard = std::min(evidence.heard, most);
  // What is asked for stands before what it is about, in English: "Print a.pdf so that I can …".
  std::string asked = text;
  if (material.language == Language::english) {
    std::size_t about = material.quotes.empty() ? asking_words.size() : material.quotes[0].begin;
    for (const auto& [kind, pieces] : material.pieces)
      for (const Piece& piece : pieces) about = std::min(about, piece.span.begin);
    asked = in_plain_english(asking_words.substr(0, about));
  }
  bool is_verb = true;  // in English the first word with content, elsewhere any
  const std::vector<std::string> asking = identifier_words(asked);
  for (std::size_t i = 0; i < asking.size(); ++i) {
    const std::string& word = asking[i];
    const std::set<std::string> stem = stems(word);
    const bool is_phrase = i + 1 < asking.size() && asking[i + 1] == "up";  // "draw up"
    if (!is_phrase && lexicon.is_outside(word, is_verb)) evidence.outside = 1;
    const bool is_content = !is_function_word(word) && !stem.empty() && !polite.contains(*stem.begin());
    is_verb = is_verb && (material.language != Language::english || !is_content);
  }
  for (const std::string& word : identifier_words(text)) {
    if (is_function_word(word)) continue;
    for (const std::string& stem : stems(word)) evidence.verb_heard = lexicon.weight(tool, stem);
    break;
  }
}

// Whether something in the words calls for the effect of the tool: its own words, one of its fixed
// values, or something that only such a tool takes.
bool calls_for(const ToolDefinition& tool, const ToolEvidence& evidence,
               const std::set<std::string>& said, const std::set<SlotKind>& taken,
               const Material& material) {
  constexpr double heard_from = 0.7;
  // Which of several changes is meant has to be said: "POST", a body, a text.
  const std::vector<Property> all = properties_of(tool.parameters);
  const bool must_choose = std::any_of(all.begin(), all.end(), [](const Property& property) {
    return property.is_enum && property.is_required && !property.schema->contains("default");
  });
  if (must_choose && evidence.enum_said == 0 && !has_said_text(material)) return false;
  // What it does is in the last part of its name: "send" of "email.send".
  const std::set<std::string> deed = telling_stems(split(tool.name, '.').back());
  const bool is_named = !deed.empty() && count_common(deed, said) == deed.size();
  const bool is_heard = evidence.heard >= heard_from || evidence.verb_heard >= heard_from ||
                        (tool.examples.empty() && evidence.own_said > 0);
  return is_named || is_heard || evidence.enum_said > 0 || material.has(SlotKind::email) ||
         (taken.contains(SlotKind::email) && (material.address_source.place || material.address_source.is_memory)) ||
         (has_said_text(material) && taken.contains(SlotKind::free_text));
}

bool own_end(const ToolDefinition& tool) {
  const std::vector<std::string> words = identifier_words(tool.description);
  return tool.changes_world && std::find(words.begin(), words.end(), "end") != words.end();
}

bool has_star(const Material& material) {
  return std::any_of(material.words.begin(), material.words.end(), [&](const Span& word) {
    const std::string_view text = word.in(material.asking);
    return text.starts_with("*.") || (text.find('*') != text.npos && text.find('.') != text.npos);
  });
}

bool takes_star(const ToolDefinition& tool) {
  const std::vector<Property> all = properties_of(tool.parameters);
  return std::any_of(all.begin(), all.end(), [](const Property& p) { return p.description().find('*') != std::string::npos; });
}

bool needs_no_place(const ToolDefinition& tool) {
  const std::vector<Property> all = properties_of(tool.parameters);
  return std::none_of(all.begin(), all.end(), [](const Property& p) { return p.is_required && p.is_critical_string(); });
}

bool tells_somebody(const Material& material) {
  static constexpr std::array tellers = {"tell", "inform", "notify", "mail", "email", "send", "write", "message", "forward", "let", "hear", "advise", "warn"};
  const std::vector<std::string> words = identifier_words(without_quotes(plain_english(material.asking, material.language)));
  return std::any_of(words.begin(), words.end(), [](const std::string& word) { return is_one_of(word, tellers); });
}

}  // namespace

ToolEvidence evidence_for(const ToolList& tools, std::size_t index, const ClauseStep& step,
                          const Material& material, const Lexicon& lexicon,
                          std::optional<std::size_t> reader) {
  const ToolDefinition& tool = tools[index];
  ToolEvidence evidence;
  const bool reads = !tool.changes_world;
  const auto has = [&](SlotKind kind) { return reads ? material.has_to_read(kind) : material.has(kind); };
  const bool has_any = has(SlotKind::email) || has(SlotKind::url) || has(SlotKind::path) || material.address_source.place;
  const std::vector<std::string> words = identifier_words(without_places(material.in_english));
  double numbers = 0;
  for (const NumberSpan& number : material.numbers) numbers += number.is_weak ? 0 : 1;
  double required_numbers = 0, numeric = 0;
  bool takes_many = false;
  for (const Property& property : properties_of(tool.parameters)) {
    if (takes_numbers(property)) {
      numeric += 1, takes_many = takes_many || property.is_list;
      required_numbers += property.is_required && !property.schema->contains("default") ? 1 : 0;
    }
    if (property.is_enum && is_enum_said(property, words, material.clause)) ++evidence.enum_said;
    if (property.type == "string" && !property.is_enum)
      count_string(evidence, tool, property, step, material, has_any);
  }
  const double all_numbers = static_cast<double>(material.numbers.size());
  evidence.missing_numbers = std::max(0.0, required_numbers - all_numbers);
  evidence.spare_numbers = takes_many ? 0 : std::max(0.0, numbers - numeric);
  const std::set<SlotKind> taken = kinds_of(tool);
  for (const auto& [kind, pieces] : material.pieces) {
    if (!has(kind)) continue;
    ++(taken.contains(kind) ? evidence.taken : evidence.unused);
  }
  // Whoever it is written to, is named.
  if (tool.changes_world && material.address_source.place && taken.contains(SlotKind::email)) ++evidence.taken;
  if (!material.has(SlotKind::path) && !step.attachments.empty() && carries_files(tool, step, material))
    ++evidence.taken;
  // "it" stands for something that the tool has no place for.
  const bool has_place = std::any_of(taken.begin(), taken.end(), [&](SlotKind kind) {
    return !is_critical(kind) || !material.has(kind);
  });
  if (material.refers_back && !step.past.empty() && has_any && !has_place) ++evidence.unused_text;
  if (has_said_text(material) && !taken.contains(SlotKind::free_text) &&
      !taken.contains(SlotKind::label))
    ++evidence.unused_text;
  // "I moved to Bern, keep that in mind": what was told is nothing to look for.
  const bool is_dictated = material.dictation != std::string::npos && material.quotes.empty() &&
                           (material.language == Language::english || material.clause.find(": ") != std::string::npos);
  if ((step.told > 0 || is_dictated) && reads && taken.contains(SlotKind::label)) ++evidence.unused_text;
  std::set<std::string> said = telling_stems(without_places(material.in_english));
  for (const std::string& word : words)
    for (const std::string& base : base_forms(word)) said.merge(telling_stems(base));
  const std::set<std::string> name = telling_stems(tool.name + " " + tool.description);
  const auto share = [](std::size_t part, std::size_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  evidence.own_said = share(count_common(name, said), name.size());
  // Of the whole name, or of the part between dots that is said best: "remember" of "memory.remember".
  std::vector<std::string_view> parts = split(tool.name, '.');
  parts.push_back(tool.name);
  std::optional<double> best_part;
  for (const std::string_view part : parts)
    if (const std::set<std::string> own_name = telling_stems(part); !own_name.empty())
      best_part = std::max(best_part.value_or(0), share(count_common(own_name, said), own_name.size()));
  if (best_part) evidence.name_said = *best_part;
  // An address that is written down somewhere is one too, for what has an effect.
  const bool is_addressed = material.has(SlotKind::email) || (tool.changes_world && material.address_source.place);
  evidence.lost_address = is_addressed && !taken.contains(SlotKind::email) ? 1 : 0;
  hear(evidence, material, lexicon, index);
  if (taken.contains(SlotKind::path) && taken.contains(SlotKind::free_text) && tool.changes_world &&
      !evidence.lost_address && is_put_into(step, material))
    evidence.heard += 1;
  // "have what is in a.txt in b.txt too", whatever the verb is.
  if (transfers(material) && tool.changes_world && taken.contains(SlotKind::free_text) &&
      taken.contains(find_urls(material.transfer->to.in(material.clause)).empty() ? SlotKind::path : SlotKind::url))
    evidence.heard += 2;
  // "there's an a.txt, rename it to b.txt": for what takes two places.
  if (!places_of_move(properties_of(tool.parameters)).empty() && says_move(material)) evidence.heard += 2;
  // "to the end of b.txt", in whatever language: for what adds to the end.
  static constexpr std::array ends = {"end", "bottom", "below", "foot", "tail", "underneath"};
  if (own_end(tool) && std::any_of(words.begin(), words.end(), [](const std::string& word) { return is_one_of(word, ends); })) evidence.heard += 1;
  // "*.mp3": for what says that it takes such a pattern.
  if (has_star(material) && takes_star(tool)) evidence.heard += 2;
  // "We moved to Bern, keep that safe": with no place named, an effect that needs none is meant, unless somebody is to be told.
  if (step.told > 0 && !has_any && tool.changes_world && needs_no_place(tool) && !tells_somebody(material)) evidence.heard += 2;
  evidence.has_cause = calls_for(tool, evidence, said, taken, material) ? 1 : 0;
  if (reader) {
    // "a list of the folder drawings, written to a.txt": some of the words are about the listing.
    if (asks_for_listing(material) && evidence.has_cause > 0) {
      ToolEvidence listing;
      hear(listing, material, lexicon, *reader);
      evidence.heard += listing.heard;
    }
    evidence.no_text = evidence.vague_text = 0;
    if (lacks_address(tool, step, material)) evidence.missing = std::max(0.0, evidence.missing - 1);
    evidence.unused = std::max(0.0, evidence.unused - 1);
  }
  return evidence;
}

}  // namespace deed
