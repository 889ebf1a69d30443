// The user's facts: the newest of a key counts, the older ones stay.
#include "deed/core/text.hpp"
#include "deed/memory/sqlite/match.hpp"
#include "deed/memory/sqlite/store.hpp"

#include <algorithm>

namespace deed {

Result<void> check_fact(const Fact& fact) {
  using namespace sqlite;
  if (fact.key.empty() || fact.key.size() > max_fact_key_bytes) {
    return fail(ErrorKind::limit, "a fact's key has 1 to " + std::to_string(max_fact_key_bytes) +
                                      " bytes, not " + std::to_string(fact.key.size()));
  }
  if (has_control_characters(fact.key))
    return fail(ErrorKind::invalid, "a fact's key is one line of plain text");
  if (fact.value.size() > max_fact_bytes || fact.run.size() > max_short_text_bytes) {
    return fail(ErrorKind::limit,
                "a fact has at most 64 KiB, not " + human_bytes(fact.value.size()), fact.key,
                "keep it in a file and remember where it is");
  }
  return {};
}

}  // namespace deed

namespace deed::sqlite {

Result<void> Store::remember(const Fact& fact) {
  DEED_OK(check_fact(fact));
  const std::string key = clean_text(redactor_, fact.key);
  const std::string value = clean_text(redactor_, fact.value);
  Query insert = connection_.query(
      "INSERT INTO facts (key, value, trust, run, time) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
      key, value, std::string_view(to_string(fact.trust)), clean_text(redactor_, fact.run),
      fact.time.time_since_epoch().count());
  DEED_TRY(const bool row, insert.next());
  if (!row) return fail(ErrorKind::internal, "the journal gave a fact no id");
  const std::int64_t id = insert.integer(0);
  DEED_OK(insert.run());
  return connection_
      .query("INSERT INTO facts_fts (rowid, key, value) VALUES (?1, ?2, ?3)", id, key, value)
      .run();
}

Result<std::vector<Fact>> Store::recall(const std::string& words, std::size_t max) {
  DEED_TRY(const std::string expression, match_expression(words));
  std::vector<Fact> facts;
  if (expression.empty() && !trim(words).empty()) return facts;
  const auto limit = static_cast<std::int64_t>(std::min<std::size_t>(max, max_event_number));
  Query query = expression.empty() ? connection_.query(
                                         "SELECT key, value, trust, run, time FROM facts"
                                         " WHERE NOT EXISTS (SELECT 1 FROM facts AS later WHERE "
                                         "later.key = facts.key AND later.id > facts.id)"
                                         " ORDER BY id DESC LIMIT ?1",
                                         limit)
                                   : connection_.query(
                                         "SELECT facts.key, facts.value, trust, run, time FROM "
                                         "facts_fts JOIN facts ON facts.id = facts_fts.rowid"
                                         " WHERE facts_fts MATCH ?2"
                                         " AND NOT EXISTS (SELECT 1 FROM facts AS later WHERE "
                                         "later.key = facts.key AND later.id > facts.id)"
                                         " ORDER BY rank LIMIT ?1",
                                         limit, expression);
  for (;;) {
    DEED_TRY(const bool row, query.next());
    if (!row) return facts;
    Fact fact{.key = query.text(0), .value = query.text(1), .run = query.text(3)};
    DEED_TRY(fact.trust, with_context(parse_trust(query.text(2)), "fact " + fact.key));
    fact.time = TimePoint(std::chrono::milliseconds(query.integer(4)));
    facts.push_back(std::move(fact));
  }
}

}  // namespace deed::sqlite
