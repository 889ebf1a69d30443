// The arguments of a call, slot by slot, in a prompt shaped like a form: what can only be one thing
// is written into it, what must be chosen is ranked. Addresses, URLs and paths are only ever copied
// from what the user or a tool said; where there is nothing to copy, the slot is reported as
// missing instead of being filled.
#pragma once

#include "deed/llm/local/material.hpp"
#include "deed/llm/local/scorer.hpp"

#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace deed {

/// In nats. Set by hand on development data.
struct FormWeights {
  double next_number = 1.0, reused_number = -4.0, named_number = 2.0, number_named_behind = 1.5,
         unit = 2.0;
  double reused_span = -10.0, said_text = -3.0, more_words = 0.6, whole_quote = 2.0,
         cut_quote = -2.0, cut_name = -2.0;
  double only_function_words = -4.0, only_digits = -4.0, in_description = 3.0, named_before = 2.0,
         direction = 3.0;
  double announced_text = 3.0, text_to_the_end = 3.0, like_example = 6.0, enum_in_clause = 3.0;
  double sure_of_place = 1.5;   ///< between two places that an effect may go to, to choose one
  double optional_from = -2.5;  ///< above "-", to fill an optional argument
  std::size_t span_words = 8, text_words = 40, span_starts = 6;
  std::int64_t decoded_tokens = 40;
};

struct FilledCall {
  Json arguments = Json::object();
  std::vector<Choice> choices;
};
/// A required argument that nothing in the request gives.
struct MissingArgument {
  std::string name, description;
  std::size_t answers_used = 0;    ///< answers of the user that other arguments took
  std::string cut_result_of = {};  ///< the tool whose result was meant, and is there only in part
};
using FormResult = std::variant<FilledCall, MissingArgument>;

/// How every form begins.
Tokens form_beginning(Scorer& scorer);

/// The JSON pointer of a slot; the parts of `path` are joined by the byte 0x1f.
std::string slot_pointer(const std::string& path);

class Form {
 public:
  /// All references outlive the form.
  Form(Scorer& scorer, const ClauseStep& step, const ToolDefinition& tool, FormWeights weights = {});

  /// errors  as Scorer::score
  Result<FormResult> fill();

 private:
  // A value for a slot, with what it leaves in the form and what it uses up.
  struct Value {
    Json json;
    std::string shown;
    double score = 0;
    Choice choice = {};
    std::vector<Span> spans = {};
    bool is_certain =
        false;  ///< asked for in words: an optional argument takes it without being weighed
  };
  using MaybeValue = Result<std::optional<Value>>;
  struct Slot {
    const Property& property;
    std::string path;  ///< "options.limit" in an object, for the form
    Tokens line;       ///< the form so far and the slot's label
  };
  struct Start;

  struct Filled {
    Json object = Json::object();
    std::optional<MissingArgument> missing = {};
  };
  Result<Filled> fill_object(const Json& parameters, const std::string& path);
  Result<bool> fill_property(const Property& property, const std::string& path, Filled& filled);
  MaybeValue value_for(const Slot& slot);
  MaybeValue answer_for(const Slot& slot);
  Result<bool> is_wanted(const Slot& slot, const Value& value);
  void write(const Slot& slot, const Value& value);

  MaybeValue enumerated(const Slot& slot);
  MaybeValue one_of(const Slot& slot, const Json& values);
  std::optional<Value> by_default(const Slot& slot) const;
  std::optional<Value> quoted_list(const Slot& slot, const Span& first) const;
  MaybeValue enumerated_list(const Slot& slot);
  MaybeValue truth(const Slot& slot);
  MaybeValue literal(const Slot& slot, char open, char close) const;

  MaybeValue critical(const Slot& slot);
  MaybeValue critical_list(const Slot& slot);
  MaybeValue referred_critical(const Slot& slot);
  MaybeValue bare_path(const Slot& slot);
  Span end_of_move(bool is_source, const std::vector<Span>& places) const;
  std::vector<Span> pieces_for(const Slot& slot) const;

  MaybeValue text(const Slot& slot);
  std::optional<Value> same_text() const;
  std::optional<Value> words_to_look_for(const Slot& slot) const;
  std::optional<Span> only_file_name(const Slot& slot) const;
  std::optional<std::string> found_file() const;
  std::optional<Span> in_the_line_that_is_meant(const std::string& result, const std::vector<Span>& spans) const;
  bool was_read_for_this(const Span& span) const;
  std::optional<Value> referred_text();
  std::optional<Value> explicit_text(const Slot& slot);
  bool carries_files() const;
  struct WrittenFile {
    std::string path, tool;  ///< and what wrote it
  };
  std::optional<WrittenFile> referred_file() const;
  MaybeValue label(const Slot& slot);
  MaybeValue date(const Slot& slot);
  MaybeValue best_span(const Slot& slot, bool is_text);
  std::optional<Value> name_of_source(const Slot& slot) const;
  std::optional<Value> name_of_carried(const Slot& slot) const;
  std::optional<Value> title_of_text(const Slot& slot);
  std::optional<Span> named_to_the_end(const Slot& slot) const;
  MaybeValue decoded(const Slot& slot);
  MaybeValue string_list(const Slot& slot);
  Result<std::vector<Start>> span_starts(const Slot& slot, bool is_text);
  double start_bonus(const Slot& slot, std::size_t at, bool is_text) const;
  double span_bonus(const Slot& slot, Span span, bool is_text) const;

  MaybeValue number(const Slot& slot);
  MaybeValue number_list(const Slot& slot);
  Result<void> assign_numbers(const std::vector<Property>& properties, const std::string& path);
  bool is_nobodys_piece(const Span& span) const;
  double number_bonus(const Property& property, std::size_t index) const;
  bool is_named_by_other(const Property& property, std::size_t number) const;
  std::vector<std::size_t> free_numbers(const Property& property) const;
  Value number_value(const Slot& slot, std::size_t index) const;

  /// log P(text and the line's end) for each text.
  Result<std::vector<double>> rank(const Tokens& line, const std::vector<std::string>& texts);
  Value copied(const Slot& slot, Span span, double score) const;

  Scorer& scorer_;
  const ClauseStep& step_;
  const ToolDefinition& tool_;
  FormWeights weights_;
  Material material_;
  std::map<std::string, std::vector<Span>> claims_;
  Tokens form_;
  std::vector<Choice> choices_;
  std::set<Span> used_;
  std::set<std::size_t> used_numbers_;
  std::map<std::string, std::pair<std::size_t, double>>
      assigned_;  ///< numbers of several slots, by path
  std::size_t answers_used_ = 0;
  bool used_reference_ = false, used_dictation_ = false;
  std::string cut_result_of_;
};

}  // namespace deed
