// What a run has left in the world that a crash test can see by itself: the files of the working folder, and the mails of the outbox.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "deed/core/result.hpp"

namespace deed::crashtest {

struct World {
  std::map<std::string, std::string> files;  ///< SHA-256 by relative path; a folder's is "folder", a link's its target
  std::vector<std::string> message_ids;      ///< of the outbox, one a mail
  std::size_t drafts = 0;                    ///< what lies in the outbox's tmp/

  bool operator==(const World&) const = default;
};

/// outbox  a Maildir, which need not be there
/// errors  unavailable: a file that cannot be read
Result<World> look_at_world(const std::string& folder, const std::string& outbox);

enum class Wrong { twice, lost, other };
struct Difference {
  Wrong what;
  std::string text;
};

/// What `now` has too often, lacks, or has otherwise than `wanted`. Mails are counted, not compared: their ids are those of effects.
std::vector<Difference> differences(const World& wanted, const World& now);

/// A mail that is there twice is wrong whatever was wanted.
std::vector<Difference> repeated_mails(const World& now);

}  // namespace deed::crashtest
