#include "deed/llm/ollama/ollama_wire.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/remote/wire_json.hpp"
#include "deed/llm/remote/tool_names.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace deed {
namespace {

Json ollama_tool(const ToolDefinition& tool) {
  Json function = {{"name", wire_tool_name(tool.name)}, {"description", tool.description}, {"parameters", parameters_of(tool)}};
  return {{"type", "function"}, {"function", std::move(function)}};
}

// Servers before 0.12 know no ids and pay no heed to them; later ones tell parallel calls of one tool apart by them.
Json call_to_wire(const ToolCall& call) {
  return {{"id", call.id}, {"function", {{"name", wire_tool_name(call.name)}, {"arguments", call.arguments}}}};
}

Json assistant_to_wire(const Message& message, const OllamaWireOptions& options) {
  Json wire = {{"role", "assistant"}, {"content", message.text}};
  if (message.replay.provider == options.replay_to) {
    if (const Json& thinking = member(message.replay.items, "thinking"); thinking.is_string()) wire["thinking"] = thinking;
  }
  for (const ToolCall& call : message.tool_calls) wire["tool_calls"].push_back(call_to_wire(call));
  return wire;
}

Json ollama_user_message(const std::string& text, const std::vector<Media>& media) {
  Json wire = {{"role", "user"}, {"content", text}};
  for (const Media& picture : media) wire["images"].push_back(base64(*picture.bytes));
  return wire;
}

Json message_to_wire(const Message& message, const OllamaWireOptions& options) {
  switch (message.role) {
    case Role::assistant:
      return assistant_to_wire(message, options);
    case Role::tool:
      return {{"role", "tool"},
              {"tool_name", wire_tool_name(message.tool_name)},
              {"tool_call_id", message.tool_call_id},
              {"content", message.text}};
    case Role::user:
      break;
  }
  return ollama_user_message(message.text, message.media);
}

// Few of the models' templates show pictures of a tool's result: they follow the last result of the turn, as if the user showed them.
void append_messages(std::string& list, const Transcript& messages, const OllamaWireOptions& options) {
  std::vector<Media> shown;
  const auto show = [&] {
    if (!shown.empty()) append_item(list, ollama_user_message({}, std::exchange(shown, {})));
  };
  for (const Message& message : messages) {
    if (message.role != Role::tool) show();
    append_item(list, message_to_wire(message, options));
    if (message.role == Role::tool) shown.insert(shown.end(), message.media.begin(), message.media.end());
  }
  show();
}

// gpt-oss takes how much it is to think, the others only whether; they answer 400 to a level.
Json think_to_wire(Effort effort, std::string_view model) {
  if (effort == Effort::none) return false;
  if (lower_ascii(model.substr(model.rfind('/') + 1)).starts_with("gpt-oss")) return to_string(effort);
  return true;
}

Json options_to_wire(const ModelRequest& request, const OllamaWireOptions& options) {
  Json wire = {{"num_predict", request.max_tokens}};
  if (options.num_ctx > 0) wire["num_ctx"] = options.num_ctx;
  if (request.temperature) wire["temperature"] = *request.temperature;
  if (request.top_p) wire["top_p"] = *request.top_p;
  if (request.seed) wire["seed"] = *request.seed;
  if (!request.stop.empty()) wire["stop"] = request.stop;
  return wire;
}

}  // namespace

std::string to_ollama_wire(const ModelRequest& request, const OllamaWireOptions& options) {
  std::string body = "{\"model\":" + to_text(Json(options.model)) + (request.stream ? ",\"stream\":true" : ",\"stream\":false");
  // By itself a server drops the oldest messages of a prompt that does not fit, and the oldest tokens while it writes, and says
  // nothing: it is to refuse the one and to end the other. Servers before 0.12.6 pay no heed to either.
  body += ",\"truncate\":false,\"shift\":false";
  if (!request.tools.empty() && request.tool_choice.mode != ToolCalling::Mode::none) {
    body += ",\"tools\":[";
    for (const ToolDefinition& tool : request.tools) append_item(body, ollama_tool(tool));
    body += ']';
  }
  body += ",\"messages\":[";
  if (!request.system.empty()) append_item(body, {{"role", "system"}, {"content", request.system}});
  append_messages(body, request.messages, options);
  body += ']';
  if (request.response_schema) append_member(body, "format", *request.response_schema);
  if (request.effort != Effort::as_it_likes) append_member(body, "think", think_to_wire(request.effort, options.model));
  append_member(body, "options", options_to_wire(request, options));
  return body + '}';
}

}  // namespace deed
