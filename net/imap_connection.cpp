#include "deed/net/imap_connection.hpp"

namespace deed {
Result<ImapSession*> ImapConnection::open(const ImapServer& server, ImapLink::Deadline deadline) {
  // A server may have closed it meanwhile. Nothing of the visit was said yet, so that a new connection does nothing twice.
  if (commands_ && commands_->go_on(ImapLink::left_until(deadline))) return &*commands_;
  commands_.reset();
  DEED_OK(link_.connect(server, deadline));
  commands_.emplace(link_, ImapLink::left_until(deadline));
  DEED_OK(commands_->begin());
  return &*commands_;
}

void ImapConnection::close() {
  if (commands_) commands_->end();
  commands_.reset();
}

}  // namespace deed
