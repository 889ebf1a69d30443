#include "deed/llm/remote/call_assembly.hpp"

#include "deed/core/text.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr std::size_t max_id_bytes = 256;
constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

// The arguments, or nullopt where they are not a JSON object.
std::optional<Json> parse_arguments(std::string_view text) {
  if (trim(text).empty()) return Json::object();
  auto value = parse_json(text);
  if (!value) return std::nullopt;
  if (value->is_null()) return Json::object();
  if (!value->is_object()) return std::nullopt;
  return *std::move(value);
}

}  // namespace

void CallAssembly::ValueEnd::feed(std::string_view text) {
  for (const char c : text) {
    if (after_backslash)
      after_backslash = false;
    else if (in_string && c == '\\')
      after_backslash = true;
    else if (c == '"')
      in_string = !in_string;
    else if (!in_string && (c == '{' || c == '['))
      ++depth;
    else if (!in_string && (c == '}' || c == ']') && --depth == 0)
      is_reached = true;
  }
}

CallAssembly::Piece CallAssembly::read(const Json& entry) {
  Piece piece;
  if (const auto index = entry.find("index"); index != entry.end() && index->is_number_integer()) {
    piece.index = index->get<std::int64_t>();
  }
  piece.id = string_at(entry, "id");
  const auto function = entry.find("function");
  if (function == entry.end() || !function->is_object()) return piece;
  piece.name = string_at(*function, "name");
  const auto arguments = function->find("arguments");
  if (arguments == function->end() || arguments->is_null()) return piece;
  piece.arguments = arguments->is_string() ? arguments->get<std::string>() : to_text(*arguments);
  return piece;
}

// Whether a piece that has the number of `call` begins another one nevertheless.
bool CallAssembly::starts_another(const Call& call, const Piece& piece) {
  if (piece.name.empty()) return false;
  if (!piece.id.empty() && !call.wire_id.empty()) return piece.id != call.wire_id;
  if (call.end.is_reached) return !piece.arguments.empty();
  return !call.arguments.empty() && piece.name != call.wire_name;
}

std::optional<std::size_t> CallAssembly::find(const Piece& piece) const {
  std::optional<std::size_t> at;
  if (piece.index) {
    const auto it = by_index_.find(*piece.index);
    if (it != by_index_.end()) at = it->second;
  } else if (!piece.id.empty()) {
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if (calls_[i].wire_id == piece.id) at = i;
    }
  } else if (!calls_.empty() && (piece.name.empty() || piece.name == calls_.back().wire_name)) {
    at = calls_.size() - 1;
  }
  if (at && starts_another(calls_[*at], piece)) return std::nullopt;
  return at;
}

bool CallAssembly::is_taken(const std::string& id) const {
  if (std::any_of(calls_.begin(), calls_.end(), [&](const Call& call) { return call.id == id; }))
    return true;
  const Transcript& said = options_.transcript;
  return std::any_of(said.begin(), said.end(), [&](const Message& message) {
    return std::any_of(message.tool_calls.begin(), message.tool_calls.end(),
                       [&](const ToolCall& call) { return call.id == id; });
  });
}

std::string CallAssembly::unique_id(const std::string& wire_id) {
  std::string id = wire_id;
  if (id.size() > max_id_bytes || has_control_characters(id)) id.clear();
  if (!id.empty() && !is_taken(id)) return id;
  const std::string seed = options_.id_seed ? options_.id_seed() : "0";
  for (std::size_t n = calls_.size();; ++n) {
    id = "call_" + seed + "_" + std::to_string(n);
    if (!is_taken(id)) return id;
  }
}

Result<ToolCallDelta> CallAssembly::add(const Json& entry, bool is_damaged) {
  if (!entry.is_object()) return fail(ErrorKind::corrupt, "a tool call is not a JSON object");
  const Piece piece = read(entry);
  std::optional<std::size_t> at = find(piece);
  if (!at) {
    if (calls_.size() >= options_.max_calls) {
      return fail(ErrorKind::corrupt,
                  "the reply has more than " + std::to_string(options_.max_calls) + " tool calls");
    }
    at = calls_.size();
    calls_.push_back(
        {.id = unique_id(piece.id), .wire_id = piece.id, .wire_name = {}, .arguments = {}});
    if (piece.index) by_index_[*piece.index] = *at;
  }
  Call& call = calls_[*at];
  if (call.wire_id.empty()) call.wire_id = piece.id;
  if (piece.name != call.wire_name) call.wire_name += piece.name;
  call.arguments += piece.arguments;
  call.end.feed(piece.arguments);
  call.is_damaged |= is_damaged && piece.arguments.find(replacement_character) != std::string::npos;
  return ToolCallDelta{call.id, options_.names.from_wire(call.wire_name), piece.arguments};
}

void CallAssembly::finish(Reply& reply) const {
  for (const Call& call : calls_) {
    std::optional<Json> arguments;
    if (!call.is_damaged) arguments = parse_arguments(call.arguments);
    if (!arguments) reply.bad_arguments.emplace_back(call.id, call.arguments);
    reply.tool_calls.push_back({.id = call.id,
                                .name = options_.names.from_wire(call.wire_name),
                                .arguments = arguments ? *std::move(arguments) : Json::object()});
  }
}

}  // namespace deed
