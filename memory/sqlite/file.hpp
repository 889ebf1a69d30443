// The journal's file on the disk: made, checked, brought up to date, and kept from others.
#pragma once

#include "deed/memory/sqlite/connection.hpp"

namespace deed::sqlite {

/// errors  unsupported: written by a newer version of deed, nothing was changed. corrupt: not a
/// journal. unavailable: cannot be made or opened
Result<Connection> open_journal_file(std::string path, std::chrono::milliseconds lock_wait);

}  // namespace deed::sqlite
