#include "deed/llm/chat_wire.hpp"

#include "deed/llm/tool_names.hpp"

namespace deed {
namespace {

Json tool_to_wire(const ToolDefinition& tool) {
  Json parameters = tool.parameters;
  // A tool without arguments: several servers refuse a schema that is not one of an object.
  if (!parameters.is_object() || parameters.empty()) {
    parameters = {{"type", "object"}, {"properties", Json::object()}};
  }
  Json function = {{"name", wire_tool_name(tool.name)},
                   {"description", tool.description},
                   {"parameters", std::move(parameters)}};
  return {{"type", "function"}, {"function", std::move(function)}};
}

Json call_to_wire(const ToolCall& call) {
  return {
      {"id", call.id},
      {"type", "function"},
      {"function", {{"name", wire_tool_name(call.name)}, {"arguments", to_text(call.arguments)}}}};
}

Json assistant_to_wire(const Message& message) {
  Json wire = {{"role", "assistant"}, {"content", message.text}};
  if (message.tool_calls.empty()) return wire;
  if (message.text.empty()) wire["content"] = nullptr;
  Json calls = Json::array();
  for (const ToolCall& call : message.tool_calls) calls.push_back(call_to_wire(call));
  wire["tool_calls"] = std::move(calls);
  return wire;
}

Json message_to_wire(const Message& message) {
  switch (message.role) {
    case Role::assistant:
      return assistant_to_wire(message);
    case Role::tool:
      return {{"role", "tool"}, {"tool_call_id", message.tool_call_id}, {"content", message.text}};
    case Role::user:
      break;
  }
  return {{"role", "user"}, {"content", message.text}};
}

void append_item(std::string& list, const Json& item) {
  if (list.back() != '[') list += ',';
  list += to_text(item);
}

}  // namespace

std::string to_wire(const ModelRequest& request, const ChatWireOptions& options) {
  return ChatWire(options).write(request);
}

// Everything before the messages, and the system prompt, which is the first of them on the wire.
void ChatWire::begin(const ModelRequest& request) {
  has_begun_ = true;
  system_ = request.system;
  tools_ = request.tools;
  messages_ = {};
  written_ = "{\"model\":" + to_text(Json(options_.model)) +
             ",\"stream\":true,\"stream_options\":{\"include_usage\":true}";
  if (!tools_.empty()) {
    written_ += ",\"tools\":[";
    for (const ToolDefinition& tool : tools_) append_item(written_, tool_to_wire(tool));
    written_ += ']';
  }
  written_ += ",\"messages\":[";
  if (!system_.empty()) append_item(written_, Json{{"role", "system"}, {"content", system_}});
  ends_ = {written_.size()};
}

std::string ChatWire::write(const ModelRequest& request) {
  const bool goes_on = has_begun_ && request.system == system_ &&
                       request.tools.size() == tools_.size() &&
                       request.tools.shared_head(tools_) == tools_.size();
  if (!goes_on) begin(request);
  const std::size_t shared = request.messages.shared_head(messages_);
  ends_.resize(shared + 1);
  written_.resize(ends_.back());
  for (std::size_t i = shared; i < request.messages.size(); ++i) {
    append_item(written_, message_to_wire(request.messages[i]));
    ends_.push_back(written_.size());
  }
  messages_ = request.messages;

  std::string body = written_ + ']';
  if (request.response_schema) {
    const Json format = {
        {"type", "json_schema"},
        {"json_schema", {{"name", "reply"}, {"schema", *request.response_schema}}}};
    body += ",\"response_format\":" + to_text(format);
  }
  body += ",\"" + options_.max_tokens_key + "\":" + std::to_string(request.max_tokens);
  if (request.temperature) body += ",\"temperature\":" + to_text(Json(*request.temperature));
  if (request.seed) body += ",\"seed\":" + std::to_string(*request.seed);
  return body + '}';
}

}  // namespace deed
