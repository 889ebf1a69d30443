// What the journal does, step by step and blocking, on one connection. The worker wraps the writing
// ones in transactions.
#pragma once

#include "deed/core/secrets.hpp"
#include "deed/memory/journal.hpp"
#include "deed/memory/sqlite/connection.hpp"
#include "deed/memory/sqlite/owner.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace deed::sqlite {

inline constexpr std::size_t max_events = 1024;
inline constexpr std::size_t max_body_bytes = 64u << 20;
inline constexpr int max_body_depth = 256;
inline constexpr std::size_t inline_body_bytes = 4096;
inline constexpr std::size_t max_search_text_bytes = 1u << 20;
inline constexpr std::size_t max_title_bytes = 1024;
inline constexpr std::size_t max_short_text_bytes = 256;  // kind, call, task hash
inline constexpr std::size_t max_fact_key_bytes = 200;
inline constexpr std::size_t max_fact_bytes = 64u << 10;
/// Events of a run that the full-text index may lack while the run goes on.
inline constexpr std::int64_t max_unindexed_events = 256;
inline constexpr std::int64_t max_event_number = 0xFFFFFFFF;

/// An event as it goes into the file: redacted, in UTF-8, with the name of its blob if it needs
/// one.
struct Row {
  Event event;  ///< without body and search_text
  std::string body;
  std::string blob;  ///< SHA-256 of body where it goes to the blob table
  std::optional<std::string> text;
};

/// `text` without secrets and without bytes that are not UTF-8.
std::string clean_text(const Redactor& redactor, std::string text);
/// JSON text of `body` without secrets; it stays JSON whatever a secret looks like.
std::string clean_body(const Redactor& redactor, const Json& body);

/// Takes long for large bodies; needs no transaction.
/// errors  limit, invalid
Result<std::vector<Row>> to_rows(const Redactor& redactor, std::vector<Event> events);

class Store {
 public:
  /// `instance` tells this journal from others that are open in this process.
  Store(Connection connection, Redactor redactor, std::string instance)
      : connection_(std::move(connection)),
        redactor_(std::move(redactor)),
        self_(this_process(std::move(instance))) {}

  Connection& connection() { return connection_; }
  const Redactor& redactor() const { return redactor_; }

  // Inside a write transaction.
  Result<Lease> create(const NewRun& run);
  Result<Lease> acquire(const RunId& run);
  Result<void> release(const Lease& lease);
  /// Gives back what this journal still holds, because it closes.
  Result<void> release_all();
  /// After each transaction: what was released stays held if the release did not come into the file.
  void transaction_ended(bool is_committed);
  bool holds_leases() const { return !held_.empty(); }
  Result<EventNumber> append(const Lease& lease, const std::vector<Row>& rows,
                             const AppendOptions& options);
  Result<void> remember(const Fact& fact);
  /// Brings the full-text index up to date before it looks.
  Result<std::vector<SearchHit>> search(const std::string& words, std::size_t max);

  // Outside of one.
  Result<std::vector<Event>> read(const RunId& run, EventNumber after, std::size_t max);
  Result<std::vector<RunRecord>> runs(std::size_t max);
  Result<RunRecord> find_run(const std::string& id);
  Result<std::vector<Fact>> recall(const std::string& words, std::size_t max);

 private:
  struct OwnedRun {
    std::int64_t key;
    EventNumber last, indexed;
  };
  Result<OwnedRun> check_lease(const Lease& lease);
  /// What the run said since the index last took it in.
  Result<void> index(std::int64_t key);
  Result<std::int64_t> indexed_until(std::int64_t key);
  /// That of every run, those of other processes and of killed ones too.
  Result<void> index_all();
  Result<void> insert(std::int64_t id, const Row& row);
  Result<std::vector<RunRecord>> matching_runs(const std::string& part, std::size_t max);
  Error held_by(const RunId& run, const Owner& owner) const;

  Connection connection_;
  Redactor redactor_;
  Owner self_;
  std::map<RunId, std::int64_t> held_;  // fences; may name leases whose transaction failed
  std::vector<RunId> releasing_;        // in the transaction that is open
};

}  // namespace deed::sqlite
