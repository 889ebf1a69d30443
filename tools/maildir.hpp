// The outbox: a Maildir (https://cr.yp.to/proto/maildir.html) into which mail is delivered while no server is configured.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "deed/core/async.hpp"

namespace deed {

/// Where the mail of a key is: its path in new/ or cur/ (whatever its flags), or nullopt. A mail that is still in tmp/ is none.
std::optional<std::string> find_in_maildir(const std::string& maildir, const std::string& key);

/// Delivers `message` under a name made of `key`: written and synced in tmp/, `before_commit` awaited, then linked into new/,
/// never over an existing file. Makes the folders (0700) if absent. A mail of that key that is already there is left as it is.
/// returns  the path in new/ (or where it already was)
/// errors   unavailable: disk full or no right to write; whatever before_commit gave back. There is no new mail then
Async<std::string> deliver_to_maildir(std::string maildir, std::string key, std::string message,
                                      std::function<Async<void>()> before_commit);

}  // namespace deed
