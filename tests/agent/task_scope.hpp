// A scope over one JSON value: references are paths in it.
#pragma once

#include <map>

#include "deed/agent/task/expression.hpp"

namespace deed {

struct ScopeOfTest final : Scope {
  Json values = Json::object();
  std::map<std::string, Trust> trusts = {};  ///< by the first name of a reference; others are the user's

  Result<Sourced> find(const Reference& reference) const override {
    const Json* at = &values;
    for (const std::string& part : reference) {
      const Json* next = nullptr;
      if (at->is_object() && at->contains(part)) next = &(*at)[part];
      if (at->is_array() && !part.empty() && part.size() < 9 && part.find_first_not_of("0123456789") == std::string::npos && std::stoul(part) < at->size()) next = &(*at)[std::stoul(part)];
      if (!next) return fail(ErrorKind::not_found, "there is no " + to_string(reference));
      at = next;
    }
    const auto trust = trusts.find(reference[0]);
    return Sourced{*at, to_string(reference), trust == trusts.end() ? Trust::user : trust->second};
  }
};

}  // namespace deed
