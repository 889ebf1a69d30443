#include "deed/tools/attached_files.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace deed {
namespace {

class FileReader final : public ByteReader {
 public:
  explicit FileReader(std::unique_ptr<FileStream> stream) : stream_(std::move(stream)) {}

  Result<std::size_t> read(std::span<char> out) override {
    DEED_TRY(const std::string bytes, stream_->read(out.size()));
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return bytes.size();
  }

 private:
  std::unique_ptr<FileStream> stream_;
};

class FileSource final : public ByteSource {
 public:
  FileSource(std::shared_ptr<const RootDir> root, RelativePath path, std::uint64_t size) : root_(std::move(root)), path_(std::move(path)), size_(size) {}

  std::uint64_t size() const override { return size_; }
  Result<std::unique_ptr<ByteReader>> open() const override {
    DEED_TRY(auto stream, root_->open_stream(path_));
    return std::unique_ptr<ByteReader>(std::make_unique<FileReader>(std::move(stream)));
  }

 private:
  std::shared_ptr<const RootDir> root_;
  RelativePath path_;
  std::uint64_t size_;
};

}  // namespace

Result<void> AttachedFiles::check_total(std::uint64_t bytes, const RelativePath& last) const {
  if (bytes <= max_bytes_) return {};
  return fail(ErrorKind::limit, "the attachments are larger than " + human_bytes(max_bytes_) + " together", last.text(),
              "put the file where it can be fetched, and send a link to it, or raise mail.max_attachments_mib");
}

Result<AttachedBytes> AttachedFiles::look_at(const RelativePath& path, const FileStamp& stamp) {
  auto source = std::make_shared<const FileSource>(root_, path, stamp.size);
  const auto found = known_.find(path.text());
  if (found != known_.end() && found->second.stamp == stamp) return AttachedBytes(std::move(source), found->second.digest);
  ByteDigester digester;
  DEED_OK(for_each_piece(*source, [&](std::string_view piece) { return digester.update(piece), Result<void>(); }));
  ByteDigest digest = digester.finish();
  if (digest.size != stamp.size) return fail(ErrorKind::conflict, "the file changed while it was read", path.text(), "make the call again");
  constexpr std::size_t most_known = 4096;
  if (known_.size() >= most_known) known_.clear();
  known_[path.text()] = {stamp, digest};
  return AttachedBytes(std::move(source), std::move(digest));
}

Result<std::vector<MailAttachment>> AttachedFiles::attach(const Json& paths) {
  std::vector<MailAttachment> out;
  if (paths.empty()) return out;
  if (!root_) {
    DEED_TRY(root_, open_root_dir(root_path_));
  }
  std::vector<std::pair<RelativePath, FileStamp>> files;
  std::uint64_t total = 0;
  for (const Json& item : paths) {
    DEED_TRY(RelativePath path, root_->parse(item.get<std::string>()));
    DEED_TRY(const FileStamp stamp, root_->stamp(path));
    DEED_OK(check_total(total += stamp.size, path));
    files.emplace_back(std::move(path), stamp);
  }
  for (const auto& [path, stamp] : files) {
    DEED_TRY(AttachedBytes bytes, look_at(path, stamp));
    out.push_back({std::string(path.name()), std::move(bytes)});
  }
  return out;
}

}  // namespace deed
