#include "deed/tools/mail_bytes.hpp"

#include "deed/core/base64.hpp"
#include "deed/net/mail_scan.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace deed {
namespace {

constexpr std::size_t line_bytes = 57;  // which are 76 digits
constexpr std::size_t line_digits = 76;
constexpr std::string_view crlf = "\r\n";

std::uint64_t encoded_size(std::uint64_t bytes) {
  const std::uint64_t rest = bytes % line_bytes;
  return bytes / line_bytes * (line_digits + crlf.size()) + (rest > 0 ? (rest + 2) / 3 * 4 + crlf.size() : 0);
}

// Whole lines at a time: this is most of the work of a mail without files.
std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 40 * 41 + 1000);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out += text.substr(0, end);
    if (end == std::string_view::npos) break;
    out += out.ends_with('\r') ? "\n" : "\r\n";
    text.remove_prefix(end + 1);
  }
  return out;
}

class MailReader final : public ByteReader {
 public:
  explicit MailReader(std::vector<std::shared_ptr<const MailBytes::Piece>> pieces) : pieces_(std::move(pieces)) {}

  Result<std::size_t> read(std::span<char> out) override {
    while (left_.empty()) {
      if (file_) {
        DEED_OK(encode_more());
      } else if (next_ < pieces_.size()) {
        const MailBytes::Piece& piece = *pieces_[next_++];
        left_ = piece.text;
        if (!piece.file) continue;
        DEED_TRY(file_, piece.file->open());
      } else {
        return std::size_t{0};
      }
    }
    const std::size_t count = std::min(out.size(), left_.size());
    std::memcpy(out.data(), left_.data(), count);
    left_.remove_prefix(count);
    return count;
  }

 private:
  // Whole lines, so that they come out as if all had been encoded at once.
  Result<void> encode_more() {
    constexpr std::size_t most = line_bytes * 512;
    raw_.resize(most);
    std::size_t filled = 0;
    while (filled < most) {
      DEED_TRY(const std::size_t count, file_->read(std::span(raw_).subspan(filled)));
      if (count == 0) break;
      filled += count;
    }
    if (filled < most) file_.reset();
    const std::string digits = base64({raw_.data(), filled});
    encoded_.clear();
    for (std::size_t i = 0; i < digits.size(); i += line_digits) encoded_.append(digits, i, line_digits).append(crlf);
    left_ = encoded_;
    return {};
  }

  const std::vector<std::shared_ptr<const MailBytes::Piece>> pieces_;
  std::size_t next_ = 0;
  std::string_view left_;  // of a piece's text, or of encoded_
  std::unique_ptr<ByteReader> file_;
  std::vector<char> raw_;
  std::string encoded_;
};

}  // namespace

void MailBytes::add_text(std::string_view text) {
  auto piece = std::make_shared<Piece>(Piece{with_crlf(text), nullptr});
  // Each piece begins a line.
  MailScan scan;
  scan.feed(piece->text);
  dotted_lines_ += scan.dotted_lines();
  size_ += piece->text.size();
  memory_bytes_ += piece->text.size();
  pieces_.push_back(std::move(piece));
}

void MailBytes::add_file(AttachedBytes file) {
  size_ += encoded_size(file.size());
  pieces_.push_back(std::make_shared<Piece>(Piece{{}, std::make_shared<const AttachedBytes>(std::move(file))}));
}

Result<std::unique_ptr<ByteReader>> MailBytes::open() const { return std::unique_ptr<ByteReader>(std::make_unique<MailReader>(pieces_)); }

std::string MailBytes::shown() const {
  std::string out;
  for (const auto& piece : pieces_) {
    out += piece->text;
    if (!piece->file) continue;
    const ByteDigest& digest = piece->file->digest();
    out += "[" + std::to_string(digest.size) + " bytes with the SHA-256 " + digest.sha256 + "]\r\n";
  }
  return out;
}

std::shared_ptr<const MailBytes> MailBytes::behind(std::string_view header) const {
  auto out = std::make_shared<MailBytes>();
  if (!header.empty()) out->add_text(header);
  out->pieces_.insert(out->pieces_.end(), pieces_.begin(), pieces_.end());
  out->size_ += size_;
  out->dotted_lines_ += dotted_lines_;
  out->memory_bytes_ += memory_bytes_;
  return out;
}

}  // namespace deed
