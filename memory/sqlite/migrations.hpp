// The schema of the journal as numbered steps, forwards only. docs/journal.md shows where they
// lead. A step that was released is never edited: a change is a new step, and a journal made before
// it is kept in tests/data.
#pragma once

#include "deed/core/result.hpp"
#include "deed/memory/sqlite/connection.hpp"

#include <span>

namespace deed::sqlite {

/// Leads from version N (its place in the list) to N + 1.
struct Migration {
  const char* reason;
  const char* sql;
};

/// "Deed" in ASCII; tells a journal from any other SQLite file.
inline constexpr int application_id = 0x44656564;

std::span<const Migration> migrations();

/// Brings an open file to the newest version, each step in a transaction of its own; an empty file
/// becomes a journal. A file that is current is only looked at. errors  unsupported: the file is of
/// a later version. corrupt: not a journal. In both cases nothing was changed
Result<void> bring_up_to_date(Connection& connection, std::span<const Migration> steps);

/// The version that stands in the file; 0 for an empty one.
Result<std::int64_t> schema_version(Connection& connection);

}  // namespace deed::sqlite
