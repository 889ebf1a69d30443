// Files that are attached to mails: looked through when a mail is judged, and read again when it is sent. Internal.
#pragma once

#include "deed/core/json.hpp"
#include "deed/tools/mail_message.hpp"
#include "deed/tools/root_dir.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace deed {

/// Loop thread only; what it gives may be read on any thread, and outlives it.
class AttachedFiles {
 public:
  /// root       the folder below which all of them are
  /// max_bytes  of all that are attached to one mail
  AttachedFiles(std::string root, std::uint64_t max_bytes) : root_path_(std::move(root)), max_bytes_(max_bytes) {}

  /// paths  an array of texts. A file that did not change since it was attached last is not read again.
  /// errors  limit: too large together, found before any is read. Those of RootDir
  Result<std::vector<MailAttachment>> attach(const Json& paths);

 private:
  struct Known {
    FileStamp stamp;
    ByteDigest digest;
  };
  Result<AttachedBytes> look_at(const RelativePath& path, const FileStamp& stamp);
  Result<void> check_total(std::uint64_t bytes, const RelativePath& last) const;

  std::string root_path_;
  std::uint64_t max_bytes_;
  std::shared_ptr<const RootDir> root_;  // shared with the files that are read later
  std::map<std::string, Known> known_;
};

}  // namespace deed
