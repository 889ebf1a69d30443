// Which mails are new, across restarts and crashes: none is forgotten, none is taken twice. How far the mailbox was seen, and which run each new mail is
// given to, is in one file that is replaced in one step. One process at a time has it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "deed/core/clock.hpp"
#include "deed/core/ids.hpp"
#include "deed/core/result.hpp"
#include "deed/tools/mail_store.hpp"

namespace deed {

class MailWatch {
 public:
  /// path  of its file; folders above it are made
  /// errors  conflict: another process has it. corrupt, with what to do. unavailable
  static Result<MailWatch> open(std::string path);

  /// From which order on mails must be asked for.
  std::uint64_t from() const { return mark_ > slack_ ? mark_ - slack_ : 0; }
  /// Whether this is the first look at this mailbox: at all, or since the server made it anew.
  bool is_first_look(const MailArrivals& arrivals) const { return arrivals.epoch != epoch_; }
  /// All of them count as seen, and nothing of what was known before counts any more, but for runs that were begun. Durable when it returns.
  Result<void> begin_with(const MailArrivals& arrivals);
  /// The mails that are not seen yet, the first to come first. Precondition: !is_first_look
  std::vector<MailArrival> news(const MailArrivals& arrivals) const;

  /// Mails that a run was begun for and nobody knows how that ended: the process died.
  const std::map<std::string, RunId>& begun() const { return begun_; }
  /// The run that the mail is given to: the same, however often it is asked. Durable when it returns.
  Result<RunId> begin(const MailArrival& mail, TimePoint now);
  /// The mail's run is in the journal, and drives on from there. Durable when it returns.
  Result<void> finish(const std::string& mail);

 private:
  struct Lock;
  struct Unlock {
    void operator()(Lock* lock) const;
  };

  explicit MailWatch(std::string path) : path_(std::move(path)) {}
  void see(const std::string& mail, std::uint64_t order);
  Result<void> save() const;

  std::string path_;
  std::unique_ptr<Lock, Unlock> lock_;
  std::string epoch_;
  std::uint64_t mark_ = 0;   // the highest order that was seen
  std::uint64_t slack_ = 0;  // a mail may come so much later
  std::map<std::string, std::uint64_t> seen_;  // those within the slack, and their order
  std::map<std::string, RunId> begun_;
};

}  // namespace deed
