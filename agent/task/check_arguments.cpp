#include "deed/agent/task/check_arguments.hpp"

#include <algorithm>
#include <set>

#include "deed/core/checked.hpp"
#include "deed/core/schema_pointer.hpp"
#include "deed/core/spelling.hpp"

namespace deed {
namespace {

bool is_below(std::string_view pointer, std::string_view root) {
  return pointer.starts_with(root) && (pointer.size() == root.size() || pointer[root.size()] == '/');
}

class ArgumentCheck {
 public:
  ArgumentCheck(const Template& with, const std::string& pointer, TaskIssues& issues) : with_(with), texts_(with.texts()), pointer_(pointer), issues_(issues) {}

  // Issues of values without references are certain. Others may come from the braces themselves. What has been told is not told again.
  void constants(const Schema& schema) {
    for (const SchemaIssue& issue : schema.check(with_.source())) {
      if (!holds_reference(issue.path) && !told_.contains(issue.path)) issues_.add(pointer_ + issue.path, name_of(issue.path) + " " + issue.what);
    }
  }

  // Names, and the types of texts: what is certain though references have no value yet.
  void around_references(const Json& schema, const Json& value, const std::string& path) {
    if (!schema.is_object()) return;
    if (value.is_object()) return members(schema, value, path);
    if (value.is_array()) {
      const auto items = schema.find("items");
      for (std::size_t i = 0; items != schema.end() && i < value.size(); ++i) around_references(*items, value[i], path + "/" + std::to_string(i));
      return;
    }
    const auto text = std::find_if(texts_.begin(), texts_.end(), [&](const Template::Text& here) { return here.pointer == path; });
    const auto type = schema.find("type");
    if (text == texts_.end() || text->is_whole || type == schema.end()) return;
    const bool may_be_text = *type == "string" || (type->is_array() && std::find(type->begin(), type->end(), "string") != type->end());
    if (!may_be_text) tell(path, name_of(path) + " must be of type " + (type->is_string() ? type->get<std::string>() : to_text(*type)) + ", and this will be a text", "only a text that is nothing but {{reference}} keeps the type of the value");
  }

 private:
  void tell(const std::string& path, std::string what, std::string hint = {}) {
    told_.insert(path);
    issues_.add(pointer_ + path, std::move(what), std::move(hint));
  }
  bool holds_reference(const std::string& path) const {
    return std::any_of(texts_.begin(), texts_.end(), [&](const Template::Text& text) { return is_below(text.pointer, path); });
  }
  static std::string name_of(const std::string& path) { return path.empty() ? "the call" : "the argument \"" + escaped(std::string_view(path).substr(1)) + "\""; }

  void members(const Json& schema, const Json& value, const std::string& path) {
    const Json none = Json::object();
    const auto found = schema.find("properties");
    const Json& properties = found == schema.end() ? none : *found;
    std::vector<std::string_view> names;
    for (const auto& property : properties.items()) names.push_back(property.key());
    const auto additional = schema.find("additionalProperties");
    const bool is_closed = additional != schema.end() && *additional == false && !schema.contains("patternProperties");
    for (const auto& [name, member] : value.items()) {
      const std::string below = path + "/" + schema::pointer_part(name);
      if (const auto property = properties.find(name); property != properties.end()) around_references(*property, member, below);
      else if (is_closed) tell(below, "there is no argument \"" + escaped(below.substr(1)) + "\"", hint_for(name, names));
      else if (additional != schema.end()) around_references(*additional, member, below);
    }
    const auto required = schema.find("required");
    for (std::size_t i = 0; required != schema.end() && i < required->size(); ++i) {
      const Json& name = (*required)[i];
      if (name.is_string() && !value.contains(name.get<std::string>())) tell(path, name_of(path + "/" + name.get<std::string>()) + " is missing");
    }
  }
  static std::string hint_for(const std::string& name, const std::vector<std::string_view>& names) {
    std::string hint = did_you_mean(name, names);
    if (!hint.empty()) return hint;
    for (const std::string_view known : names) hint += (hint.empty() ? "there are " : ", ") + std::string(known);
    return hint;
  }

  const Template& with_;
  std::vector<Template::Text> texts_;
  const std::string& pointer_;
  TaskIssues& issues_;
  std::set<std::string, std::less<>> told_;
};

}  // namespace

void check_arguments(const Schema& schema, const Template& with, const std::string& pointer, TaskIssues& issues) {
  ArgumentCheck check(with, pointer, issues);
  check.around_references(schema.json(), with.source(), "");
  check.constants(schema);
}

}  // namespace deed
