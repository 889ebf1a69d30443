#include "deed/llm/gemini/gemini_parts.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/remote/media_names.hpp"
#include "deed/llm/remote/wire_json.hpp"
#include "deed/llm/remote/tool_names.hpp"

namespace deed {
namespace {

constexpr std::string_view name_prefix = "n_";
constexpr const char* waived_signature = "skip_thought_signature_validator";

bool may_begin(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

Json text_part(std::string_view text) { return {{"text", std::string(text)}}; }

Json media_part(const Media& media) {
  // Gemini says "audio/mp3" where others say "audio/mpeg".
  const std::string type = media.media_type.starts_with("audio/") ? "audio/" + audio_format(media) : media.media_type;
  return {{"inlineData", {{"mimeType", type}, {"data", base64(*media.bytes)}}}};
}

// Source: https://ai.google.dev/gemini-api/docs/function-calling#multimodal
bool is_for_results(const Media& media) {
  const std::string& type = media.media_type;
  return type == "image/png" || type == "image/jpeg" || type == "image/webp" || type == "application/pdf";
}

Json user_parts(const Message& message) {
  Json parts = Json::array();
  for (const Media& media : message.media) parts.push_back(media_part(media));
  if (!message.text.empty()) parts.push_back(text_part(message.text));
  if (parts.empty()) parts.push_back(text_part("(no text)"));
  return parts;
}

const Json& replayed_parts(const Message& message, const std::string& replay_to) {
  static const Json none = Json::array();
  const bool is_ours = !replay_to.empty() && message.replay.provider == replay_to && message.replay.items.is_array();
  return is_ours ? message.replay.items : none;
}

// Text and calls of the model's message, cut into the parts in which they came, each with its signature.
class ModelParts {
 public:
  ModelParts(const Message& message, const GeminiPartsOptions& options) : message_(message), options_(options) {}

  Json take() {
    for (const Json& item : replayed_parts(message_, options_.replay_to)) take_item(item);
    if (text_ < message_.text.size()) add_text(message_.text.size(), nullptr);
    while (calls_ < message_.tool_calls.size()) add_call(nullptr);
    if (parts_.empty()) parts_.push_back(text_part("(no text)"));
    return std::move(parts_);
  }

 private:
  void take_item(const Json& item) {
    const std::string type = string_at(item, "type");
    if (type == "part") parts_.push_back(member(item, "part"));
    if (type == "text") add_text(static_cast<std::size_t>(count_at(item, "bytes")), item);
    if (type == "call" && calls_ < message_.tool_calls.size()) add_call(item);
  }

  void add_text(std::size_t bytes, const Json& item) {
    const std::string_view text = utf8_prefix(std::string_view(message_.text).substr(text_), bytes);
    text_ += text.size();
    Json part = text_part(text);
    if (sign(part, item) || !text.empty()) parts_.push_back(std::move(part));
  }

  void add_call(const Json& item) {
    const ToolCall& call = message_.tool_calls[calls_];
    Json function = Json::object();
    if (const std::string id = string_at(item, "id"); !id.empty()) function["id"] = id;
    function["name"] = gemini_tool_name(call.name);
    function["args"] = call.arguments;
    Json part = {{"functionCall", std::move(function)}};
    if (!sign(part, item) && options_.waive_signature && calls_ == 0) part["thoughtSignature"] = waived_signature;
    ++calls_;
    parts_.push_back(std::move(part));
  }

  static bool sign(Json& part, const Json& item) {
    const std::string signature = string_at(item, "thoughtSignature");
    if (!signature.empty()) part["thoughtSignature"] = signature;
    return !signature.empty();
  }

  const Message& message_;
  const GeminiPartsOptions& options_;
  Json parts_ = Json::array();
  std::size_t text_ = 0, calls_ = 0;  // how much has been said
};

}  // namespace

std::string gemini_tool_name(std::string_view name) {
  std::string wire = wire_tool_name(name);
  return may_begin(wire.front()) && !wire.starts_with(name_prefix) ? wire : std::string(name_prefix) + wire;
}

std::string tool_name_from_gemini(std::string_view name) {
  if (name.starts_with(name_prefix)) name.remove_prefix(name_prefix.size());
  return std::string(name);
}

Json gemini_parts(const Message& message, const GeminiPartsOptions& options) {
  return message.role == Role::assistant ? ModelParts(message, options).take() : user_parts(message);
}

std::string gemini_call_id(const Message& message, std::size_t call, const std::string& replay_to) {
  for (const Json& item : replayed_parts(message, replay_to)) {
    if (string_at(item, "type") == "call" && call-- == 0) return string_at(item, "id");
  }
  return {};
}

GeminiResult gemini_result(const Message& message, const std::string& call_id, const GeminiPartsOptions& options) {
  Json function = Json::object();
  if (!call_id.empty()) function["id"] = call_id;
  function["name"] = gemini_tool_name(message.tool_name);
  function["response"] = {{message.is_error ? "error" : "output", message.text}};
  GeminiResult result;
  Json held = Json::array();
  for (const Media& media : message.media) {
    Json& to = options.media_in_results && is_for_results(media) ? held : result.shown;
    to.push_back(media_part(media));
  }
  if (!held.empty()) function["parts"] = std::move(held);
  result.response = {{"functionResponse", std::move(function)}};
  return result;
}

}  // namespace deed
