#include "deed/llm/chat/chat_wire.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/hash.hpp"
#include "deed/llm/remote/media_names.hpp"
#include "deed/llm/remote/wire_json.hpp"
#include "deed/llm/remote/tool_names.hpp"

namespace deed {
namespace {

Json chat_tool(const ToolDefinition& tool) {
  Json function = {{"name", wire_tool_name(tool.name)},
                   {"description", tool.description},
                   {"parameters", parameters_of(tool)}};
  return {{"type", "function"}, {"function", std::move(function)}};
}

std::string id_to_wire(const std::string& id, const ChatWireOptions& options) {
  return options.short_ids ? sha256_hex(id).substr(0, 9) : id;
}

Json call_to_wire(const ToolCall& call, const ChatWireOptions& options) {
  return {
      {"id", id_to_wire(call.id, options)},
      {"type", "function"},
      {"function", {{"name", wire_tool_name(call.name)}, {"arguments", to_text(call.arguments)}}}};
}

Json assistant_to_wire(const Message& message, const ChatWireOptions& options) {
  Json wire = {{"role", "assistant"}, {"content", message.text}};
  if (!options.replay_member.empty() && message.replay.provider == options.replay_to) {
    if (const Json& thought = member(message.replay.items, options.replay_member); !thought.is_null()) {
      wire[options.replay_member] = thought;
    }
  }
  if (message.tool_calls.empty()) return wire;
  if (message.text.empty()) wire["content"] = nullptr;
  Json calls = Json::array();
  for (const ToolCall& call : message.tool_calls) calls.push_back(call_to_wire(call, options));
  wire["tool_calls"] = std::move(calls);
  return wire;
}

Json chat_media(const Media& media) {
  const std::string data = base64(*media.bytes);
  if (media.media_type.starts_with("audio/")) {
    return {{"type", "input_audio"}, {"input_audio", {{"data", data}, {"format", audio_format(media)}}}};
  }
  std::string url = "data:" + media.media_type + ";base64," + data;
  if (media.media_type.starts_with("image/")) return {{"type", "image_url"}, {"image_url", {{"url", std::move(url)}}}};
  return {{"type", "file"}, {"file", {{"filename", media.name}, {"file_data", std::move(url)}}}};
}

Json chat_user_message(const std::string& text, const std::vector<Media>& media) {
  if (media.empty()) return {{"role", "user"}, {"content", text}};
  Json parts = Json::array();
  if (!text.empty()) parts.push_back({{"type", "text"}, {"text", text}});
  for (const Media& part : media) parts.push_back(chat_media(part));
  return {{"role", "user"}, {"content", std::move(parts)}};
}

Json message_to_wire(const Message& message, const ChatWireOptions& options) {
  switch (message.role) {
    case Role::assistant:
      return assistant_to_wire(message, options);
    case Role::tool:
      return {{"role", "tool"}, {"tool_call_id", id_to_wire(message.tool_call_id, options)}, {"content", message.text}};
    case Role::user:
      break;
  }
  return chat_user_message(message.text, message.media);
}

// A tool message can hold only text: what results carried besides follows the last result of the turn, as if the user showed it.
// Whether `end` is behind that last result, `end` alone does not tell; it does where a message follows that is no result.
std::vector<Media> media_of_results_before(const Transcript& messages, std::size_t end) {
  std::vector<Media> media;
  std::size_t begin = end;
  while (begin > 0 && messages[begin - 1].role == Role::tool) --begin;
  for (std::size_t i = begin; i < end; ++i) media.insert(media.end(), messages[i].media.begin(), messages[i].media.end());
  return media;
}

Json chat_choice(const ToolCalling& choice) {
  switch (choice.mode) {
    case ToolCalling::Mode::none:
      return "none";
    case ToolCalling::Mode::required:
      return "required";
    case ToolCalling::Mode::named:
      return {{"type", "function"}, {"function", {{"name", wire_tool_name(choice.name)}}}};
    case ToolCalling::Mode::automatic:
      break;
  }
  return "auto";
}

}  // namespace

std::string to_chat_wire(const ModelRequest& request, const ChatWireOptions& options) {
  return ChatWire(options).write(request);
}

// Everything before the messages, and the system prompt, which is the first of them on the wire.
void ChatWire::begin(const ModelRequest& request) {
  has_begun_ = true;
  system_ = request.system;
  tools_ = request.tools;
  messages_ = {};
  streams_ = request.stream;
  written_ = "{\"model\":" + to_text(Json(options_.model));
  written_ += streams_ ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" : ",\"stream\":false";
  if (!tools_.empty()) {
    written_ += ",\"tools\":[";
    for (const ToolDefinition& tool : tools_) append_item(written_, chat_tool(tool));
    written_ += ']';
  }
  written_ += ",\"messages\":[";
  if (!system_.empty()) append_item(written_, Json{{"role", "system"}, {"content", system_}});
  ends_ = {written_.size()};
}

void ChatWire::write_message(const Transcript& messages, std::size_t i) {
  if (messages[i].role != Role::tool) {
    const std::vector<Media> shown = media_of_results_before(messages, i);
    if (!shown.empty()) append_item(written_, chat_user_message({}, shown));
  }
  append_item(written_, message_to_wire(messages[i], options_));
}

std::string ChatWire::write(const ModelRequest& request) {
  const bool goes_on = has_begun_ && request.stream == streams_ && request.system == system_ &&
                       request.tools.size() == tools_.size() &&
                       request.tools.shared_head(tools_) == tools_.size();
  if (!goes_on) begin(request);
  const std::size_t shared = request.messages.shared_head(messages_);
  ends_.resize(shared + 1);
  written_.resize(ends_.back());
  for (std::size_t i = shared; i < request.messages.size(); ++i) {
    write_message(request.messages, i);
    ends_.push_back(written_.size());
  }
  messages_ = request.messages;

  std::string body = written_;
  const std::vector<Media> shown = media_of_results_before(messages_, messages_.size());
  if (!shown.empty()) append_item(body, chat_user_message({}, shown));
  body += ']';
  if (!tools_.empty() && request.tool_choice.mode != ToolCalling::Mode::automatic) {
    body += ",\"tool_choice\":" + to_text(chat_choice(request.tool_choice));
  }
  if (!tools_.empty() && request.parallel_tool_calls) {
    body += std::string(",\"parallel_tool_calls\":") + (*request.parallel_tool_calls ? "true" : "false");
  }
  if (request.response_schema) {
    const Json format = {
        {"type", "json_schema"},
        {"json_schema", {{"name", "reply"}, {"schema", *request.response_schema}}}};
    body += ",\"response_format\":" + to_text(format);
  }
  body += ",\"" + options_.max_tokens_key + "\":" + std::to_string(request.max_tokens);
  if (request.temperature) body += ",\"temperature\":" + to_text(Json(*request.temperature));
  if (request.top_p) body += ",\"top_p\":" + to_text(Json(*request.top_p));
  if (request.seed) body += ",\"seed\":" + std::to_string(*request.seed);
  if (!request.stop.empty()) body += ",\"stop\":" + to_text(Json(request.stop));
  if (request.effort != Effort::as_it_likes) body += ",\"reasoning_effort\":" + to_text(Json(to_string(request.effort)));
  return body + '}';
}

}  // namespace deed
