#include "deed/plugins/c_table.hpp"

#include <algorithm>
#include <array>

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/plugins/wire.hpp"

namespace deed {
namespace {

Result<Json> read_json(const char* text, const std::string& tool, const char* name) {
  auto json = parse_json(text, {.max_bytes = max_declaration_bytes});
  if (json) return json;
  return fail(json.error().kind, std::string("its ") + name + " are " + json.error().what, tool + ", " + json.error().where);
}

const char* effect_name(std::uint32_t effect) {
  switch (effect) {
    case DEED_EFFECT_UNDECLARED: return "";
    case DEED_EFFECT_PURE: return "pure";
    case DEED_EFFECT_READ: return "read";
    case DEED_EFFECT_IDEMPOTENT: return "idempotent";
    case DEED_EFFECT_KEYED: return "keyed";
    case DEED_EFFECT_PROBEABLE: return "probeable";
    case DEED_EFFECT_ONCE: return "once";
  }
  return "";
}

std::optional<OutcomeStatus> status_of(std::uint32_t status) {
  switch (status) {
    case DEED_SUCCEEDED: return OutcomeStatus::succeeded;
    case DEED_REJECTED: return OutcomeStatus::rejected;
    case DEED_FAILED_WITHOUT_EFFECT: return OutcomeStatus::failed_without_effect;
    case DEED_UNKNOWN: return OutcomeStatus::unknown;
  }
  return std::nullopt;
}

Json flags_of(std::uint32_t flags) {
  struct Name {
    std::uint32_t flag;
    const char* name;
  };
  constexpr std::array names = {Name{DEED_TOOL_DISPATCHES, "dispatches"}, Name{DEED_TOOL_HARMLESS, "harmless"}, Name{DEED_TOOL_CONCURRENT, "concurrent"},
                                Name{DEED_TOOL_QUICK, "quick"}, Name{DEED_TOOL_TRUSTED, "trusted"}};
  Json out = Json::array();
  for (const auto& [flag, name] : names) {
    if (flags & flag) out.push_back(name);
  }
  return out;
}

}  // namespace

Result<std::string> read_bytes(deed_text text, std::size_t max_bytes, const char* name) {
  if (!text.data && text.size > 0) return fail(ErrorKind::invalid, std::string(name) + " is NULL and has a size");
  if (text.size > max_bytes) return fail(ErrorKind::limit, std::string(name) + " has " + human_bytes(text.size), "", "at most " + human_bytes(max_bytes));
  return text.data ? std::string(text.data, text.size) : std::string();
}

Result<std::string> read_utf8(deed_text text, std::size_t max_bytes, const char* name) {
  DEED_TRY(std::string bytes, read_bytes(text, max_bytes, name));
  if (!is_utf8(bytes)) return fail(ErrorKind::invalid, std::string(name) + " is not UTF-8");
  return bytes;
}

Result<Outcome> read_outcome(const deed_outcome* given) {
  DEED_TRY(const deed_outcome outcome, read_struct(given, offsetof(deed_outcome, hint), "the outcome"));
  const auto status = status_of(number_of(outcome.status));
  if (!status) return fail(ErrorKind::invalid, "the outcome has no such status: " + std::to_string(number_of(outcome.status)));
  DEED_TRY(std::string text, read_utf8(outcome.text, max_answer_bytes, "the outcome's text"));
  if (*status == OutcomeStatus::succeeded) {
    DEED_TRY(const std::string bytes, read_utf8(outcome.result, max_answer_bytes, "the outcome's result"));
    if (bytes.empty()) return Outcome::succeeded(text.empty() ? Json() : Json{{"text", text}}, text);
    DEED_TRY(Json result, with_context(parse_json(bytes, {.max_bytes = max_answer_bytes}), "the outcome's result"));
    return Outcome::succeeded(std::move(result), std::move(text));
  }
  DEED_TRY(std::string hint, read_utf8(outcome.hint, max_answer_bytes, "the outcome's hint"));
  Outcome out = Outcome::rejected(text.empty() ? "the plugin says nothing" : std::move(text), std::move(hint));
  out.status = *status;
  return out;
}

Result<Preview> read_preview(const deed_preview* given) {
  DEED_TRY(const deed_preview preview, read_struct(given, offsetof(deed_preview, destinations), "the preview"));
  Preview out;
  DEED_TRY(out.media_type, read_utf8(preview.media_type, 200, "the preview's media type"));
  DEED_TRY(out.bytes, read_bytes(preview.bytes, max_answer_bytes, "the preview"));
  DEED_TRY(out.summary, read_utf8(preview.summary, 2000, "the preview's summary"));
  DEED_TRY(const std::string destinations, read_utf8(preview.destinations, max_declaration_bytes, "the preview's destinations"));
  if (destinations.empty()) return out;
  DEED_TRY(const Json list, with_context(parse_json(destinations), "the preview's destinations"));
  DEED_TRY(out.destinations, wire::read_texts(list, "the preview's destinations"));
  return out;
}

Result<HttpHeaders> read_headers(deed_text json) {
  DEED_TRY(const std::string text, read_utf8(json, 64u << 10, "the headers"));
  if (text.empty()) return HttpHeaders();
  DEED_TRY(const Json object, with_context(parse_json(text), "the headers"));
  return wire::headers_of(object);
}

Result<Json> read_tool(const deed_tool* given) {
  DEED_TRY(const deed_tool tool, read_struct(given, offsetof(deed_tool, preview), "a tool"));
  if (!tool.name || !tool.arguments || !tool.run) {
    return fail(ErrorKind::invalid, "a tool without a name, a schema of its arguments or a function `run`", tool.name ? escaped(tool.name) : "");
  }
  const std::string where = escaped(std::string(tool.name).substr(0, 100));
  const std::string effect = effect_name(number_of(tool.effect));
  if (effect.empty()) {
    return fail(ErrorKind::invalid, "a tool that does not say what a second run of it would do", where, "deed_tool::effect: DEED_EFFECT_…");
  }
  DEED_TRY(Json schema, read_json(tool.arguments, where, "arguments"));
  Json deed = {{"effect", effect}, {"flags", flags_of(tool.flags)}};
  if (tool.roles) {
    DEED_TRY(deed["roles"], read_json(tool.roles, where, "roles"));
  }
  if (tool.examples) {
    DEED_TRY(deed["examples"], read_json(tool.examples, where, "examples"));
  }
  if (tool.timeout_ms) deed["timeout_ms"] = tool.timeout_ms;
  if (tool.max_output_bytes) deed["max_output_bytes"] = tool.max_output_bytes;
  if (tool.key_window_ms) deed["key_window_ms"] = tool.key_window_ms;
  if (tool.preview) deed["preview"] = true;
  if (tool.probe) deed["probe"] = true;
  const std::string about = tool.description ? to_utf8(tool.description) : "";
  return Json{{"name", to_utf8(tool.name)}, {"description", about}, {"inputSchema", std::move(schema)}, {"_meta", {{"deed", std::move(deed)}}}};
}

}  // namespace deed
