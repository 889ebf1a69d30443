// What every backend of Journal must do. A backend is a type with
//   std::unique_ptr<Journal> open(Redactor redactor);   another journal object on the same store
//   each time std::string stored_bytes();                         everything that is on disk
// and takes one line: INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, JournalConformance, SqliteBackend);
#pragma once

#include "deed/tests/memory/journal_fixture.hpp"

#include <boost/asio/detached.hpp>

#include <thread>

namespace deed {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

template <class Backend>
class JournalConformance : public testing::Test {
 protected:
  BlockingJournal open(Redactor redactor = {}) {
    return BlockingJournal(backend.open(std::move(redactor)));
  }
  Lease created(BlockingJournal& in, NewRun run = new_run()) {
    auto lease = in.create(std::move(run));
    EXPECT_OK(lease);
    return lease ? *lease : Lease{};
  }

  Backend backend;
  BlockingJournal journal{backend.open({})};
};
TYPED_TEST_SUITE_P(JournalConformance);

// ---- Events

TYPED_TEST_P(JournalConformance, GivesEventsBackInOrderNumberedFromOneWithoutGaps) {
  const Lease lease = this->created(this->journal);
  for (int n = 1; n <= 5; n += 2) {
    const auto last = this->journal.append(lease, {event_saying(n), event_saying(n + 1)});
    ASSERT_OK(last);
    EXPECT_EQ(*last, n + 1);
  }
  const auto events = this->journal.read(lease.run);
  ASSERT_OK(events);
  EXPECT_THAT(numbers_said(*events), ElementsAre(1, 2, 3, 4, 5, 6));
  for (std::size_t i = 0; i < events->size(); ++i)
    EXPECT_EQ((*events)[i].number, static_cast<EventNumber>(i + 1));
}

TYPED_TEST_P(JournalConformance, GivesEveryFieldBackAsItWas) {
  const Lease lease = this->created(this->journal);
  Event event = event_with(Json{{"z", 1}, {"a", {true, nullptr, 0.25, "grüß"}}}, "words to find");
  event.time = TimePoint(std::chrono::milliseconds(1'700'000'000'123));
  event.kind = "effect.settled";
  event.version = 3;
  event.step = 7;
  event.call = "call_1";
  event.cause = 2;
  event.trust = Trust::untrusted;
  ASSERT_OK(this->journal.append(lease, event));
  const auto events = this->journal.read(lease.run);
  ASSERT_OK(events);
  ASSERT_EQ(events->size(), 1u);
  const Event& back = events->front();
  EXPECT_EQ(back.time, event.time);
  EXPECT_EQ(back.kind, event.kind);
  EXPECT_EQ(back.version, event.version);
  EXPECT_EQ(back.step, event.step);
  EXPECT_EQ(back.call, event.call);
  EXPECT_EQ(back.cause, event.cause);
  EXPECT_EQ(back.trust, event.trust);
  EXPECT_EQ(back.body.text(), event.body.text()) << "the order of the members too";
  EXPECT_THAT(back.search_text, IsEmpty());
}

TYPED_TEST_P(JournalConformance, ReadsOnFromANumberAndStopsAtTheMost) {
  const Lease lease = this->created(this->journal);
  std::vector<Event> events;
  for (int n = 1; n <= 10; ++n) events.push_back(event_saying(n));
  ASSERT_OK(this->journal.append(lease, events));
  const auto middle = this->journal.read(lease.run, 3, 4);
  ASSERT_OK(middle);
  EXPECT_THAT(numbers_said(*middle), ElementsAre(4, 5, 6, 7));
  const auto behind = this->journal.read(lease.run, 10, 4);
  ASSERT_OK(behind);
  EXPECT_THAT(*behind, IsEmpty());
  EXPECT_THAT(this->journal.read(make_run_id(at_second(9))), IsError(ErrorKind::not_found));
}

TYPED_TEST_P(JournalConformance, KeepsTheEventsOfRunsApart) {
  const Lease one = this->created(this->journal);
  const Lease two = this->created(this->journal);
  for (int n = 0; n < 6; ++n)
    ASSERT_OK(this->journal.append(n % 2 == 0 ? one : two, event_saying(n)));
  EXPECT_THAT(numbers_said(*this->journal.read(one.run)), ElementsAre(0, 2, 4));
  EXPECT_THAT(numbers_said(*this->journal.read(two.run)), ElementsAre(1, 3, 5));
}

TYPED_TEST_P(JournalConformance, WritesNothingOfAnAppendThatFails) {
  const Lease lease = this->created(this->journal);
  ASSERT_OK(this->journal.append(lease, event_saying(1)));
  Json deep = 1;
  for (int i = 0; i < 400; ++i) deep = Json::array({std::move(deep)});
  EXPECT_THAT(this->journal.append(lease, {event_saying(2), event_with(Json{{"deep", deep}})}),
              IsError(ErrorKind::limit));
  EXPECT_THAT(numbers_said(*this->journal.read(lease.run)), ElementsAre(1));
  const auto record = this->journal.find_run(lease.run);
  ASSERT_OK(record);
  EXPECT_EQ(record->last_event, 1);
  const auto last = this->journal.append(lease, event_saying(2));
  ASSERT_OK(last);
  EXPECT_EQ(*last, 2) << "the number of the failed append is given again";
}

TYPED_TEST_P(JournalConformance, RefusesNoEventsAndMoreThanTheLimit) {
  const Lease lease = this->created(this->journal);
  const auto none = this->journal.append(lease, std::vector<Event>{});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().kind, testing::AnyOf(ErrorKind::limit, ErrorKind::invalid));
  const std::vector<Event> many(1024, event_saying(1));
  ASSERT_OK(this->journal.append(lease, many));
  const std::vector<Event> too_many(1025, event_saying(1));
  EXPECT_THAT(this->journal.append(lease, too_many), IsError(ErrorKind::limit, HasSubstr("1024")));
  EXPECT_EQ(this->journal.read(lease.run)->size(), 1024u);
}

TYPED_TEST_P(JournalConformance, GivesLargeBodiesBackWhole) {
  const Lease lease = this->created(this->journal);
  std::vector<Event> events;
  // Around the size from which a body is stored elsewhere, and far beyond it.
  for (const std::size_t size : {4080u, 4085u, 4086u, 4087u, 4096u, 4097u, 3'000'000u}) {
    events.push_back(event_with(Json{{"t", std::string(size, 'x')}}));
  }
  ASSERT_OK(this->journal.append(lease, events));
  const auto back = this->journal.read(lease.run);
  ASSERT_OK(back);
  ASSERT_EQ(back->size(), events.size());
  for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ((*back)[i].body, events[i].body) << i;
}

TYPED_TEST_P(JournalConformance, StoresEqualLargeBodiesOnce) {
  const Lease one = this->created(this->journal);
  const Lease two = this->created(this->journal);
  const std::string marker = "this sentence stands in the body exactly one time. ";
  const Json body{{"head", marker}, {"filling", std::string(6000, 'x')}};
  ASSERT_OK(this->journal.append(one, {event_with(body), event_with(body)}));
  ASSERT_OK(this->journal.append(two, event_with(body)));
  EXPECT_EQ(this->journal.read(two.run)->front().body.value(), body);
  this->journal.close();
  const std::string bytes = this->backend.stored_bytes();
  std::size_t count = 0;
  for (std::size_t at = bytes.find(marker); at != std::string::npos;
       at = bytes.find(marker, at + 1))
    ++count;
  EXPECT_EQ(count, 1u);
}

TYPED_TEST_P(JournalConformance, TurnsBytesThatAreNotUtf8IntoReplacementCharacters) {
  const Lease lease = this->created(this->journal, new_run("a\xFF"
                                                           "b"));
  ASSERT_OK(this->journal.append(lease, event_with(Json{{"t", "c\xC3"}}, "find\xFEme")));
  EXPECT_EQ(this->journal.find_run(lease.run)->title, "a\uFFFDb");
  EXPECT_EQ(this->journal.read(lease.run)->front().body.value()["t"], "c\uFFFD");
}

// ---- Owners

TYPED_TEST_P(JournalConformance, RefusesARunWhoseIdExists) {
  const NewRun run = new_run();
  this->created(this->journal, run);
  EXPECT_THAT(this->journal.create(run), IsError(ErrorKind::conflict));
}

TYPED_TEST_P(JournalConformance, RefusesASecondOwnerWhileTheFirstLives) {
  const Lease lease = this->created(this->journal);
  BlockingJournal other = this->open();
  EXPECT_THAT(other.acquire(lease.run),
              IsError(ErrorKind::conflict, HasSubstr(std::to_string(getpid()))));
  EXPECT_THAT(this->journal.acquire(lease.run), IsError(ErrorKind::conflict))
      << "nor the same one twice";
  EXPECT_OK(this->journal.append(lease, event_saying(1)));
}

TYPED_TEST_P(JournalConformance, HandsAReleasedRunOverWithAHigherFenceAndRefusesTheOldOne) {
  const Lease old = this->created(this->journal);
  ASSERT_OK(this->journal.append(old, event_saying(1)));
  ASSERT_OK(this->journal.release(old));
  EXPECT_THAT(this->journal.append(old, event_saying(2)), IsError(ErrorKind::conflict))
      << "released";

  BlockingJournal other = this->open();
  const auto lease = other.acquire(old.run);
  ASSERT_OK(lease);
  EXPECT_GT(lease->fence, old.fence);
  ASSERT_OK(other.append(*lease, event_saying(3)));
  EXPECT_THAT(this->journal.append(old, event_saying(4)), IsError(ErrorKind::conflict))
      << "somebody else's";
  EXPECT_THAT(this->journal.release(old), IsError(ErrorKind::conflict)) << "not his to release";
  ASSERT_OK(other.append(*lease, event_saying(5)));
  EXPECT_THAT(numbers_said(*this->journal.read(old.run)), ElementsAre(1, 3, 5));
}

TYPED_TEST_P(JournalConformance, GivesItsRunsBackWhenItIsClosed) {
  const Lease lease = this->created(this->journal);
  BlockingJournal other = this->open();
  this->journal.close();
  EXPECT_OK(other.acquire(lease.run));
}

TYPED_TEST_P(JournalConformance, KnowsNoRunThatWasNotCreated) {
  const RunId id = make_run_id(at_second(1));
  EXPECT_THAT(this->journal.acquire(id), IsError(ErrorKind::not_found));
  EXPECT_THAT(this->journal.append({id, 1}, event_saying(1)), IsError(ErrorKind::not_found));
}

// ---- Many at once

// What one coroutine of many does: `count` appends, each of which must get the next number of its
// run.
inline asio::awaitable<void> append_in_turn(Journal& journal, Lease lease, int count,
                                            Durability durability, int& failures) {
  for (int n = 1; n <= count; ++n) {
    std::vector<Event> events{event_saying(n)};
    const AppendOptions options{.durability = durability};
    auto last = co_await journal.append(lease, std::move(events), options);
    if (!last || *last != n) ++failures;
  }
}

TYPED_TEST_P(JournalConformance, ServesManyRunsAtOnceAndFailsOnlyTheOneWithAnOldFence) {
  std::vector<Lease> leases;
  for (int i = 0; i < 40; ++i) leases.push_back(this->created(this->journal));
  std::vector<int> failures(leases.size(), 0);
  Lease old = leases[7];
  old.fence += 1;
  leases[7] = old;
  for (std::size_t i = 0; i < leases.size(); ++i) {
    const Durability durability = i % 5 == 0 ? Durability::full : Durability::normal;
    asio::co_spawn(this->journal.io(),
                   append_in_turn(this->journal.journal(), leases[i], 10, durability, failures[i]),
                   asio::detached);
  }
  this->journal.io().restart();
  this->journal.io().run();
  for (std::size_t i = 0; i < leases.size(); ++i) {
    EXPECT_EQ(failures[i], i == 7 ? 10 : 0) << i;
    EXPECT_EQ(this->journal.read(leases[i].run)->size(), i == 7 ? 0u : 10u) << i;
  }
}

inline asio::awaitable<void> note_thread(Journal& journal, std::thread::id& id) {
  auto runs = co_await journal.runs(1);
  id = runs ? std::this_thread::get_id() : std::thread::id();
}

TYPED_TEST_P(JournalConformance, ResumesACoroutineOnTheExecutorThatAwaitedIt) {
  std::thread::id resumed_on;
  asio::co_spawn(this->journal.io(), note_thread(this->journal.journal(), resumed_on),
                 asio::detached);
  this->journal.io().run();
  EXPECT_EQ(resumed_on, std::this_thread::get_id());
}

// ---- Runs

TYPED_TEST_P(JournalConformance, ListsRunsNewestFirstWithStatusAndLastEvent) {
  const Lease first = this->created(this->journal, new_run("first"));
  const Lease second = this->created(this->journal, new_run("second"));
  ASSERT_OK(this->journal.append(first, event_saying(1),
                                 {.durability = Durability::full, .status = RunStatus::paused}));
  ASSERT_OK(this->journal.append(first, event_saying(2)));
  const auto runs = this->journal.runs();
  ASSERT_OK(runs);
  ASSERT_EQ(runs->size(), 2u);
  EXPECT_EQ((*runs)[0].id, second.run);
  EXPECT_EQ((*runs)[0].status, RunStatus::running);
  EXPECT_EQ((*runs)[0].last_event, 0);
  EXPECT_EQ((*runs)[1].title, "first");
  EXPECT_EQ((*runs)[1].status, RunStatus::paused) << "an append without a status leaves it";
  EXPECT_EQ((*runs)[1].last_event, 2);
  EXPECT_EQ((*runs)[1].created, at_second(0));
  EXPECT_EQ((*runs)[1].updated, at_second(1));
  EXPECT_EQ((*runs)[1].task_hash, std::string(64, 'a'));
  EXPECT_EQ(this->journal.runs(1)->size(), 1u);
}

TYPED_TEST_P(JournalConformance, FindsARunByItsIdItsBeginningItsEndAndLast) {
  EXPECT_THAT(this->journal.find_run("last"), IsError(ErrorKind::not_found));
  NewRun child = run_named("01936a7c-2222-7000-8000-0000deadbeef");
  child.parent = "01936a7c-1111-7000-8000-0000cafecafe";
  this->created(this->journal, run_named(child.parent));
  this->created(this->journal, child);
  for (const char* id :
       {"01936a7c-2222-7000-8000-0000deadbeef", "01936a7c-2", "beef", "DEADBEEF"}) {
    const auto found = this->journal.find_run(id);
    ASSERT_OK(found) << id;
    EXPECT_EQ(found->id, child.id) << id;
    EXPECT_EQ(found->parent, child.parent);
  }
  ASSERT_OK(this->journal.find_run("last"));
  EXPECT_EQ(this->journal.find_run("last")->id, child.parent) << "a child is found by its own id";
  EXPECT_THAT(this->journal.find_run("0193"), IsError(ErrorKind::conflict, HasSubstr(child.id)));
  EXPECT_THAT(this->journal.find_run("7000"), IsError(ErrorKind::not_found))
      << "the middle does not count";
  EXPECT_THAT(this->journal.find_run("%%%%"), IsError(ErrorKind::not_found));
  EXPECT_FALSE(this->journal.find_run("eef")) << "under four characters";
  EXPECT_FALSE(this->journal.find_run(""));
}

// ---- Search

TYPED_TEST_P(JournalConformance, FindsEventsThatHaveAllWordsAndShowsWhere) {
  const Lease lease = this->created(this->journal);
  ASSERT_OK(this->journal.append(
      lease, {event_with(Json::object(), "The invoice of October was paid late"),
              event_with(Json::object(), "An invoice without a date"),
              event_with(Json::object(), "Größe und Café")}));
  const auto hits = this->journal.search("october INVOICE");
  ASSERT_OK(hits);
  ASSERT_EQ(hits->size(), 1u);
  EXPECT_EQ(hits->front().run, lease.run);
  EXPECT_EQ(hits->front().number, 1);
  EXPECT_EQ(hits->front().kind, "model.replied");
  EXPECT_EQ(hits->front().time, at_second(1));
  EXPECT_EQ(hits->front().snippet, "The [invoice] of [October] was paid late");
  EXPECT_EQ(this->journal.search("invoice")->size(), 2u);
  EXPECT_EQ(this->journal.search("invoice", 1)->size(), 1u);
  EXPECT_EQ(this->journal.search("größe cafe")->size(), 1u) << "accents do not count";
  EXPECT_EQ(this->journal.search("invoice octo")->size(), 1u) << "the last word may be a beginning";
  EXPECT_THAT(*this->journal.search("octo invoice"), IsEmpty()) << "the others are whole";
}

TYPED_TEST_P(JournalConformance, TakesQuerySyntaxForWords) {
  const Lease lease = this->created(this->journal);
  ASSERT_OK(this->journal.append(
      lease, event_with(Json::object(), "say \"hello\" to ann@example.org AND (more) 100%")));
  for (const char* query : {"\"hello\"", "ann@example.org", "(more)", "100%", "hello AND more",
                            "say * hello", "hello \""}) {
    const auto hits = this->journal.search(query);
    ASSERT_OK(hits) << query;
    EXPECT_EQ(hits->size(), 1u) << query;
  }
  for (const char* query : {"hello OR nothing", "NOT nothing", "text:hello", "hello NEAR nothing",
                            "nothing^", "{hello} -nothing"}) {
    const auto hits = this->journal.search(query);
    ASSERT_OK(hits) << query;
    EXPECT_THAT(*hits, IsEmpty()) << query;
  }
  for (const std::string& query :
       {std::string(), std::string("  \n"), std::string("\"* ( ) ^ : -"), std::string("\0", 1)}) {
    const auto hits = this->journal.search(query);
    ASSERT_OK(hits) << query;
    EXPECT_THAT(*hits, IsEmpty()) << query;
  }
  EXPECT_THAT(this->journal.search(std::string(100'000, 'x')), IsError(ErrorKind::limit));
}

// ---- Facts

inline Fact fact(std::string key, std::string value, int second = 0) {
  return {.key = std::move(key),
          .value = std::move(value),
          .trust = Trust::user,
          .run = "",
          .time = at_second(second)};
}

TYPED_TEST_P(JournalConformance, RecallsOnlyTheNewestValueOfAFact) {
  ASSERT_OK(this->journal.remember(fact("ann", "ann@old.example", 1)));
  ASSERT_OK(this->journal.remember(fact("office", "Main Street 5", 2)));
  Fact newer = fact("ann", "ann@new.example", 3);
  newer.trust = Trust::untrusted;
  newer.run = make_run_id(at_second(3));
  ASSERT_OK(this->journal.remember(newer));
  const auto all = this->journal.recall("");
  ASSERT_OK(all);
  EXPECT_EQ(all->size(), 2u);
  const auto found = this->journal.recall("ann");
  ASSERT_OK(found);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().value, newer.value);
  EXPECT_EQ(found->front().trust, newer.trust);
  EXPECT_EQ(found->front().run, newer.run);
  EXPECT_EQ(found->front().time, newer.time);
  EXPECT_THAT(*this->journal.recall("old.example"), IsEmpty());
  EXPECT_EQ(this->journal.recall("street")->front().key, "office") << "values are searched too";
  EXPECT_EQ(this->journal.recall("", 1)->size(), 1u);
  EXPECT_THAT(*this->journal.recall("\" ("), IsEmpty())
      << "marks are not nothing: they find nothing";
}

TYPED_TEST_P(JournalConformance, RefusesFactsWithoutAKeyOrBeyondTheLimits) {
  EXPECT_FALSE(this->journal.remember(fact("", "value")));
  EXPECT_OK(this->journal.remember(fact(std::string(200, 'k'), std::string(64 << 10, 'v'))));
  EXPECT_THAT(this->journal.remember(fact(std::string(201, 'k'), "value")),
              IsError(ErrorKind::limit));
  EXPECT_THAT(this->journal.remember(fact("key", std::string((64 << 10) + 1, 'v'))),
              IsError(ErrorKind::limit));
  EXPECT_EQ(this->journal.recall("")->size(), 1u);
}

TYPED_TEST_P(JournalConformance, RemembersFactsTogetherWithEventsOrNotAtAll) {
  const auto append = [&](const Lease& lease, Fact fact) {
    return this->journal.append_and_remember(lease, {event_saying(1)}, {std::move(fact)});
  };
  const Lease lease = *this->journal.create(new_run());
  EXPECT_OK(append(lease, fact("ann", "ann@example.org")));
  EXPECT_EQ(this->journal.recall("")->size(), 1u);
  EXPECT_THAT(append({lease.run, 9}, fact("bob", "bob@example.org")), IsError(ErrorKind::conflict));
  EXPECT_EQ(this->journal.recall("")->size(), 1u) << "no fact without its event";
  EXPECT_FALSE(append(lease, fact("", "nobody")));
  EXPECT_EQ(this->journal.read(lease.run)->size(), 1u) << "no event without its fact";
}

// ---- Secrets

TYPED_TEST_P(JournalConformance, HasASecretInNoByteOfItsFiles) {
  const std::string secret = "pa\"ss/w0rd-tëst";
  const std::string number = "8675309";
  Redactor redactor;
  redactor.add(Secret(secret));
  redactor.add(Secret(number));
  BlockingJournal redacting = this->open(redactor);
  const Lease lease = this->created(redacting, new_run("use " + secret));
  Json body{{"text", "log in with " + secret},
            {secret, 1},
            {"pin", 8675309},
            {"list", {secret, {{"x", secret}}}}};
  body["nested"] = to_text(Json{{"p", secret}});
  body["filling"] = std::string(5000, 'x');
  ASSERT_OK(redacting.append(
      lease, {event_with(body, "search for " + secret), event_with(Json{{"small", secret}})}));
  ASSERT_OK(redacting.remember(fact("my " + secret, "is " + secret + " and " + number)));

  const auto events = redacting.read(lease.run);
  ASSERT_OK(events);
  EXPECT_EQ(events->front().body.value()["text"], "log in with [secret]");
  EXPECT_EQ(events->front().body.value()["pin"], "[secret]") << "what is left is JSON";
  EXPECT_EQ(redacting.find_run(lease.run)->title, "use [secret]");
  EXPECT_EQ(redacting.recall("my")->front().value, "is [secret] and [secret]");

  const std::string before_checkpoint = this->backend.stored_bytes();
  redacting.close();
  this->journal.close();
  for (const std::string& bytes : {before_checkpoint, this->backend.stored_bytes()}) {
    EXPECT_NE(bytes.find("log in with"), std::string::npos) << "the bytes are those of the journal";
    EXPECT_EQ(bytes.find(secret), std::string::npos);
    EXPECT_EQ(bytes.find("w0rd"), std::string::npos);
    EXPECT_EQ(bytes.find(number), std::string::npos);
  }
}

REGISTER_TYPED_TEST_SUITE_P(
    JournalConformance, GivesEventsBackInOrderNumberedFromOneWithoutGaps,
    GivesEveryFieldBackAsItWas, ReadsOnFromANumberAndStopsAtTheMost, KeepsTheEventsOfRunsApart,
    WritesNothingOfAnAppendThatFails, RefusesNoEventsAndMoreThanTheLimit, GivesLargeBodiesBackWhole,
    StoresEqualLargeBodiesOnce, TurnsBytesThatAreNotUtf8IntoReplacementCharacters,
    RefusesARunWhoseIdExists, RefusesASecondOwnerWhileTheFirstLives,
    HandsAReleasedRunOverWithAHigherFenceAndRefusesTheOldOne, GivesItsRunsBackWhenItIsClosed,
    KnowsNoRunThatWasNotCreated, ServesManyRunsAtOnceAndFailsOnlyTheOneWithAnOldFence,
    ResumesACoroutineOnTheExecutorThatAwaitedIt, ListsRunsNewestFirstWithStatusAndLastEvent,
    FindsARunByItsIdItsBeginningItsEndAndLast, FindsEventsThatHaveAllWordsAndShowsWhere,
    TakesQuerySyntaxForWords, RecallsOnlyTheNewestValueOfAFact,
    RefusesFactsWithoutAKeyOrBeyondTheLimits, RemembersFactsTogetherWithEventsOrNotAtAll, HasASecretInNoByteOfItsFiles);

}  // namespace deed
