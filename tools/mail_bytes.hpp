// A built mail: its text in memory, and in between the files, which are read and encoded while the mail is sent. Internal.
#pragma once

#include "deed/tools/attached_bytes.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

class MailBytes final : public ByteSource {
 public:
  /// Whole lines; whatever ends them, in the mail it is CRLF.
  void add_text(std::string_view text);
  /// The file as lines of Base64 (RFC 2045, section 6.8).
  void add_file(AttachedBytes file);

  std::uint64_t size() const override { return size_; }
  /// The pieces stay shared with the reader; the mail may not grow any more.
  Result<std::unique_ptr<ByteReader>> open() const override;

  /// As SmtpTransaction has it. Base64 has no dots.
  std::uint64_t dotted_lines() const { return dotted_lines_; }
  /// Of the text.
  std::size_t memory_bytes() const { return memory_bytes_; }
  /// The mail for people and for its approval: "[20480 bytes with the SHA-256 …]" where a file stands.
  std::string shown() const;
  /// This mail behind further header lines.
  std::shared_ptr<const MailBytes> behind(std::string_view header) const;

  struct Piece {
    std::string text;
    std::shared_ptr<const AttachedBytes> file;  ///< behind the text; null: none
  };

 private:
  std::vector<std::shared_ptr<const Piece>> pieces_;
  std::uint64_t size_ = 0, dotted_lines_ = 0;
  std::size_t memory_bytes_ = 0;
};

}  // namespace deed
