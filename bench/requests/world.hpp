// Carries out one request in a world of its own: a fresh folder and journal, an HTTP server with
// the request's pages, a mail server, and a user who gives the request's answers and nothing else.
#pragma once

#include "request.hpp"

#include "deed/agent/agent.hpp"

#include <map>
#include <string>
#include <vector>

namespace deed::bench {

/// One message, whoever got it.
struct ArrivedMail {
  std::vector<std::string> to;  ///< of the envelopes; sorted, twice for who got it twice
  std::string subject, text;
  std::map<std::string, std::string> attachments;  ///< bytes by name
};

struct ArrivedRequest {
  std::string method, path, body;
};

struct Ending {
  std::map<std::string, std::string> files_before, files_after;
  std::vector<ArrivedMail> mails;
  std::vector<ArrivedRequest> requests;
  std::vector<std::string> plan;       ///< the steps that the request was cut into
  std::vector<std::string> questions;  ///< put to the user
  std::vector<CallState> calls;        ///< in order
  std::vector<double> step_ms;
  RunStatus status = RunStatus::running;
  std::string text, reason;
};

/// errors  those of open_agent and Agent::run
Result<Ending> carry_out(const Request& request, const std::string& models_dir);

}  // namespace deed::bench
