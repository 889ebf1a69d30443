#include "deed/core/json.hpp"

#include <cmath>
#include <cstdint>
#include <random>

#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

TEST(Json, KeepsTheOrderOfMembers) {
  const auto value = parse_json(R"({"b":1,"a":2})");
  ASSERT_OK(value);
  EXPECT_EQ(to_text(*value), R"({"b":1,"a":2})");
}

TEST(Json, CanonicalTextDoesNotDependOnTheOrderOfMembers) {
  EXPECT_EQ(canonical_text(*parse_json(R"({"b":[1,{"z":0,"y":1}],"a":2})")),
            canonical_text(*parse_json(R"({"a":2,"b":[1,{"y":1,"z":0}]})")));
}

TEST(Json, RefusesDepthBeforeItBuildsATree) {
  const std::string deep(100'000, '[');
  EXPECT_THAT(parse_json(deep), IsError(ErrorKind::limit, HasSubstr("nested deeper")));
}

TEST(Json, BracketsInStringsDoNotCountAsDepth) {
  EXPECT_OK(parse_json("\"" + std::string(1000, '[') + "\\\"" + std::string(1000, '{') + "\""));
}

TEST(Json, SaysWhereTheTextIsWrong) {
  EXPECT_THAT(parse_json("{\"a\": }"), IsError(ErrorKind::invalid, HasSubstr("byte 7")));
}

TEST(Json, RefusesMoreBytesThanTheLimit) {
  EXPECT_THAT(parse_json("[1,2,3]", {.max_bytes = 3}), IsError(ErrorKind::limit));
}

// The printer of one line is our own.
std::string as_nlohmann_prints(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

TEST(Json, PrintsEveryByteAndEveryPairOfBytesAsNlohmannDoes) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const Json value = {{std::string{static_cast<char>(a), static_cast<char>(b)}, std::string{'x', static_cast<char>(a), static_cast<char>(b), 'y'}}};
      ASSERT_EQ(to_text(value), as_nlohmann_prints(value)) << a << ' ' << b;
    }
  }
}

TEST(Json, PrintsRandomTextsOfAwkwardBytesAsNlohmannDoes) {
  const std::string awkward("\0\x1f \"\\/\b\n\x7f\x80\x9f\xa0\xbf\xc0\xc2\xe0\xed\xef\xf0\xf4\xf5\xff", 24);
  std::mt19937 random(1);
  for (int round = 0; round < 50'000; ++round) {
    std::string text;
    for (std::size_t n = random() % 12; n > 0; --n) text += awkward[random() % awkward.size()];
    ASSERT_EQ(to_text(Json(text)), as_nlohmann_prints(Json(text))) << "round " << round;
  }
}

TEST(Json, PrintsEveryKindOfValueAsNlohmannDoes) {
  const Json value = {{"empty", {Json::array(), Json::object(), "", nullptr}}, {"numbers", {0, -1, 1.0, 0.1, 1e300, -0.0, INT64_MIN, UINT64_MAX, std::nan("")}},
                      {"nested", {{{"deep", {true, false, {{"Müller", "\u2028 € 😀"}}}}}}}};
  EXPECT_EQ(to_text(value), as_nlohmann_prints(value));
}

TEST(Json, PrintsInvalidUtf8AsReplacementCharacter) {
  EXPECT_EQ(to_text(Json("a\xFF")), "\"a\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace deed
