#include "deed/llm/responses/response_calls.hpp"

#include <algorithm>
#include <functional>

namespace deed {
namespace {

std::string id_of(const Json& item) {
  std::string id = string_at(item, "call_id");
  return id.empty() ? string_at(item, "id") : id;
}

std::string arguments_of(const Json& item) {
  const auto found = item.find("arguments");
  if (found == item.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : to_text(*found);
}

bool is_same_json(const std::string& a, const std::string& b) {
  const auto left = parse_json(a), right = parse_json(b);
  return left && right && *left == *right;
}

}  // namespace

ResponseCalls::Place ResponseCalls::place_of(const Json& event) {
  Place place{.item_id = string_at(event, "item_id")};
  const auto index = event.find("output_index");
  if (index != event.end() && index->is_number_integer()) place.output_index = index->get<std::int64_t>();
  if (const auto item = event.find("item"); item != event.end() && place.item_id.empty()) place.item_id = string_at(*item, "id");
  return place;
}

// The best match: both; then the latest of the index, since some servers change the ids from event to event; then the id, unless the
// indices differ: then two items have the same id.
std::optional<std::size_t> ResponseCalls::find(const Place& place) const {
  std::optional<std::size_t> by_id, by_index;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const Place& known = calls_[i].place;
    const bool has_id = !place.item_id.empty() && known.item_id == place.item_id;
    const bool has_index = place.output_index && known.output_index == place.output_index;
    if (has_id && has_index) return i;
    if (has_id && (!place.output_index || !known.output_index)) by_id = i;
    if (has_index) by_index = i;
  }
  if (by_index) return by_index;
  if (by_id) return by_id;
  const bool says_nothing = place.item_id.empty() && !place.output_index;
  return says_nothing && !calls_.empty() ? std::optional(calls_.size() - 1) : std::nullopt;
}

ResponseCalls::Call& ResponseCalls::add(const Place& place, const Json& item) {
  calls_.push_back({.place = place, .call_id = id_of(item), .name = string_at(item, "name"), .arguments = {}});
  return calls_.back();
}

// A call is told from its name on: a name behind arguments would look like another call.
Json ResponseCalls::tell(Call& call, const std::string& arguments) {
  if (call.name.empty()) return nullptr;
  const bool is_first = !call.number;
  if (is_first) call.number = told_++;
  Json function = {{"arguments", is_first ? call.arguments : arguments}};
  if (is_first) function["name"] = call.name;
  return {{"index", *call.number}, {"id", is_first ? call.call_id : ""}, {"function", std::move(function)}};
}

// The arguments that are there already are left for the end: some servers repeat them as pieces.
Json ResponseCalls::begin(const Place& place, const Json& item) {
  const auto known = find(place);
  if (known && calls_[*known].call_id == id_of(item)) return nullptr;
  Call& call = add(place, item);
  call.early_arguments = arguments_of(item);
  return tell(call, "");
}

Json ResponseCalls::piece(const Place& place, const std::string& arguments) {
  const auto known = find(place);
  Call& call = known ? calls_[*known] : add(place, Json::object());
  call.arguments += arguments;
  return tell(call, arguments);
}

Result<Json> ResponseCalls::whole(const Place& place, const Json& item) {
  const auto known = find(place);
  return complete(known ? calls_[*known] : add(place, item), item);
}

Result<Json> ResponseCalls::complete(Call& call, const Json& item) {
  const std::string status = string_at(item, "status");
  call.is_whole = status != "incomplete" && status != "in_progress";
  const std::string arguments = arguments_of(item);
  const bool goes_on = arguments.starts_with(call.arguments);
  if (!arguments.empty() && !goes_on && !is_same_json(arguments, call.arguments)) {
    return fail(ErrorKind::corrupt, "the pieces of a tool call are not what its item says");
  }
  const std::string rest = goes_on ? arguments.substr(call.arguments.size()) : "";
  call.arguments += rest;
  if (call.name.empty()) call.name = string_at(item, "name");
  if (call.call_id.empty()) call.call_id = id_of(item);
  if (call.number && rest.empty()) return Json(nullptr);
  return tell(call, rest);
}

std::vector<Json> ResponseCalls::left() {
  std::vector<Json> entries;
  for (Call& call : calls_) {
    if (!call.number || !call.arguments.empty() || call.early_arguments.empty()) continue;
    call.arguments = call.early_arguments;
    entries.push_back(tell(call, call.arguments));
  }
  return entries;
}

bool ResponseCalls::is_whole(std::size_t n) const {
  return std::any_of(calls_.begin(), calls_.end(), [&](const Call& call) { return call.number == n && call.is_whole; });
}

bool ResponseCalls::has_nameless() const {
  return std::any_of(calls_.begin(), calls_.end(), [](const Call& call) { return !call.number; });
}

// By place and name first: some servers make up other ids each time. A call that is the same but for place and id is the same one.
std::optional<std::size_t> ResponseCalls::find_final(std::int64_t output_index, const Json& item) const {
  const std::string id = id_of(item), name = string_at(item, "name"), arguments = arguments_of(item);
  const std::function<bool(const Call&)> rules[] = {
      [&](const Call& call) { return call.place.output_index == output_index && call.call_id == id; },
      [&](const Call& call) { return !id.empty() && call.call_id == id && call.name == name; },
      [&](const Call& call) { return call.place.output_index == output_index && call.name == name; },
      [&](const Call& call) { return call.name == name && (call.arguments == arguments || is_same_json(call.arguments, arguments)); },
  };
  for (const auto& fits : rules) {
    const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const Call& call) { return !call.is_in_final && fits(call); });
    if (found != calls_.end()) return static_cast<std::size_t>(found - calls_.begin());
  }
  return std::nullopt;
}

Result<Json> ResponseCalls::final(std::int64_t output_index, const Json& item) {
  const auto known = find_final(output_index, item);
  const Place place{.output_index = output_index, .item_id = string_at(item, "id")};
  Call& call = known ? calls_[*known] : add(place, item);
  call.is_in_final = true;
  return complete(call, item);
}

}  // namespace deed
