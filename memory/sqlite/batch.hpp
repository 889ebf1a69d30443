// Carries out what has gathered in the worker's queue: writers in one transaction, then readers.
#pragma once

#include "deed/memory/sqlite/worker.hpp"

#include <memory>
#include <vector>

namespace deed::sqlite {

/// Runs the jobs. Their results are delivered by the caller.
void run_batch(Store& store, const std::vector<std::unique_ptr<Job>>& jobs);

/// Gives back the leases that this journal still holds. A failure leaves them to be taken when the
/// process has ended.
Result<void> release_leases(Store& store);

}  // namespace deed::sqlite
