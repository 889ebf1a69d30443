// deed schedule, and deed daemon as a process: what it fires, drains, adopts, and that a SIGKILL at any instant loses and doubles nothing.
#include <poll.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <future>
#include <random>
#include <set>

#include "deed/memory/schedule_store.hpp"
#include "deed/tests/cli/command_fixture.hpp"

namespace deed {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

class ScheduleCommand : public CommandTest {
 protected:
  std::unique_ptr<ScheduleStore> store() const {
    auto opened = open_sqlite_schedules({.path = file("home/journal.db")});
    EXPECT_OK(opened);
    return std::move(opened).value();
  }
  // As `deed schedule add` would have made it some time ago.
  ScheduleId add_since(const std::string& name, const char* cron, TimePoint created, std::vector<std::string> command) const {
    const auto added = store()->add({.name = name, .command = std::move(command), .folder = file("work"), .cron = cron, .zone = "UTC",
                                     .missed = Missed::all, .overlap = Overlap::skip, .created = created});
    EXPECT_OK(added);
    return added ? added->id : 0;
  }
  // So many minutes are due, and the next ones soon.
  ScheduleId add_minutes(const std::string& name, int minutes, std::vector<std::string> command) const {
    const auto now = std::chrono::floor<std::chrono::minutes>(system_clock().now());
    return add_since(name, "* * * * *", now - std::chrono::minutes(minutes) - 1s, std::move(command));
  }
  // One time is due, of the day before yesterday; the next one is a year away.
  ScheduleId add_one(const std::string& name, std::vector<std::string> command) const {
    const auto now = system_clock().now();
    const auto day = std::chrono::floor<std::chrono::days>(now - std::chrono::days(2));
    const std::chrono::year_month_day date(day);
    const std::string cron = "0 0 " + std::to_string(static_cast<unsigned>(date.day())) + " " + std::to_string(static_cast<unsigned>(date.month())) + " *";
    return add_since(name, cron.c_str(), now - std::chrono::days(10), std::move(command));
  }
  static std::vector<std::string> mailing(const fakes::HttpServer& server) {
    return {"run", "--yes", "--model", model_at(server), "--", "Mail ann@example.org hello"};
  }
  static fakes::HttpReply mails_once(const fakes::SeenRequest& request) {
    if (request.body.find("\"role\":\"tool\"") != std::string::npos) return says("Done.");
    const Json mail = {{"to", Json::array({"ann@example.org"})}, {"subject", "Hi"}, {"text", "Hello."}};
    const Json body = parse_json(request.body).value_or(Json::object());
    std::string name = "none";
    for (const Json& tool : body.value("tools", Json::array())) {
      const std::string offered = tool["function"]["name"].get<std::string>();
      if (offered.find("email") != std::string::npos) name = offered;
    }
    return calls(name.c_str(), mail);
  }
  std::size_t mails() const {
    const auto folder = folder_ / "home/outbox/new";
    if (!std::filesystem::exists(folder)) return 0;
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
  }
  Json history(const std::string& name) { return deed({"schedule", "history", name, "--json", "--max", "1000"}).json().at("firings"); }
};

TEST_F(ScheduleCommand, AddsListsShowsPausesResumesAndRemoves) {
  put("work/task.yaml", "name: x\n");
  const Ended added = deed({"schedule", "add", "task.yaml", "--cron", "0 9 * * MON", "--tz", "Europe/Berlin", "--missed", "skip", "--overlap", "queue", "--json", "--",
                            "--yes", "--max-steps", "3"});
  ASSERT_EQ(added.code, 0) << added.err;
  EXPECT_THAT(added.err, HasSubstr("deed daemon"));
  const Json schedule = added.json().at("schedule");
  EXPECT_EQ(schedule.at("name"), "task");
  EXPECT_EQ(schedule.at("command"), (Json{"run", "--yes", "--max-steps", "3", "--", file("work/task.yaml")}));
  EXPECT_EQ(schedule.at("folder"), file("work"));
  EXPECT_EQ(schedule.at("missed"), "skip");
  EXPECT_EQ(schedule.at("overlap"), "queue");
  EXPECT_THAT(schedule.at("next").get<std::string>(), testing::ContainsRegex("T09:00:00[+]0[12]:00"));
  EXPECT_EQ(deed({"schedule", "list", "--json"}).json().at("schedules").size(), 1u);
  EXPECT_THAT(deed({"schedule", "list"}).out, HasSubstr("0 9 * * MON"));
  EXPECT_THAT(deed({"schedule", "show", "task"}).out, HasSubstr("deed run --yes --max-steps 3 -- " + file("work/task.yaml")));
  EXPECT_EQ(deed({"schedule", "pause", "task"}).code, 0);
  EXPECT_EQ(deed({"schedule", "list", "--json"}).json().at("schedules").at(0).at("next"), nullptr);
  EXPECT_EQ(deed({"schedule", "resume", "task"}).code, 0);
  EXPECT_EQ(deed({"schedule", "list", "--json"}).json().at("schedules").at(0).at("state"), "active");
  EXPECT_EQ(deed({"schedule", "remove", "task"}).code, 0);
  EXPECT_EQ(deed({"schedule", "show", "task"}).code, 2);
}

TEST_F(ScheduleCommand, RefusesWhatCouldNotFireAndSaysWhere) {
  const auto refused = [&](std::vector<std::string> arguments, const char* why) {
    arguments.insert(arguments.begin(), {"schedule", "add"});
    const Ended ended = deed(arguments);
    EXPECT_EQ(ended.code, 2) << ended.out;
    EXPECT_THAT(ended.err, HasSubstr(why));
  };
  refused({"say hello", "--cron", "0 0 30 2 *"}, "never fires");
  refused({"say hello", "--cron", "0 25 * * *"}, "character 3");
  refused({"say hello", "--cron", "0 9 * * *", "--tz", "Europe/Bonn"}, "no such time zone");
  refused({"say hello", "--cron", "0 9 * * *", "--tz", "../../etc/passwd"}, "no such time zone");
  refused({"say", "hello", "--cron", "0 9 * * *"}, "into quotes");
  refused({"missing.yaml", "--cron", "0 9 * * *"}, "no such task file");
  refused({"say hello", "--cron", "0 9 * * *", "--", "--no-such-flag"}, "deed run does not take these flags");
  refused({"say hello", "--cron", "0 9 * * *", "--folder", "nowhere"}, "no such folder");
  refused({"say hello", "--cron", "0 9 * * *", "--name", "a b"}, "not a schedule's name");
  refused({"say hello", "--cron", "0 9 * * *", "--missed", "twice"}, "twice");
  EXPECT_EQ(deed({"schedule", "list", "--json"}).json().at("schedules").size(), 0u);
  EXPECT_EQ(deed({"schedule", "add", "say hello", "--cron", "@daily"}).code, 0);
  EXPECT_EQ(deed({"schedule", "add", "say hello", "--cron", "@daily"}).code, 75) << "the name is taken";
}

TEST_F(ScheduleCommand, TellsTheTimesOfALine) {
  const Ended ended = deed({"schedule", "next", "--cron", "30 2 * * *", "--tz", "Europe/Berlin", "--from", "2026-03-28T12:00", "--count", "2"});
  EXPECT_EQ(ended.out, "2026-03-29T03:00:00+02:00\n2026-03-30T02:30:00+02:00\n");
  put("lines", R"({"cron":"0 9 * * MON","tz":"America/New_York","from":"2026-11-01T00:00:00Z","count":1})"
               "\n{\"cron\":\"x\"}\nnonsense\n");
  const Ended batch = deed({"schedule", "next", "--jsonl"}, file("lines"));
  EXPECT_EQ(batch.code, 0);
  EXPECT_THAT(batch.out, testing::StartsWith("{\"times\":[\"2026-11-02T09:00:00-05:00\"]}\n{\"error\":"));
  EXPECT_EQ(std::count(batch.out.begin(), batch.out.end(), '\n'), 3);
}

TEST_F(ScheduleCommand, OncePassRunsWhatIsDueAsRunsOfTheirOwn) {
  fakes::HttpServer server(mails_once);
  add_minutes("mail", 3, mailing(server));
  const Ended ended = deed({"daemon", "--once"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const Json firings = history("mail");
  std::set<std::string> runs;
  for (const Json& firing : firings) {
    if (firing.at("state") != "done") continue;
    runs.insert(firing.at("run").get<std::string>());
    EXPECT_EQ(deed({"show", firing.at("run").get<std::string>()}).code, 0);
  }
  EXPECT_GE(runs.size(), 3u);
  EXPECT_EQ(mails(), runs.size());
}

TEST_F(ScheduleCommand, RunNowGivesTheExitCodeOfTheRun) {
  fakes::HttpServer server([](const fakes::SeenRequest&) { return says("Hello there."); });
  ASSERT_EQ(deed({"schedule", "add", "say hello", "--name", "hi", "--cron", "@yearly", "--", "--model", model_at(server)}).code, 0);
  const Ended ended = deed({"schedule", "run", "hi"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Hello there."));
  const Json firings = history("hi");
  ASSERT_EQ(firings.size(), 1u);
  EXPECT_EQ(firings.at(0).at("manual"), true);
  EXPECT_EQ(firings.at(0).at("state"), "done");
  std::filesystem::rename(file("work"), file("moved"));
  std::filesystem::create_directories(file("work"));  // where the command itself is started; the schedule's folder is another
  ASSERT_EQ(deed({"schedule", "add", "say hello", "--name", "gone", "--folder", file("moved"), "--cron", "@yearly"}).code, 0);
  std::filesystem::remove_all(file("moved"));
  EXPECT_EQ(deed({"schedule", "run", "gone"}).code, 1);
  EXPECT_THAT(history("gone").at(0).at("reason").get<std::string>(), HasSubstr("folder is not there"));
}

TEST_F(ScheduleCommand, ARunThatWaitsForApprovalIsPausedUntilAPersonHasGoneOnWithIt) {
  fakes::HttpServer server(mails_once);
  std::vector<std::string> command = mailing(server);
  std::erase(command, "--yes");
  add_one("mail", command);
  EXPECT_EQ(deed({"daemon", "--once"}).code, 0);
  Json firing = history("mail").at(0);
  EXPECT_EQ(firing.at("state"), "paused");
  EXPECT_EQ(firing.at("exit_code"), 3);
  const std::string run = firing.at("run").get<std::string>();
  EXPECT_THAT(firing.at("reason").get<std::string>(), HasSubstr("deed approve " + run));
  EXPECT_EQ(deed({"approve", run}).code, 0);
  EXPECT_EQ(mails(), 1u);
  EXPECT_EQ(history("mail").at(0).at("state"), "done");
}

// What a service manager would hear.
class NotifySocket {
 public:
  explicit NotifySocket(std::string path) : path_(std::move(path)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~NotifySocket() { close(fd_); }
  // Waits until something that begins so was heard.
  void wait_for(const std::string& word) {
    for (;;) {
      pollfd ready{fd_, POLLIN, 0};
      ASSERT_EQ(poll(&ready, 1, 60'000), 1) << "no " << word << " after: " << heard_;
      char bytes[512];
      const ssize_t size = recv(fd_, bytes, sizeof bytes, 0);
      heard_ += std::string(bytes, static_cast<std::size_t>(std::max<ssize_t>(size, 0))) + "|";
      if (heard_.find(word) != std::string::npos) return;
    }
  }
  const std::string& heard() const { return heard_; }

 private:
  std::string path_, heard_;
  int fd_ = -1;
};

class DaemonProcess : public ScheduleCommand {
 protected:
  // A file name each, since both write their output somewhere.
  pid_t start_daemon(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"daemon"};
    return start(arguments, "/dev/null", more);
  }
  int wait_code(pid_t child) const {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> out;
  std::ifstream in("/proc/" + std::to_string(process) + "/task/" + std::to_string(process) + "/children");
  for (pid_t child = 0; in >> child;) out.push_back(child);
  return out;
}

// The manager's queue takes some ten messages; until the model was asked nobody reads it here, and it is full.
TEST_F(DaemonProcess, TellsTheServiceManagerTakesNewWorkAtOnceAndDrainsOnSigterm) {
  std::promise<void> asked;
  std::atomic<int> count = 0;
  fakes::HttpServer server([&](const fakes::SeenRequest&) {
    if (count++ > 0) return says("Hello.");
    fakes::HttpReply reply;
    return reply.await([&] { asked.set_value(); }).hang();
  });
  NotifySocket manager(file("notify"));
  const pid_t daemon = start_daemon({"NOTIFY_SOCKET=" + file("notify"), "WATCHDOG_USEC=4000"});
  manager.wait_for("READY=1");
  EXPECT_EQ(deed({"daemon"}).code, 75) << "one a home";
  ASSERT_EQ(deed({"schedule", "add", "say hello", "--name", "hi", "--cron", "@yearly", "--", "--model", model_at(server)}).code, 0);
  const Ended handed = deed({"schedule", "run", "hi", "--json"});
  EXPECT_EQ(handed.json().at("handed_to_daemon"), true);
  EXPECT_EQ(asked.get_future().wait_for(60s), std::future_status::ready) << "it looks at least once a minute, and at once when told";
  manager.wait_for("STATUS=1 runs");
  manager.wait_for("WATCHDOG=1");
  kill(daemon, SIGTERM);
  manager.wait_for("STOPPING=1");
  EXPECT_EQ(wait_code(daemon), 0);
  EXPECT_EQ(history("hi").at(0).at("state"), "running") << "interrupted, and gone on with later";
  EXPECT_EQ(deed({"daemon", "--once"}).code, 0);
  const Json firing = history("hi").at(0);
  EXPECT_EQ(firing.at("state"), "done");
  EXPECT_EQ(firing.at("run"), handed.json().at("firing").at("run"));
  EXPECT_EQ(deed({"runs", "--json"}).json().at("runs").size(), 1u);
}

TEST_F(DaemonProcess, ARunThatDoesNotPauseInTimeIsKilledAndGoneOnWithLater) {
  std::promise<void> asked;
  std::atomic<int> count = 0;
  fakes::HttpServer server([&](const fakes::SeenRequest& request) {
    if (count++ > 0) return mails_once(request);
    fakes::HttpReply reply;
    return reply.await([&] { asked.set_value(); }).hang();
  });
  add_one("mail", mailing(server));
  const pid_t daemon = start({"daemon", "--drain", "1"});
  ASSERT_EQ(asked.get_future().wait_for(60s), std::future_status::ready);
  const std::vector<pid_t> runs = children_of(daemon);
  ASSERT_EQ(runs.size(), 1u);
  kill(runs.front(), SIGSTOP);  // it hears nothing
  const auto begun = std::chrono::steady_clock::now();
  kill(daemon, SIGTERM);
  EXPECT_EQ(wait_code(daemon), 0);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 1s);
  EXPECT_EQ(history("mail").at(0).at("state"), "running");
  EXPECT_EQ(deed({"daemon", "--once"}).code, 0);
  EXPECT_EQ(history("mail").at(0).at("state"), "done");
  EXPECT_EQ(mails(), 1u);
}

TEST_F(DaemonProcess, AFiringThatCouldNotBeBegunSaysWhereToLook) {
  add_one("bad", {"run", "--model", "nobody:nothing", "--", "hello"});
  const Ended ended = deed({"daemon", "--once"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr("nobody:nothing"));
  EXPECT_EQ(history("bad").at(0).at("state"), "failed");
  EXPECT_THAT(history("bad").at(0).at("reason").get<std::string>(), HasSubstr("before the run was begun"));
}

TEST_F(DaemonProcess, GoesOnWithATaskWhoseTimeHasCome) {
  put("work/t.yaml", "deed: 1\nname: t\nsteps:\n  - {id: pause, wait: 3h}\n  - {id: now, tool: time.now}\n");
  const Ended begun = deed({"run", "t.yaml", "--json"});
  EXPECT_EQ(begun.code, 75) << begun.err;
  EXPECT_THAT(begun.json().at("hint").get<std::string>(), HasSubstr("deed daemon goes on with it then"));
  const std::string run = begun.json().at("run").get<std::string>();
  EXPECT_THAT(deed({"daemon", "--once"}).err, testing::Not(HasSubstr(run))) << "not before its time";
  // As if three hours had passed. The step itself looks at the clock, and waits again.
  sqlite3* file_of_journal = nullptr;
  ASSERT_EQ(sqlite3_open(file("home/journal.db").c_str(), &file_of_journal), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(file_of_journal, "UPDATE runs SET wakes = 1 WHERE wakes IS NOT NULL", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3_changes(file_of_journal), 1);
  sqlite3_close(file_of_journal);
  // Whoever is killed while he goes on with it leaves it to the next one.
  EXPECT_EQ(wait(start({"resume", run}, "/dev/null", {"DEED_FAILPOINT=kill:2:journal.commit/after"})).code, 128 + SIGKILL);
  EXPECT_THAT(deed({"daemon", "--once"}).err, HasSubstr("going on with run " + run));
  EXPECT_THAT(deed({"daemon", "--once"}).err, testing::Not(HasSubstr(run))) << "it waits for its own time again";
  EXPECT_THAT(deed({"show", run}).out, HasSubstr("\nresumed\n"));
}

TEST_F(DaemonProcess, ARunThatOutlivesItsDaemonIsWaitedForByTheNextOne) {
  std::promise<void> asked, go_on;
  auto gate = go_on.get_future().share();
  std::atomic<int> count = 0;
  fakes::HttpServer server([&](const fakes::SeenRequest& request) {
    if (count++ > 0) return mails_once(request);
    fakes::HttpReply reply = mails_once(request), held;
    held.await([&] {
      asked.set_value();
      gate.wait();
    });
    for (const auto& step : reply.steps()) held.send(std::get<fakes::HttpReply::Bytes>(step).bytes);
    return held;
  });
  add_one("mail", mailing(server));
  const pid_t killed = start_daemon();
  ASSERT_EQ(asked.get_future().wait_for(60s), std::future_status::ready);
  kill(killed, SIGKILL);
  EXPECT_EQ(wait_code(killed), 128 + SIGKILL);
  NotifySocket manager(file("notify"));
  const pid_t next = start({"daemon", "--once"}, "/dev/null", {"NOTIFY_SOCKET=" + file("notify")});
  manager.wait_for("STATUS=1 runs");  // it has found the run, and waits
  go_on.set_value();
  EXPECT_EQ(wait_code(next), 0);
  EXPECT_EQ(history("mail").size(), 1u);
  EXPECT_EQ(history("mail").at(0).at("state"), "done");
  EXPECT_EQ(mails(), 1u);
  EXPECT_EQ(deed({"runs", "--json"}).json().at("runs").size(), 1u);
}

// Each round kills the daemon somewhere else; in every second one of the random ones, its runs as well.
TEST_F(DaemonProcess, LosesAndDoublesNoFiringHoweverOftenItIsKilled) {
  fakes::HttpServer server(mails_once);
  const ScheduleId schedule = add_minutes("mail", 12, mailing(server));
  std::vector<std::string> places;
  for (const char* name : {"schedule.commit/before", "schedule.commit/after", "firing.start/before", "firing.start/after"}) {
    for (const char* pass : {"1", "2", "3"}) places.push_back(std::string("DEED_FAILPOINT=kill:") + pass + ":" + name);
  }
  int kills = 0;
  for (const std::string& place : places) kills += wait_code(start({"daemon", "--once"}, "/dev/null", {place})) == 128 + SIGKILL;
  EXPECT_GE(kills, 6) << "the failpoints are passed";
  // The rest are killed at random instants, from a new set of due times.
  const ScheduleId second = add_minutes("more", 12, mailing(server));
  std::mt19937 random(3);
  for (int round = 0; round < 12; ++round) {
    const pid_t daemon = start({"daemon", "--once"});
    pollfd nothing{-1, 0, 0};
    poll(&nothing, 0, static_cast<int>(random() % 250));
    const std::vector<pid_t> runs = children_of(daemon);
    kill(daemon, SIGKILL);
    for (const pid_t run : runs) {
      if (round % 2 == 0) kill(run, SIGKILL);
    }
    wait_code(daemon);
  }
  const Ended last = deed({"daemon", "--once"});
  EXPECT_EQ(last.code, 0) << last.err;
  EXPECT_THAT(*store()->open_firings(), IsEmpty());
  std::set<std::string> runs;
  std::size_t fired = 0;
  for (const ScheduleId id : {schedule, second}) {
    std::set<TimePoint> times;
    const auto firings = store()->history(id, 1000);
    ASSERT_OK(firings);
    for (const Firing& firing : *firings) {
      EXPECT_TRUE(times.insert(firing.nominal).second);
      if (firing.state == FiringState::skipped) continue;  // the next minute came while the others went on
      EXPECT_EQ(firing.state, FiringState::done) << firing.reason;
      runs.insert(firing.run);
      ++fired;
    }
    EXPECT_GE(times.size(), 12u) << "a time is missing";
    EXPECT_EQ(*times.rbegin() - *times.begin(), std::chrono::minutes(times.size() - 1)) << "no time between was left out";
  }
  EXPECT_GE(fired, 24u);
  EXPECT_EQ(runs.size(), fired);
  EXPECT_EQ(mails(), fired) << "each firing has sent its mail once";
  EXPECT_EQ(deed({"runs", "--json", "--max", "10000"}).json().at("runs").size(), fired) << "no run that belongs to no firing";
}

TEST_F(DaemonProcess, ARunIdIsBegunOnce) {
  fakes::HttpServer server([](const fakes::SeenRequest&) { return says("Hello."); });
  const std::string id = "01936a7c-0000-7000-8000-000000000001";
  // Killed after the run was entered, before its first event: nothing of it was done, and the id is free to be begun.
  const pid_t killed = start({"run", "--run-id", id, "--model", model_at(server), "hello"}, "/dev/null", {"DEED_FAILPOINT=kill:1:journal.commit/after"});
  EXPECT_EQ(wait_code(killed), 128 + SIGKILL);
  EXPECT_EQ(deed({"run", "--run-id", id, "--model", model_at(server), "hello"}).code, 0);
  EXPECT_EQ(deed({"run", "--run-id", id, "--model", model_at(server), "hello"}).code, 75);
  EXPECT_EQ(deed({"run", "--run-id", "mine", "--model", model_at(server), "hello"}).code, 2);
  EXPECT_EQ(deed({"runs", "--json"}).json().at("runs").size(), 1u);
  EXPECT_THAT(server.requests(), SizeIs(1));
}

}  // namespace
}  // namespace deed
