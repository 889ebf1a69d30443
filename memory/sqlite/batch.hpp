// Carries out what has gathered in the worker's queue: writers in one transaction, then readers.
#pragma once

#include "deed/memory/sqlite/worker.hpp"

#include <span>

namespace deed::sqlite {

/// Runs the jobs. Their results are delivered by the caller.
void run_batch(Store& store, std::span<Job* const> jobs);

/// Puts a piece of what is due into the full-text index. A failure leaves all of it to the next search.
void index_what_is_due(Store& store);

/// Gives back the leases that this journal still holds. A failure leaves them to be taken when the
/// process has ended.
Result<void> release_leases(Store& store);

}  // namespace deed::sqlite
