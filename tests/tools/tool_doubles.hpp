// What tests of tools stand on: a context that records, a folder that goes away, an HTTP client
// with a script, a journal in memory.
#pragma once

#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"
#include "deed/memory/journal.hpp"
#include "deed/net/http.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tools/tool.hpp"

#include <boost/asio/io_context.hpp>

#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <stdlib.h>
#include <string>
#include <vector>

namespace deed {

/// The effect key of a call.
inline const std::string& call_key() {
  static const std::string it = sha256_hex("call 1");
  return it;
}

struct FixedClock final : Clock {
  TimePoint now() const override {
    return TimePoint(std::chrono::milliseconds(1'795'556'138'123)) + added;
  }  // 2026-11-24T21:35:38.123Z
  void add(std::chrono::milliseconds time) { added += time; }
  std::chrono::milliseconds added{0};
};

class FakeContext final : public ToolContext {
 public:
  explicit FakeContext(std::string_view call = "call 1") : key_(sha256_hex(call)) {}

  const std::string& effect_key() const override { return key_; }
  RunId run() const override { return "01936a7c-0000-7000-8000-000000000001"; }
  int attempt() const override { return 1; }
  TimePoint proposed_at() const override { return FixedClock().now(); }
  const Clock& clock() const override { return clock_; }
  Async<void> dispatching() override {
    ++dispatches;
    if (at_dispatch) at_dispatch();
    if (dispatch_error) co_return fail(*dispatch_error);
    co_return Result<void>();
  }
  void progress(std::string_view) override {}
  EffectPart part(const std::string& name) const override {
    const auto found = parts.find(name);
    return found == parts.end() ? EffectPart{} : found->second;
  }
  Async<void> dispatching_part(std::string name) override {
    if (part(name).phase != PartPhase::open) co_return fail(ErrorKind::conflict, "not open", name);
    auto dispatched = co_await dispatching();
    if (dispatched) counts.begun += !part(name).has_begun;
    if (dispatched) parts[name] = {PartPhase::in_doubt, std::nullopt, true};
    co_return dispatched;
  }
  Async<void> settle_part(std::string name, Outcome outcome) override {
    if (part(name).phase == PartPhase::settled) co_return fail(ErrorKind::conflict, "settled", name);
    const bool is_open = outcome.status == OutcomeStatus::failed_without_effect;
    const bool is_unknown = outcome.status == OutcomeStatus::unknown;
    const PartPhase phase = is_open      ? PartPhase::open
                            : is_unknown ? PartPhase::in_doubt
                                         : PartPhase::settled;
    const bool is_withheld = outcome.result.is_object() && outcome.result.contains("withheld");
    counts.begun += !is_withheld && !part(name).has_begun;
    counts.failed += !is_withheld && outcome.status == OutcomeStatus::rejected;
    parts[name] = {phase, std::move(outcome), !is_withheld};
    co_return Result<void>();
  }
  bool stop_requested() const override { return is_stopping; }
  PartCounts parts_of_run() const override { return counts; }
  void stop_at_limit(std::string limit, std::string what, std::string) override {
    limits.push_back(limit + ": " + what);
    is_stopping = true;
  }
  Async<void> wait(std::chrono::milliseconds time) override {
    waits.push_back(time);
    if (has_timers && time > longest_sleep) is_stopping = true;
    clock_.add(time);
    if (at_wait) at_wait();
    if (is_stopping) co_return fail(ErrorKind::cancelled, "the run is to stop");
    co_return Result<void>();
  }
  const std::string& probed_part() const override { return asked_part; }
  TimePoint dispatched_at() const override { return dispatched_time; }

  std::map<std::string, EffectPart> parts;
  PartCounts counts;
  std::vector<std::string> limits;  ///< at which the tool stopped the run
  std::vector<std::chrono::milliseconds> waits;  ///< none of them takes time
  bool has_timers = false;  ///< long waits end the attempt
  std::function<void()> at_wait;
  bool is_stopping = false;
  std::string asked_part;
  TimePoint dispatched_time = FixedClock().now();
  int dispatches = 0;
  std::function<void()> at_dispatch;  ///< looks at the world at the commit point
  std::optional<Error> dispatch_error;

 private:
  FixedClock clock_;
  std::string key_;
};

/// A folder under the system's temporary one, with files by relative path.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "deed-test-XXXXXX").string();
    DEED_CHECK(::mkdtemp(name.data()), "no temporary folder");
    path_ = name;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string at(const std::string& name) const { return path_ + "/" + name; }
  void put(const std::string& name, std::string_view bytes) const {
    std::filesystem::create_directories(std::filesystem::path(at(name)).parent_path());
    std::ofstream(at(name), std::ios::binary) << bytes;
  }
  bool has(const std::string& name) const {
    return std::filesystem::exists(std::filesystem::symlink_status(at(name)));
  }
  std::string get(const std::string& name) const {
    std::ifstream in(at(name), std::ios::binary);
    return in ? std::string(std::istreambuf_iterator<char>(in), {}) : "<no file " + name + ">";
  }
  /// Names of all that is in the folder itself, sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      out.push_back(entry.path().filename().string());
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  std::string path_;
};

/// Answers requests by `answer`, and keeps them. Awaits before_send as a real client does.
class FakeHttpClient final : public HttpClient {
 public:
  asio::awaitable<HttpExchange> send(HttpRequest request) override {
    if (request.before_send) {
      auto ready = co_await request.before_send();
      if (!ready) co_return HttpExchange(HttpFailure{ready.error(), false});
    }
    requests.push_back(request);
    co_return answer(requests.back());
  }

  std::function<HttpExchange(const HttpRequest&)> answer = [](const HttpRequest&) -> HttpExchange {
    return HttpResponse{.status = 200,
                        .headers = {{"content-type", "text/plain"}},
                        .body = "hello",
                        .peer = "93.184.216.34:80"};
  };
  std::vector<HttpRequest> requests;
};

/// Facts and hits in lists; runs are not its business.
class FakeJournal final : public Journal {
 public:
  Async<Lease> create(NewRun) override { co_return refuse(); }
  Async<Lease> acquire(RunId) override { co_return refuse(); }
  Async<void> release(Lease) override { co_return Result<void>(); }
  Async<EventNumber> append_and_remember(Lease, std::shared_ptr<const std::vector<Event>>, std::vector<Fact>,
                                         AppendOptions) override {
    co_return refuse();
  }
  Async<std::vector<Event>> read(RunId, EventNumber, std::size_t) override { co_return refuse(); }
  Async<std::vector<RunRecord>> runs(std::size_t) override { co_return refuse(); }
  Async<RunRecord> find_run(std::string) override { co_return refuse(); }
  Async<std::vector<SearchHit>> search(std::string, std::size_t max) override {
    std::vector<SearchHit> out = hits;
    if (out.size() > max) out.resize(max);
    co_return out;
  }
  Async<void> remember(Fact fact) override {
    facts.push_back(std::move(fact));
    co_return Result<void>();
  }
  /// All blank-separated words have to occur.
  Async<std::vector<Fact>> recall(std::string query, std::size_t max) override {
    std::vector<Fact> out;
    for (const Fact& fact : facts) {
      bool has_all = true;
      for (const std::string_view word : split(query, ' ')) {
        if ((fact.key + " " + fact.value).find(word) == std::string::npos) has_all = false;
      }
      if (has_all && out.size() < max) out.push_back(fact);
    }
    co_return out;
  }

  std::vector<Fact> facts;
  std::vector<SearchHit> hits;

 private:
  static Unexpected refuse() { return fail(ErrorKind::unsupported, "not in this fake"); }
};

inline Outcome run_tool(const Tool& tool, Json arguments, ToolContext& ctx) {
  asio::io_context io;
  return run_async(io, tool.run(std::move(arguments), ctx));
}
inline Outcome run_tool(const Tool& tool, Json arguments) {
  FakeContext ctx;
  return run_tool(tool, std::move(arguments), ctx);
}
inline ProbeResult probe_tool(const Tool& tool, Json arguments, ToolContext& ctx) {
  asio::io_context io;
  return run_async(io, tool.probe(std::move(arguments), ctx));
}

/// What a failed call tells the model.
inline std::string told(const Outcome& outcome) {
  return string_at(outcome.result, "error") + " | " + string_at(outcome.result, "hint");
}

inline void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << to_string(outcome.status) << " " << to_text(outcome.result) << " " << outcome.text;
}
MATCHER_P(Ended, status, std::string("ended ") + to_string(status)) { return arg.status == status; }

}  // namespace deed
