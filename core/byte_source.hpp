// Bytes that are read in order, more than once if need be, and are not all in memory: what is attached to a mail, a mail with it.
#pragma once

#include "deed/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace deed {

/// One reading of a source. One thread at a time; outlives its source.
class ByteReader {
 public:
  virtual ~ByteReader() = default;

  /// The next bytes, at most as many as `out` holds, which is not empty. 0: the end, which is only said once all bytes were found to be what
  /// the source is known to be.
  /// errors  those of the source; after one nothing more may be read, and what was read counts for nothing
  virtual Result<std::size_t> read(std::span<char> out) = 0;
};

/// The same bytes each time they are read, or an error. Does not change; any thread.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  /// In bytes; a reading that comes to its end gave exactly so many.
  virtual std::uint64_t size() const = 0;
  /// From the beginning.
  virtual Result<std::unique_ptr<ByteReader>> open() const = 0;
};

std::shared_ptr<const ByteSource> bytes_in_memory(std::string bytes);

/// Reads all of it, in pieces of 64 KiB at most. An error of `take` ends it.
Result<void> for_each_piece(const ByteSource& source, const std::function<Result<void>(std::string_view piece)>& take);

/// errors  those of the source; limit: it has more than max_bytes
Result<std::string> read_all(const ByteSource& source, std::uint64_t max_bytes);

}  // namespace deed
