// A mail is built when it is judged, when it is looked at again right before it runs, and when it
// is sent. The files are looked at each time, for they may have changed; what is the same is built once.
// Internal; loop thread only.
#pragma once

#include "deed/tools/mail_message.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>

namespace deed {

class MailCache {
 public:
  /// What build_mail gives: made, or kept from an earlier call with equal arguments. The bytes are
  /// shared with the transactions that send them.
  Result<std::shared_ptr<const MailBytes>> build(const MailContent& content,
                                                  const std::string& effect_key, TimePoint date);

 private:
  struct Built {
    std::string effect_key;
    TimePoint date;
    MailContent content;
    std::shared_ptr<const MailBytes> bytes;
  };
  void keep(Built built);

  std::deque<Built> kept_;  ///< the oldest first
  std::size_t kept_bytes_ = 0;
};

}  // namespace deed
