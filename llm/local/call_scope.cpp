#include "deed/llm/local/call_scope.hpp"

#include "deed/core/schema.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/local/grounding.hpp"
#include "deed/llm/local/words.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace deed {
namespace {

constexpr int max_copied_depth = 8;
constexpr std::size_t max_copied_bytes = 2048, max_read_bytes = 1u << 20;
constexpr std::uint64_t max_counted = 16;  // larger bounds make grammars that take long to read

// What was said and found, by kind, in the order in which it is offered.
class Given {
 public:
  explicit Given(const Transcript& messages) {
    for (const Message& message : messages)
      if (message.role == Role::user || (message.role == Role::tool && message.is_user_words)) take_words(message.text);
    for (std::size_t i = messages.size(); i-- > 0;)
      if (messages[i].role == Role::tool && !messages[i].is_user_words && !messages[i].is_error) take_result(messages[i]);
    for (auto& [kind, texts] : texts_) {
      std::set<std::string> seen;
      std::erase_if(texts, [&](const std::string& text) {
        return text.empty() || text.size() > max_copied_bytes || !is_utf8(text) || !seen.insert(text).second;
      });
    }
  }

  const std::vector<std::string>& of(SlotKind kind) const {
    static const std::vector<std::string> none;
    const auto found = texts_.find(kind == SlotKind::free_text ? SlotKind::label : kind);
    return found == texts_.end() ? none : found->second;
  }

 private:
  void take(SlotKind kind, std::string_view text, const std::vector<Span>& spans) {
    for (const Span& span : spans) texts_[kind].emplace_back(span.in(text));
  }

  void take_words(std::string_view text) {
    text = utf8_prefix(text, max_read_bytes);
    for (const SlotKind kind : critical_slots) take(kind, text, find_kind(kind, text));
    for (const SlotKind kind : {SlotKind::path, SlotKind::label}) {
      take(kind, text, find_quotes(text));
      for (const Span& word : find_words(text, 128))
        if (!is_function_word(lower_ascii(word.in(text)))) texts_[kind].emplace_back(word.in(text));
    }
    for (const Span& place : find_places(text)) texts_[SlotKind::label].emplace_back(place.in(text));
  }

  void take_result(const Message& message) {
    const std::string_view text = utf8_prefix(message.text, max_read_bytes);
    for (const SlotKind kind : critical_slots) {
      std::vector<Span> spans = find_kind(kind, text);
      if (message.is_cut) std::erase_if(spans, [&](const Span& span) { return may_be_cut(text, span); });
      take(kind, text, spans);
    }
    if (message.is_cut) return;
    if (const auto tree = parse_json(text)) take_leaves(*tree, 0);
  }

  // Next to a note that something was left out there.
  static bool may_be_cut(std::string_view text, const Span& span) {
    const std::string_view behind = text.substr(span.end);
    return span.begin == 0 || span.end == text.size() || behind.starts_with("\n[") ||
           text.substr(0, span.begin).ends_with("]\n");
  }

  void take_leaves(const Json& value, int depth) {
    if (depth > max_copied_depth) return;
    if (value.is_string()) {
      texts_[SlotKind::path].push_back(value.get<std::string>());
      texts_[SlotKind::label].push_back(value.get<std::string>());
    }
    if (value.is_structured())
      for (const Json& item : value) take_leaves(item, depth + 1);
  }

  std::map<SlotKind, std::vector<std::string>> texts_;
};

// A schema in what a grammar can hold a reply to. nullopt: nothing that is known fits it.
class Narrowing {
 public:
  Narrowing(const Json& root, const Given& given) : root_(root), given_(given) {}

  std::optional<Json> of(const Json& schema, const std::string& name, bool is_copied, int depth = 0) const {
    if (depth > max_copied_depth) return std::nullopt;
    if (!schema.is_object()) return schema == Json(false) || is_copied ? std::nullopt : std::optional(Json::object());
    if (schema.contains("$ref")) return at_reference(schema, name, is_copied, depth);
    for (const char* either : {"anyOf", "oneOf"})
      if (schema.contains(either)) return one_of(schema[either], name, is_copied, depth);
    if (schema.contains("const")) return Json{{"const", schema["const"]}};
    if (schema.contains("enum")) return Json{{"enum", schema["enum"]}};
    const auto type = schema.find("type");
    if (type != schema.end() && type->is_array()) return of_types(schema, *type, name, is_copied, depth);
    const std::string kind = type != schema.end() && type->is_string() ? type->get<std::string>() : implied_type(schema);
    if (kind == "object") return object(schema, name, is_copied, depth);
    if (kind == "array") return array(schema, name, is_copied, depth);
    if (kind == "string") return string(schema, name, is_copied);
    if (kind == "integer" || kind == "number") return number(schema, kind);
    if (kind == "boolean" || kind == "null") return Json{{"type", kind}};
    return is_copied ? std::nullopt : std::optional(Json::object());
  }

 private:
  static std::string implied_type(const Json& schema) {
    if (schema.contains("properties")) return "object";
    if (schema.contains("items")) return "array";
    return schema.contains("format") || schema.contains("pattern") ? "string" : "";
  }

  std::optional<Json> at_reference(const Json& schema, const std::string& name, bool is_copied, int depth) const {
    const std::string reference = string_at(schema, "$ref");
    if (reference == "#") return of(root_, name, is_copied, depth + 1);
    if (!reference.starts_with("#/")) return std::nullopt;
    try {
      const Json::json_pointer place(reference.substr(1));
      if (!root_.contains(place)) return std::nullopt;
      return of(root_.at(place), name, is_copied, depth + 1);
    } catch (const Json::exception&) {
      return std::nullopt;
    }
  }

  std::optional<Json> one_of(const Json& choices, const std::string& name, bool is_copied, int depth) const {
    Json kept = Json::array();
    if (choices.is_array())
      for (const Json& choice : choices)
        if (std::optional<Json> narrowed = of(choice, name, is_copied, depth + 1)) kept.push_back(*std::move(narrowed));
    if (kept.empty()) return std::nullopt;
    return kept.size() == 1 ? Json(kept[0]) : Json{{"anyOf", std::move(kept)}};
  }

  std::optional<Json> of_types(const Json& schema, const Json& types, const std::string& name, bool is_copied, int depth) const {
    Json choices = Json::array();
    for (const Json& type : types) {
      Json choice = schema;
      choice["type"] = type;
      // An argument that may be null may be left out.
      if (type != "null" || types.size() == 1) choices.push_back(std::move(choice));
    }
    return one_of(choices, name, is_copied, depth);
  }

  static void keep_count(const Json& from, const char* keyword, Json& to) {
    const auto found = from.find(keyword);
    if (found != from.end() && found->is_number_unsigned() && found->get<std::uint64_t>() <= max_counted) to[keyword] = *found;
  }

  std::optional<Json> object(const Json& schema, const std::string& name, bool is_copied, int depth) const {
    Json out = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
    Json required = Json::array();
    const Json wanted = schema.value("required", Json::array());
    const auto properties = schema.find("properties");
    if (properties != schema.end() && properties->is_object()) {
      for (const auto& [key, inner] : properties->items()) {
        const bool is_required = std::find(wanted.begin(), wanted.end(), key) != wanted.end();
        std::optional<Json> narrowed = of(inner, key, is_copied, depth + 1);
        if (!narrowed && is_required) return std::nullopt;
        if (!narrowed) continue;
        out["properties"][key] = *std::move(narrowed);
        if (is_required) required.push_back(key);
      }
    }
    if (!required.empty()) out["required"] = std::move(required);
    const auto others = schema.find("additionalProperties");
    if (others != schema.end() && others->is_object()) {
      if (std::optional<Json> narrowed = of(*others, name, is_copied, depth + 1)) out["additionalProperties"] = *std::move(narrowed);
    }
    return out;
  }

  std::optional<Json> array(const Json& schema, const std::string& name, bool is_copied, int depth) const {
    if (schema.contains("prefixItems")) return std::nullopt;
    const auto items = schema.find("items");
    std::optional<Json> narrowed = of(items == schema.end() ? Json::object() : *items, name, is_copied, depth + 1);
    if (!narrowed) return std::nullopt;
    Json out = {{"type", "array"}, {"items", *std::move(narrowed)}};
    keep_count(schema, "minItems", out);
    keep_count(schema, "maxItems", out);
    if (out["items"].contains("enum")) {
      const std::size_t most = std::min<std::size_t>(max_counted, out["items"]["enum"].size());
      if (out.value("minItems", std::uint64_t{0}) > most) return std::nullopt;
      if (out.value("maxItems", max_counted) > most) out["maxItems"] = most;
    }
    return out;
  }

  std::optional<Json> string(const Json& schema, const std::string& name, bool is_copied) const {
    const SlotKind kind = slot_kind(name, schema);
    if (!is_copied && !is_critical(kind)) {
      Json out = {{"type", "string"}};
      keep_count(schema, "minLength", out);
      keep_count(schema, "maxLength", out);
      const std::string format = string_at(schema, "format");
      if (format == "date" || format == "date-time" || format == "time" || format == "uuid") out["format"] = format;
      return out;
    }
    const auto checker = Schema::compile(schema);
    Json offered = Json::array();
    for (const std::string& text : given_.of(kind)) {
      if (offered.size() == max_offered) break;
      if (!checker || checker->check(text).empty()) offered.push_back(text);
    }
    // What the tool itself names.
    if (const auto own = schema.find("default"); own != schema.end() && own->is_string() &&
                                                 std::find(offered.begin(), offered.end(), *own) == offered.end())
      offered.push_back(*own);
    if (offered.empty()) return std::nullopt;
    return Json{{"type", "string"}, {"enum", std::move(offered)}};
  }

  static Json number(const Json& schema, const std::string& type) {
    Json out = {{"type", type}};
    if (type != "integer") return out;
    for (const char* bound : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
      if (const auto found = schema.find(bound); found != schema.end() && found->is_number_integer()) out[bound] = *found;
    return out;
  }

  const Json& root_;
  const Given& given_;
};

// The top of the arguments: an object, each of whose properties may be one that is copied.
std::optional<Json> narrowed_arguments(const ToolDefinition& tool, const Given& given) {
  const Narrowing narrowing(tool.parameters, given);
  Json out = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
  const Json wanted = tool.parameters.value("required", Json::array());
  const auto properties = tool.parameters.find("properties");
  if (properties == tool.parameters.end() || !properties->is_object()) return out;
  Json required = Json::array();
  for (const auto& [name, schema] : properties->items()) {
    const bool is_copied = std::find(tool.copied.begin(), tool.copied.end(), name) != tool.copied.end();
    const bool is_required = std::find(wanted.begin(), wanted.end(), name) != wanted.end();
    std::optional<Json> narrowed = narrowing.of(schema, name, is_copied);
    if (!narrowed && is_required) return std::nullopt;
    if (!narrowed) continue;
    out["properties"][name] = *std::move(narrowed);
    if (is_required) required.push_back(name);
  }
  if (!required.empty()) out["required"] = std::move(required);
  return out;
}

}  // namespace

CallScope scope_of(const ToolList& tools, const Transcript& messages, const ToolCalling& choice) {
  CallScope scope;
  if (choice.mode == ToolCalling::Mode::none) return scope;
  const Given given(messages);
  for (const ToolDefinition& tool : tools) {
    if (choice.mode == ToolCalling::Mode::named && tool.name != choice.name) continue;
    std::optional<Json> arguments = narrowed_arguments(tool, given);
    if (!arguments) {
      scope.left_out.push_back(tool.name);
      continue;
    }
    ToolDefinition narrowed = tool;
    narrowed.parameters = *std::move(arguments);
    scope.callable.push_back(std::move(narrowed));
  }
  return scope;
}

std::optional<std::string> fault_of(const ToolCall& call, const CallScope& scope) {
  for (const ToolDefinition& tool : scope.callable) {
    if (tool.name != call.name) continue;
    const auto schema = Schema::compile(tool.parameters);
    if (!schema) return "the arguments of " + call.name + " cannot be checked: " + schema.error().what;
    const std::vector<SchemaIssue> issues = schema->check(call.arguments);
    if (issues.empty()) return std::nullopt;
    return "the argument " + issues[0].path + " of " + call.name + ": " + issues[0].what;
  }
  return "there is no tool " + call.name + " that can be called now";
}

}  // namespace deed
