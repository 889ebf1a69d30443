#include "deed/llm/responses/responses_wire.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/remote/tool_names.hpp"
#include "deed/llm/remote/wire_json.hpp"

#include <algorithm>
#include <string_view>

namespace deed {
namespace {

// The API refuses a longer call_id; ids of calls that another provider's model made may be longer.
constexpr std::size_t max_call_id_bytes = 64;
// The API refuses fewer.
constexpr std::int64_t min_output_tokens = 16;

bool begins_with_any(std::string_view name, std::initializer_list<std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view beginning) { return name.starts_with(beginning); });
}

// "openai/gpt-5" is "gpt-5" to those who put the maker in front.
std::string bare_name(std::string_view model) { return lower_ascii(model.substr(model.rfind('/') + 1)); }

// OpenAI's models without reasoning answer 400 to whoever speaks of it.
bool cannot_reason(std::string_view bare) { return begins_with_any(bare, {"gpt-3.5", "gpt-4", "chatgpt-", "gpt-5-chat"}); }

bool is_known_to_reason(std::string_view bare) {
  return begins_with_any(bare, {"o1", "o3", "o4", "gpt-5", "gpt-6", "codex-mini", "computer-use-preview"}) && !cannot_reason(bare);
}

std::string call_id_to_wire(const std::string& id) {
  return id.size() <= max_call_id_bytes ? id : "call_" + sha256_hex(id).substr(0, 32);
}

Json responses_tool(const ToolDefinition& tool) {
  // Strict is what the API does by itself, and then it refuses schemas with optional members.
  return {{"type", "function"},
          {"name", wire_tool_name(tool.name)},
          {"description", tool.description},
          {"parameters", parameters_of(tool)},
          {"strict", false}};
}

Json responses_media(const Media& media) {
  std::string url = "data:" + media.media_type + ";base64," + base64(*media.bytes);
  if (media.media_type.starts_with("image/")) return {{"type", "input_image"}, {"image_url", std::move(url)}, {"detail", "auto"}};
  return {{"type", "input_file"}, {"filename", media.name.empty() ? "document" : media.name}, {"file_data", std::move(url)}};
}

// A text, or a list where there is more than text.
Json content_to_wire(const Message& message) {
  if (message.media.empty()) return message.text;
  Json parts = Json::array();
  if (!message.text.empty()) parts.push_back({{"type", "input_text"}, {"text", message.text}});
  for (const Media& media : message.media) parts.push_back(responses_media(media));
  return parts;
}

// The reasoning goes before what it led to; the API refuses it behind.
void append_assistant(std::string& list, const Message& message, const ResponsesWireOptions& options) {
  if (message.replay.provider == options.replay_to && message.replay.items.is_array()) {
    for (const Json& item : message.replay.items) append_item(list, item);
  }
  if (!message.text.empty()) append_item(list, {{"type", "message"}, {"role", "assistant"}, {"content", message.text}});
  for (const ToolCall& call : message.tool_calls) {
    append_item(list, {{"type", "function_call"},
                       {"call_id", call_id_to_wire(call.id)},
                       {"name", wire_tool_name(call.name)},
                       {"arguments", to_text(call.arguments)}});
  }
}

void append_message(std::string& list, const Message& message, const ResponsesWireOptions& options) {
  switch (message.role) {
    case Role::assistant:
      return append_assistant(list, message, options);
    case Role::tool:
      return append_item(list, {{"type", "function_call_output"},
                                {"call_id", call_id_to_wire(message.tool_call_id)},
                                {"output", content_to_wire(message)}});
    case Role::user:
      return append_item(list, {{"type", "message"}, {"role", "user"}, {"content", content_to_wire(message)}});
  }
}

Json responses_choice(const ToolCalling& choice) {
  switch (choice.mode) {
    case ToolCalling::Mode::none:
      return "none";
    case ToolCalling::Mode::required:
      return "required";
    case ToolCalling::Mode::named:
      return {{"type", "function"}, {"name", wire_tool_name(choice.name)}};
    case ToolCalling::Mode::automatic:
      break;
  }
  return "auto";
}

Json format_to_wire(const Json& schema) {
  return {{"format", {{"type", "json_schema"}, {"name", "reply"}, {"schema", schema}, {"strict", false}}}};
}

Json reasoning_to_wire(Effort effort) {
  Json reasoning = {{"effort", to_string(effort)}};
  if (effort != Effort::none) reasoning["summary"] = "auto";
  return reasoning;
}

// What stays the same in all turns of a conversation, up to the beginning of the input.
std::string head(const ModelRequest& request, const ResponsesWireOptions& options) {
  std::string body = "{\"model\":" + to_text(Json(options.model)) + (request.stream ? ",\"stream\":true" : ",\"stream\":false") + ",\"store\":false";
  if (is_known_to_reason(bare_name(options.model))) body += ",\"include\":[\"reasoning.encrypted_content\"]";
  if (!request.system.empty()) append_member(body, "instructions", request.system);
  if (!request.tools.empty()) {
    body += ",\"tools\":[";
    for (const ToolDefinition& tool : request.tools) append_item(body, responses_tool(tool));
    body += ']';
  }
  return body + ",\"input\":[";
}

}  // namespace

std::int64_t responses_max_tokens(std::int64_t max_tokens) { return std::max(max_tokens, min_output_tokens); }

std::string to_responses_wire(const ModelRequest& request, const ResponsesWireOptions& options) {
  std::string body = head(request, options);
  for (const Message& message : request.messages) append_message(body, message, options);
  body += ']';
  if (!request.tools.empty()) {
    if (request.tool_choice.mode != ToolCalling::Mode::automatic) append_member(body, "tool_choice", responses_choice(request.tool_choice));
    if (request.parallel_tool_calls) append_member(body, "parallel_tool_calls", *request.parallel_tool_calls);
  }
  if (request.response_schema) append_member(body, "text", format_to_wire(*request.response_schema));
  append_member(body, "max_output_tokens", responses_max_tokens(request.max_tokens));
  if (request.temperature) append_member(body, "temperature", *request.temperature);
  if (request.top_p) append_member(body, "top_p", *request.top_p);
  if (request.effort != Effort::as_it_likes && !cannot_reason(bare_name(options.model))) {
    append_member(body, "reasoning", reasoning_to_wire(request.effort));
  }
  return body + '}';
}

}  // namespace deed
