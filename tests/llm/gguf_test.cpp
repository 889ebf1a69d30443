#include "deed/llm/local/gguf.hpp"

#include "deed/tests/fakes/matchers.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace deed {
namespace {

using testing::HasSubstr;

// Writes a GGUF of version 3 by hand, little-endian as the format is.
class GgufBytes {
 public:
  template <class T>
  GgufBytes& number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  GgufBytes& text(std::string_view value) {
    number<std::uint64_t>(value.size());
    bytes_ += value;
    return *this;
  }
  GgufBytes& raw(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Two keys, an array of texts and one tensor of 64 floats.
std::string small_model() {
  GgufBytes out;
  out.raw("GGUF").number<std::uint32_t>(3).number<std::uint64_t>(1).number<std::uint64_t>(3);
  out.text("general.architecture").number<std::uint32_t>(8).text("llama");
  out.text("llama.context_length").number<std::uint32_t>(4).number<std::uint32_t>(2048);
  out.text("tokenizer.ggml.tokens")
      .number<std::uint32_t>(9)
      .number<std::uint32_t>(8)
      .number<std::uint64_t>(2)
      .text("a")
      .text("bc");
  out.text("weights")
      .number<std::uint32_t>(1)
      .number<std::uint64_t>(64)
      .number<std::uint32_t>(0)
      .number<std::uint64_t>(0);
  std::string bytes = out.bytes();
  bytes.resize((bytes.size() + 31) / 32 * 32 + 64 * 4);
  return bytes;
}

class Gguf : public testing::Test {
 protected:
  std::string write(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return path_;
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::string path_ = testing::TempDir() + "deed-gguf-" + std::to_string(::getpid()) + ".gguf";
};

TEST_F(Gguf, ReadsWhatTheHeadSays) {
  const auto summary = read_gguf(write(small_model()));
  ASSERT_OK(summary);
  EXPECT_EQ(summary->architecture, "llama");
  EXPECT_EQ(summary->context_length, 2048);
  EXPECT_EQ(summary->tensors, 1u);
}

TEST_F(Gguf, ReportsAFileThatIsCutOffAtAnyByte) {
  const std::string whole = small_model();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THAT(read_gguf(write(whole.substr(0, size))), IsError(ErrorKind::corrupt)) << size;
}

TEST_F(Gguf, SaysThatAHalfFileIsCutOff) {
  const std::string whole = small_model();
  EXPECT_THAT(read_gguf(write(whole.substr(0, whole.size() - 1))),
              IsError(ErrorKind::corrupt, HasSubstr("cut off")));
}

TEST_F(Gguf, ReportsGarbage) {
  EXPECT_THAT(read_gguf(write("<html>not found</html>, with some more text")),
              IsError(ErrorKind::corrupt, HasSubstr("not a GGUF")));
  EXPECT_THAT(read_gguf(write("GGUF" + std::string(64, '\xff'))), IsError(ErrorKind::unsupported));
}

TEST_F(Gguf, SurvivesAnyDamagedByte) {
  const std::string whole = small_model();
  for (std::size_t at = 0; at < whole.size() - 256; ++at)
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string damaged = whole;
      damaged[at] = value;
      const auto summary = read_gguf(write(damaged));
      if (!summary) {
        EXPECT_THAT(summary,
                    testing::AnyOf(IsError(ErrorKind::corrupt), IsError(ErrorKind::unsupported)));
      }
    }
}

TEST_F(Gguf, SaysThatThereIsNoFile) {
  EXPECT_THAT(read_gguf(path_ + ".none"), IsError(ErrorKind::not_found));
  EXPECT_THAT(read_gguf(testing::TempDir()), IsError(ErrorKind::invalid));
}

}  // namespace
}  // namespace deed
