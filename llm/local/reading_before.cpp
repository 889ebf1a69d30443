#include "deed/llm/local/reading_before.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/segments.hpp"
#include "deed/llm/local/step_needs.hpp"

#include <algorithm>
#include <array>

namespace deed {
namespace {

// "copy a.txt to b.txt": the first of two files is read for the second.
bool is_copy(const ToolDefinition& tool, const Material& material) {
  const std::vector<Property> all = properties_of(tool.parameters);
  const bool takes_one = std::any_of(all.begin(), all.end(), [](const Property& property) {
    return property.is_critical_string() && property.kind == SlotKind::path && !property.is_list;
  });
  std::size_t files = 0;
  for (const Piece& piece : material.pieces.at(SlotKind::path)) files += piece.is_in_text ? 0 : 1;
  return takes_one && files == 2;
}

// What looks something up by words that are its only argument ("Words to look for").
std::optional<std::size_t> looks_up_words(const ToolList& tools) {
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (tools[i].changes_world || tools[i].asks_user) continue;
    const std::vector<Property> all = properties_of(tools[i].parameters);
    if (all.size() == 1 && all[0].is_required && wants_words(all[0])) return i;
  }
  return std::nullopt;
}

// "heron.txt is in some subfolder", "find lease.pdf and …", for a name without a folder.
bool has_unknown_whereabouts(const Material& material) {
  static constexpr std::array words = {"somewhere", "subfolder", "subfolders", "wherever", "buried",  "burried", "locate", "find",
                                       "search",    "hunt",      "track",      "dig",      "unearth", "whereabouts", "misplaced"};
  std::size_t files = 0;
  for (const Piece& piece : material.pieces.at(SlotKind::path)) {
    if (piece.is_in_text || !has_extension(piece.span.in(material.clause))) continue;
    if (piece.span.in(material.clause).find('/') != std::string_view::npos) return false;
    ++files;
  }
  const std::vector<std::string> said = identifier_words(without_places(without_quotes(material.in_english)));
  for (std::size_t i = 0; files == 1 && i < said.size(); ++i) {
    if (is_one_of(said[i], words)) return true;
    // "no idea which folder"
    if (i > 0 && said[i] == "folder" && (said[i - 1] == "which" || said[i - 1] == "what" || said[i - 1] == "some")) return true;
  }
  return false;
}

// What finds a file by its name, which is its only required argument.
std::optional<std::size_t> finds_by_name(const ToolList& tools) {
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (tools[i].changes_world || tools[i].asks_user) continue;
    const std::vector<Property> all = properties_of(tools[i].parameters);
    const auto is_name = [](const Property& p) {
      const std::vector<std::string> words = identifier_words(p.description());
      return p.is_required && p.type == "string" && !p.is_enum && !is_critical(p.kind) && !words.empty() && words[0] == "name";
    };
    const auto needed = std::count_if(all.begin(), all.end(), [](const Property& p) { return p.is_required; });
    const bool looks_in_folder = std::any_of(all.begin(), all.end(), [](const Property& p) { return p.kind == SlotKind::path && names_folder(p); });
    if (needed == 1 && looks_in_folder && std::any_of(all.begin(), all.end(), is_name)) return i;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> reading_before(const ToolDefinition& tool, const ClauseStep& step,
                                          const Material& material, const ToolList& tools) {
  if (!tool.changes_world || step.uses_last_result) return std::nullopt;
  // "… is in some subfolder, send it to ann@…": what is to be carried has to be found.
  if (carries_files(tool, step, material) && has_unknown_whereabouts(material) && !has_no_address(tool, step, material) && step.past.empty())
    if (const auto finder = finds_by_name(tools)) return finder;
  const bool is_source_known = material.address_source.place || material.address_source.is_memory;
  const bool for_address = lacks_address(tool, step, material) &&
                           (has_said_text(material) || (is_source_known && has_text(tool, step, material)));
  if (for_address && material.address_source.is_memory)
    if (const auto found = looks_up_words(tools)) return found;
  // Without a recipient there is nothing to read a text for.
  if (!for_address && (has_no_address(tool, step, material) || !lacks_text(tool, step, material))) return std::nullopt;
  const std::set<SlotKind> taken = kinds_of(tool);
  for (const auto& entry : material.pieces) {
    const SlotKind kind = entry.first;
    const auto& pieces = entry.second;
    if (transfers(material) && std::none_of(pieces.begin(), pieces.end(), [&](const Piece& p) { return p.span == material.transfer->from; })) continue;
    const bool is_copied = transfers(material) || (kind == SlotKind::path && is_copy(tool, material));
    const bool is_source = material.address_source.place && for_address;
    const bool is_there = is_source ? material.has_to_read(kind) && !material.address_source.place->in(material.clause).empty() &&
                                          std::any_of(pieces.begin(), pieces.end(), [](const Piece& p) { return p.holds_address; })
                                    : material.has(kind);
    if (!is_there || (taken.contains(kind) && !is_copied && !for_address)) continue;
    for (std::size_t i = 0; i < tools.size(); ++i) {
      if (tools[i].changes_world || tools[i].asks_user) continue;
      const std::vector<Property> of_reader = properties_of(tools[i].parameters);
      const bool reads_it = std::any_of(of_reader.begin(), of_reader.end(), [&](const Property& p) {
        return p.is_required && p.is_critical_string() && p.kind == kind;
      });
      const bool needs_more = std::any_of(of_reader.begin(), of_reader.end(), [&](const Property& p) {
        return p.is_required && !(p.is_critical_string() && p.kind == kind);
      });
      if (reads_it && !needs_more) return i;
    }
  }
  // Where the listing goes has to be named.
  const bool has_target = material.has(SlotKind::email) || material.has(SlotKind::path) || material.has(SlotKind::url);
  // Who asks which folder a file is in writes nothing into that file.
  if (!has_target || !asks_for_listing(material) || (!material.has(SlotKind::email) && has_unknown_whereabouts(material))) return std::nullopt;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    if (tools[i].changes_world || tools[i].asks_user) continue;
    const std::vector<Property> all = properties_of(tools[i].parameters);
    const bool lists = all.size() == 1 && !all[0].is_required && all[0].kind == SlotKind::path && names_folder(all[0]);
    if (lists) return i;
  }
  return std::nullopt;
}

}  // namespace deed
