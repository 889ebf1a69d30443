// What a dry run shows: every mail, request and file to the byte, in a folder and as one page.
#pragma once

#include <string>
#include <vector>

#include "deed/cli/flags.hpp"
#include "deed/tools/tool.hpp"

namespace deed {

class Rehearsal {
 public:
  /// folder  empty: nothing is written
  explicit Rehearsal(std::string folder) : folder_(std::move(folder)) {}

  /// Keeps the effect of `call`; an earlier one of the same call is replaced.
  void take(const std::string& call, const Preview& preview);

  struct Effect {
    std::string call, file, media_type, summary;
    std::size_t bytes = 0;
    std::string diff = {};  // the file with what changes; empty where nothing is replaced
  };
  const std::vector<Effect>& effects() const { return effects_; }
  const std::string& folder() const { return folder_; }

  /// Writes index.html. errors  unavailable: of this or of an earlier file
  Result<void> finish();

 private:
  void write(const std::string& file, const ByteSource& bytes);

  std::string folder_;
  std::vector<Effect> effects_;
  std::string page_;  // what has been shown so far
  std::optional<Error> broken_;
};

/// Prints what would be done; gives the exit code: 0 where all could be rehearsed.
int report_rehearsal(Rehearsal& rehearsal, const RunReport& report, Session& session, const Flags& flags);

}  // namespace deed
