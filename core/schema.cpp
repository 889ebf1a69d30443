// Checking a value: one function a group of keywords; every issue is written so that a model can
// mend its call.
#include "deed/core/schema.hpp"

#include "deed/core/schema_pointer.hpp"
#include "deed/core/schema_text.hpp"
#include "deed/core/text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <unordered_set>

namespace deed {
namespace {

using schema::shown;

constexpr std::size_t max_issues = 16;
constexpr int max_value_depth = 64;
// Alternatives that refer to themselves double the work with each level; a large list of objects
// takes ten thousands.
constexpr int max_steps = 1'000'000;

std::string shown_value(const Json& value) {
  if (value.is_string()) return shown(value.get<std::string>());
  const std::string text = to_text(value);
  return text.size() > 60 ? std::string(utf8_prefix(text, 57)) + "…" : text;
}

// Wide enough for every 64-bit integer and every double.
long double number_of(const Json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  return value.get<double>();
}

bool is_whole(const Json& value) {
  return value.is_number_integer() ||
         (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>());
}

bool has_type(const Json& value, const std::string& type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_boolean();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  return is_whole(value);
}

// The same text for values that JSON Schema calls equal: 1 and 1.0, members in any order.
void append_normal(const Json& value, std::string& out) {
  if (value.is_object()) {
    std::map<std::string_view, const Json*> sorted;
    for (const auto& [name, item] : value.items()) sorted.emplace(name, &item);
    out += '{';
    for (const auto& [name, item] : sorted) {
      out += to_text(Json(name)) + ":";
      append_normal(*item, out);
      out += ',';
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (const Json& item : value) {
      append_normal(item, out);
      out += ',';
    }
    out += ']';
  } else if (value.is_number_float() && is_whole(value) && std::abs(value.get<double>()) < 9.2e18) {
    out += std::to_string(static_cast<std::int64_t>(value.get<double>()));
  } else {
    out += to_text(value);
  }
}
std::string normal(const Json& value) {
  std::string out;
  append_normal(value, out);
  return out;
}
bool equal(const Json& a, const Json& b) { return normal(a) == normal(b); }

const Json* member(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

// What all checkers of one call share.
struct Session {
  const Json& root;
  int steps = 0;
  std::map<std::string, schema::Pattern> patterns = {};
  // Under `not` a failure would count as good: what was not checked is wrong whatever stands around
  // it.
  std::optional<SchemaIssue> gave_up = {};

  bool matches(const std::string& pattern, const std::string& text) {
    auto known = patterns.find(pattern);
    if (known == patterns.end()) {
      auto compiled = schema::Pattern::compile(pattern);
      if (!compiled) return false;
      known = patterns.emplace(pattern, *std::move(compiled)).first;
    }
    return known->second.matches(text);
  }
};

class Checker {
 public:
  explicit Checker(Session& session) : session_(session) {}

  const std::vector<SchemaIssue>& issues() const { return issues_; }
  std::size_t failures() const { return failures_; }

  void check(const Json& schema, const Json& value, const std::string& at, int depth) {
    if (depth > max_value_depth) return give_up(at, "is nested too deep to be checked");
    if (session_.steps == max_steps) return give_up(at, "is too much to be checked");
    ++session_.steps;
    if (schema.is_boolean()) {
      if (!schema.get<bool>())
        issue(at, "nothing is allowed here, but there is " + shown_value(value));
      return;
    }
    type_and_values(schema, value, at);
    if (value.is_number()) number(schema, value, at);
    if (value.is_string()) string(schema, value.get_ref<const std::string&>(), at);
    if (value.is_array()) array(schema, value, at, depth);
    if (value.is_object()) object(schema, value, at, depth);
    combined(schema, value, at, depth);
  }

 private:
  void issue(const std::string& at, std::string what) {
    ++failures_;
    if (issues_.size() < max_issues) issues_.push_back({at, std::move(what)});
  }

  void give_up(const std::string& at, std::string what) {
    issue(at, what);
    session_.gave_up = {at, std::move(what)};
  }

  // For alternatives: what would be wrong, without reporting it.
  Checker attempt(const Json& schema, const Json& value, const std::string& at, int depth) const {
    Checker silent(session_);
    silent.check(schema, value, at, depth + 1);
    return silent;
  }
  bool fits(const Json& schema, const Json& value, const std::string& at, int depth) const {
    return attempt(schema, value, at, depth).failures() == 0;
  }

  void type_and_values(const Json& schema, const Json& value, const std::string& at) {
    if (const Json* type = member(schema, "type")) {
      const bool good = type->is_string()
                            ? has_type(value, type->get<std::string>())
                            : std::any_of(type->begin(), type->end(), [&](const Json& t) {
                                return has_type(value, t.get<std::string>());
                              });
      const std::string wanted =
          type->is_string() ? type->get<std::string>() : "one of " + to_text(*type);
      if (!good) issue(at, "must be of type " + wanted + ", not " + shown_value(value));
    }
    if (const Json* values = member(schema, "enum")) {
      const bool good = std::any_of(values->begin(), values->end(),
                                    [&](const Json& v) { return equal(v, value); });
      if (!good) issue(at, "must be one of " + choices(*values) + ", not " + shown_value(value));
    }
    if (const Json* only = member(schema, "const"); only && !equal(*only, value)) {
      issue(at, "must be " + shown_value(*only) + ", not " + shown_value(value));
    }
  }

  // More of them than of a value: the model has to choose one.
  static std::string choices(const Json& values) {
    const std::string text = to_text(values);
    return text.size() > 400 ? std::string(utf8_prefix(text, 397)) + "…" : text;
  }

  void number(const Json& schema, const Json& value, const std::string& at) {
    const long double v = number_of(value);
    const auto bound = [&](const char* key, auto holds, const char* words) {
      const Json* limit = member(schema, key);
      if (limit && !holds(v, number_of(*limit))) {
        issue(at, std::string("must be ") + words + " " + to_text(*limit) + ", not " +
                      shown_value(value));
      }
    };
    using Number = long double;
    bound(
        "minimum", [](Number a, Number b) { return a >= b; }, "at least");
    bound(
        "maximum", [](Number a, Number b) { return a <= b; }, "at most");
    bound(
        "exclusiveMinimum", [](Number a, Number b) { return a > b; }, "more than");
    bound(
        "exclusiveMaximum", [](Number a, Number b) { return a < b; }, "less than");
    bound("multipleOf", is_multiple, "a multiple of");
  }

  // 19.99 is a multiple of 0.01, though not of the double that stands for it.
  static bool is_multiple(long double value, long double unit) {
    if (std::floor(unit) == unit) return std::fmod(value, unit) == 0;
    const long double quotient = value / unit;
    const long double rounding =
        std::max(1e-9L, 4 * std::abs(quotient) * std::numeric_limits<double>::epsilon());
    return rounding < 0.25L ? std::abs(quotient - std::round(quotient)) < rounding
                            : std::fmod(value, unit) == 0;
  }

  void string(const Json& schema, const std::string& text, const std::string& at) {
    count(schema, "minLength", "maxLength", schema::characters(text), at, "characters");
    if (const Json* pattern = member(schema, "pattern");
        pattern && !session_.matches(pattern->get<std::string>(), text)) {
      issue(at,
            "must match the pattern " + pattern->get<std::string>() + ", not be " + shown(text));
    }
    if (const Json* format = member(schema, "format")) {
      if (auto wrong = schema::format_issue(format->get<std::string>(), text))
        issue(at, *std::move(wrong));
    }
  }

  void count(const Json& schema, const char* least, const char* most, std::size_t n,
             const std::string& at, const char* unit) {
    const Json* low = member(schema, least);
    const Json* high = member(schema, most);
    if (low && static_cast<long double>(n) < number_of(*low)) {
      issue(at, "must have at least " + to_text(*low) + " " + unit + ", not " + std::to_string(n));
    }
    if (high && static_cast<long double>(n) > number_of(*high)) {
      issue(at, "must have at most " + to_text(*high) + " " + unit + ", not " + std::to_string(n));
    }
  }

  void array(const Json& schema, const Json& value, const std::string& at, int depth) {
    count(schema, "minItems", "maxItems", value.size(), at, "items");
    std::size_t first = 0;
    if (const Json* prefix = member(schema, "prefixItems")) {
      for (; first < prefix->size() && first < value.size(); ++first) {
        check(prefix->at(first), value.at(first), at + "/" + std::to_string(first), depth + 1);
      }
    }
    if (const Json* items = member(schema, "items")) {
      for (std::size_t i = first; i < value.size(); ++i)
        check(*items, value.at(i), at + "/" + std::to_string(i), depth + 1);
    }
    if (const Json* unique = member(schema, "uniqueItems"); unique && unique->get<bool>())
      all_different(value, at);
    if (const Json* contains = member(schema, "contains"))
      contained(schema, *contains, value, at, depth);
  }

  void all_different(const Json& value, const std::string& at) {
    std::unordered_set<std::string> seen;
    for (const Json& item : value) {
      if (!seen.insert(normal(item)).second)
        return issue(at, "must not hold " + shown_value(item) + " twice");
    }
  }

  void contained(const Json& schema, const Json& wanted, const Json& value, const std::string& at,
                 int depth) {
    const auto n =
        static_cast<long double>(std::count_if(value.begin(), value.end(), [&](const Json& item) {
          return fits(wanted, item, at, depth);
        }));
    const Json* least = member(schema, "minContains");
    const Json* most = member(schema, "maxContains");
    if (n < (least ? number_of(*least) : 1))
      issue(at, "holds too few items that fit " + shown_value(wanted));
    if (most && n > number_of(*most))
      issue(at, "holds too many items that fit " + shown_value(wanted));
  }

  void object(const Json& schema, const Json& value, const std::string& at, int depth) {
    count(schema, "minProperties", "maxProperties", value.size(), at, "members");
    if (const Json* required = member(schema, "required")) {
      for (const Json& name : *required) {
        if (!value.contains(name.get<std::string>())) issue(at, shown_value(name) + " is missing");
      }
    }
    if (const Json* dependent = member(schema, "dependentRequired")) {
      for (const auto& [name, others] : dependent->items()) {
        if (!value.contains(name)) continue;
        for (const Json& other : others) {
          if (!value.contains(other.get<std::string>()))
            issue(at, "with " + shown(name) + " also " + shown_value(other) + " is needed");
        }
      }
    }
    if (const Json* dependent = member(schema, "dependentSchemas")) {
      for (const auto& [name, other] : dependent->items()) {
        if (value.contains(name)) check(other, value, at, depth + 1);
      }
    }
    members(schema, value, at, depth);
  }

  void members(const Json& schema, const Json& value, const std::string& at, int depth) {
    const Json* properties = member(schema, "properties");
    const Json* rest = member(schema, "additionalProperties");
    const Json* names = member(schema, "propertyNames");
    for (const auto& [name, item] : value.items()) {
      const std::string below = at + "/" + schema::pointer_part(name);
      bool known = by_pattern(schema, name, item, below, depth);
      if (properties && properties->contains(name)) {
        known = true;
        check(properties->at(name), item, below, depth + 1);
      }
      if (!known && rest) {
        if (rest->is_boolean() && !rest->get<bool>())
          issue(below, "there is no such argument" + names_of(properties));
        else
          check(*rest, item, below, depth + 1);
      }
      if (names && !fits(*names, Json(name), below, depth)) issue(below, "is not an allowed name");
    }
  }

  bool by_pattern(const Json& schema, const std::string& name, const Json& item,
                  const std::string& at, int depth) {
    const Json* patterns = member(schema, "patternProperties");
    if (!patterns) return false;
    bool known = false;
    for (const auto& [pattern, other] : patterns->items()) {
      if (!session_.matches(pattern, name)) continue;
      known = true;
      check(other, item, at, depth + 1);
    }
    return known;
  }

  static std::string names_of(const Json* properties) {
    if (!properties || properties->empty()) return "";
    std::string text = "; there are:";
    for (const auto& [name, ignored] : properties->items()) text += " " + name;
    return text.size() > 400 ? std::string(utf8_prefix(text, 397)) + "…" : text;
  }

  void combined(const Json& schema, const Json& value, const std::string& at, int depth) {
    if (const Json* reference = member(schema, "$ref")) {
      const Json* target =
          schema::referred(session_.root, reference->get_ref<const std::string&>());
      DEED_CHECK(target, "compile has followed every reference");
      check(*target, value, at, depth + 1);
    }
    if (const Json* all = member(schema, "allOf")) {
      for (const Json& part : *all) check(part, value, at, depth + 1);
    }
    if (const Json* any = member(schema, "anyOf")) alternatives(*any, value, at, depth, false);
    if (const Json* one = member(schema, "oneOf")) alternatives(*one, value, at, depth, true);
    if (const Json* no = member(schema, "not"); no && fits(*no, value, at, depth)) {
      issue(at, shown_value(value) + " is not allowed here");
    }
    if (const Json* condition = member(schema, "if")) {
      const Json* then = member(schema, fits(*condition, value, at, depth) ? "then" : "else");
      if (then) check(*then, value, at, depth + 1);
    }
  }

  void alternatives(const Json& parts, const Json& value, const std::string& at, int depth,
                    bool exactly_one) {
    int fitting = 0;
    std::optional<Checker> nearest;
    for (const Json& part : parts) {
      Checker tried = attempt(part, value, at, depth);
      if (tried.failures() == 0) {
        ++fitting;
        if (!exactly_one) return;
      } else if (!nearest || tried.failures() < nearest->failures()) {
        nearest.emplace(std::move(tried));
      }
    }
    if (fitting == 1) return;
    if (fitting > 1) {
      return issue(at, "fits " + std::to_string(fitting) + " of the " +
                           std::to_string(parts.size()) + " shapes of which exactly one must fit");
    }
    // One reason helps; the reasons of every alternative are noise.
    const SchemaIssue& why = nearest->issues().front();
    issue(why.path, why.what + " (nearest of " + std::to_string(parts.size()) + " allowed shapes)");
  }

  Session& session_;
  std::vector<SchemaIssue> issues_;
  std::size_t failures_ = 0;
};

}  // namespace

std::vector<SchemaIssue> Schema::check(const Json& value) const {
  Session session{schema_};
  Checker checker(session);
  checker.check(schema_, value, "", 0);
  std::vector<SchemaIssue> issues = checker.issues();
  if (issues.empty() && session.gave_up) issues.push_back(*std::move(session.gave_up));
  return issues;
}

}  // namespace deed
