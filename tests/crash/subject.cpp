// What the crash test kills: runs the calls that its argument names, one a step, or goes on with the newest run of DEED_HOME.
//   deed_crash_subject run keyed,once    deed_crash_subject resume
// Its model reads the list from the request and the number of results from the transcript, so that it goes on where it was.
#include "deed/agent/report.hpp"
#include "deed/agent/runner.hpp"
#include "deed/core/text.hpp"
#include "deed/tests/crash/world_tools.hpp"
#include "deed/tests/fakes/run_async.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace deed::crash {
namespace {

class PlanModel final : public Model {
 public:
  const ModelInfo& info() const override { return info_; }
  std::int64_t count_tokens(std::string_view text) const override { return static_cast<std::int64_t>(text.size()); }
  Async<Reply> generate(ModelRequest request, StreamSink) override {
    Reply reply;
    std::size_t done = 0;
    for (const Message& message : request.messages) done += message.role == Role::tool;
    const std::string plan = request.messages.front().text;
    const auto names = split(plan, ',');
    if (done >= names.size()) {
      reply.text = "All is done.";
      co_return reply;
    }
    Json arguments = {{"n", done}};
    reply.tool_calls.push_back({"c", std::string(names[done]), std::move(arguments)});
    reply.stop = StopReason::tool_calls;
    co_return reply;
  }

 private:
  ModelInfo info_{.name = "plan"};
};

Async<RunReport> resume_newest(Journal& journal, Runner& runner) {
  auto newest = co_await journal.find_run("last");
  DEED_CO_OK(newest);
  auto report = co_await runner.resume(newest->id);
  co_return report;
}

Result<RunReport> drive(const std::string& home, const std::string& plan) {
  asio::io_context io;
  const auto http = make_http_client(io.get_executor(), HttpSettings{});
  DEED_TRY(const auto journal, open_sqlite_journal({.path = home + "/journal.db"}));
  Registry tools;
  const char* server = std::getenv("DEED_CRASH_SERVER");
  DEED_OK(add_world_tools(tools, {.folder = home, .server = server ? server : "", .http = http.get()}));
  PlanModel model;
  Observer observer;
  Runner runner({*journal, model, tools, system_clock(), no_interaction(), observer, Policy{}});
  if (plan.empty()) return run_async(io, resume_newest(*journal, runner));
  return run_async(io, runner.start({.request = plan}));
}

}  // namespace
}  // namespace deed::crash

int main(int argc, char** argv) {
  const char* home = std::getenv("DEED_HOME");
  const std::string word = argc > 1 ? argv[1] : "";
  if (!home || (word == "run") != (argc == 3) || (word == "resume") != (argc == 2)) return 2;
  const auto report = deed::crash::drive(home, argc == 3 ? argv[2] : "");
  if (report) {
    if (!report->reason.empty()) std::fprintf(stderr, "%s\n", report->reason.c_str());
    return deed::exit_code(*report);
  }
  std::fprintf(stderr, "%s\n", deed::to_string(report.error()).c_str());
  return deed::exit_code(report.error());
}
