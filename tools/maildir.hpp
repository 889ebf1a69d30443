// The outbox: a Maildir (https://cr.yp.to/proto/maildir.html) into which mail is delivered while no
// server is configured. A draft lies in tmp/ from before the commit point until the mail is in new/
// for good, so that afterwards the folders tell whether it was delivered.
#pragma once

#include "deed/core/async.hpp"
#include "deed/core/byte_source.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace deed {

/// Where the mail of a key is: its path in new/ or cur/ (whatever its flags), or nullopt. A mail
/// that is still in tmp/ is none.
std::optional<std::string> find_in_maildir(const std::string& maildir, const std::string& key);

/// What the folders say of a delivery that was broken off.
enum class MaildirTrace {
  delivered,  ///< it is in new/ or cur/
  drafted,    ///< it is still in tmp/: it was not delivered
  none,       ///< no trace: never begun, or delivered and moved or removed since
};
MaildirTrace trace_in_maildir(const std::string& maildir, const std::string& key);

struct MaildirDelivery {
  std::string path;        ///< in new/, or where it already was
  std::string doubt = {};  ///< not empty: it is there, but a power cut may still undo it; why
};

/// Delivers `message` under a name made of `key`: written and synced in tmp/, `before_commit`
/// awaited, then moved into new/, never over an existing file. Makes the folders (0700) if absent.
/// A mail of that key that is already there is left as it is, and `before_commit` not called.
///
/// maildir  an absolute path
/// message  not null
/// errors   invalid: no absolute path. unavailable: disk full or no right to write; those of the
///          message; whatever before_commit gave back. There is no new mail then; once before_commit was called, the
///          draft stays in tmp/ as a proof of that, and the next attempt replaces it
Async<MaildirDelivery> deliver_to_maildir(std::string maildir, std::string key,
                                          std::shared_ptr<const ByteSource> message,
                                          std::function<Async<void>()> before_commit);

}  // namespace deed
