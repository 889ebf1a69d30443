// A logged-in connection that may outlive a visit, for the next one to the same server. Internal; one thread at a time.
#pragma once

#include "deed/net/imap_link.hpp"
#include "deed/net/imap_session.hpp"

#include <optional>

namespace deed {

class ImapConnection {
 public:
  explicit ImapConnection(TrustStore trust) : link_(std::move(trust)) {}
  ~ImapConnection() { close(); }
  ImapConnection(const ImapConnection&) = delete;
  ImapConnection& operator=(const ImapConnection&) = delete;

  /// The session of before, if its server still answers; else a new one. Borrowed from this.
  /// server  the same in every call
  /// errors  denied: user, password or certificate. unavailable, timeout, cancelled
  Result<ImapSession*> open(const ImapServer& server, ImapLink::Deadline deadline);
  /// Says good bye without waiting for the answer.
  void close();
  /// Cuts the connection, now and in future. Any thread.
  void stop() { link_.stop(); }

 private:
  ImapLink link_;
  std::optional<ImapCommands> commands_;
};

}  // namespace deed
