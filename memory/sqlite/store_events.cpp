// Events: appending, reading back, searching.
#include "deed/core/hash.hpp"
#include "deed/core/text.hpp"
#include "deed/memory/sqlite/match.hpp"
#include "deed/memory/sqlite/store.hpp"

#include <algorithm>

namespace deed::sqlite {
namespace {

constexpr std::size_t max_snippet_bytes = 240;

Result<Event> event_of(const Query& query) {
  Event event;
  event.number = query.integer(0);
  event.time = TimePoint(std::chrono::milliseconds(query.integer(1)));
  event.kind = query.text(2);
  event.version = static_cast<int>(query.integer(3));
  event.step = static_cast<int>(query.integer(4));
  event.call = query.text(5);
  event.cause = query.integer(6);
  DEED_TRY(event.trust, parse_trust(query.text(7)));
  if (query.is_null(8)) return fail(ErrorKind::corrupt, "the body of an event is missing");
  std::string text = query.text(8);
  if (!query.is_null(9) && sha256_hex(text) != query.text(9)) {
    return fail(ErrorKind::corrupt, "the body of an event is not the one that was written");
  }
  auto body = JsonText::parse(std::move(text), {.max_bytes = max_body_bytes, .max_depth = max_body_depth});
  if (!body)
    return fail(ErrorKind::corrupt, "the body of an event is damaged: " + to_string(body.error()));
  event.body = *std::move(body);
  return event;
}

}  // namespace

Result<EventNumber> Store::append(const Lease& lease, const std::vector<Row>& rows,
                                  const AppendOptions& options) {
  DEED_TRY(const OwnedRun run, check_lease(lease));
  const std::int64_t key = run.key;
  EventNumber last = run.last;
  if (last + static_cast<EventNumber>(rows.size()) > max_event_number) {
    return fail(ErrorKind::limit, "the run has too many events", lease.run);
  }
  for (const Row& row : rows) DEED_OK(insert(key << 32 | ++last, row));
  DEED_OK(connection_.query("UPDATE runs SET last_event = ?2, updated = ?3 WHERE key = ?1", key, last, rows.back().event->time.time_since_epoch().count()).run());
  if (options.status) {
    Query update = connection_.query("UPDATE runs SET status = ?2, wakes = iif(?4, wakes, nullif(?3, 0)) WHERE key = ?1", key,
                                     Borrowed{to_string(*options.status)}, options.wakes ? options.wakes->time_since_epoch().count() : 0,
                                     std::int64_t{options.keeps_wakes});
    DEED_OK(update.run());
  }
  if (last - run.indexed >= max_unindexed_events) due_.insert(key);
  return last;
}

Result<void> Store::index_what_is_due() {
  constexpr std::int64_t piece = 256;
  const std::int64_t key = *due_.begin();
  DEED_TRY(const bool is_all, index(key, piece));
  if (is_all) due_.erase(key);
  return {};
}

Result<bool> Store::index(std::int64_t key, std::int64_t max) {
  // The mark first: what the index takes in must be in its view.
  DEED_TRY(const std::int64_t known, indexed_until(key));
  DEED_OK(connection_.query("UPDATE runs SET indexed = min(last_event, indexed + ?2) WHERE key = ?1", key, max).run());
  DEED_TRY(const std::int64_t now, indexed_until(key));
  DEED_OK(connection_
              .query("INSERT INTO events_fts (rowid, text) SELECT id, text FROM events WHERE id > ?1 AND id <= ?2 AND text IS NOT NULL",
                     key << 32 | known, key << 32 | now)
              .run());
  return now - known < max;
}

Result<std::int64_t> Store::indexed_until(std::int64_t key) {
  Query query = connection_.query("SELECT indexed FROM runs WHERE key = ?1", key);
  DEED_TRY(const bool exists, query.next());
  return exists ? query.integer(0) : 0;
}

Result<void> Store::index_all() {
  std::vector<std::int64_t> behind;
  {
    Query query = connection_.query("SELECT key FROM runs WHERE indexed < last_event");
    for (;;) {
      DEED_TRY(const bool row, query.next());
      if (!row) break;
      behind.push_back(query.integer(0));
    }
  }
  for (const std::int64_t key : behind) {
    const Result<bool> indexed = index(key, max_event_number);
    if (!indexed) return fail(indexed.error());
  }
  return {};
}

Result<void> Store::insert(std::int64_t id, const Row& row) {
  const Event& event = *row.event;
  const Borrowed body{row.body.view()}, blob{row.blob}, none{};
  if (!row.blob.empty()) {
    Query known = connection_.query("SELECT 1 FROM blobs WHERE sha256 = ?1", blob);
    DEED_TRY(const bool exists, known.next());
    if (!exists) {
      DEED_OK(connection_.query("INSERT INTO blobs (sha256, bytes, body) VALUES (?1, ?2, ?3)", blob, static_cast<std::int64_t>(body.text.size()), body).run());
    }
  }
  // Redacted before it is cut, so that no half of a secret is left at the end.
  const Borrowed text{utf8_prefix(row.text.view(), max_search_text_bytes)};
  return connection_
      .query("INSERT INTO events (id, time, kind, version, step, call, cause, trust, body, "
             "blob, text)"
             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, nullif(?9, ''), nullif(?10, ''), "
             "nullif(?11, ''))",
             id, event.time.time_since_epoch().count(), Borrowed{row.kind.view()}, std::int64_t{event.version}, std::int64_t{event.step},
             Borrowed{row.call.view()}, event.cause, Borrowed{to_string(event.trust)}, row.blob.empty() ? body : none, blob, text)
      .run();
}

Result<std::vector<Event>> Store::read(const RunId& run, EventNumber after, std::size_t max) {
  std::int64_t key = 0;
  {
    Query known = connection_.query("SELECT key FROM runs WHERE id = ?1", run);
    DEED_TRY(const bool exists, known.next());
    if (!exists) return fail(ErrorKind::not_found, "no such run", run);
    key = known.integer(0);
  }
  Query query = connection_.query(
      "SELECT number, time, kind, version, step, call, cause, trust, coalesce(events.body, "
      "blobs.body), blob"
      " FROM events LEFT JOIN blobs ON sha256 = blob WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT "
      "?3",
      key << 32 | std::clamp(after, EventNumber{0}, max_event_number), key << 32 | max_event_number,
      static_cast<std::int64_t>(std::min<std::size_t>(max, max_event_number)));
  std::vector<Event> events;
  for (;;) {
    DEED_TRY(const bool row, query.next());
    if (!row) return events;
    DEED_TRY(Event event,
             with_context(event_of(query), run + " event " + std::to_string(query.integer(0))));
    events.push_back(std::move(event));
  }
}

Result<std::vector<SearchHit>> Store::search(const std::string& words, std::size_t max) {
  DEED_TRY(const std::string expression, match_expression(words));
  std::vector<SearchHit> hits;
  if (expression.empty()) return hits;
  DEED_OK(index_all());
  Query query = connection_.query(
      "SELECT runs.id, number, kind, snippet(events_fts, 0, '[', ']', '…', 24), time"
      " FROM events_fts JOIN events ON events.id = events_fts.rowid JOIN runs ON runs.key = "
      "events_fts.rowid >> 32"
      " WHERE events_fts MATCH ?1 ORDER BY rank LIMIT ?2",
      expression, static_cast<std::int64_t>(std::min<std::size_t>(max, max_event_number)));
  for (;;) {
    DEED_TRY(const bool row, query.next());
    if (!row) return hits;
    const std::string snippet = on_one_line(query.text(3));
    hits.push_back({.run = query.text(0),
                    .number = query.integer(1),
                    .kind = query.text(2),
                    .snippet = std::string(utf8_prefix(snippet, max_snippet_bytes)),
                    .time = TimePoint(std::chrono::milliseconds(query.integer(4)))});
  }
}

}  // namespace deed::sqlite
