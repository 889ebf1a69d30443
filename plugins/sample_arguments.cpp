#include "deed/plugins/sample_arguments.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "deed/plugins/json_rpc.hpp"

namespace deed {
namespace {

using rpc::member;
using Random = std::mt19937_64;

constexpr int deepest = 8;

std::size_t below(Random& random, std::size_t end) { return static_cast<std::size_t>(random() % end); }

const Json& any_of(const Json& list, Random& random) { return list[below(random, list.size())]; }

double number_at(const Json& schema, const char* key, double other) {
  const Json& value = member(schema, key);
  return value.is_number() ? value.get<double>() : other;
}

std::string text_of_format(const std::string& format, Random& random) {
  const std::string n = std::to_string(below(random, 100));
  if (format == "email") return "ann" + n + "@example.org";
  if (format == "uri") return "https://example.org/" + n;
  if (format == "date") return "2026-11-2" + std::to_string(below(random, 10));
  if (format == "date-time") return "2026-11-24T12:30:00Z";
  if (format == "path") return "folder/file" + n + ".txt";
  return "";
}

std::string odd_text(Random& random) {
  constexpr std::array<const char*, 12> odd = {"", " ", "0", "-1", "../..", "/etc/passwd", "'; DROP TABLE x; --", "$(id)", "{{name}}", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "a\nb\tc", "--help"};
  if (below(random, 8) == 0) return std::string(20'000, 'x');
  return odd[below(random, odd.size())];
}

Json text_for(const Json& schema, Random& random, bool is_plain) {
  const std::string format = member(schema, "format").is_string() ? string_at(schema, "format") : "";
  std::string text = text_of_format(format, random);
  if (text.empty()) text = is_plain || below(random, 3) == 0 ? "example" : odd_text(random);
  const auto least = static_cast<std::size_t>(number_at(schema, "minLength", 0)), most = static_cast<std::size_t>(number_at(schema, "maxLength", 1e6));
  while (text.size() < least) text += "x";
  if (text.size() > most && format.empty()) text = std::string(std::min<std::size_t>(most, 5), 'x');
  return text;
}

Json number_for(const Json& schema, Random& random, bool is_plain, bool is_whole) {
  const double least = number_at(schema, "minimum", number_at(schema, "exclusiveMinimum", -1e9));
  const double most = number_at(schema, "maximum", number_at(schema, "exclusiveMaximum", 1e9));
  double value = std::clamp(1.0, least, std::max(least, most));
  if (!is_plain) {
    const std::array<double, 6> odd = {least, most, 0, -1, (least + most) / 2, least + (most - least) * static_cast<double>(below(random, 1000)) / 1000};
    value = std::clamp(odd[below(random, odd.size())], least, std::max(least, most));
  }
  if (is_whole) return static_cast<std::int64_t>(value);
  return value;
}

Json value_for(const Json& schema, Random& random, bool is_plain, int depth);

Json object_for(const Json& schema, Random& random, bool is_plain, int depth) {
  Json out = Json::object();
  const Json& required = member(schema, "required");
  const Json& properties = member(schema, "properties");
  if (!properties.is_object()) return out;
  for (const auto& [name, property] : properties.items()) {
    const bool is_required = required.is_array() && std::find(required.begin(), required.end(), name) != required.end();
    if (is_required || (!is_plain && below(random, 2) == 0)) out[name] = value_for(property, random, is_plain, depth + 1);
  }
  return out;
}

Json array_for(const Json& schema, Random& random, bool is_plain, int depth) {
  Json out = Json::array();
  const auto least = static_cast<std::size_t>(number_at(schema, "minItems", 0)), most = static_cast<std::size_t>(number_at(schema, "maxItems", 5));
  const std::size_t wanted = std::clamp<std::size_t>(is_plain ? 1 : below(random, 5), least, std::max(least, most));
  for (std::size_t i = 0; i < wanted && i < 1000; ++i) out.push_back(value_for(member(schema, "items"), random, is_plain, depth + 1));
  return out;
}

Json value_for(const Json& schema, Random& random, bool is_plain, int depth) {
  if (depth > deepest || !schema.is_object()) return "example";
  if (schema.contains("const")) return schema["const"];
  for (const char* key : {"enum", "examples"}) {
    const Json& list = member(schema, key);
    if (list.is_array() && !list.empty() && (key[1] == 'n' || is_plain)) return is_plain ? list.front() : any_of(list, random);
  }
  for (const char* key : {"anyOf", "oneOf"}) {
    const Json& list = member(schema, key);
    if (list.is_array() && !list.empty()) return value_for(is_plain ? list.front() : any_of(list, random), random, is_plain, depth + 1);
  }
  const Json& types = member(schema, "type");
  const Json type = types.is_array() && !types.empty() ? (is_plain ? types.front() : any_of(types, random)) : types;
  if (type == "object") return object_for(schema, random, is_plain, depth);
  if (type == "array") return array_for(schema, random, is_plain, depth);
  if (type == "integer" || type == "number") return number_for(schema, random, is_plain, type == "integer");
  if (type == "boolean") return !is_plain && below(random, 2) == 0;
  if (type == "null") return nullptr;
  return text_for(schema, random, is_plain);
}

}  // namespace

std::vector<Json> sample_arguments(const Schema& schema, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<Json> out;
  std::set<std::string> seen;
  const auto take = [&](Json value) {
    if (value.is_object() && schema.check(value).empty() && seen.insert(canonical_text(value)).second) out.push_back(std::move(value));
  };
  take(value_for(schema.json(), random, true, 0));
  for (std::size_t tries = 0; out.size() < count && tries < count * 20; ++tries) take(value_for(schema.json(), random, false, 0));
  return out;
}

}  // namespace deed
