#include "deed/tools/attached_bytes.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/text.hpp"
#include "deed/tests/fakes/bytes.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/attached_files.hpp"
#include "deed/tools/mail_bytes.hpp"

#include <filesystem>
#include <random>

namespace deed {
namespace {

using testing::HasSubstr;

ByteDigest digest_in_pieces(std::string_view bytes, std::size_t piece) {
  ByteDigester digester;
  for (std::size_t i = 0; i < bytes.size(); i += piece) digester.update(bytes.substr(i, piece));
  return digester.finish();
}

TEST(AttachedBytes, HaveTheSameDigestInPiecesOfAnySize) {
  for (const std::string& bytes : {std::string("Grüße, 請求書 🎉"), std::string("a\0b", 3), std::string("\xff\xfe"), std::string("\xf0\x9f\x8e"),
                                   std::string("\xc3"), std::string("ab\x80"), std::string()}) {
    for (std::size_t piece = 1; piece <= 5; ++piece) {
      const ByteDigest digest = digest_in_pieces(bytes, piece);
      EXPECT_EQ(digest.size, bytes.size());
      EXPECT_EQ(digest.sha256, sha256_hex(bytes));
      EXPECT_EQ(digest.is_text, is_utf8(bytes) && bytes.find('\0') == std::string::npos) << escaped(bytes) << " by " << piece;
    }
  }
}

TEST(AttachedBytes, AreReadToTheirEndOnlyWhereTheyAreWhatTheyWere) {
  const ByteDigest digest = digest_in_pieces("as it was", 9);
  for (const char* other : {"as it isn", "as it was.", "as it wa", ""}) {
    EXPECT_THAT(read_all(AttachedBytes(bytes_in_memory(other), digest), 100), IsError(ErrorKind::conflict, HasSubstr("changed")));
  }
  EXPECT_EQ(all_of(AttachedBytes(bytes_in_memory("as it was"), digest)), "as it was");
  EXPECT_EQ(all_of(AttachedBytes("")), "");
}

TEST(AttachedFiles, AreLookedThroughAgainOnceTheyHaveChanged) {
  const TempFolder folder;
  folder.put("a.txt", "one");
  AttachedFiles files(folder.path(), 100);
  const auto first = files.attach({"a.txt"}).value();
  EXPECT_EQ(first.at(0).bytes, AttachedBytes("one"));
  folder.put("a.txt", "two!");
  EXPECT_EQ(files.attach({"a.txt"}).value().at(0).bytes, AttachedBytes("two!"));
  EXPECT_THAT(read_all(first[0].bytes, 100), IsError(ErrorKind::conflict));
  std::filesystem::remove(folder.at("a.txt"));
  EXPECT_THAT(read_all(first[0].bytes, 100), IsError(ErrorKind::not_found));
  EXPECT_THAT(files.attach({"a.txt"}), IsError(ErrorKind::not_found));
}

// By a second writing of the same rules: all at once, in memory.
std::string encoded_lines(std::string_view bytes) {
  const std::string digits = base64(bytes);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); i += 76) out += digits.substr(i, 76) + "\r\n";
  return out;
}

TEST(MailBytes, AreOfTheSizeThatTheySayWithFilesOfEverySize) {
  std::mt19937 random(7);
  for (const std::size_t size : {0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 29'183, 29'184, 29'185, 58'368, 100'001}) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    MailBytes mail;
    mail.add_text("A: b\n\n.dot\n");
    mail.add_file(bytes);
    mail.add_text(".\r\n");
    const std::string expected = "A: b\r\n\r\n.dot\r\n" + encoded_lines(bytes) + ".\r\n";
    EXPECT_TRUE(all_of(mail) == expected) << size;
    EXPECT_EQ(mail.size(), expected.size());
    EXPECT_EQ(mail.dotted_lines(), 2u);
    EXPECT_EQ(all_of(*mail.behind("Bcc: x\n")), "Bcc: x\r\n" + expected);
    EXPECT_THAT(mail.shown(), HasSubstr("[" + std::to_string(size) + " bytes with the SHA-256 " + sha256_hex(bytes) + "]\r\n.\r\n"));
  }
}

}  // namespace
}  // namespace deed
