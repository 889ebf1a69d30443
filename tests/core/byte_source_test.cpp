#include "deed/core/byte_source.hpp"

#include "deed/tests/fakes/bytes.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

TEST(ByteSource, GivesTheSameBytesToEveryReaderInPiecesOfAnySize) {
  const std::string bytes("a\0b\nc", 5);
  std::unique_ptr<ByteReader> reader;
  {
    const auto source = bytes_in_memory(bytes);
    EXPECT_EQ(source->size(), 5u);
    EXPECT_EQ(all_of(source), bytes);
    EXPECT_EQ(all_of(source), bytes);
    reader = source->open().value();
  }
  char piece[2];
  std::string read;
  for (std::size_t count = 1; count > 0; read.append(piece, count)) count = reader->read(piece).value();
  EXPECT_EQ(read, bytes) << "a reader outlives its source";
  EXPECT_EQ(reader->read(piece).value(), 0u);
}

TEST(ByteSource, EndsWhereWhoeverTakesThePiecesSaysSo) {
  std::size_t pieces = 0;
  const auto take = [&](std::string_view piece) -> Result<void> {
    EXPECT_LE(piece.size(), std::size_t{64} << 10);
    return ++pieces == 2 ? fail(ErrorKind::unavailable, "the disk is full") : Result<void>();
  };
  EXPECT_THAT(for_each_piece(*bytes_in_memory(std::string(1u << 20, 'x')), take), IsError(ErrorKind::unavailable));
  EXPECT_EQ(pieces, 2u);
}

TEST(ByteSource, ReadsNoMoreThanItMay) {
  EXPECT_EQ(read_all(*bytes_in_memory("abc"), 3).value(), "abc");
  EXPECT_THAT(read_all(*bytes_in_memory("abcd"), 3), IsError(ErrorKind::limit));
  EXPECT_EQ(read_all(*bytes_in_memory(""), 0).value(), "");
}

}  // namespace
}  // namespace deed
