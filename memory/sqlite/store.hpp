// What the journal does, step by step and blocking, on one connection. The worker wraps the writing
// ones in transactions.
#pragma once

#include "deed/core/secrets.hpp"
#include "deed/memory/journal.hpp"
#include "deed/memory/sqlite/connection.hpp"
#include "deed/memory/sqlite/owner.hpp"

#include <map>
#include <optional>
#include <set>
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
/// From so many events of a run on that the full-text index lacks, it is due while the run goes on; else when its lease is given back.
inline constexpr std::int64_t max_unindexed_events = 4096;
inline constexpr std::int64_t max_event_number = 0xFFFFFFFF;

/// A text that was looked through: the caller's own, or another in its place.
class CleanText {
 public:
  /// same  borrowed
  explicit CleanText(std::string_view same) : same_(same) {}
  explicit CleanText(std::string changed) : changed_(std::move(changed)) {}
  std::string_view view() const { return changed_ ? std::string_view(*changed_) : same_; }

 private:
  std::string_view same_;
  std::optional<std::string> changed_;
};

/// An event as it goes into the file: redacted, in UTF-8, with the name of its blob if it needs
/// one.
struct Row {
  const Event* event;  ///< for what is no text in it; borrowed, as the texts may be
  CleanText kind, call, body, text;
  std::string blob = {};  ///< SHA-256 of body where it goes to the blob table
};

/// `text` without secrets and without bytes that are not UTF-8.
std::string clean_text(const Redactor& redactor, std::string text);
/// The same of one that is not copied where nothing has to be changed.
CleanText cleaned(const Redactor& redactor, std::string_view text);
/// `body` without secrets; it stays JSON whatever a secret looks like.
CleanText clean_body(const Redactor& redactor, const JsonText& body);

/// Takes long for large bodies; needs no transaction. The rows borrow from the events.
/// errors  limit, invalid
Result<std::vector<Row>> to_rows(const Redactor& redactor, const std::vector<Event>& events);

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
  /// Whether the index is to be brought up to date as soon as nobody waits for the connection.
  bool is_index_due() const { return !due_.empty(); }
  /// A piece of it, so that nobody waits long for the file.
  Result<void> index_what_is_due();
  void give_up_index() { due_.clear(); }
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
  /// What the run said since the index last took it in, at most `max` events. Gives back whether that was all.
  Result<bool> index(std::int64_t key, std::int64_t max);
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
  std::set<std::int64_t> due_;          // runs that the index lacks events of
};

}  // namespace deed::sqlite
