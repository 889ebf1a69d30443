#include "deed/memory/event.hpp"

#include "deed/memory/journal.hpp"

namespace deed {

const char* to_string(Trust trust) {
  switch (trust) {
    case Trust::system:
      return "system";
    case Trust::user:
      return "user";
    case Trust::tool:
      return "tool";
    case Trust::untrusted:
      return "untrusted";
  }
  return "untrusted";
}

Result<Trust> parse_trust(std::string_view text) {
  for (const Trust trust : {Trust::system, Trust::user, Trust::tool, Trust::untrusted}) {
    if (text == to_string(trust)) return trust;
  }
  return fail(ErrorKind::corrupt, "no such trust label", std::string(text));
}

const char* to_string(RunStatus status) {
  switch (status) {
    case RunStatus::running:
      return "running";
    case RunStatus::paused:
      return "paused";
    case RunStatus::done:
      return "done";
    case RunStatus::failed:
      return "failed";
    case RunStatus::cancelled:
      return "cancelled";
    case RunStatus::refused:
      return "refused";
    case RunStatus::limit:
      return "limit";
    case RunStatus::unknown:
      return "unknown";
  }
  return "unknown";
}

Result<RunStatus> parse_run_status(std::string_view text) {
  for (const RunStatus status :
       {RunStatus::running, RunStatus::paused, RunStatus::done, RunStatus::failed,
        RunStatus::cancelled, RunStatus::refused, RunStatus::limit, RunStatus::unknown}) {
    if (text == to_string(status)) return status;
  }
  return fail(ErrorKind::corrupt, "no such run status", std::string(text));
}

}  // namespace deed
