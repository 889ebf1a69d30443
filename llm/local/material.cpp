#include "deed/llm/local/material.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/clause_words.hpp"
#include "deed/llm/local/lexicon.hpp"
#include "deed/llm/local/dictation.hpp"
#include "deed/llm/local/segments.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace deed {
namespace {

bool is_filler(std::string_view word) {
  static constexpr std::array fillers = {"the",  "a",    "an",    "of",   "is",      "as",
                                         "with", "file", "files", "line", "address", "addresses",
                                         "be",   "shall", "should", "must", "read", "reads"};
  return std::find(fillers.begin(), fillers.end(), word) != fillers.end();
}

bool takes(const Property& property, const std::optional<SlotKind>& kind) {
  if (property.type != "string" || property.is_enum) return false;
  return kind ? property.kind == *kind : !is_critical(property.kind);
}

// Whether one of the words just before the piece names the property.
bool is_named_by(const Property& property, const std::vector<std::string>& before, bool is_quote) {
  const std::vector<std::string> names = identifier_words(property.name);
  const std::set<std::string> name_stems = stems(property.name);
  std::size_t looked = 0;
  for (const std::string& word : before) {
    if (std::find(names.begin(), names.end(), word) != names.end()) return true;
    if (word.size() > 3 && count_common(stems(word), name_stems) > 0) return true;
    if (word.size() > 3 && std::any_of(names.begin(), names.end(), [&](const std::string& name) {
          return name.starts_with(word);  // "subj"
        }))
      return true;
    if (is_quote && property.kind == SlotKind::free_text && looked == 0 && announces_text(word))
      return true;
    if (is_quote && property.kind == SlotKind::label && announces_name(word)) return true;

    if (!is_filler(word) && ++looked >= 1) return false;
  }
  return false;
}

// The words behind a piece that may say what it is for: "in copy", "as a blind copy".
std::vector<std::string> words_behind(const Material& material, std::size_t at) {
  constexpr std::size_t farthest = 30, most = 5;
  static constexpr std::array links = {"in", "as", "on", "a", "the", "with", "into"};
  std::string_view rest = std::string_view(material.clause).substr(at, farthest);
  // What stands before the next place is about that one.
  for (const auto& [kind, list] : material.pieces)
    for (const Piece& piece : list)
      if (piece.span.begin > at && piece.span.begin < at + farthest) return {};
  rest = rest.substr(0, std::min(rest.size(), rest.find_first_of("@.;:\n\"")));
  std::vector<std::string> words;
  for (const Word& word : words_in(rest, material.language)) words.push_back(word.lower);
  if (words.size() > most) words.resize(most);
  // "in copy", "(cc)", "on blind copy", "in as a blind copy"
  const bool is_linked = !words.empty() && (is_one_of(words[0], links) || (!rest.empty() && trim(rest).starts_with('(')));
  return is_linked ? words : std::vector<std::string>();
}

struct Claimable {
  Span span;
  std::optional<SlotKind> kind;  ///< nullopt: a quotation
};

bool is_list_joint(std::string_view between) {
  for (const std::string& word : identifier_words(between))
    if (word != "and" && word != "or") return false;
  return between.size() <= 12 && between.find_first_of(".;:") == between.npos;
}

// "show me the whole ledger", after something was put into ledger.txt.
bool names_past_file(const std::string& clause, const std::vector<PastCall>& past) {
  constexpr std::size_t shortest = 4;
  const std::vector<std::string> words = identifier_words(without_quotes(clause));
  for (const PastCall& call : past)
    for (const auto& [name, argument] : call.arguments.items()) {
      if (!argument.is_string()) continue;
      const std::string& path = argument.get_ref<const std::string&>();
      if (path.size() > 255 || find_kind(SlotKind::path, path).size() != 1) continue;
      const std::size_t slash = path.rfind('/');
      std::string stem = lower_ascii(path.substr(slash == path.npos ? 0 : slash + 1));
      stem.resize(std::min(stem.size(), stem.find('.')));
      if (stem.size() >= shortest && std::find(words.begin(), words.end(), stem) != words.end())
        return true;
    }
  return false;
}

// "mail the list", after something was listed.
bool names_past_tool(const std::string& clause, const std::vector<PastCall>& past) {
  if (past.empty() || past.back().changes_world) return false;
  const std::vector<std::string> words = identifier_words(without_quotes(clause));
  const std::set<std::string> named = stems(past.back().tool);
  for (std::size_t i = 1; i < words.size(); ++i)
    if ((words[i - 1] == "the" || words[i - 1] == "that" || words[i - 1] == "this" ||
         words[i - 1] == "their") &&
        count_common(stems(words[i]), named) > 0)
      return true;
  return false;
}

// "the same", "the same words", "inform them accordingly"; not "at the same time".
bool asks_for_same(const std::string& clause) {
  const std::vector<std::string> words = identifier_words(without_quotes(clause));
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "accordingly") return true;
    if (words[i] != "same") continue;
    const std::string next = i + 1 < words.size() ? words[i + 1] : "";
    if (next != "time" && next != "day" && next != "place" && next != "folder" && next != "way") return true;
  }
  return false;
}

// "mail to ann@…": what, is not said.
bool only_sends(const std::string& clause, const std::vector<Span>& quotes) {
  static constexpr std::array senders = {"email", "mail", "mailed", "forward", "sent", "deliver"};
  const std::vector<Span> places = find_places(clause);
  if (!quotes.empty() || places.size() != 1 || places[0].in(clause).find('@') == std::string_view::npos) return false;
  const std::vector<std::string> words = identifier_words(without_places(clause));
  return !words.empty() && std::all_of(words.begin(), words.end(), [](const std::string& word) {
    return is_one_of(word, senders) || is_function_word(word);
  });
}

// "that file", after a step that wrote one.
bool names_a_past_file(const Material& material, const std::string& clause, const std::vector<PastCall>& past) {
  if (past.empty() || !past.back().changes_world || material.has(SlotKind::path)) return false;
  const std::vector<std::string> words = identifier_words(without_quotes(clause));
  for (std::size_t i = 1; i < words.size(); ++i)
    if ((words[i] == "file" || words[i] == "document" || words[i] == "note") &&
        (words[i - 1] == "the" || words[i - 1] == "that" || words[i - 1] == "this"))
      return true;
  return false;
}

// "let ann@… know the price per bale", "email the total to …", after something was read: what is named with an article and
// not said is there to be passed on.
bool names_what_was_read(const Material& material, const std::string& asking, const std::vector<PastCall>& past) {
  static constexpr std::array articles = {"the", "their", "its", "his", "her", "those", "these", "what", "which", "how", "when", "where", "who", "whether"};
  static constexpr std::array finite = {"is", "are", "was", "were", "will", "has", "have", "had", "can", "must", "should", "s", "isn", "won"};
  if (past.empty() || past.back().changes_world || past.back().is_cut || !material.quotes.empty() || material.language != Language::english) return false;
  if (!material.fields.list.empty() || !material.has(SlotKind::email)) return false;
  const bool is_dictated = material.dictation < material.clause.size();
  const std::string_view part = is_dictated ? std::string_view(material.clause).substr(material.dictation) : std::string_view(asking);
  std::vector<std::string> words = identifier_words(without_places(std::string(part)));
  if (words.empty() || std::any_of(words.begin(), words.end(), [](const std::string& word) { return is_one_of(word, finite); })) return false;
  if (!is_dictated && words.size() < 2) return false;
  return is_dictated ? is_one_of(words[0], articles) : is_one_of(words[1], articles) && is_one_of(words[0], common_verbs);
}

// Whether a label of a form is that property's.
bool is_labelled(const Property& property, const std::string& label) {
  if (property.is_text() && is_text_label(label)) return true;
  constexpr std::size_t telling = 4;
  for (const std::string& name : identifier_words(property.name)) {
    if (name == label) return true;
    if (label.size() >= telling && (name.starts_with(label) || label.starts_with(name)) &&
        name.size() >= telling)
      return true;
  }
  return property.kind == SlotKind::path && !property.is_list && (label == "file" || label == "folder");
}

// "list.txt += eggs", "list.txt + line: eggs", "http://… -> page.txt": signs as the word that they stand for.
std::string without_signs(std::string text) {
  const std::string bare = without_quotes(text);
  for (const std::string_view sign : {" -> ", " → ", " => ", " ➜ ", " --> "}) {
    const std::size_t at = bare.find(sign);
    if (at == bare.npos) continue;
    const std::size_t behind = at + sign.size(), end = std::min(bare.size(), bare.find(' ', behind));
    const std::string_view next = std::string_view(bare).substr(behind, end - behind);
    if (!find_emails(next).empty()) return text.replace(at, sign.size(), " send to ");
    if (!find_paths(next).empty()) return text.replace(at, sign.size(), " save as ");
  }
  for (const std::string_view sign : {" += ", " >> ", " + "})
    if (const std::size_t at = bare.find(sign); at != bare.npos) return text.replace(at, sign.size(), " append ");
  return text;
}

}  // namespace

Material::Material(const ClauseStep& step)
    : clause(step.clause),
      words(find_words(step.clause)),
      quotes(find_quotes(step.clause)),
      numbers(find_numbers(step.clause)),
      fields(find_fields(step.clause)),
      language(step.language.value_or(language_of(step.clause))),
      in_english(without_signs(in_english_words(step.clause, language))) {
  const Dictation said = find_dictation(clause);
  dictation = said.begin, dictation_end = said.end;
  if (!fields.list.empty()) dictation = fields.rest, dictation_end = clause.size();
  // "We have moved to Bern. Remember this": nothing else is said, and "this" is what was told.
  const bool is_told = step.told > 0 && dictation == clause.npos && quotes.empty();
  if (is_told) dictation = 0, dictation_end = step.told;
  // "tell them that the data is ready" says it, and points back to nothing.
  asking = clause;
  if (dictation < clause.size())
    std::fill(asking.begin() + static_cast<std::ptrdiff_t>(dictation),
              asking.begin() + static_cast<std::ptrdiff_t>(dictation_end), ' ');
  says_same = !is_told && !step.past.empty() && asks_for_same(in_english_words(asking, language));
  // "… saved in a.txt and mailed to ann@…": still the same thing.
  const std::vector<std::string> said_words = identifier_words(asking);
  const bool goes_on = !step.past.empty() && !said_words.empty() && !base_forms(said_words[0]).empty() &&
                       !is_function_word(said_words[0]) && said_words[0] != "read" && said_words[0] != "put";
  refers_back = says_same || goes_on || (!step.past.empty() && dictation == clause.npos && only_sends(in_english_words(asking, language), quotes)) ||
                step.uses_last_result ||
                (!is_told && (deed::refers_back(asking) || names_past_file(asking, step.past) ||
                              names_past_tool(asking, step.past)));
  // Quotations are blank there, and what is dictated too.
  const std::string unsaid = without_quotes(asking);
  const std::vector<Word> unsaid_words = words_in(unsaid, language);
  names_address = speaks_of_address(unsaid_words);
  address_source = find_address_source(unsaid, unsaid_words, language);
  for (const SlotKind kind : critical_slots) {
    pieces[kind] = {};
    for (const Span& span : find_kind(kind, clause)) {
      const bool is_quoted = std::any_of(
          quotes.begin(), quotes.end(), [&](const Span& q) { return q.covers(span) && q != span; });
      const bool is_in_field =
          std::any_of(fields.list.begin(), fields.list.end(), [&](const Field& field) {
            return is_text_label(field.label) && field.value.begin <= span.begin &&
                   span.end <= field.value.end;
          });
      pieces[kind].push_back({span, is_quoted || is_in_field || is_dictated(span), address_source.place == span});
    }
  }
  if (names_what_was_read(*this, asking, step.past)) refers_back = true, dictation = dictation_end = clause.npos;
  std::vector<Span> arguments;
  for (const SlotKind kind : {SlotKind::path, SlotKind::url})
    for (const Piece& piece : pieces[kind])
      if (!piece.is_in_text && !piece.holds_address && (kind == SlotKind::url || deed::has_extension(piece.span.in(clause)))) arguments.push_back(piece.span);
  std::sort(arguments.begin(), arguments.end());
  transfer = find_transfer(unsaid, unsaid_words, arguments);
  refers_back = refers_back || names_a_past_file(*this, in_english_words(asking, language), step.past);
}

bool Material::has(SlotKind kind) const {
  const auto found = pieces.find(kind);
  return found != pieces.end() && std::any_of(found->second.begin(), found->second.end(), [](const Piece& piece) {
    return !piece.is_in_text && !piece.holds_address;
  });
}

bool Material::has_to_read(SlotKind kind) const {
  const auto found = pieces.find(kind);
  return found != pieces.end() && std::any_of(found->second.begin(), found->second.end(),
                                              [](const Piece& piece) { return !piece.is_in_text; });
}

bool Material::is_in_piece(const Span& span) const {
  for (const auto& [kind, list] : pieces)
    for (const Piece& piece : list)
      if (piece.span.begin < span.end && span.begin < piece.span.end) return true;
  return false;
}

std::vector<std::string> Material::words_before(std::size_t at, std::size_t count) const {
  const std::string bare = lower_ascii(without_quotes(std::string_view(clause).substr(0, at)));
  std::vector<std::string> result = identifier_words(utf8_suffix(bare, 80));
  std::erase_if(result, [](const std::string& word) {
    return word == "«" || word == "“" || word == "„" || word == "‘" || word == "\u00a0";
  });
  if (result.size() > count)
    result.erase(result.begin(), result.end() - static_cast<std::ptrdiff_t>(count));
  std::reverse(result.begin(), result.end());
  for (std::string& word : result) word = deed::in_english(word, language);
  return result;
}

bool has_extension(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot != path.npos && dot + 1 < path.size() && path.size() - dot <= 6 &&
         path.find('/', dot) == path.npos;
}

bool names_folder(const Property& property) {
  const std::vector<std::string> words =
      identifier_words(property.name + " " + property.description());
  return std::find(words.begin(), words.end(), "folder") != words.end() ||
         std::find(words.begin(), words.end(), "directory") != words.end();
}

std::vector<std::string> places_of_move(const std::vector<Property>& properties) {
  std::vector<std::string> names;
  for (const Property& property : properties)
    if (property.is_required && !property.is_list && property.kind == SlotKind::path) names.push_back(property.name);
  if (names.size() != 2) names.clear();
  return names;
}

std::string plain_english(const std::string& text, Language language) { return without_signs(in_english_words(text, language)); }

bool wants_words(const Property& property) {
  const std::vector<std::string> described = identifier_words(property.description());
  return property.type == "string" && !property.is_enum && !described.empty() && described[0] == "words";
}

std::vector<Property> properties_of(const Json& parameters) {
  std::vector<Property> required, optional;
  const auto properties = parameters.is_object() ? parameters.find("properties") : parameters.end();
  if (!parameters.is_object() || properties == parameters.end() || !properties->is_object())
    return {};
  const Json needed = parameters.value("required", Json::array());
  for (const auto& [name, schema] : properties->items()) {
    Property property{.name = name, .schema = &schema};
    property.is_required =
        needed.is_array() && std::find(needed.begin(), needed.end(), name) != needed.end();
    property.type = schema_type(schema);
    const Json* value = &schema;
    if (property.type == "array") {
      property.is_list = true;
      const auto items = schema.find("items");
      if (items != schema.end() && items->is_object()) value = &*items;
      property.type = value == &schema ? "string" : schema_type(*value);
    }
    property.is_enum = value->is_object() && value->contains("enum") &&
                       (*value)["enum"].is_array() && !(*value)["enum"].empty();
    property.kind = slot_kind(name, *value);
    // A list says in its own description what its items are.
    if (property.is_list && property.kind == SlotKind::label)
      property.kind = slot_kind(name, schema);
    (property.is_required ? required : optional).push_back(std::move(property));
  }
  required.insert(required.end(), std::make_move_iterator(optional.begin()),
                  std::make_move_iterator(optional.end()));
  return required;
}

std::map<std::string, std::vector<Span>> find_claims(const Material& material,
                                                     const std::vector<Property>& properties) {
  std::vector<Claimable> claimables;
  for (const auto& [kind, list] : material.pieces)
    for (const Piece& piece : list)
      if (!piece.is_in_text && !piece.holds_address) claimables.push_back({piece.span, kind});
  for (const Span& quote : material.quotes)
    if (!material.is_in_piece(quote)) claimables.push_back({quote, std::nullopt});
  std::sort(claimables.begin(), claimables.end(),
            [](const Claimable& a, const Claimable& b) { return a.span < b.span; });
  std::map<std::string, std::vector<Span>> claims;
  for (const Field& field : material.fields.list) {
    const auto owner = std::find_if(properties.begin(), properties.end(), [&](const Property& p) {
      return p.type == "string" && !p.is_enum && is_labelled(p, field.label);
    });
    if (owner == properties.end()) continue;
    if (!owner->is_critical_string()) {
      claims[owner->name].push_back(field.value);
      continue;
    }
    for (const Piece& piece : material.pieces.at(owner->kind))
      if (field.value.begin <= piece.span.begin && piece.span.end <= field.value.end)
        claims[owner->name].push_back(piece.span);
  }
  const auto is_labelled_piece = [&](const Span& span) {
    return std::any_of(claims.begin(), claims.end(), [&](const auto& claim) {
      return std::any_of(claim.second.begin(), claim.second.end(), [&](const Span& s) {
        return s.begin <= span.begin && span.end <= s.end;
      });
    });
  };
  std::erase_if(claimables, [&](const Claimable& one) { return is_labelled_piece(one.span); });
  std::string last_owner;
  const Claimable* last = nullptr;
  for (const Claimable& claimable : claimables) {
    const std::vector<std::string> before = material.words_before(claimable.span.begin, 4);
    std::string owner, owner_behind;
    std::size_t most_behind = 0;
    // "with a copy to …": a word of the description that the one who is meant first lacks.
    if (claimable.kind)
      for (const Property& property : properties) {
        if (!owner.empty() || property.is_required || property.kind != *claimable.kind || !property.is_list)
          continue;
        std::set<std::string> telling = telling_stems(property.description());
        for (const Property& other : properties)
          if (other.is_required && other.kind == property.kind)
            for (const std::string& stem : telling_stems(other.description())) telling.erase(stem);
        const auto is_telling = [&](const std::string& word) {
          const std::vector<std::string> names = identifier_words(property.name);
          return (word.size() > 3 && count_common(stems(word), telling) > 0) || std::find(names.begin(), names.end(), word) != names.end();
        };
        for (std::size_t i = 0; i < std::min<std::size_t>(2, before.size()); ++i)
          if (is_telling(before[i])) owner = property.name;
        // "bob@… in as a blind copy", "bob@… on cc": of two that fit, the one with more of the words.
        if (!owner.empty()) continue;
        const std::vector<std::string> behind = words_behind(material, claimable.span.end);
        const std::size_t told = static_cast<std::size_t>(std::count_if(behind.begin(), behind.end(), is_telling));
        if (told > most_behind) most_behind = told, owner_behind = property.name;
      }
    if (owner.empty()) owner = owner_behind;
    for (const Property& property : properties)
      if (owner.empty() && takes(property, claimable.kind) &&
          is_named_by(property, before, !claimable.kind))
        owner = property.name;
    // "cc bob@… and eve@…": the second one too.
    if (owner.empty() && last != nullptr && last->kind == claimable.kind && claimable.kind &&
        !last_owner.empty() &&
        is_list_joint(std::string_view(material.clause)
                          .substr(last->span.end, claimable.span.begin - last->span.end)))
      owner = last_owner;
    if (!owner.empty()) claims[owner].push_back(claimable.span);
    last = &claimable, last_owner = owner;
  }
  // A quotation that no word assigns is what a text says, rather than a title of it.
  const auto is_text = [](const Property& property) {
    return property.is_text() && property.is_required;
  };
  const auto text = std::find_if(properties.begin(), properties.end(), is_text);
  if (text != properties.end() && !claims.contains(text->name) &&
      material.dictation == std::string::npos)
    for (const Claimable& claimable : claimables) {
      const auto owns = [&](const auto& claim) {
        return std::find(claim.second.begin(), claim.second.end(), claimable.span) !=
               claim.second.end();
      };
      if (claimable.kind || std::any_of(claims.begin(), claims.end(), owns)) continue;
      claims[text->name].push_back(claimable.span);
      break;
    }
  return claims;
}

}  // namespace deed
