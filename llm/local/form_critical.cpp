// Slots that say where an effect goes: addresses, URLs and paths. Their values are exact copies of
// the user's words, of a file given with the request, or of a step before; never made.
#include "deed/core/text.hpp"
#include "deed/llm/local/form.hpp"
#include "deed/llm/local/segments.hpp"
#include "deed/llm/local/step_needs.hpp"

#include <algorithm>
#include <array>

namespace deed {
// What the words give to this slot: its own claims, else what nobody claims. Text that is only said
// does not count.
std::vector<Span> Form::pieces_for(const Slot& slot) const {
  if (const auto own = claims_.find(slot.property.name); own != claims_.end()) return own->second;
  const auto pieces = material_.pieces.find(slot.property.kind);
  if (pieces == material_.pieces.end()) return {};
  std::set<Span> claimed;
  for (const auto& [name, spans] : claims_) claimed.insert(spans.begin(), spans.end());
  std::vector<Span> result;
  const std::vector<std::string> ends = places_of_move(properties_of(tool_.parameters));
  // A file's name is no folder to look in.
  const bool wants_folder = !slot.property.is_list && names_folder(slot.property) && ends.empty();
  for (const Piece& piece : pieces->second)
    if (!piece.is_in_text && !(piece.holds_address && tool_.changes_world) && !claimed.contains(piece.span) &&
        !(wants_folder && has_extension(piece.span.in(step_.clause))))
      result.push_back(piece.span);
  if (slot.property.kind != SlotKind::path || slot.property.is_list || result.size() < 2) return result;
  if (!ends.empty() && result.size() == 2) return {end_of_move(slot.property.name == ends[0], result)};
  if (material_.transfer) {
    const Span meant = tool_.changes_world ? material_.transfer->to : material_.transfer->from;
    if (std::find(result.begin(), result.end(), meant) != result.end()) return {meant};
  }
  // "copy a.txt to b.txt", "of a.txt make one called b.txt": b is what is written, a what is read.
  std::vector<Span> source, target;
  for (const Span& span : result) {
    const std::vector<std::string> before = material_.words_before(span.begin, 1);
    const bool is_target = !before.empty() && (announces_name(before[0]) || before[0] == "to" ||
                                               before[0] == "into" || before[0] == "as");
    (is_target ? target : source).push_back(span);
  }
  if (target.size() != 1 || source.empty()) return result;
  return tool_.changes_world ? target : source;
}

// "move a.txt into b/", "b/ is where a.txt belongs".
Span Form::end_of_move(bool is_source, const std::vector<Span>& places) const {
  Span from = places[0], to = places[1];
  if (material_.transfer && std::find(places.begin(), places.end(), material_.transfer->from) != places.end() &&
      std::find(places.begin(), places.end(), material_.transfer->to) != places.end())
    from = material_.transfer->from, to = material_.transfer->to;
  // What ends in a slash is a folder, and a file goes into it.
  const auto is_folder = [&](const Span& span) { return span.in(step_.clause).ends_with('/'); };
  if (is_folder(from) && has_extension(to.in(step_.clause))) std::swap(from, to);
  return is_source ? from : to;
}

bool Form::was_read_for_this(const Span& span) const {
  if (!step_.uses_last_result || step_.past.empty()) return false;
  const Json& arguments = step_.past.back().arguments;
  return std::any_of(arguments.begin(), arguments.end(), [&](const Json& argument) {
    return argument.is_string() && argument.get_ref<const std::string&>() == span.in(step_.clause);
  });
}

Form::MaybeValue Form::critical(const Slot& slot) {
  std::vector<Span> spans = pieces_for(slot);
  if (!slot.property.is_required)
    std::erase_if(spans, [&](const Span& span) { return used_.contains(span); });
  // What was read for this step is not where it goes.
  if (spans.size() > 1) std::erase_if(spans, [&](const Span& span) { return was_read_for_this(span); });
  if (spans.empty()) {
    if (slot.property.is_required) {
      DEED_TRY(auto referred, referred_critical(slot));
      if (referred) return referred;
      if (slot.property.kind == SlotKind::path) {
        if (step_.attachments.size() == 1) {
          Value value{.json = step_.attachments[0], .shown = step_.attachments[0]};
          value.choice = make_choice(slot_pointer(slot.path), {value.shown}, {0.0}, "attachment");
          return std::optional(std::move(value));
        }
        return bare_path(slot);
      }
      // Where only the description hints at an address, other words may do; a format is strict.
      if (!slot.property.schema->contains("format") && !tool_.changes_world) return label(slot);
    } else if (slot.property.kind == SlotKind::path && names_folder(slot.property)) {
      return bare_path(slot);
    }
    return std::optional<Value>();
  }
  std::vector<std::string> texts;
  for (const Span& span : spans) texts.emplace_back(span.in(step_.clause));
  std::vector<double> scores(texts.size(), 0.0);
  if (texts.size() > 1) {
    DEED_TRY(scores, rank(slot.line, texts));
  }
  std::size_t best = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    scores[i] += used_.contains(spans[i]) ? weights_.reused_span : 0;
    if (scores[i] > scores[best]) best = i;
  }
  // Where an effect goes to one of two places that are about as likely, the user is asked.
  if (tool_.changes_world)
    for (std::size_t i = 0; i < spans.size(); ++i)
      if (i != best && texts[i] != texts[best] && scores[best] - scores[i] < weights_.sure_of_place)
        return std::optional<Value>();
  Value value = copied(slot, spans[best], scores[best]);
  value.choice = make_choice(slot_pointer(slot.path), texts, scores, "request");
  value.is_certain = true;
  return std::optional(std::move(value));
}

Form::MaybeValue Form::critical_list(const Slot& slot) {
  std::vector<Span> spans = pieces_for(slot);
  std::erase_if(spans, [&](const Span& span) { return used_.contains(span) || was_read_for_this(span); });
  Value value{.json = Json::array(), .is_certain = true};
  for (const Span& span : spans) {
    const std::string text(span.in(step_.clause));
    if (std::find(value.json.begin(), value.json.end(), text) == value.json.end())
      value.json.push_back(text);
    value.spans.push_back(span);
  }
  std::string origin = "request";
  if (slot.property.kind == SlotKind::path && !step_.attachments.empty()) {
    // Files given with the request are meant for the call that can carry files.
    for (const std::string& path : step_.attachments)
      if (std::find(value.json.begin(), value.json.end(), path) == value.json.end())
        value.json.push_back(path);
    origin = spans.empty() ? "attachment" : "request and attachment";
  }
  if (value.json.empty() && slot.property.kind == SlotKind::path && material_.refers_back)
    if (const auto file = found_file()) {
      value.json.push_back(*file);
      origin = "result of " + step_.past.back().tool;
    }
  if (value.json.empty() && slot.property.kind == SlotKind::path)
    if (const auto file = referred_file()) {
      value.json.push_back(file->path);
      origin = "argument of " + file->tool;
    }
  if (value.json.empty()) {
    if (!slot.property.is_required) return std::optional<Value>();
    DEED_TRY(auto referred, referred_critical(slot));
    if (referred) return referred;
    if (!slot.property.schema->contains("format") && slot.property.kind == SlotKind::path &&
        !tool_.changes_world)
      return string_list(slot);
    return std::optional<Value>();
  }
  for (const Json& one : value.json)
    value.shown += (value.shown.empty() ? "" : ", ") + one.get<std::string>();
  value.choice = make_choice(slot_pointer(slot.path), {value.shown}, {0.0}, origin);
  return std::optional(std::move(value));
}

// "find lease.pdf and send it", "find the file with lease in its name and send it": the one path in the last result whose name is, or
// holds, what the user gave.
std::optional<std::string> Form::found_file() const {
  if (step_.past.empty() || step_.past.back().changes_world || step_.past.back().is_cut) return std::nullopt;
  const PastCall& last = step_.past.back();
  std::set<std::string> found;
  for (const auto& [name, argument] : last.arguments.items()) {
    if (!argument.is_string()) continue;
    const std::string& wanted = argument.get_ref<const std::string&>();
    if (wanted.find_first_of("*?/") != wanted.npos) continue;
    constexpr std::size_t telling = 4;
    const bool is_part = !has_extension(wanted) && wanted.size() >= telling;
    if (!has_extension(wanted) && !is_part) continue;
    for (const Span& span : find_kind(SlotKind::path, last.result)) {
      const std::string_view path = span.in(last.result);
      const std::string_view file = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
      if (file == wanted || (is_part && has_extension(file) && lower_ascii(file).find(lower_ascii(wanted)) != std::string::npos)) found.emplace(path);
    }
  }
  return found.size() == 1 ? std::optional(*found.begin()) : std::nullopt;
}

// "the plumber" of a list of addresses: the only line with a place that has a word of the request.
std::optional<Span> Form::in_the_line_that_is_meant(const std::string& result, const std::vector<Span>& spans) const {
  const std::set<std::string> own = own_stems(tool_);
  std::set<std::string> asked;
  // Of whom a text speaks is not who gets it.
  const auto is_said = [&](const Span& word) {
    return material_.is_dictated(word) || std::any_of(material_.quotes.begin(), material_.quotes.end(), [&](const Span& q) { return q.covers(word); });
  };
  for (const Span& word : material_.words)
    if (is_content(word, material_, own) && !is_said(word)) asked.merge(stems(word.in(step_.clause)));
  for (const Span& word : find_words(step_.before))
    if (own.empty() || count_common(stems(word.in(step_.before)), own) == 0) asked.merge(telling_stems(word.in(step_.before)));
  std::optional<Span> only;
  for (const Span& span : spans) {
    const std::size_t begin = span.begin == 0 ? 0 : result.rfind('\n', span.begin - 1) + 1;  // npos + 1 is 0
    const std::string line = result.substr(begin, std::min(result.size(), result.find('\n', span.end)) - begin);
    if (count_common(stems(line), asked) == 0) continue;
    if (only) return std::nullopt;
    only = span;
  }
  return only;
}

// "it": what the last step was about, or the one piece of that kind in its result.
Form::MaybeValue Form::referred_critical(const Slot& slot) {
  // Whom an effect goes to is taken from a result only where the words ask for that.
  if (slot.property.kind == SlotKind::email && tool_.changes_world ? (step_.past.empty() || !speaks_of_someone(material_)) : !material_.refers_back)
    return std::optional<Value>();
  if (slot.property.kind == SlotKind::path)
    if (const auto file = found_file()) {
      Value value{.json = slot.property.is_list ? Json::array({*file}) : Json(*file), .shown = *file};
      value.choice = make_choice(slot_pointer(slot.path), {*file}, {0.0}, "result of " + step_.past.back().tool);
      return std::optional(std::move(value));
    }
  for (auto call = step_.past.rbegin(); call != step_.past.rend(); ++call) {
    for (const auto& [name, argument] : call->arguments.items()) {
      if (!argument.is_string()) continue;
      const std::string text = argument.get<std::string>();
      const std::vector<Span> spans = find_kind(slot.property.kind, text);
      if (spans.size() != 1 || spans[0].size() != text.size()) continue;
      Value value{.json = slot.property.is_list ? Json::array({text}) : Json(text), .shown = text};
      value.choice =
          make_choice(slot_pointer(slot.path), {text}, {0.0}, "argument of " + call->tool);
      return std::optional(std::move(value));
    }
    std::vector<Span> spans = find_kind(slot.property.kind, call->result);
    if (spans.empty()) continue;
    std::set<std::string_view> known;
    std::erase_if(spans, [&](const Span& span) { return !known.insert(span.in(call->result)).second; });
    // What was found by words may be about somebody else.
    const bool may_be_anothers = slot.property.kind == SlotKind::email && tool_.changes_world && find_places(to_text(call->arguments)).empty();
    if (spans.size() > 1 || may_be_anothers) {
      const auto meant = in_the_line_that_is_meant(call->result, spans);
      if (meant) spans = {*meant};
      if (!meant && may_be_anothers) return std::optional<Value>();
    }
    // An effect does not go to whichever of several places the model likes.
    if (spans.size() > 1 && tool_.changes_world) return std::optional<Value>();
    // What was read for where it goes is not what it says.
    if (step_.uses_last_result) used_reference_ = true;
    std::vector<std::string> texts;
    for (const Span& span : spans) texts.emplace_back(span.in(call->result));
    DEED_TRY(const std::vector<double> scores, rank(slot.line, texts));
    const auto best =
        static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
    Value value{.json = slot.property.is_list ? Json::array({texts[best]}) : Json(texts[best]),
                .shown = texts[best],
                .score = scores[best]};
    value.choice = make_choice(slot_pointer(slot.path), texts, scores, "result of " + call->tool);
    return std::optional(std::move(value));
  }
  return std::optional<Value>();
}

// A name without slash or extension is taken for a path only beside a word that says so: "the
// folder docs", "docs folder".
Form::MaybeValue Form::bare_path(const Slot& slot) {
  const auto is_place = [](std::string_view word) {
    return word == "folder" || word == "directory" || word == "file" || word == "path" ||
           word == "called" || word == "named";
  };
  // "in one of the folders", "the folder has …"
  const auto is_no_name = [](std::string_view word) {
    static constexpr std::array words = {"here",  "there", "one",  "some", "any",  "these", "those",     "has",
                                         "have",  "had",   "of",   "all",  "each", "every", "somewhere", "right",
                                         "which", "where", "same", "last", "first", "and",  "or",        "but", "out"};
    return is_one_of(word, words) || word.starts_with("subfolder") || word == "folders" || word == "directories";
  };
  const auto is_said = [&](const Span& span) {
    return material_.is_dictated(span) || material_.is_in_piece(span) ||
           std::any_of(material_.quotes.begin(), material_.quotes.end(),
                       [&](const Span& q) { return q.covers(span) && q != span; });
  };
  std::vector<Span> found, after_preposition;
  // In English an order begins with its verb.
  for (std::size_t i = material_.language == Language::english ? 1 : 0; i < material_.words.size(); ++i) {
    const Span span = material_.words[i];
    const std::string word(in_english(lower_ascii(span.in(step_.clause)), material_.language));
    if (is_function_word(word) || is_no_name(word) || is_place(word) || is_said(span) ||
        word.find_first_of("@:?*") != word.npos)
      continue;
    const auto neighbour = [&](std::size_t index) {
      return std::string(in_english(lower_ascii(material_.words[index].in(step_.clause)), material_.language));
    };
    const bool follows = i > 0 && material_.language != Language::korean && is_place(neighbour(i - 1));
    const bool precedes = i + 1 < material_.words.size() &&
                          (neighbour(i + 1) == "folder" || neighbour(i + 1) == "directory");
    if (follows || precedes)
      found.push_back(span);
    else if (i > 0 && !tool_.changes_world && names_folder(slot.property) && material_.language == Language::english &&
             (neighbour(i - 1) == "in" || neighbour(i - 1) == "of" || neighbour(i - 1) == "inside"))
      after_preposition.push_back(span);
  }
  if (found.empty()) found = after_preposition;
  if (found.empty()) {
    if (!slot.property.schema->contains("format") && !tool_.changes_world &&
        slot.property.is_required)
      return label(slot);
    return std::optional<Value>();
  }
  Value value = copied(slot, found[0], 0);
  value.is_certain = true;
  return std::optional(std::move(value));
}

}  // namespace deed
