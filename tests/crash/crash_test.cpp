// Kills a run at every failpoint that it passes, for every class of effects, and at random instants, and counts the world from outside
// the process. A few rounds each as a rule; DEED_CRASH_ROUNDS and DEED_CRASH_RANDOM set how many (the whole measure is 20 and 1000).
#include "deed/agent/crashtest/crash_test.hpp"

#include "deed/tests/fakes/http_server.hpp"
#include "deed/tests/memory/sqlite_fixture.hpp"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

namespace deed::crashtest {
namespace {

int number_from(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::atoi(text) : otherwise;
}

// Carries out the first request with a key, and takes every other one for the same.
class DeduplicatingServer {
 public:
  std::string url() const { return server_.url(""); }
  int times_done(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = done_.find(key);
    return found == done_.end() ? 0 : found->second;
  }

 private:
  fakes::HttpReply act(const fakes::SeenRequest& request) {
    const std::lock_guard lock(mutex_);
    done_.emplace(request.header("idempotency-key"), 0).first->second = 1;
    return fakes::HttpReply::ok("done");
  }

  mutable std::mutex mutex_;  // guards done_
  std::map<std::string, int> done_;
  fakes::HttpServer server_{[this](const fakes::SeenRequest& request) { return act(request); }};
};

std::map<std::string, int> counted_lines(const std::string& path) {
  std::map<std::string, int> counts;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) ++counts[line];
  return counts;
}

class CrashTest : public testing::Test {
 protected:
  CrashTest() {
    DEED_CHECK(setenv("DEED_CRASH_SERVER", server_.url().c_str(), 1) == 0, "setenv");
    std::filesystem::create_directories(folder_.path() / "task");
  }

  // How often the effect of this key is there, counted where it went.
  int times_there(const Round& round, const LedgerEffect& effect) const {
    if (effect.tool == "keyed") return server_.times_done(effect.key);
    if (effect.tool != "local") return counted_lines(round.home() + "/" + effect.tool)[effect.key];
    RawDatabase journal(round.home() + "/journal.db");
    return std::stoi(journal.value("SELECT count(*) FROM facts WHERE key = '" + effect.key + "'"));
  }

  Result<void> check(const Round& round) const {
    std::set<std::string> known;
    for (const LedgerEffect& effect : round.ledger.effects) {
      known.insert(effect.key);
      const int times = times_there(round, effect);
      const bool may_be_twice = effect.effect_class == EffectClass::idempotent;
      const std::string name = effect.tool + " of " + effect.call;
      if (times > 1 && !may_be_twice) return fail(ErrorKind::conflict, name + " happened " + std::to_string(times) + " times");
      if (times == 0 && effect.succeeded > 0) return fail(ErrorKind::conflict, name + " succeeded and is lost");
      if (times > 0 && effect.succeeded == 0 && !effect.in_doubt) return fail(ErrorKind::conflict,
          name + " happened, and the journal denies it");
      if (effect.in_doubt && effect.effect_class != EffectClass::once) return fail(ErrorKind::conflict, name + " is left in doubt");
    }
    for (const char* file : {"idempotent", "probeable", "once", "unannounced"}) {
      for (const auto& [key, times] : counted_lines(round.home() + "/" + file)) {
        if (!known.contains(key)) return fail(ErrorKind::conflict, std::string(file) + " happened without a word in the journal");
      }
    }
    return {};
  }

  Report test(const std::string& plan, int rounds, int random, std::uint64_t seed = 1) {
    static int count = 0;
    Options options;
    options.run = {DEED_CRASH_SUBJECT, "run", plan};
    options.resume = {DEED_CRASH_SUBJECT, "resume"};
    options.folder = folder_.path() / "task";
    options.scratch = folder_.path() / ("rounds" + std::to_string(++count));
    options.rounds = rounds, options.random = random, options.seed = seed;
    options.check = [this](const Round& round) { return check(round); };
    auto report = run_crash_test(options);
    EXPECT_OK(report);
    if (!report) return {};
    EXPECT_THAT(report->faults, testing::IsEmpty());
    if (std::getenv("DEED_CRASH_TABLE")) std::printf("%s\n%s\n", plan.c_str(), table_of(*report).c_str());
    return *std::move(report);
  }

  static int asked(const Report& report) {
    int sum = 0;
    for (const Row& row : report.rows) sum += row.asked;
    return sum;
  }

  TemporaryFolder folder_;
  DeduplicatingServer server_;
};

class EveryClass : public CrashTest, public testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Crash, EveryClass,
                         testing::Values("pure", "read", "idempotent", "keyed", "local", "probeable", "once", "unannounced"),
                         [](const auto& made) { return std::string(made.param); });

// run_crash_test itself holds that a person is asked for an effect of the class `once` that was behind its commit point, always, and
// never for anything else.
TEST_P(EveryClass, SurvivesAKillAtEveryFailpointThatItPasses) {
  const std::string tool = GetParam();
  const Report report = test(tool, number_from("DEED_CRASH_ROUNDS", 1), 0);
  EXPECT_GT(report.kills, 15);
  const bool may_ask = tool == "once" || tool == "unannounced";
  EXPECT_EQ(asked(report) > 0, may_ask);
}

TEST_F(CrashTest, MixedRunsSurviveKillsAtRandomInstants) {
  const int each = (number_from("DEED_CRASH_RANDOM", 20) + 3) / 4;
  int kills = 0, stops = 0;
  std::uint64_t seed = 1;
  for (const char* plan : {"read,idempotent,keyed,local,probeable", "probeable,local,pure,keyed,idempotent,probeable,local"}) {
    const Report report = test(plan, 0, each, ++seed);
    kills += report.kills, stops += asked(report);
  }
  EXPECT_EQ(stops, 0) << "nothing in them needs a person";
  for (const char* plan : {"once,keyed,local,unannounced,probeable",
      "keyed,probeable,once,read,idempotent"}) kills += test(plan, 0, each, ++seed).kills;
  EXPECT_GT(kills, each);
  if (std::getenv("DEED_CRASH_TABLE")) std::printf("%d kills at random instants\n", kills);
}

// The judge is judged: a tool that lies about its class is found out.
TEST_F(CrashTest, FindsAnEffectThatHappensTwice) {
  Options options;
  options.run = {DEED_CRASH_SUBJECT, "run", "idempotent"};
  options.resume = {DEED_CRASH_SUBJECT, "resume"};
  options.folder = folder_.path() / "task";
  options.scratch = folder_.path() / "rounds";
  options.random = 0;
  options.check = [](const Round& round) -> Result<void> {
    for (const auto& [key, times] : counted_lines(round.home() + "/idempotent")) {
      if (times > 1) return fail(ErrorKind::conflict, "twice");
    }
    return {};
  };
  const auto report = run_crash_test(options);
  ASSERT_OK(report);
  EXPECT_FALSE(report->is_clean());
  EXPECT_THAT(report->faults, testing::Contains(testing::HasSubstr("world.line/after")));
}

TEST_F(CrashTest, RefusesATaskThatFailsByItself) {
  Options options;
  options.run = {DEED_CRASH_SUBJECT, "walk"};
  options.resume = options.run;
  options.folder = folder_.path() / "task";
  options.scratch = folder_.path() / "rounds";
  EXPECT_THAT(run_crash_test(options), IsError(ErrorKind::invalid, testing::HasSubstr("without any crash")));
}

}  // namespace
}  // namespace deed::crashtest
