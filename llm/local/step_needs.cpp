#include "deed/llm/local/step_needs.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/segments.hpp"

#include <algorithm>
#include <array>

namespace deed {

bool has_said_text(const Material& material) {
  return material.dictation != std::string::npos ||
         std::any_of(material.fields.list.begin(), material.fields.list.end(),
                     [](const Field& field) { return is_text_label(field.label); }) ||
         std::any_of(material.quotes.begin(), material.quotes.end(),
                     [&](const Span& q) { return !material.is_in_piece(q); });
}

bool carries_files(const ToolDefinition& tool, const ClauseStep& step, const Material& material) {
  for (const Property& property : properties_of(tool.parameters))
    if (property.is_list && property.is_critical_string() && property.kind == SlotKind::path)
      return material.has(SlotKind::path) || !step.attachments.empty();
  return false;
}

// Where a critical argument could come from. `reads`: of a tool that changes nothing.
ArgumentSource source_of(SlotKind kind, const ClauseStep& step, const Material& material, bool is_list, bool reads) {
  if (reads ? material.has_to_read(kind) : material.has(kind)) return ArgumentSource::given;
  if (kind == SlotKind::path && is_list && !step.attachments.empty()) return ArgumentSource::given;
  for (const std::string& answer : step.answers)
    if (!find_kind(kind, answer).empty()) return ArgumentSource::given;
  const bool is_meant = kind == SlotKind::email ? speaks_of_someone(material) || material.refers_back : material.refers_back;
  if (!is_meant) return ArgumentSource::none;
  for (const PastCall& call : step.past)
    if (!find_kind(kind, call.result).empty() || !find_kind(kind, to_text(call.arguments)).empty())
      return ArgumentSource::reference;
  return ArgumentSource::none;
}

// The kinds of strings that the tool's arguments take.
std::set<SlotKind> kinds_of(const ToolDefinition& tool) {
  std::set<SlotKind> kinds;
  for (const Property& property : properties_of(tool.parameters))
    if (property.type == "string" && !property.is_enum) kinds.insert(property.kind);
  return kinds;
}

std::set<std::string> own_stems(const ToolDefinition& tool) {
  std::set<std::string> own = stems(tool.name + " " + tool.description);
  for (const Property& property : properties_of(tool.parameters))
    own.merge(stems(property.name + " " + property.description()));
  // What a request for it begins with, and lists of such words; the rest of an example is about
  // anything.
  for (const std::string& example : tool.examples) {
    const bool is_concrete = example.find_first_of("\"@/0123456789") != example.npos;
    own.merge(stems(is_concrete ? example.substr(0, example.find(' ')) : example));
  }
  return own;
}

bool is_content(const Span& word, const Material& material, const std::set<std::string>& own) {
  const std::string text(
      in_english(lower_ascii(word.in(material.clause)), material.language));
  if (is_function_word(text) || announces_text(text) || announces_name(text) ||
      material.is_in_piece(word))
    return false;
  constexpr std::size_t telling = 4;  // "subj"
  if (text.size() >= telling && std::any_of(own.begin(), own.end(), [&](const std::string& one) {
        return one.starts_with(text);
      }))
    return false;
  const std::set<std::string> stem = stems(text);
  return stem.empty() || count_common(stem, own) == 0;
}

bool has_words_left(const ToolDefinition& tool, const Material& material) {
  const std::set<std::string> own = own_stems(tool);
  return material.words.size() > 1 &&
         std::any_of(material.words.begin() + 1, material.words.end(),
                     [&](const Span& word) {
                       return is_content(word, material, own) &&
                              std::none_of(material.quotes.begin(), material.quotes.end(),
                                           [&](const Span& q) { return q.covers(word); });
                     });
}

bool has_text(const ToolDefinition& tool, const ClauseStep& step, const Material& material) {
  return !material.quotes.empty() || material.dictation != std::string::npos ||
         !step.answers.empty() || (material.refers_back && !step.past.empty()) ||
         has_words_left(tool, material) || carries_files(tool, step, material);
}

// "a list of what is in the folder drawings"
bool asks_for_listing(const Material& material) {
  static constexpr std::array things = {"list", "what", "names", "files", "everything", "contents", "which"};
  const std::vector<std::string> words = identifier_words(without_places(without_quotes(material.in_english)));
  const auto says = [&](auto is) { return std::any_of(words.begin(), words.end(), is); };
  return !has_said_text(material) && says([](const std::string& word) { return word == "folder" || word == "directory"; }) &&
         says([](const std::string& word) { return is_one_of(word, things); });
}

// "rename a.txt to b.txt" leaves nothing where it was.
bool says_move(const Material& material) {
  static constexpr std::array moves = {"move", "moved", "moves", "rename", "renamed", "relocate"};
  const std::vector<std::string> words = identifier_words(without_quotes(material.in_english));
  const auto says = [&](std::string_view wanted) { return std::find(words.begin(), words.end(), wanted) != words.end(); };
  // "change the name of a.txt"
  return ((says("name") || says("named")) && says("change")) || std::any_of(words.begin(), words.end(), [](const std::string& word) { return is_one_of(word, moves); });
}

// What is in one place goes into the other, if nothing else is said.
bool transfers(const Material& material) {
  return material.transfer && !has_said_text(material) && !material.has(SlotKind::email) && !says_move(material);
}

namespace {

// "mail her the link http://…"
bool speaks_of_link(const Material& material) {
  const std::vector<std::string> words = identifier_words(without_places(without_quotes(material.in_english)));
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "link" || word == "url" || word == "address" || word == "bookmark";
  });
}

}  // namespace

bool lacks_text(const ToolDefinition& tool, const ClauseStep& step, const Material& material) {
  const std::vector<Property> properties = properties_of(tool.parameters);
  const bool takes_text = std::any_of(properties.begin(), properties.end(),
                                      [](const Property& property) { return property.is_text(); });
  // A quotation that is the subject is no text.
  std::size_t claimed = 0, claimed_text = 0;
  for (const auto& [name, spans] : find_claims(material, properties))
    for (const Property& property : properties)
      if (property.name == name && !is_critical(property.kind))
        (property.is_text() ? claimed_text : claimed) += spans.size();
  const bool has_claimed_quotes_only = material.dictation == std::string::npos &&
                                       claimed_text == 0 && claimed >= material.quotes.size() &&
                                       !material.quotes.empty();
  const bool has_source = (has_said_text(material) && !has_claimed_quotes_only) ||
                          !step.answers.empty() ||
                          (material.refers_back && !step.past.empty());
  // "mail her the link http://…" has words of its own to send.
  // Which words of another language have content is not known well enough; and beside a page that can be read, what is
  // left of the words is hardly all of the text.
  const bool is_sure = material.language == Language::english && !asks_for_listing(material) &&
                       !(material.has(SlotKind::url) && !speaks_of_link(material));
  if (takes_text && !has_source && transfers(material)) return true;
  return takes_text && !has_source && (!is_sure || !has_words_left(tool, material) || material.refers_back);
}

bool speaks_of_someone(const Material& material) {
  static constexpr std::array persons = {"him", "her", "them"};
  const std::vector<std::string> words = identifier_words(without_quotes(material.in_english));
  return material.names_address ||
         std::any_of(words.begin(), words.end(), [](const std::string& word) { return is_one_of(word, persons); });
}

bool has_no_address(const ToolDefinition& tool, const ClauseStep& step, const Material& material) {
  const std::vector<Property> all = properties_of(tool.parameters);
  return std::any_of(all.begin(), all.end(), [&](const Property& property) {
    return property.is_required && property.is_critical_string() && property.kind == SlotKind::email &&
           source_of(property.kind, step, material, property.is_list, false) == ArgumentSource::none;
  });
}

// "Her address is in contacts.txt": the tool needs an address, none is given, and the words say where one stands.
bool lacks_address(const ToolDefinition& tool, const ClauseStep& step, const Material& material) {
  return has_no_address(tool, step, material) && material.names_address;
}

}  // namespace deed
