#include "deed/llm/anthropic/anthropic_wire.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/anthropic/anthropic_blocks.hpp"
#include "deed/llm/anthropic/anthropic_schema.hpp"
#include "deed/llm/remote/tool_names.hpp"
#include "deed/llm/remote/wire_json.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace deed {
namespace {

Json cache_mark() { return {{"type", "ephemeral"}}; }

Json anthropic_tool(const ToolDefinition& tool) {
  Json schema = tool.parameters.is_object() ? tool.parameters : Json::object();
  if (!schema.contains("type")) schema["type"] = "object";
  if (schema.size() == 1) schema["properties"] = Json::object();
  return {{"name", wire_tool_name(tool.name)}, {"description", tool.description}, {"input_schema", std::move(schema)}};
}

// A conversation that holds calls must define tools, even where none may be called any more.
ToolList tools_of_calls(const Transcript& messages) {
  std::set<std::string> names;
  for (const Message& message : messages) {
    for (const ToolCall& call : message.tool_calls) names.insert(call.name);
  }
  ToolList tools;
  for (const std::string& name : names) tools.push_back({.name = name, .description = "Not available now."});
  return tools;
}

std::string list_to_wire(const ToolList& tools) {
  std::string out = "[";
  for (std::size_t i = 0; i < tools.size(); ++i) {
    Json tool = anthropic_tool(tools[i]);
    if (i + 1 == tools.size()) tool["cache_control"] = cache_mark();
    out += (i > 0 ? "," : "") + to_text(tool);
  }
  return out + ']';
}

// The content blocks without the brackets of their list. The last one that can be marked is, if it is the last of all.
std::string joined(Json blocks, bool is_last) {
  if (is_last && !is_thinking(blocks.back())) blocks.back()["cache_control"] = cache_mark();
  std::string list = to_text(blocks);
  return list.substr(1, list.size() - 2);
}

// How many tokens of thinking are granted; 0: no thinking is asked for.
std::int64_t thinking_tokens(Effort effort, const ClaudeTraits& traits) {
  if (traits.thinking == Thinking::none) return 0;
  switch (effort) {
    case Effort::low:
      return 2048;
    case Effort::medium:
      return 8192;
    case Effort::high:
      return 24'576;
    case Effort::none:
      return traits.thinks_by_itself ? 2048 : 0;
    case Effort::as_it_likes:
      break;
  }
  return traits.thinks_by_itself ? 8192 : 0;
}

Json anthropic_choice(const ModelRequest& request, bool thinks) {
  ToolCalling::Mode mode = request.tool_choice.mode;
  if (request.tools.empty() || mode == ToolCalling::Mode::none) return {{"type", "none"}};
  // A choice cannot be forced on a model that thinks.
  if (thinks) mode = ToolCalling::Mode::automatic;
  Json choice = {{"type", "auto"}};
  if (mode == ToolCalling::Mode::required) choice["type"] = "any";
  if (mode == ToolCalling::Mode::named) choice = {{"type", "tool"}, {"name", wire_tool_name(request.tool_choice.name)}};
  if (request.parallel_tool_calls) choice["disable_parallel_tool_use"] = !*request.parallel_tool_calls;
  return choice;
}


}  // namespace

std::string to_anthropic_wire(const ModelRequest& request, const AnthropicWireOptions& options) { return AnthropicWire(options).write(request); }

// Results and what the user says to them are one message: the API wants all results of a turn together, before any text.
std::string AnthropicWire::messages_to_wire() const {
  std::string out = "[";
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    const bool is_assistant = messages_[i].role == Role::assistant;
    const bool goes_on = i > 0 && (messages_[i - 1].role == Role::assistant) == is_assistant;
    if (goes_on) {
      out += ',';
    } else {
      out += std::string(i > 0 ? "]}," : "") + "{\"role\":\"" + (is_assistant ? "assistant" : "user") + "\",\"content\":[";
    }
    const bool is_last = i + 1 == messages_.size();
    out += is_last ? joined(anthropic_blocks(messages_[i], options_.replay_to), true) : blocks_[i];
  }
  return out + (messages_.empty() ? "]" : "]}]");
}

// From the user's last words on, all is one turn to the API, whatever calls and results are in it.
bool AnthropicWire::may_think(const ModelRequest& request) const {
  if (thinking_tokens(request.effort, traits_) == 0) return false;
  if (traits_.thinking == Thinking::adaptive) return true;
  const Message* first_of_turn = nullptr;
  for (const Message& message : request.messages) {
    if (message.role == Role::user) first_of_turn = nullptr;
    if (message.role == Role::assistant && first_of_turn == nullptr) first_of_turn = &message;
  }
  return first_of_turn == nullptr || begins_with_thinking(*first_of_turn, options_.replay_to);
}

// What follows the messages.
std::string AnthropicWire::rest_of(const ModelRequest& request) const {
  const bool thinks = may_think(request);
  std::string out;
  std::int64_t max_tokens = request.max_tokens;
  Json output = Json::object();
  if (thinks) {
    const std::int64_t budget = thinking_tokens(request.effort, traits_);
    // The limit holds for thinking and reply together, and must be larger than the budget.
    max_tokens = std::max(max_tokens, std::min(max_tokens + budget, traits_.max_output_tokens));
    if (traits_.thinking == Thinking::budget) {
      append_member(out, "thinking", {{"type", "enabled"}, {"budget_tokens", budget}});
    } else {
      append_member(out, "thinking", {{"type", "adaptive"}, {"display", "summarized"}});
      // A model that cannot be told not to think can be told to think little.
      if (request.effort != Effort::as_it_likes) output["effort"] = request.effort == Effort::none ? "low" : to_string(request.effort);
    }
  }
  append_member(out, "max_tokens", max_tokens);
  if (request.response_schema) output["format"] = {{"type", "json_schema"}, {"schema", structured_output_schema(*request.response_schema)}};
  if (!output.empty()) append_member(out, "output_config", output);
  if (!thinks && traits_.takes_sampling) {
    // Newer models take one of the two. The scale ends at 1 here.
    if (request.temperature) append_member(out, "temperature", std::clamp(*request.temperature, 0.0, 1.0));
    if (!request.temperature && request.top_p) append_member(out, "top_p", *request.top_p);
  }
  Json stops = Json::array();
  for (const std::string& stop : request.stop) {
    if (!trim(stop).empty()) stops.push_back(stop);
  }
  if (!stops.empty()) append_member(out, "stop_sequences", stops);
  return out;
}

std::string AnthropicWire::write(const ModelRequest& request) {
  blocks_.resize(std::min(request.messages.shared_head(messages_), blocks_.size()));
  messages_ = request.messages;
  while (blocks_.size() + 1 < messages_.size()) blocks_.push_back(joined(anthropic_blocks(messages_[blocks_.size()], options_.replay_to), false));

  std::string body = "{\"model\":" + to_text(Json(options_.model)) + (request.stream ? ",\"stream\":true" : ",\"stream\":false");
  const ToolList tools = request.tools.empty() ? tools_of_calls(request.messages) : request.tools;
  if (!tools.empty()) body += ",\"tools\":" + list_to_wire(tools);
  if (!trim(request.system).empty()) {
    Json system = Json::array({{{"type", "text"}, {"text", request.system}, {"cache_control", cache_mark()}}});
    append_member(body, "system", system);
  }
  body += ",\"messages\":" + messages_to_wire();
  const bool is_default = request.tool_choice.mode == ToolCalling::Mode::automatic && !request.parallel_tool_calls && !request.tools.empty();
  if (!tools.empty() && !is_default) append_member(body, "tool_choice", anthropic_choice(request, may_think(request)));
  return body + rest_of(request) + '}';
}

}  // namespace deed
