#include "deed/plugins/json_rpc.hpp"

#include "deed/core/text.hpp"

namespace deed::rpc {
namespace {

Unexpected no_message(const char* why) { return fail(ErrorKind::invalid, std::string("no message of JSON-RPC 2.0: ") + why); }

bool is_id(const Json& id) { return id.is_string() || id.is_number_integer(); }

Result<Message> response(const Json& message, const Json& id) {
  if (message.contains("error")) {
    const Json& error = member(message, "error");
    if (!error.is_object()) return no_message("its error is not an object");
    const Json& code = member(error, "code");
    return Message(Response{id, Fault{code.is_number_integer() ? code.get<std::int64_t>() : 0, string_at(error, "message", "failed")}});
  }
  if (!message.contains("result")) return no_message("neither method, result nor error");
  return Message(Response{id, member(message, "result")});
}

}  // namespace

const Json& member(const Json& object, std::string_view key) {
  static const Json none = nullptr;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

Result<std::vector<std::string>> Lines::feed(std::string_view bytes) {
  std::vector<std::string> lines;
  for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
    if (rest_.size() + end > max_bytes_) break;
    rest_ += bytes.substr(0, end);
    if (rest_.ends_with('\r')) rest_.pop_back();
    if (!rest_.empty()) lines.push_back(std::move(rest_));
    rest_.clear();
  }
  if (rest_.size() + bytes.size() > max_bytes_ || bytes.find('\n') != std::string_view::npos) {
    return fail(ErrorKind::limit, "a line over " + human_bytes(max_bytes_));
  }
  rest_ += bytes;
  return lines;
}

Result<Message> parse(std::string_view line) {
  DEED_TRY(const Json message, parse_json(line));
  if (!message.is_object() || string_at(message, "jsonrpc") != "2.0") return no_message("no object with \"jsonrpc\":\"2.0\"");
  const Json& id = member(message, "id");
  if (!message.contains("method")) return is_id(id) ? response(message, id) : Result<Message>(no_message("an answer to nothing"));
  if (!member(message, "method").is_string()) return no_message("its method is not a text");
  Json params = member(message, "params");
  if (params.is_null()) params = Json::object();
  if (!params.is_object()) return no_message("its params are not an object");
  std::string method = string_at(message, "method");
  if (!message.contains("id")) return Message(Notification{std::move(method), std::move(params)});
  if (!is_id(id)) return no_message("its id is neither a text nor a whole number");
  return Message(Request{id, std::move(method), std::move(params)});
}

std::string line_of(const Message& message) {
  Json out = {{"jsonrpc", "2.0"}};
  if (const auto* request = std::get_if<Request>(&message)) {
    out["id"] = request->id;
    out["method"] = request->method;
    out["params"] = request->params;
  } else if (const auto* notification = std::get_if<Notification>(&message)) {
    out["method"] = notification->method;
    out["params"] = notification->params;
  } else {
    const auto& answer = std::get<Response>(message);
    out["id"] = answer.id;
    if (const auto* fault = std::get_if<Fault>(&answer.result)) out["error"] = {{"code", fault->code}, {"message", fault->message}};
    else out["result"] = std::get<Json>(answer.result);
  }
  return to_text(out) + "\n";
}

}  // namespace deed::rpc
