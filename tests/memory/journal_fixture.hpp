// A journal under test: events, runs and facts in a line, and every coroutine run to its end.
#pragma once

#include "deed/memory/journal.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"

#include <memory>
#include <string>
#include <vector>

namespace deed {

inline TimePoint at_second(int second) {
  return TimePoint(std::chrono::seconds(1'700'000'000 + second));
}

inline NewRun run_named(RunId id, std::string title = "write to Ann") {
  return {.id = std::move(id),
          .task_hash = std::string(64, 'a'),
          .title = std::move(title),
          .created = at_second(0)};
}
inline NewRun new_run(std::string title = "write to Ann") {
  return run_named(make_run_id(system_clock().now()), std::move(title));
}

inline Event event_with(const Json& body, std::string search_text = {}) {
  Event event;
  event.time = at_second(1);
  event.kind = "model.replied";
  event.body = JsonText(body);
  event.search_text = std::move(search_text);
  return event;
}
/// An event that says `n`.
inline Event event_saying(int n) { return event_with(Json{{"n", n}}); }

inline std::vector<int> numbers_said(const std::vector<Event>& events) {
  std::vector<int> out;
  for (const Event& event : events) out.push_back(event.body.value().value("n", -1));
  return out;
}

/// The interface of Journal without coroutines, for somebody who is alone.
class BlockingJournal {
 public:
  explicit BlockingJournal(std::unique_ptr<Journal> journal) : journal_(std::move(journal)) {}

  Journal& journal() { return *journal_; }
  void close() { journal_.reset(); }

  Result<Lease> create(NewRun run) { return wait(journal_->create(std::move(run))); }
  Result<Lease> acquire(RunId run) { return wait(journal_->acquire(std::move(run))); }
  Result<void> release(Lease lease) { return wait(journal_->release(std::move(lease))); }
  Result<EventNumber> append(Lease lease, std::vector<Event> events, AppendOptions options = {}) {
    options.is_alone = true;
    return wait(journal_->append(std::move(lease), std::move(events), options));
  }
  Result<EventNumber> append(Lease lease, Event event, AppendOptions options = {}) {
    return append(std::move(lease), std::vector<Event>{std::move(event)}, options);
  }
  Result<EventNumber> append_and_remember(Lease lease, std::vector<Event> events,
                                          std::vector<Fact> facts, AppendOptions options = {}) {
    options.is_alone = true;
    return wait(journal_->append_and_remember(std::move(lease), std::make_shared<const std::vector<Event>>(std::move(events)),
                                              std::move(facts), options));
  }
  Result<std::vector<Event>> read(RunId run, EventNumber after = 0, std::size_t max = 10'000) {
    return wait(journal_->read(std::move(run), after, max));
  }
  Result<std::vector<RunRecord>> runs(std::size_t max = 100) { return wait(journal_->runs(max)); }
  Result<RunRecord> find_run(std::string id) { return wait(journal_->find_run(std::move(id))); }
  Result<std::vector<SearchHit>> search(std::string query, std::size_t max = 10) {
    return wait(journal_->search(std::move(query), max));
  }
  Result<void> remember(Fact fact) { return wait(journal_->remember(std::move(fact))); }
  Result<std::vector<Fact>> recall(std::string query, std::size_t max = 10) {
    return wait(journal_->recall(std::move(query), max));
  }

  asio::io_context& io() { return io_; }

 private:
  template <class T>
  T wait(asio::awaitable<T> work) {
    return run_async(io_, std::move(work));
  }

  asio::io_context io_;
  std::unique_ptr<Journal> journal_;
};

}  // namespace deed
