#include "deed/llm/gemini/gemini_wire.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/gemini/gemini_parts.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr std::int64_t max_output_tokens = 65'536;  // of the models that think

Json gemini_tool(const ToolDefinition& tool) {
  Json declaration = {{"name", gemini_tool_name(tool.name)}, {"description", tool.description}};
  // A function without parameters has no schema. This member takes JSON Schema as it is; "parameters" takes OpenAPI's dialect.
  const bool has_parameters = tool.parameters.is_object() && tool.parameters.contains("properties") && !tool.parameters["properties"].empty();
  if (has_parameters) declaration["parametersJsonSchema"] = tool.parameters;
  return declaration;
}

Json gemini_choice(const ToolCalling& choice) {
  Json config = {{"mode", choice.mode == ToolCalling::Mode::none ? "NONE" : "ANY"}};
  if (choice.mode == ToolCalling::Mode::named) config["allowedFunctionNames"] = Json::array({gemini_tool_name(choice.name)});
  return {{"functionCallingConfig", std::move(config)}};
}

std::string without_brackets(const Json& list) {
  const std::string text = to_text(list);
  return text.substr(1, text.size() - 2);
}

void append(std::string& list, const std::string& items) {
  if (items.empty()) return;
  if (!list.empty()) list += ',';
  list += items;
}

std::string content(bool is_model, const std::string& parts) {
  return std::string("{\"role\":\"") + (is_model ? "model" : "user") + "\",\"parts\":[" + parts + "]}";
}

// The API's own turn: from the user's last words on. Signatures are checked from there.
std::size_t turn_begin_of(const Transcript& messages) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].role == Role::user) begin = i;
  }
  return begin;
}

// What the call of a result had as id on the wire; the call is in the assistant message before the result.
std::string call_id_of(const Transcript& messages, std::size_t result, const std::string& replay_to) {
  std::size_t i = result;
  while (i > 0 && messages[i].role == Role::tool) --i;
  const auto& calls = messages[i].tool_calls;
  for (std::size_t c = 0; c < calls.size(); ++c) {
    if (calls[c].id == messages[result].tool_call_id) return gemini_call_id(messages[i], c, replay_to);
  }
  return {};
}

}  // namespace

std::string to_gemini_wire(const ModelRequest& request, const GeminiWireOptions& options) { return GeminiWire(options).write(request); }

GeminiWire::Piece GeminiWire::write_piece(std::size_t i) const {
  const GeminiPartsOptions options{
      .replay_to = options_.replay_to, .media_in_results = traits_.is_third, .waive_signature = traits_.is_third && i > turn_begin_};
  if (messages_[i].role != Role::tool) return {without_brackets(gemini_parts(messages_[i], options)), {}};
  const GeminiResult result = gemini_result(messages_[i], call_id_of(messages_, i, options_.replay_to), options);
  return {to_text(result.response), without_brackets(result.shown)};
}

void GeminiWire::write_pieces(const Transcript& messages) {
  std::size_t kept = std::min(messages.shared_head(messages_), pieces_.size());
  const std::size_t turn_begin = turn_begin_of(messages);
  // A turn that has ended needs no waived signatures any more.
  if (turn_begin != turn_begin_) kept = std::min({kept, turn_begin, turn_begin_});
  turn_begin_ = turn_begin;
  messages_ = messages;
  pieces_.resize(kept);
  while (pieces_.size() < messages_.size()) pieces_.push_back(write_piece(pieces_.size()));
}

std::string GeminiWire::contents() const {
  std::string out;
  for (std::size_t i = 0; i < messages_.size();) {
    if (messages_[i].role != Role::tool) {
      append(out, content(messages_[i].role == Role::assistant, pieces_[i].parts));
      ++i;
      continue;
    }
    // The results of a turn belong together: the API counts them against the calls.
    std::string results, shown;
    for (; i < messages_.size() && messages_[i].role == Role::tool; ++i) {
      append(results, pieces_[i].parts);
      append(shown, pieces_[i].shown);
    }
    append(results, shown);
    append(out, content(false, results));
  }
  return out;
}

// Models before the third generation take no schema of the reply beside tools, so they are told in words.
std::string GeminiWire::system_of(const ModelRequest& request) const {
  if (!request.response_schema || takes_schema(request)) return request.system;
  return request.system + (request.system.empty() ? "" : "\n\n") +
         "When you do not call a function, answer with JSON of this JSON Schema and nothing else:\n" + to_text(*request.response_schema);
}

Json GeminiWire::generation_config(const ModelRequest& request) const {
  const std::int64_t room = thinking_room(traits_, request.effort);
  Json config = {{"maxOutputTokens", std::max(request.max_tokens, std::min(request.max_tokens + room, max_output_tokens))}};
  if (request.temperature) config["temperature"] = *request.temperature;
  if (request.top_p) config["topP"] = *request.top_p;
  if (request.seed) config["seed"] = *request.seed;
  if (!request.stop.empty()) config["stopSequences"] = request.stop;
  if (takes_schema(request)) {
    config["responseMimeType"] = "application/json";
    config["responseJsonSchema"] = *request.response_schema;
  }
  if (Json thinking = thinking_config(traits_, request.effort); !thinking.is_null()) config["thinkingConfig"] = std::move(thinking);
  return config;
}

std::string GeminiWire::write(const ModelRequest& request) {
  write_pieces(request.messages);
  std::string body = "{";
  if (const std::string system = system_of(request); !system.empty()) {
    const Json part = {{"text", system}};
    body += "\"systemInstruction\":{\"parts\":[" + to_text(part) + "]},";
  }
  if (!request.tools.empty()) {
    Json declarations = Json::array();
    for (const ToolDefinition& tool : request.tools) declarations.push_back(gemini_tool(tool));
    body += "\"tools\":[{\"functionDeclarations\":" + to_text(declarations) + "}],";
  }
  body += "\"contents\":[" + contents() + "]";
  if (!request.tools.empty() && request.tool_choice.mode != ToolCalling::Mode::automatic) {
    body += ",\"toolConfig\":" + to_text(gemini_choice(request.tool_choice));
  }
  return body + ",\"generationConfig\":" + to_text(generation_config(request)) + '}';
}

}  // namespace deed
