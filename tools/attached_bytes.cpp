#include "deed/tools/attached_bytes.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <utility>

namespace deed {
namespace {

// How many bytes at the end begin a character that is not whole; 0: none do.
std::size_t unfinished_tail(std::string_view text) {
  for (std::size_t n = 1; n <= std::min<std::size_t>(3, text.size()); ++n) {
    const auto c = static_cast<unsigned char>(text[text.size() - n]);
    if (c < 0x80) return 0;
    if (c < 0xC0) continue;
    const std::size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    return length > n ? n : 0;
  }
  return 0;
}

ByteDigest digest_of(std::string_view bytes) {
  ByteDigester digester;
  digester.update(bytes);
  return digester.finish();
}

// Says the end only where all of it was what it was known to be.
class CheckedReader final : public ByteReader {
 public:
  CheckedReader(std::unique_ptr<ByteReader> reader, const ByteDigest& digest) : reader_(std::move(reader)), size_(digest.size), sha256_(digest.sha256) {}

  Result<std::size_t> read(std::span<char> out) override {
    DEED_TRY(const std::size_t count, reader_->read(out));
    hash_.update({out.data(), count});
    read_ += count;
    const bool is_other = read_ > size_ || (count == 0 && !is_ended_ && hash_.hex() != sha256_);
    if (count == 0) is_ended_ = true;
    if (is_other) return fail(ErrorKind::conflict, "an attached file has changed since it was looked at", "", "make the call again");
    return count;
  }

 private:
  std::unique_ptr<ByteReader> reader_;
  const std::uint64_t size_;
  const std::string sha256_;
  Sha256 hash_;
  std::uint64_t read_ = 0;
  bool is_ended_ = false;
};

}  // namespace

void ByteDigester::update(std::string_view piece) {
  hash_.update(piece);
  size_ += piece.size();
  if (!is_text_) return;
  // At most three bytes are carried over; what follows them makes their character whole.
  std::string joined;
  if (!unfinished_.empty()) {
    joined = std::exchange(unfinished_, {}) + std::string(piece);
    piece = joined;
  }
  const std::size_t tail = unfinished_tail(piece);
  unfinished_ = piece.substr(piece.size() - tail);
  piece.remove_suffix(tail);
  is_text_ = is_utf8(piece) && piece.find('\0') == std::string_view::npos;
}

ByteDigest ByteDigester::finish() { return {.size = size_, .sha256 = hash_.hex(), .is_text = is_text_ && unfinished_.empty()}; }

AttachedBytes::AttachedBytes(std::string bytes) : digest_(digest_of(bytes)) { source_ = bytes_in_memory(std::move(bytes)); }

Result<std::unique_ptr<ByteReader>> AttachedBytes::open() const {
  DEED_TRY(auto reader, source_->open());
  return std::unique_ptr<ByteReader>(std::make_unique<CheckedReader>(std::move(reader), digest_));
}

}  // namespace deed
