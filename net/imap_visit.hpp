// One visit to an IMAP server, on a thread of its own: libcurl and the work on its connection block. Internal.
#pragma once

#include "deed/net/imap.hpp"
#include "deed/net/imap_connection.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace deed {

class ImapVisit {
 public:
  /// connection  new, or kept from an earlier visit to this server
  /// notify      called on the visit's thread once there is a result
  /// Throws std::system_error if the system gives no thread.
  ImapVisit(ImapServer server, std::chrono::milliseconds timeout, ImapClient::Work work, std::unique_ptr<ImapConnection> connection,
            std::function<void()> notify);
  /// Stops the visit and waits for its thread: for a second at most, where a name is looked up.
  ~ImapVisit();
  ImapVisit(const ImapVisit&) = delete;
  ImapVisit& operator=(const ImapVisit&) = delete;

  std::optional<Result<void>> result() const;
  /// The visit ends as soon as it can; result() comes soon.
  void stop() {
    if (connection_) connection_->stop();
  }
  /// For the next visit; once there is a result that is no error.
  std::unique_ptr<ImapConnection> take_connection() { return std::move(connection_); }

 private:
  void run();
  Result<void> perform();

  const ImapServer server_;
  const std::chrono::milliseconds timeout_;
  const ImapClient::Work work_;
  const std::function<void()> notify_;
  std::unique_ptr<ImapConnection> connection_;
  mutable std::mutex mutex_;  // guards result_
  std::optional<Result<void>> result_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace deed
