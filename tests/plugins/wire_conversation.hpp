// A conversation with a program over the wire of docs/plugins.md: all messages are written first, the answers are read by their id.
#pragma once

#include "deed/tests/fakes/run_program.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace deed::tests {

struct Conversation {
  int code = -1;
  std::map<std::string, nlohmann::json> answers;  ///< by the id, as text
  std::vector<nlohmann::json> requests;           ///< of the program, notifications among them
  std::vector<std::string> broken;                ///< lines that are no JSON-RPC
  std::string log;
};

inline Conversation talk(const std::vector<std::string>& command, const std::string& folder,
                         const std::vector<nlohmann::json>& messages) {
  std::string input;
  for (nlohmann::json message : messages) {
    message["jsonrpc"] = "2.0";
    input += message.dump() + "\n";
  }
  const ProgramEnd end = run_program(command, input, folder);
  Conversation out = {end.code, {}, {}, {}, end.errors};
  std::istringstream lines(end.output);
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json message = nlohmann::json::parse(line, nullptr, false);
    if (!message.is_object() || message.value("jsonrpc", "") != "2.0") out.broken.push_back(line);
    else if (message.contains("method")) out.requests.push_back(message);
    else out.answers[message["id"].dump()] = message;
  }
  return out;
}

/// initialize (1), initialized, tools/list (2), and one call (3).
inline Conversation call_tool(const std::vector<std::string>& command, const std::string& folder, const std::string& tool,
                              const nlohmann::json& arguments) {
  const nlohmann::json client = {{"protocolVersion", "2025-06-18"}, {"capabilities", nlohmann::json::object()},
                                 {"clientInfo", {{"name", "test"}, {"version", "1"}}}};
  const nlohmann::json about = {{"progressToken", 3},
                                {"deed", {{"effect_key", std::string(64, 'a')}, {"attempt", 1}, {"proposed_at_ms", 1700000000000}}}};
  return talk(command, folder,
              {{{"id", 1}, {"method", "initialize"}, {"params", client}},
               {{"method", "notifications/initialized"}},
               {{"id", 2}, {"method", "tools/list"}},
               {{"id", 3}, {"method", "tools/call"}, {"params", {{"name", tool}, {"arguments", arguments}, {"_meta", about}}}}});
}

}  // namespace deed::tests
