// Checking a value: one function a group of keywords; every issue is written so that a model can mend its call.
#include "deed/core/schema.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <regex>

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

constexpr std::size_t max_issues = 16;
constexpr int max_depth = 64;
constexpr std::size_t max_pattern_input = 4096;

std::string shown(const Json& value) {
  const std::string text = to_text(value);
  return text.size() > 60 ? std::string(utf8_prefix(text, 57)) + "…" : text;
}

bool is_whole(const Json& value) {
  return value.is_number_integer() || (value.is_number_float() && std::floor(value.get<double>()) == value.get<double>() &&
                                       std::isfinite(value.get<double>()));
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

// Equality as JSON Schema has it: 1 equals 1.0, members in any order.
bool equal(const Json& a, const Json& b) { return nlohmann::json(a) == nlohmann::json(b); }

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_date(const std::string& text) {
  static const std::regex form("[0-9]{4}-[0-9]{2}-[0-9]{2}");
  if (text.size() != 10 || !std::regex_match(text, form)) return false;
  const std::chrono::year_month_day date{std::chrono::year(std::stoi(text.substr(0, 4))),
                                         std::chrono::month(static_cast<unsigned>(std::stoi(text.substr(5, 2)))),
                                         std::chrono::day(static_cast<unsigned>(std::stoi(text.substr(8, 2))))};
  return date.ok();
}
bool is_date_time(const std::string& text) {
  static const std::regex form("[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})");
  if (text.size() < 20 || text.size() > 64 || (text[10] != 'T' && text[10] != 't') || !is_date(text.substr(0, 10))) return false;
  const std::string time = text.substr(11);
  return std::regex_match(time, form) && time.substr(0, 2) < "24" && time.substr(3, 2) < "60" && time.substr(6, 2) <= "60";
}

class Checker {
 public:
  Checker(const Json& root, std::vector<SchemaIssue>& issues) : root_(root), issues_(issues) {}

  // Whether the value fits; what does not is added to the issues.
  bool check(const Json& schema, const Json& value, const std::string& at, int depth) {
    if (depth > max_depth) return issue(at, "nested too deep");
    if (schema.is_boolean()) return schema.get<bool>() || issue(at, "nothing is allowed here");
    const std::size_t before = failures_;
    type_and_values(schema, value, at);
    if (value.is_number()) number(schema, value, at);
    if (value.is_string()) string(schema, value.get_ref<const std::string&>(), at);
    if (value.is_array()) array(schema, value, at, depth);
    if (value.is_object()) object(schema, value, at, depth);
    combined(schema, value, at, depth);
    return failures_ == before;
  }

 private:
  bool issue(const std::string& at, std::string what) {
    ++failures_;
    if (issues_.size() < max_issues) issues_.push_back({at, std::move(what)});
    return false;
  }

  // Checks without reporting: for alternatives.
  bool fits(const Json& schema, const Json& value, const std::string& at, int depth) const {
    std::vector<SchemaIssue> ignored;
    Checker silent(root_, ignored);
    return silent.check(schema, value, at, depth + 1);
  }

  static const Json* member(const Json& schema, const char* key) {
    const auto it = schema.find(key);
    return it == schema.end() ? nullptr : &*it;
  }

  void type_and_values(const Json& schema, const Json& value, const std::string& at) {
    if (const Json* type = member(schema, "type")) {
      const bool good = type->is_string() ? has_type(value, type->get<std::string>())
                                          : std::any_of(type->begin(), type->end(), [&](const Json& t) {
                                              return has_type(value, t.get<std::string>());
                                            });
      if (!good) issue(at, "must be of type " + (type->is_string() ? type->get<std::string>() : to_text(*type)) + ", not " + shown(value));
    }
    if (const Json* values = member(schema, "enum")) {
      const bool good = std::any_of(values->begin(), values->end(), [&](const Json& v) { return equal(v, value); });
      if (!good) issue(at, "must be one of " + shown(*values) + ", not " + shown(value));
    }
    if (const Json* only = member(schema, "const"); only && !equal(*only, value)) {
      issue(at, "must be " + shown(*only) + ", not " + shown(value));
    }
  }

  void number(const Json& schema, const Json& value, const std::string& at) {
    const double v = value.get<double>();
    const auto bound = [&](const char* key, auto holds, const char* words) {
      const Json* limit = member(schema, key);
      if (limit && !holds(v, limit->get<double>())) issue(at, std::string("must be ") + words + " " + to_text(*limit) + ", not " + shown(value));
    };
    bound("minimum", [](double a, double b) { return a >= b; }, "at least");
    bound("maximum", [](double a, double b) { return a <= b; }, "at most");
    bound("exclusiveMinimum", [](double a, double b) { return a > b; }, "more than");
    bound("exclusiveMaximum", [](double a, double b) { return a < b; }, "less than");
    bound("multipleOf", [](double a, double b) {
      const double quotient = a / b;
      return std::isfinite(quotient) ? std::abs(quotient - std::round(quotient)) < 1e-9 * std::max(1.0, std::abs(quotient))
                                     : std::fmod(a, b) == 0;
    }, "a multiple of");
  }

  void string(const Json& schema, const std::string& text, const std::string& at) {
    count(schema, "minLength", "maxLength", characters(text), at, "characters");
    if (const Json* pattern = member(schema, "pattern"); pattern && !matches(pattern->get<std::string>(), text)) {
      issue(at, "must match the pattern " + pattern->get<std::string>() + ", not " + shown(text));
    }
    if (const Json* format = member(schema, "format")) check_format(format->get<std::string>(), text, at);
  }

  static bool matches(const std::string& pattern, const std::string& text) {
    if (text.size() > max_pattern_input) return false;
    try {
      return std::regex_search(text, std::regex(pattern, std::regex::ECMAScript));
    } catch (const std::regex_error&) {
      return false;
    }
  }

  void check_format(const std::string& format, const std::string& text, const std::string& at) {
    if (format == "email") {
      if (const auto parsed = EmailAddress::parse(text); !parsed) issue(at, to_string(parsed.error()));
    } else if (format == "uri") {
      if (const auto parsed = HttpUrl::parse(text); !parsed) issue(at, to_string(parsed.error()));
    } else if (format == "path") {
      // Whether an absolute path lies below the root is the tool's affair.
      const std::size_t begin = text.find_first_not_of('/');
      const auto parsed = RelativePath::parse(begin == std::string::npos ? "" : std::string_view(text).substr(begin));
      if (text.empty()) issue(at, "the path is empty");
      else if (!parsed) issue(at, to_string(parsed.error()));
    } else if (format == "date") {
      if (!is_date(text)) issue(at, "must be a date such as 2026-11-24, not " + shown(text));
    } else if (format == "date-time") {
      if (!is_date_time(text)) issue(at, "must be a time such as 2026-11-24T21:35:00Z, not " + shown(text));
    }
  }

  void count(const Json& schema, const char* least, const char* most, std::size_t n, const std::string& at, const char* unit) {
    const Json* low = member(schema, least);
    const Json* high = member(schema, most);
    if (low && static_cast<double>(n) < low->get<double>()) {
      issue(at, "must have at least " + to_text(*low) + " " + unit + ", not " + std::to_string(n));
    }
    if (high && static_cast<double>(n) > high->get<double>()) {
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
      for (std::size_t i = first; i < value.size(); ++i) check(*items, value.at(i), at + "/" + std::to_string(i), depth + 1);
    }
    if (const Json* unique = member(schema, "uniqueItems"); unique && unique->get<bool>()) {
      std::vector<std::string> seen;
      for (const Json& item : value) seen.push_back(canonical_text(item));
      bool repeated = false;
      for (std::size_t i = 0; i < value.size() && !repeated; ++i) {
        for (std::size_t j = i + 1; j < value.size() && !repeated; ++j) repeated = seen[i] == seen[j] || equal(value.at(i), value.at(j));
      }
      if (repeated) issue(at, "must not hold the same item twice");
    }
    if (const Json* contains = member(schema, "contains")) contained(schema, *contains, value, at, depth);
  }

  void contained(const Json& schema, const Json& wanted, const Json& value, const std::string& at, int depth) {
    const auto n = static_cast<double>(
        std::count_if(value.begin(), value.end(), [&](const Json& item) { return fits(wanted, item, at, depth); }));
    const Json* least = member(schema, "minContains");
    const Json* most = member(schema, "maxContains");
    if (n < (least ? least->get<double>() : 1)) issue(at, "holds too few items that fit " + shown(wanted));
    if (most && n > most->get<double>()) issue(at, "holds too many items that fit " + shown(wanted));
  }

  void object(const Json& schema, const Json& value, const std::string& at, int depth) {
    count(schema, "minProperties", "maxProperties", value.size(), at, "members");
    if (const Json* required = member(schema, "required")) {
      for (const Json& name : *required) {
        if (!value.contains(name.get<std::string>())) issue(at, "\"" + name.get<std::string>() + "\" is missing");
      }
    }
    if (const Json* dependent = member(schema, "dependentRequired")) {
      for (const auto& [name, others] : dependent->items()) {
        if (!value.contains(name)) continue;
        for (const Json& other : others) {
          if (!value.contains(other.get<std::string>())) issue(at, "with \"" + name + "\" also \"" + other.get<std::string>() + "\" is needed");
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
    const Json* patterns = member(schema, "patternProperties");
    const Json* rest = member(schema, "additionalProperties");
    const Json* names = member(schema, "propertyNames");
    for (const auto& [name, item] : value.items()) {
      const std::string below = at + "/" + pointer_part(name);
      bool known = false;
      if (properties && properties->contains(name)) {
        known = true;
        check(properties->at(name), item, below, depth + 1);
      }
      if (patterns) {
        for (const auto& [pattern, other] : patterns->items()) {
          if (!matches(pattern, name)) continue;
          known = true;
          check(other, item, below, depth + 1);
        }
      }
      if (!known && rest) {
        if (rest->is_boolean() && !rest->get<bool>()) issue(below, "there is no such argument" + choices(properties));
        else check(*rest, item, below, depth + 1);
      }
      if (names && !fits(*names, Json(name), below, depth)) issue(below, "is not an allowed name");
    }
  }

  static std::string choices(const Json* properties) {
    if (!properties || properties->empty()) return "";
    std::string text = "; there are:";
    for (const auto& [name, ignored] : properties->items()) text += " " + name;
    return text;
  }

  static std::string pointer_part(const std::string& name) {
    std::string out;
    for (const char c : name) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return out;
  }

  void combined(const Json& schema, const Json& value, const std::string& at, int depth) {
    if (const Json* reference = member(schema, "$ref")) {
      const std::string text = reference->get<std::string>();
      check(root_.at(Json::json_pointer(text.substr(1))), value, at, depth + 1);
    }
    if (const Json* all = member(schema, "allOf")) {
      for (const Json& part : *all) check(part, value, at, depth + 1);
    }
    const auto fitting = [&](const Json& list) {
      return std::count_if(list.begin(), list.end(), [&](const Json& part) { return fits(part, value, at, depth); });
    };
    if (const Json* any = member(schema, "anyOf"); any && fitting(*any) == 0) {
      issue(at, shown(value) + " fits none of the " + std::to_string(any->size()) + " allowed shapes");
    }
    if (const Json* one = member(schema, "oneOf")) {
      const auto n = fitting(*one);
      if (n != 1) issue(at, shown(value) + " fits " + std::to_string(n) + " of the shapes of which exactly one must fit");
    }
    if (const Json* no = member(schema, "not"); no && fits(*no, value, at, depth)) issue(at, shown(value) + " is not allowed");
    if (const Json* condition = member(schema, "if")) {
      const Json* then = member(schema, fits(*condition, value, at, depth) ? "then" : "else");
      if (then) check(*then, value, at, depth + 1);
    }
  }

  const Json& root_;
  std::vector<SchemaIssue>& issues_;
  std::size_t failures_ = 0;
};

}  // namespace

std::vector<SchemaIssue> Schema::check(const Json& value) const {
  std::vector<SchemaIssue> issues;
  Checker(schema_, issues).check(schema_, value, "", 0);
  return issues;
}

}  // namespace deed
