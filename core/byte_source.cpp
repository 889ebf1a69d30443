#include "deed/core/byte_source.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace deed {
namespace {

class MemoryReader final : public ByteReader {
 public:
  explicit MemoryReader(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}

  Result<std::size_t> read(std::span<char> out) override {
    const std::size_t count = std::min(out.size(), bytes_->size() - at_);
    if (count > 0) std::memcpy(out.data(), bytes_->data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::shared_ptr<const std::string> bytes_;
  std::size_t at_ = 0;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string bytes) : bytes_(std::make_shared<const std::string>(std::move(bytes))) {}

  std::uint64_t size() const override { return bytes_->size(); }
  Result<std::unique_ptr<ByteReader>> open() const override { return std::unique_ptr<ByteReader>(std::make_unique<MemoryReader>(bytes_)); }

 private:
  std::shared_ptr<const std::string> bytes_;
};

}  // namespace

std::shared_ptr<const ByteSource> bytes_in_memory(std::string bytes) { return std::make_shared<MemorySource>(std::move(bytes)); }

Result<void> for_each_piece(const ByteSource& source, const std::function<Result<void>(std::string_view piece)>& take) {
  constexpr std::size_t piece_bytes = 64u << 10;
  DEED_TRY(const auto reader, source.open());
  std::vector<char> piece(static_cast<std::size_t>(std::clamp<std::uint64_t>(source.size(), 1, piece_bytes)));
  for (;;) {
    DEED_TRY(const std::size_t count, reader->read(piece));
    if (count == 0) return {};
    DEED_OK(take({piece.data(), count}));
  }
}

Result<std::string> read_all(const ByteSource& source, std::uint64_t max_bytes) {
  if (source.size() > max_bytes) return fail(ErrorKind::limit, "it is larger than " + human_bytes(max_bytes));
  std::string out;
  out.reserve(static_cast<std::size_t>(source.size()));
  DEED_OK(for_each_piece(source, [&](std::string_view piece) { return out += piece, Result<void>(); }));
  return out;
}

}  // namespace deed
