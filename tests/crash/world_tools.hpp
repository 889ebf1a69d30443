// Tools of every effect class whose effects can be counted from outside: a line a time in files opened with O_APPEND, requests to a
// server of the test, facts in the journal. Their names are those of the classes.
#pragma once

#include "deed/net/http.hpp"
#include "deed/tools/registry.hpp"

#include <string>

namespace deed::crash {

struct WorldOptions {
  std::string folder;           ///< of the files; is there
  std::string server;           ///< "http://127.0.0.1:4711"
  HttpClient* http = nullptr;   ///< borrowed
};

/// "pure", "read", "idempotent", "keyed", "local", "probeable", "once", and "unannounced", which says nothing about itself.
Result<void> add_world_tools(Registry& registry, const WorldOptions& options);

}  // namespace deed::crash
