// From C++ types to JSON Schema and back: which types a parameter may have, and what is said of it. Part of deed_plugin.hpp.
#pragma once

#include "deed/plugins/cpp/values.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace deed::plugin {

/// How a C++ type is written in JSON. A type of your own: specialise it, with `schema` and `read`.
/// `read` throws Error where `value` does not fit; `where` names the argument.
template <class T, class Enable = void>
struct Type {
  static_assert(!std::is_same_v<T, T>, "deed has no JSON for a parameter of this type: specialise deed::plugin::Type for it");
};

/// The list of names of an enumeration: `EnumNames<Unit> names_of(Unit) { return {{Unit::celsius, "celsius"}, …}; }`, in the
/// namespace of the enumeration.
template <class E>
using EnumNames = std::vector<std::pair<E, std::string>>;

namespace detail {

[[noreturn]] inline void wrong(const std::string& where, const char* expected) {
  throw Error("the argument '" + where + "' is not " + expected);
}

template <class T>
constexpr bool is_number = std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char> &&
                           !std::is_same_v<T, wchar_t> && !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>;

}  // namespace detail

template <>
struct Type<bool> {
  static Json schema() { return {{"type", "boolean"}}; }
  static bool read(const Json& value, const std::string& where) {
    if (!value.is_boolean()) detail::wrong(where, "true or false");
    return value.get<bool>();
  }
};

/// With the range of the type, where that is narrower than the integers of JSON. 3.0 is an integer, as JSON Schema has it.
template <class T>
struct Type<T, std::enable_if_t<detail::is_number<T>>> {
  using Limits = std::numeric_limits<T>;
  static Json schema() {
    Json out = {{"type", "integer"}};
    if (std::is_unsigned_v<T> || sizeof(T) < 8) out["minimum"] = Limits::min();
    if (sizeof(T) < 8) out["maximum"] = Limits::max();
    return out;
  }
  static T read(const Json& value, const std::string& where) {
    if (value.is_number_unsigned()) {
      const auto number = value.get<std::uint64_t>();
      if (number > static_cast<std::uint64_t>(Limits::max())) detail::wrong(where, "in the range of its type");
      return static_cast<T>(number);
    }
    if (value.is_number_integer()) return from_signed(value.get<std::int64_t>(), where);
    if (!value.is_number_float()) detail::wrong(where, "an integer");
    const auto number = value.get<double>();
    if (!(number >= -9007199254740992.0 && number <= 9007199254740992.0)) detail::wrong(where, "an integer");
    const auto whole = static_cast<std::int64_t>(number);
    if (static_cast<double>(whole) < number || static_cast<double>(whole) > number) detail::wrong(where, "an integer");
    return from_signed(whole, where);
  }

 private:
  static T from_signed(std::int64_t number, const std::string& where) {
    const bool is_too_small =
        std::is_unsigned_v<T> ? number < 0 : number < static_cast<std::int64_t>(Limits::min());
    const bool is_too_large = number > 0 && static_cast<std::uint64_t>(number) > static_cast<std::uint64_t>(Limits::max());
    if (is_too_small || is_too_large) detail::wrong(where, "in the range of its type");
    return static_cast<T>(number);
  }
};

template <class T>
struct Type<T, std::enable_if_t<std::is_floating_point_v<T>>> {
  static Json schema() { return {{"type", "number"}}; }
  static T read(const Json& value, const std::string& where) {
    if (!value.is_number()) detail::wrong(where, "a number");
    return value.get<T>();
  }
};

template <>
struct Type<std::string> {
  static Json schema() { return {{"type", "string"}}; }
  static std::string read(const Json& value, const std::string& where) {
    if (!value.is_string()) detail::wrong(where, "a text");
    return value.get<std::string>();
  }
};

template <>
struct Type<Json> {
  static Json schema() { return Json::object(); }
  static Json read(const Json& value, const std::string&) { return value; }
};

template <class E>
struct Type<E, std::enable_if_t<std::is_enum_v<E>>> {
  static Json schema() {
    Json names = Json::array();
    for (const auto& [value, name] : names_of(E{})) names.push_back(name);
    return {{"type", "string"}, {"enum", std::move(names)}};
  }
  static E read(const Json& value, const std::string& where) {
    for (const auto& [enumerator, name] : names_of(E{}))
      if (value == name) return enumerator;
    detail::wrong(where, "one of the names that its schema lists");
  }
};

/// Inside a list: null or a value. As a parameter: not required.
template <class T>
struct Type<std::optional<T>> {
  static Json schema() { return {{"anyOf", {Type<T>::schema(), {{"type", "null"}}}}}; }
  static std::optional<T> read(const Json& value, const std::string& where) {
    if (value.is_null()) return std::nullopt;
    return Type<T>::read(value, where);
  }
};

template <class T>
struct Type<std::vector<T>> {
  static Json schema() { return {{"type", "array"}, {"items", Type<T>::schema()}}; }
  static std::vector<T> read(const Json& value, const std::string& where) {
    if (!value.is_array()) detail::wrong(where, "a list");
    std::vector<T> out;
    out.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) out.push_back(Type<T>::read(value[i], where + "/" + std::to_string(i)));
    return out;
  }
};

template <class T>
struct Type<std::map<std::string, T>> {
  static Json schema() { return {{"type", "object"}, {"additionalProperties", Type<T>::schema()}}; }
  static std::map<std::string, T> read(const Json& value, const std::string& where) {
    if (!value.is_object()) detail::wrong(where, "an object");
    std::map<std::string, T> out;
    for (const auto& [key, member] : value.items()) out.emplace(key, Type<T>::read(member, where + "/" + key));
    return out;
  }
};

/// A parameter of a function, as the model sees it. A plain text is a name without more.
class Arg {
 public:
  Arg(const char* name) : name_(name) {}            // NOLINT: `tool(…, count, "text")`
  Arg(std::string name) : name_(std::move(name)) {}  // NOLINT

  /// For the model: one sentence.
  Arg& about(std::string text) { return with("description", std::move(text)); }
  Arg& role(Role role) { return role_ = role, *this; }
  /// "email", "uri", "path": such a value may only be copied, never made up. "date", "date-time".
  Arg& format(std::string name) { return with("format", std::move(name)); }
  Arg& one_of(std::vector<Json> values) { return with("enum", Json(std::move(values))); }
  Arg& between(Json smallest, Json largest) { return with("minimum", std::move(smallest)).with("maximum", std::move(largest)); }
  Arg& at_least(Json smallest) { return with("minimum", std::move(smallest)); }
  /// Makes the argument optional; the function gets this value where it is missing.
  Arg& otherwise(Json value) { return default_ = value, with("default", std::move(value)); }
  /// Any keyword of JSON Schema 2020-12.
  Arg& with(const char* keyword, Json value) { return keywords_[keyword] = std::move(value), *this; }

  const std::string& name() const { return name_; }
  const std::optional<Role>& role() const { return role_; }
  const Json& keywords() const { return keywords_; }
  const std::optional<Json>& default_value() const { return default_; }

 private:
  std::string name_;
  std::optional<Role> role_;
  Json keywords_ = Json::object();
  std::optional<Json> default_;
};

inline Arg arg(std::string name) { return Arg(std::move(name)); }

}  // namespace deed::plugin
