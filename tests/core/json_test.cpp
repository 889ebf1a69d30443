#include "deed/core/json.hpp"

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

TEST(Json, PrintsInvalidUtf8AsReplacementCharacter) {
  EXPECT_EQ(to_text(Json("a\xFF")), "\"a\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace deed
