#include "deed/cli/eval_rows.hpp"

#include <algorithm>
#include <initializer_list>
#include <set>

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

// A value in a line, and where it stands, for messages.
struct Place {
  const Json& value;
  std::size_t line;
  std::string pointer = {};

  std::string where() const { return "line " + std::to_string(line) + (pointer.empty() ? "" : ", " + pointer); }
  Place at(std::string_view key) const { return {value.at(std::string(key)), line, pointer + "/" + std::string(key)}; }
  Place at(std::size_t index) const { return {value[index], line, pointer + "/" + std::to_string(index)}; }
  bool has(std::string_view key) const { return value.contains(std::string(key)); }
  Unexpected refuse(std::string what, std::string hint = {}) const { return fail(ErrorKind::invalid, std::move(what), where(), std::move(hint)); }
};

Result<void> check_fields(const Place& place, std::initializer_list<std::string_view> known) {
  std::string all;
  for (const std::string_view name : known) all += (all.empty() ? "" : ", ") + std::string(name);
  if (!place.value.is_object()) return place.refuse("no JSON object", "its fields are " + all);
  for (const auto& [name, value] : place.value.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return place.refuse("a field that is not known: \"" + escaped(name) + "\"", "the fields are " + all);
    }
  }
  return {};
}

Result<std::string> text_of(const Place& place) {
  if (!place.value.is_string()) return place.refuse("no text");
  return place.value.get<std::string>();
}

Result<std::string> some_text_of(const Place& place) {
  DEED_TRY(std::string text, text_of(place));
  if (text.empty()) return place.refuse("an empty text");
  return text;
}

Result<void> check_list(const Place& place, std::size_t max_items) {
  if (!place.value.is_array()) return place.refuse("no list");
  if (place.value.size() > max_items) {
    return fail(ErrorKind::limit, "a list of " + std::to_string(place.value.size()) + " entries", place.where(),
                "at most " + std::to_string(max_items) + " are read");
  }
  return {};
}

Result<std::vector<std::string>> texts_of(const Place& place, std::size_t max_items) {
  std::vector<std::string> out;
  DEED_OK(check_list(place, max_items));
  for (std::size_t i = 0; i < place.value.size(); ++i) {
    DEED_TRY(std::string text, some_text_of(place.at(i)));
    out.push_back(std::move(text));
  }
  return out;
}

Result<std::vector<std::string>> text_or_texts_of(const Place& place, std::size_t max_items) {
  if (!place.value.is_string()) return texts_of(place, max_items);
  DEED_TRY(std::string text, some_text_of(place));
  return std::vector<std::string>{std::move(text)};
}

Result<bool> flag_of(const Place& place, std::string_view key) {
  if (!place.has(key)) return false;
  const Place flag = place.at(key);
  if (!flag.value.is_boolean()) return flag.refuse("neither true nor false");
  return flag.value.get<bool>();
}

Result<ToolDefinition> tool_of(const Place& place, std::size_t max_items) {
  DEED_OK(check_fields(place, {"name", "description", "parameters", "examples", "changes_world", "asks_user"}));
  if (!place.has("name")) return place.refuse("a tool without a name");
  ToolDefinition tool;
  DEED_TRY(tool.name, some_text_of(place.at("name")));
  if (place.has("description")) {
    DEED_TRY(tool.description, text_of(place.at("description")));
  }
  tool.parameters = {{"type", "object"}, {"properties", Json::object()}};
  if (place.has("parameters")) {
    if (!place.at("parameters").value.is_object()) return place.at("parameters").refuse("no JSON Schema of an object");
    tool.parameters = place.value["parameters"];
  }
  if (place.has("examples")) {
    DEED_TRY(tool.examples, texts_of(place.at("examples"), max_items));
  }
  DEED_TRY(tool.changes_world, flag_of(place, "changes_world"));
  DEED_TRY(tool.asks_user, flag_of(place, "asks_user"));
  return tool;
}

Result<void> read_tools(const Place& place, EvalRow& row, std::size_t max_items) {
  if (place.value.is_string()) {
    if (place.value != "builtin") return place.refuse("neither a list of tools nor \"builtin\"");
    row.has_builtin_tools = true;
    return {};
  }
  DEED_OK(check_list(place, max_items));
  std::set<std::string> names;
  for (std::size_t i = 0; i < place.value.size(); ++i) {
    DEED_TRY(ToolDefinition tool, tool_of(place.at(i), max_items));
    if (!names.insert(tool.name).second) return place.at(i).refuse("a second tool of the name " + escaped(tool.name));
    row.tools.push_back(std::move(tool));
  }
  return {};
}

Result<ExpectedCall> call_of(const Place& place) {
  DEED_OK(check_fields(place, {"name", "arguments"}));
  if (!place.has("name")) return place.refuse("a call without a name");
  ExpectedCall call;
  DEED_TRY(call.name, some_text_of(place.at("name")));
  if (!place.has("arguments")) return call;
  if (!place.at("arguments").value.is_object()) return place.at("arguments").refuse("no JSON object");
  call.arguments = place.value["arguments"];
  return call;
}

Result<std::vector<ExpectedCall>> calls_of(const Place& place, const EvalRow& row, std::size_t max_items) {
  std::vector<ExpectedCall> out;
  DEED_OK(check_list(place, max_items));
  for (std::size_t i = 0; i < place.value.size(); ++i) {
    DEED_TRY(ExpectedCall call, call_of(place.at(i)));
    const bool is_offered = std::any_of(row.tools.begin(), row.tools.end(), [&](const ToolDefinition& tool) { return tool.name == call.name; });
    if (!is_offered && !row.has_builtin_tools) {
      return place.at(i).refuse("a call of " + escaped(call.name) + ", which the row does not offer", "add it to the row's \"tools\"");
    }
    out.push_back(std::move(call));
  }
  return out;
}

Result<Expectation> expectation_of(const Place& place, const EvalRow& row, std::size_t max_items) {
  DEED_OK(check_fields(place, {"equals", "contains", "lacks", "json", "calls", "refuses"}));
  Expectation out;
  if (place.has("equals")) {
    DEED_TRY(out.equals, text_of(place.at("equals")));
  }
  if (place.has("contains")) {
    DEED_TRY(out.contains, text_or_texts_of(place.at("contains"), max_items));
  }
  if (place.has("lacks")) {
    DEED_TRY(out.lacks, text_or_texts_of(place.at("lacks"), max_items));
  }
  if (place.has("json")) out.json = place.value["json"];
  if (place.has("calls")) {
    DEED_TRY(out.calls, calls_of(place.at("calls"), row, max_items));
  }
  if (place.has("refuses")) {
    if (place.value["refuses"] != true) return place.at("refuses").refuse("not true", "leave it out where the model is not to refuse");
    out.refuses = true;
  }
  const bool is_empty = !out.equals && out.contains.empty() && out.lacks.empty() && !out.json && !out.calls && !out.refuses;
  if (is_empty && !row.schema) return place.refuse("nothing is expected", "give equals, contains, lacks, json, calls or refuses");
  return out;
}

Result<std::string> id_of(const Place& place) {
  if (place.value.is_number_integer()) return to_text(place.value);
  DEED_TRY(std::string id, some_text_of(place));
  constexpr std::size_t max_bytes = 200;
  if (id.size() > max_bytes) return place.refuse("an id of more than 200 bytes");
  if (has_control_characters(id)) return place.refuse("an id with control characters");
  return id;
}

Result<std::vector<std::string>> files_of(const Place& place, std::size_t max_items) {
  DEED_TRY(std::vector<std::string> files, texts_of(place, max_items));
  for (std::size_t i = 0; i < files.size(); ++i) {
    DEED_TRY(const RelativePath path, with_context(RelativePath::parse(files[i]), place.at(i).where()));
    files[i] = path.text();
  }
  return files;
}

// The error's place in the schema, behind the schema's own place.
Result<Schema> schema_of(const Place& place) {
  auto schema = Schema::compile(place.value);
  if (schema) return schema;
  Error error = std::move(schema).error();
  error.where = place.where() + error.where;
  return fail(std::move(error));
}

Result<EvalRow> row_of(const Place& place, std::size_t max_items) {
  DEED_OK(check_fields(place, {"id", "request", "system", "tools", "attach", "schema", "expect"}));
  EvalRow row{.id = "line " + std::to_string(place.line), .line = place.line};
  if (place.has("id")) {
    DEED_TRY(row.id, id_of(place.at("id")));
  }
  if (!place.has("request")) return place.refuse("a row without a request", "give {\"request\": …, \"expect\": {…}}");
  DEED_TRY(row.request, some_text_of(place.at("request")));
  if (place.has("system")) {
    DEED_TRY(row.system, text_of(place.at("system")));
  }
  if (place.has("tools")) {
    DEED_OK(read_tools(place.at("tools"), row, max_items));
  }
  if (place.has("attach")) {
    DEED_TRY(row.attach, files_of(place.at("attach"), max_items));
  }
  if (place.has("schema")) {
    DEED_TRY(row.schema, schema_of(place.at("schema")));
  }
  if (place.has("expect")) {
    DEED_TRY(row.expect, expectation_of(place.at("expect"), row, max_items));
  } else if (!row.schema) {
    return place.refuse("nothing is expected", "give \"expect\"");
  }
  return row;
}

Result<Json> json_of(std::string_view text, std::size_t line, const EvalLimits& limits) {
  auto value = parse_json(text, {.max_bytes = limits.max_line_bytes});
  if (value) return value;
  Error error = std::move(value).error();
  error.where = "line " + std::to_string(line) + (error.where.empty() ? "" : ", " + error.where);
  return fail(std::move(error));
}

}  // namespace

Result<std::vector<EvalRow>> parse_eval_rows(std::string_view text, const EvalLimits& limits) {
  std::vector<EvalRow> rows;
  std::set<std::string> ids;
  std::size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (trim(line).empty()) continue;
    if (rows.size() == limits.max_rows) {
      return fail(ErrorKind::limit, "more than " + std::to_string(limits.max_rows) + " rows", "line " + std::to_string(number));
    }
    DEED_TRY(const Json value, json_of(line, number, limits));
    DEED_TRY(EvalRow row, row_of(Place{value, number}, limits.max_items));
    if (!ids.insert(row.id).second) {
      return fail(ErrorKind::invalid, "a second row with the id " + escaped(row.id), "line " + std::to_string(number));
    }
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return fail(ErrorKind::invalid, "no rows", "", "a row is {\"request\": …, \"expect\": {…}}");
  return rows;
}

}  // namespace deed
