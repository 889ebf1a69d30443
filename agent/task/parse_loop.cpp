#include "deed/agent/task/parse_loop.hpp"

#include <algorithm>
#include <array>

#include "deed/agent/task/expression_filters.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

struct ItemSource {
  std::string_view key;
  TaskKeys keys;
};
constexpr std::array<ItemSource, 4> sources = {{{"csv", TaskKeys::csv_rows}, {"jsonl", TaskKeys::jsonl_rows}, {"sqlite", TaskKeys::sqlite_rows}, {"list", TaskKeys::list_items}}};
constexpr std::string_view usual = "for: {csv: FILE}, {jsonl: FILE}, {sqlite: FILE, query: SELECT}, {list: LIST}, a list, or \"{{reference}}\"";

// A list as such, or a text that is nothing but one reference.
std::optional<Template> list_of(const TaskFields& fields, std::string_view key) {
  const Json& value = *fields.find(key);
  auto items = fields.value(key);
  if (!items || value.is_array()) return items;
  // What is put into a longer text is text, never a list.
  const bool is_reference = value.is_string() && value.get_ref<const std::string&>().starts_with("{{") && value.get_ref<const std::string&>().ends_with("}}") && !items->is_constant();
  if (is_reference) return items;
  fields.wrong(key, std::string("\"") + std::string(key) + "\" needs a list, or a text that is nothing but a reference to one, not " + kind_of(value), std::string(usual));
  return std::nullopt;
}

RowFile row_file(const TaskFields& fields, const ItemSource& source) {
  RowFile out;
  out.format = source.key == "csv" ? RowFile::Format::csv : source.key == "jsonl" ? RowFile::Format::jsonl : RowFile::Format::sqlite;
  out.path = fields.text_value(source.key).value_or(Template());
  if (out.format == RowFile::Format::sqlite) {
    if (!fields.find("query")) fields.wrong(source.key, "\"query\" is missing", "one SELECT: query: \"select * from people\"");
    out.query = fields.text_value("query").value_or(Template());
  }
  if (out.format != RowFile::Format::csv) return out;
  if (const auto encoding = fields.text("encoding")) {
    out.encoding = lower_ascii(*encoding);
    if (out.encoding != "utf-8" && out.encoding != "latin-1") fields.wrong("encoding", "the encoding \"" + escaped(*encoding) + "\" is not known", "utf-8 or latin-1");
  }
  if (const auto separator = fields.text("separator")) {
    if (separator->size() != 1 || *separator == "\"" || *separator == "\n" || *separator == "\r" || (static_cast<unsigned char>((*separator)[0]) & 0x80) != 0) {
      fields.wrong("separator", "\"separator\" must be one character, and no quote", "such as \",\", \";\" or \"\\t\"");
    } else {
      out.separator = (*separator)[0];
    }
  }
  return out;
}

const ItemSource* source_of(const TaskFields& fields) {
  const ItemSource* found = nullptr;
  for (const auto& [key, value] : fields.json().items()) {
    const auto source = std::find_if(sources.begin(), sources.end(), [name = std::string_view(key)](const ItemSource& one) { return one.key == name; });
    if (source == sources.end()) continue;
    if (found) return fields.wrong(key, "items come from one place, not from " + std::string(found->key) + " and " + key), nullptr;
    found = &*source;
  }
  if (found) return found;
  if (fields.check_keys({TaskKeys::loop, TaskKeys::csv_rows, TaskKeys::jsonl_rows, TaskKeys::sqlite_rows, TaskKeys::list_items})) {
    fields.issues().add(fields.pointer(), "\"for\" does not say where the items come from", std::string(usual));
  }
  return nullptr;
}

}  // namespace

std::optional<Loop> parse_loop(const TaskFields& step) {
  const Json* value = step.find("for");
  if (!value) return std::nullopt;
  Loop out;
  if (!value->is_object()) {
    out.over = list_of(step, "for").value_or(Template());
    return out;
  }
  const TaskFields fields = *step.object("for");
  const ItemSource* source = source_of(fields);
  if (!source) return out;
  fields.check_keys({TaskKeys::loop, source->keys});
  if (source->keys == TaskKeys::list_items) out.over = list_of(fields, "list").value_or(Template());
  else out.over = row_file(fields, *source);
  out.key = fields.expression("key");
  out.max = fields.integer("max", 1, 1'000'000'000).value_or(0);
  out.concurrency = static_cast<int>(fields.integer("concurrency", 1, 64).value_or(1));
  return out;
}

}  // namespace deed
