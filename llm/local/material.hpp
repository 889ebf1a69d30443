// What one step has to work with: the user's words for it, what in them can be copied and which
// argument each piece is meant for, files that came with the request, answers, and what the steps
// before it gave.
#pragma once

#include "deed/llm/local/address_source.hpp"
#include "deed/llm/local/fields.hpp"
#include "deed/llm/local/glossary.hpp"
#include "deed/llm/local/grounding.hpp"
#include "deed/llm/local/transfer.hpp"
#include "deed/llm/message.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// A call that has succeeded.
struct PastCall {
  std::string tool;
  Json arguments = Json::object();
  std::string result;
  bool changes_world = false;
  bool is_cut = false;  ///< `result` is not all of it: to be read, not to be copied
};

/// One step of a request, before anything has been decided about it.
struct ClauseStep {
  std::string clause;  ///< the user's words, in UTF-8
  std::vector<std::string> attachments = {};
  std::vector<std::string> answers = {};  ///< of the user to questions of this step, oldest first
  std::vector<PastCall> past = {};        ///< oldest first
  std::optional<Language> language = {};  ///< of the whole request; nullopt: that of the clause
  bool uses_last_result = false;          ///< the last of them was read for this very step
  std::string before = {};  ///< the clause before this one: of whom "him" speaks
  std::size_t told = 0;  ///< bytes at the clause's beginning that tell what the order behind them is about
};

/// A piece of the clause that can be copied.
struct Piece {
  Span span;
  bool is_in_text =
      false;  ///< within a quotation or dictated text: said, not meant as an argument by itself
  bool holds_address = false;  ///< read for an address and nothing else: no argument of an effect
};

/// The clause, read once.
struct Material {
  explicit Material(const ClauseStep& step);

  const std::string& clause;
  std::vector<Span> words, quotes;
  std::map<SlotKind, std::vector<Piece>> pieces;  ///< of the critical kinds
  std::vector<NumberSpan> numbers;
  Fields fields;  ///< where the words are like a form
  std::size_t dictation;  ///< where dictated text begins; npos
  std::size_t dictation_end;  ///< in Korean what is said stands before "라고"; else the clause's end
  bool refers_back = false;
  bool says_same = false;  ///< "the same to bob@…": what a step before was given
  Language language;
  std::string in_english;  ///< the clause, known words of other languages in English
  std::string asking;  ///< the clause, the bytes of what is dictated blank
  AddressSource address_source;  ///< where the words say that an address is written down
  bool names_address = false;    ///< the words speak of an address
  std::optional<Transfer> transfer;  ///< of two places, what is read and what is written

  /// Whether a piece of that kind stands outside of texts and is no mere source of an address.
  bool has(SlotKind kind) const;
  /// The same with the sources of an address: for what only reads.
  bool has_to_read(SlotKind kind) const;
  /// The last `count` words before `at`, lower case, nearest first.
  std::vector<std::string> words_before(std::size_t at, std::size_t count) const;
  /// Whether `span` is part of what is dictated.
  bool is_dictated(const Span& span) const {
    return dictation != std::string::npos && span.begin >= dictation && span.end <= dictation_end;
  }
  /// Whether `span` lies in an address, a URL or a path.
  bool is_in_piece(const Span& span) const;
};

/// A property of a tool's parameters, as the planner sees it.
struct Property {
  std::string name;
  const Json* schema;
  std::string type;  ///< of the value, or of the items of a list
  bool is_list = false, is_required = false;
  SlotKind kind = SlotKind::label;  ///< of strings
  bool is_enum = false;

  std::string description() const { return string_at(*schema, "description"); }
  bool is_critical_string() const { return type == "string" && !is_enum && is_critical(kind); }
  bool is_text() const { return type == "string" && !is_enum && kind == SlotKind::free_text; }
};

/// The properties of an object schema, required ones first, else in their order. `parameters`
/// outlives them.
std::vector<Property> properties_of(const Json& parameters);

/// Whether a path's last part has an extension: a file rather than a folder.
bool has_extension(std::string_view path);
/// Whether the property's name or description speaks of a folder.
bool names_folder(const Property& property);
/// Of a tool that takes two places, the arguments for them, the one for what is moved first; none of all others.
std::vector<std::string> places_of_move(const std::vector<Property>& properties);

/// `text` in plain English words, signs such as "->" and "+=" as the word that they stand for.
std::string plain_english(const std::string& text, Language language);

/// Whether the property is for words to look for, as its description says.
bool wants_words(const Property& property);

/// Which quotations and pieces the words before them assign to which property: `with the subject
/// "…"`, `cc bob@…`.
std::map<std::string, std::vector<Span>> find_claims(const Material& material,
                                                     const std::vector<Property>& properties);

}  // namespace deed
