#include "deed/core/base64.hpp"

#include "deed/tests/fakes/matchers.hpp"

#include <gtest/gtest.h>

namespace deed {
namespace {

TEST(Base64, WritesTheExamplesOfTheRfc) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, ReadsWhatItWroteWhateverTheLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    const Result<std::string> read = parse_base64(base64(bytes));
    ASSERT_OK(read);
    ASSERT_EQ(*read, bytes);
    bytes += static_cast<char>(i * 7);
  }
  const std::string large(7'000'001, '\xFE');
  EXPECT_EQ(parse_base64(base64(large)).value(), large);
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"Z", "Zg", "Zg=", "Z===", "====", "Zm9v\n", "Zm 9", "Zm9-", "=Zm9", "Zm=v"}) {
    EXPECT_THAT(parse_base64(text), IsError(ErrorKind::corrupt)) << text;
  }
}

}  // namespace
}  // namespace deed
