// Which mails are new, across restarts and crashes: none is forgotten, none is taken twice. What was seen, and which run each new mail is given to, is in
// one file that is replaced in one step.
#pragma once

#include <map>
#include <set>
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
  /// errors  corrupt, with what to do. unavailable
  static Result<MailWatch> open(std::string path);

  /// Whether it has looked at the mailbox before: the first time all that is there counts as seen.
  bool is_new() const { return is_new_; }
  /// The mails that are not seen yet, the oldest first. Those that are gone from the mailbox are forgotten.
  /// page  the newest mails of the folder
  std::vector<MailId> news(const MailPage& page);
  /// Mails that a run was begun for and nobody knows how that ended: the process died.
  const std::map<std::string, RunId>& begun() const { return begun_; }

  /// The run that the mail is given to: the same, however often it is asked. Durable when it returns.
  Result<RunId> begin(const MailId& mail, TimePoint now);
  /// The mails are seen. Durable when it returns.
  Result<void> finish(const std::vector<std::string>& mails);

 private:
  explicit MailWatch(std::string path) : path_(std::move(path)) {}
  Result<void> save() const;

  std::string path_;
  bool is_new_ = true;
  std::set<std::string> seen_;
  std::map<std::string, RunId> begun_;
};

}  // namespace deed
