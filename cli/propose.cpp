#include "deed/cli/propose.hpp"

#include "deed/core/text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <istream>
#include <ostream>
#include <string>

namespace deed {
namespace {

Result<ToolDefinition> read_tool(const Json& entry, const std::string& where) {
  const bool is_wrapped = entry.is_object() && entry.contains("function");
  const Json& function = is_wrapped ? entry["function"] : entry;
  if (!function.is_object() || string_at(function, "name").empty())
    return fail(
        ErrorKind::invalid, "a tool without a name", where,
        "give {\"type\": \"function\", \"function\": {\"name\", \"description\", \"parameters\"}}");
  ToolDefinition tool{.name = string_at(function, "name"),
                      .description = string_at(function, "description")};
  if (function.contains("parameters")) tool.parameters = function["parameters"];
  for (const Json& example : function.value("examples", Json::array()))
    if (example.is_string()) tool.examples.push_back(example.get<std::string>());
  if (!tool.parameters.is_object())
    return fail(ErrorKind::invalid, "parameters that are no schema of an object",
                where + "/parameters");
  const auto flag = [&](const char* name) {
    return entry.contains(name) && entry[name].is_boolean() && entry[name].get<bool>();
  };
  tool.changes_world = flag("changes_world");
  tool.asks_user = flag("asks_user");
  return tool;
}

// {"id", "function": {"name", "arguments": JSON text or an object}}
Result<ToolCall> read_call(const Json& entry, const std::string& where) {
  const Json function =
      entry.is_object() && entry.contains("function") ? entry["function"] : Json();
  if (!function.is_object() || string_at(function, "name").empty())
    return fail(ErrorKind::invalid, "a call without a name", where);
  ToolCall call{.id = string_at(entry, "id"), .name = string_at(function, "name")};
  const auto arguments = function.find("arguments");
  if (arguments == function.end()) return call;
  call.arguments = *arguments;
  if (arguments->is_string()) {
    DEED_TRY(call.arguments, parse_json(arguments->get_ref<const std::string&>()));
  }
  if (!call.arguments.is_object())
    return fail(ErrorKind::invalid, "arguments that are no object", where);
  return call;
}

Result<Message> read_message(const Json& entry, const std::string& where, std::string& system) {
  const std::string role = entry.is_object() ? string_at(entry, "role") : "";
  Message message{.text = entry.is_object() ? string_at(entry, "content") : ""};
  if (role == "system") {
    system += message.text;
  } else if (role == "tool") {
    message.role = Role::tool;
    message.tool_call_id = string_at(entry, "tool_call_id");
  } else if (role == "assistant") {
    message.role = Role::assistant;
    const auto calls = entry.find("tool_calls");
    for (std::size_t i = 0; calls != entry.end() && calls->is_array() && i < calls->size(); ++i) {
      DEED_TRY(ToolCall call, read_call((*calls)[i], where + "/tool_calls/" + std::to_string(i)));
      message.tool_calls.push_back(std::move(call));
    }
  } else if (role != "user") {
    return fail(ErrorKind::invalid, "a message of the role \"" + role + "\"", where,
                "roles are system, user, assistant and tool");
  }
  return message;
}

Result<ModelRequest> read_request(const Json& line) {
  ModelRequest request;
  if (line.contains("request") && line["request"].is_string()) {
    request.messages.push_back({.role = Role::user, .text = line["request"].get<std::string>()});
  } else if (line.contains("messages") && line["messages"].is_array() &&
             !line["messages"].empty()) {
    std::size_t index = 0;
    for (const Json& entry : line["messages"]) {
      DEED_TRY(Message message,
               read_message(entry, "/messages/" + std::to_string(index++), request.system));
      if (string_at(entry, "role") != "system") request.messages.push_back(std::move(message));
    }
  } else {
    return fail(ErrorKind::invalid, "neither \"request\" (text) nor \"messages\" (list)", "/",
                "give one of them");
  }
  if (request.messages.empty())
    return fail(ErrorKind::invalid, "no message of the user", "/messages");
  if (line.contains("tools")) {
    if (!line["tools"].is_array()) return fail(ErrorKind::invalid, "no list", "/tools");
    std::size_t index = 0;
    for (const Json& entry : line["tools"]) {
      DEED_TRY(ToolDefinition tool, read_tool(entry, "/tools/" + std::to_string(index++)));
      request.tools.push_back(std::move(tool));
    }
  }
  return request;
}

// co_spawn wants a value that can be empty: the reply goes into `answer` instead.
asio::awaitable<void> ask_into(Model& model, ModelRequest request,
                               std::optional<Result<Reply>>& answer) {
  StreamSink nobody;
  auto reply = co_await model.generate(std::move(request), std::move(nobody));
  answer.emplace(std::move(reply));
}

Result<Reply> ask(Model& model, ModelRequest request, asio::io_context& io) {
  std::optional<Result<Reply>> answer;
  bool has_ended = false;
  asio::co_spawn(io, ask_into(model, std::move(request), answer),
                 [&has_ended](const std::exception_ptr&) { has_ended = true; });
  io.restart();
  while (!has_ended && io.run_one() > 0) {
  }
  if (!answer) return fail(ErrorKind::internal, "the model ended without a reply");
  return *std::move(answer);
}

Result<Json> answer_line(Model& model, const Json& line, asio::io_context& io) {
  DEED_TRY(ModelRequest request, read_request(line));
  DEED_TRY(const Reply reply, ask(model, std::move(request), io));
  Json calls = Json::array();
  for (const ToolCall& call : reply.tool_calls)
    calls.push_back({{"name", call.name}, {"arguments", call.arguments}});
  return calls;
}

}  // namespace

int propose(Model& model, asio::io_context& io, std::istream& in, std::ostream& out,
            const ProposeOptions& options) {
  int code = 0;
  std::string text;
  while (std::getline(in, text)) {
    if (trim(text).empty()) continue;
    Json answer = Json::object();
    const Result<Json> line = parse_json(text, {.max_bytes = options.max_line_bytes});
    const bool is_object = line && line->is_object();
    if (is_object && line->contains("id")) answer["id"] = (*line)["id"];
    const Result<Json> calls =
        is_object ? answer_line(model, *line, io)
        : line    ? Result<Json>(fail(ErrorKind::invalid, "the line is no JSON object"))
                  : Result<Json>(fail(line.error()));
    if (calls)
      answer["calls"] = *calls;
    else
      answer["error"] = to_string(calls.error()), code = 1;
    out << to_text(answer) << '\n' << std::flush;
  }
  return code;
}

}  // namespace deed
