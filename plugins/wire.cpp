#include "deed/plugins/wire.hpp"

#include <algorithm>

#include "deed/core/base64.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/plugins/json_rpc.hpp"

namespace deed::wire {
namespace {

using rpc::member;

const char* verdict_text(ProbeResult::Verdict verdict) {
  switch (verdict) {
    case ProbeResult::Verdict::confirmed: return "confirmed";
    case ProbeResult::Verdict::refuted: return "refuted";
    case ProbeResult::Verdict::undecided: return "undecided";
  }
  return "undecided";
}

Error broken(std::string what) { return {ErrorKind::corrupt, "the plugin's answer is wrong: " + std::move(what), "", ""}; }

std::int64_t number_at(const Json& object, const char* key, std::int64_t other) {
  const Json& value = member(object, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : other;
}

// Text for the model; pictures and sounds beside it. What else there may be is shown as it came.
void take_content(const Json& content, Outcome& outcome) {
  if (!content.is_array()) return;
  for (const Json& part : content) {
    const std::string type = string_at(part, "type");
    if (type == "image" || type == "audio") {
      const auto bytes = parse_base64(string_at(part, "data"));
      auto media = bytes ? make_media("", *bytes) : Result<Media>(fail(bytes.error()));
      if (media) outcome.media.push_back(*std::move(media));
      else outcome.text += (outcome.text.empty() ? "[" : "\n[") + type + " that cannot be shown]";
      continue;
    }
    if (!outcome.text.empty()) outcome.text += "\n";
    outcome.text += type == "text" ? string_at(part, "text") : to_text(part);
  }
  if (outcome.text.empty() && !outcome.media.empty()) outcome.text = "[" + outcome.media.front().media_type + "]";
}

// An error of a tool that knows no outcomes: whether something happened, only its class can say.
OutcomeStatus status_of_error(const DeclaredTool& tool) {
  if (!changes_world(tool.spec.effect)) return OutcomeStatus::failed_without_effect;
  return tool.errors_reject ? OutcomeStatus::rejected : OutcomeStatus::unknown;
}

PluginAnswer outcome_of_result(const DeclaredTool& tool, const Json& result) {
  if (!result.is_object()) return broken("the result of a call is not an object");
  const Json& deed = member(member(result, "_meta"), "deed");
  Outcome outcome;
  outcome.status = member(result, "isError") == true ? status_of_error(tool) : OutcomeStatus::succeeded;
  if (const Json& said = member(deed, "outcome"); !said.is_null()) {
    const auto status = parse_outcome_status(said.is_string() ? said.get<std::string>() : "");
    if (!status) return broken("there is no such outcome");
    outcome.status = *status;
  }
  take_content(member(result, "content"), outcome);
  if (outcome.status == OutcomeStatus::succeeded) {
    outcome.result = member(result, "structuredContent");
    if (outcome.result.is_null() && !outcome.text.empty()) outcome.result = {{"text", outcome.text}};
    return outcome;
  }
  Outcome failed = Outcome::rejected(outcome.text.empty() ? "the plugin says nothing" : outcome.text, string_at(deed, "hint"));
  failed.status = outcome.status;
  return failed;
}

PluginAnswer preview_of_result(const Json& result) {
  Preview preview;
  preview.media_type = string_at(result, "media_type", "text/plain");
  auto bytes = take_bytes(result, "bytes");
  if (!bytes) return broken(bytes.error().what);
  preview.bytes = *std::move(bytes);
  preview.summary = std::string(utf8_prefix(string_at(result, "summary"), 2000));
  auto destinations = read_texts(member(result, "destinations"), "the preview's destinations");
  if (!destinations) return broken(destinations.error().what);
  preview.destinations = *std::move(destinations);
  return preview;
}

PluginAnswer verdict_of_result(const Json& result) {
  const std::string said = string_at(result, "verdict");
  ProbeResult found{ProbeResult::Verdict::undecided, std::string(utf8_prefix(string_at(result, "evidence"), 4096))};
  if (said == "confirmed") found.verdict = ProbeResult::Verdict::confirmed;
  else if (said == "refuted") found.verdict = ProbeResult::Verdict::refuted;
  else if (said != "undecided") return broken("there is no such verdict");
  return found;
}

Json content_of(const Outcome& outcome, const std::string& text) {
  Json content = Json::array({Json{{"type", "text"}, {"text", text}}});
  for (const Media& media : outcome.media) {
    const char* type = media.media_type.starts_with("audio/") ? "audio" : "image";
    content.push_back({{"type", type}, {"data", base64(*media.bytes)}, {"mimeType", media.media_type}});
  }
  return content;
}

Json result_of_outcome(const Outcome& outcome) {
  const bool is_done = outcome.status == OutcomeStatus::succeeded;
  const std::string text = !outcome.text.empty() ? outcome.text : is_done ? to_text(outcome.result) : string_at(outcome.result, "error");
  Json out = {{"content", content_of(outcome, text)}};
  // The protocol has an object there, or nothing.
  if (is_done && outcome.result.is_object()) out["structuredContent"] = outcome.result;
  else if (is_done && !outcome.result.is_null()) out["structuredContent"] = {{"result", outcome.result}};
  if (!is_done) out["isError"] = true;
  out["_meta"]["deed"] = {{"outcome", to_string(outcome.status)}};
  if (const std::string hint = is_done ? "" : string_at(outcome.result, "hint"); !hint.empty()) out["_meta"]["deed"]["hint"] = hint;
  return out;
}

}  // namespace

const char* method_of(PluginCallKind kind) {
  switch (kind) {
    case PluginCallKind::run: return call_method;
    case PluginCallKind::preview: return preview_method;
    case PluginCallKind::probe: return probe_method;
  }
  return call_method;
}

Json initialize_params() {
  return {{"protocolVersion", protocol_version},
          {"capabilities", {{"experimental", {{"deed", {{"version", 1}}}}}}},
          {"clientInfo", {{"name", "deed"}, {"version", "1"}}}};
}

Json call_params(const PluginCall& call, std::int64_t token) {
  Json deed = {{"effect_key", call.effect_key}, {"attempt", call.attempt}, {"proposed_at_ms", call.proposed_at_ms}};
  if (call.kind == PluginCallKind::probe) deed["dispatched_at_ms"] = call.dispatched_at_ms;
  return {{"name", call.tool->own_name}, {"arguments", call.arguments}, {"_meta", {{"progressToken", token}, {"deed", std::move(deed)}}}};
}

Result<PluginCall> parse_call_params(PluginCallKind kind, const Json& params) {
  PluginCall call{.kind = kind};
  const Json& arguments = member(params, "arguments");
  if (!arguments.is_object() && !arguments.is_null()) return fail(ErrorKind::invalid, "the arguments are not an object");
  if (arguments.is_object()) call.arguments = arguments;
  const Json& deed = member(member(params, "_meta"), "deed");
  call.effect_key = string_at(deed, "effect_key");
  call.attempt = number_at(deed, "attempt", 1);
  call.proposed_at_ms = number_at(deed, "proposed_at_ms", 0);
  call.dispatched_at_ms = number_at(deed, "dispatched_at_ms", 0);
  return call;
}

PluginAnswer answer_of(PluginCallKind kind, const DeclaredTool& tool, const Json& result) {
  switch (kind) {
    case PluginCallKind::run: return outcome_of_result(tool, result);
    case PluginCallKind::preview: return preview_of_result(result);
    case PluginCallKind::probe: return verdict_of_result(result);
  }
  return broken("unasked");
}

Json result_of(const PluginAnswer& answer) {
  if (const auto* outcome = std::get_if<Outcome>(&answer)) return result_of_outcome(*outcome);
  if (const auto* preview = std::get_if<Preview>(&answer)) {
    Json out = {{"media_type", preview->media_type}, {"summary", preview->summary}, {"destinations", preview->destinations}};
    put_bytes(out, "bytes", preview->bytes);
    return out;
  }
  const auto& found = std::get<ProbeResult>(answer);
  return {{"verdict", verdict_text(found.verdict)}, {"evidence", found.evidence}};
}

void put_bytes(Json& object, const std::string& name, const std::string& bytes) {
  if (is_utf8(bytes)) object[name] = bytes;
  else object[name + "_base64"] = base64(bytes);
}

Result<std::string> take_bytes(const Json& object, const std::string& name) {
  const Json& encoded = member(object, name + "_base64");
  if (encoded.is_string()) return with_context(parse_base64(encoded.get<std::string>()), name + "_base64");
  const Json& plain = member(object, name);
  if (plain.is_null() && encoded.is_null()) return std::string();
  if (!plain.is_string()) return fail(ErrorKind::invalid, name + " is not a text");
  return plain.get<std::string>();
}

Result<std::vector<std::string>> read_texts(const Json& array, const char* name) {
  std::vector<std::string> out;
  if (array.is_null()) return out;
  const bool is_right = array.is_array() && std::all_of(array.begin(), array.end(), [](const Json& one) { return one.is_string(); });
  if (!is_right) return fail(ErrorKind::invalid, std::string(name) + " is no list of texts");
  for (const Json& one : array) out.push_back(one.get<std::string>());
  return out;
}

Result<HttpHeaders> headers_of(const Json& object) {
  HttpHeaders headers;
  if (object.is_null()) return headers;
  if (!object.is_object()) return fail(ErrorKind::invalid, "the headers are not a JSON object");
  for (const auto& [name, value] : object.items()) {
    if (!value.is_string()) return fail(ErrorKind::invalid, "a header's value is not a text", escaped(name));
    headers.emplace_back(name, value.get<std::string>());
  }
  return headers;
}

Json json_of(const HttpHeaders& headers) {
  Json out = Json::object();
  for (const auto& [name, value] : headers) out[to_utf8(name)] = to_utf8(value);
  return out;
}

Result<WantsHttp> parse_http(const Json& params) {
  WantsHttp wanted{.method = string_at(params, "method", "GET"), .url = string_at(params, "url")};
  DEED_TRY(wanted.headers, headers_of(member(params, "headers")));
  DEED_TRY(wanted.body, take_bytes(params, "body"));
  return wanted;
}

Json http_result(const HttpResponse& response) {
  Json out = {{"status", response.status}, {"headers", json_of(response.headers)}};
  put_bytes(out, "body", response.body);
  return out;
}

}  // namespace deed::wire
