// One visit to an IMAP server, on a thread of its own: libcurl and the work on its connection block. Internal.
#pragma once

#include "deed/net/imap.hpp"
#include "deed/net/imap_link.hpp"

#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace deed {

class ImapVisit {
 public:
  /// notify  called on the visit's thread once there is a result
  /// Throws std::system_error if the system gives no thread.
  ImapVisit(ImapServer server, std::chrono::milliseconds timeout, ImapClient::Work work, TrustStore trust, std::function<void()> notify);
  /// Stops the visit and waits for its thread: for a second at most, where a name is looked up.
  ~ImapVisit();
  ImapVisit(const ImapVisit&) = delete;
  ImapVisit& operator=(const ImapVisit&) = delete;

  std::optional<Result<void>> result() const;
  /// The visit ends as soon as it can; result() comes soon.
  void stop() { link_.stop(); }

 private:
  void run();
  Result<void> perform();

  const ImapServer server_;
  const std::chrono::milliseconds timeout_;
  const ImapClient::Work work_;
  const std::function<void()> notify_;
  ImapLink link_;
  mutable std::mutex mutex_;  // guards result_
  std::optional<Result<void>> result_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace deed
