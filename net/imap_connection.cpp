#include "deed/net/imap_connection.hpp"

namespace deed {
namespace {

std::chrono::milliseconds left_until(ImapLink::Deadline deadline) {
  return std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
}

}  // namespace

Result<ImapSession*> ImapConnection::open(const ImapServer& server, ImapLink::Deadline deadline) {
  // A server may have closed it meanwhile. Nothing of the visit was said yet, so that a new connection does nothing twice.
  if (commands_ && commands_->go_on(left_until(deadline))) return &*commands_;
  commands_.reset();
  DEED_OK(link_.connect(server, deadline));
  commands_.emplace(link_, left_until(deadline));
  DEED_OK(commands_->begin());
  return &*commands_;
}

void ImapConnection::close() {
  if (commands_) commands_->end();
  commands_.reset();
}

}  // namespace deed
