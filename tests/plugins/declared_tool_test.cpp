#include "deed/plugins/declared_tool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

Json listed(Json deed = nullptr, Json annotations = nullptr) {
  Json tool = {{"name", "get-sum"}, {"description", "Adds."}, {"inputSchema", {{"type", "object"}, {"properties", {{"a", {{"type", "number"}}}}}}}};
  if (!deed.is_null()) tool["_meta"]["deed"] = std::move(deed);
  if (!annotations.is_null()) tool["annotations"] = std::move(annotations);
  return tool;
}

EffectClass effect_by(Json annotations) { return parse_declared_tool(listed(nullptr, std::move(annotations)), "math")->spec.effect; }

TEST(DeclaredTool, IsNamedAfterItsPlugin) {
  EXPECT_EQ(tool_name_of("math", "get-sum"), "math.get_sum");
  EXPECT_EQ(tool_name_of("math", "math.sum"), "math.sum");
  EXPECT_EQ(tool_name_of("math", "../etc"), "math.___etc");
  EXPECT_EQ(parse_declared_tool(listed(), "math")->own_name, "get-sum");
}

TEST(DeclaredTool, ThatSaysNothingOfEffectsIsJudgedByItsHintsAndElseAsksAfterACrash) {
  EXPECT_EQ(effect_by(nullptr), EffectClass::once);
  EXPECT_EQ(effect_by({{"readOnlyHint", true}}), EffectClass::read);
  EXPECT_EQ(effect_by({{"readOnlyHint", false}, {"idempotentHint", true}}), EffectClass::idempotent);
  EXPECT_EQ(effect_by({{"readOnlyHint", "yes"}}), EffectClass::once);
}

TEST(DeclaredTool, ThatIsNotHarmlessAsksAndItsResultsAreNotTrusted) {
  const auto plain = parse_declared_tool(listed({{"effect", "idempotent"}}), "math");
  EXPECT_EQ(plain->spec.approval, ApprovalNeed::always);
  EXPECT_EQ(plain->spec.result_trust, Trust::untrusted);
  const auto flagged = parse_declared_tool(listed({{"effect", "idempotent"}, {"flags", {"harmless", "trusted"}}}), "math");
  EXPECT_EQ(flagged->spec.approval, ApprovalNeed::never);
  EXPECT_EQ(flagged->spec.result_trust, Trust::tool);
}

TEST(DeclaredTool, WithAWrongMemberIsRefusedByName) {
  const auto refused = [](Json deed) { return parse_declared_tool(listed(std::move(deed)), "math"); };
  EXPECT_THAT(refused({{"effect", "sometimes"}}), IsError(ErrorKind::invalid, HasSubstr("get-sum")));
  EXPECT_THAT(refused({{"effect", "local"}}), IsError(ErrorKind::invalid));
  EXPECT_THAT(refused({{"effect", 3}}), IsError(ErrorKind::invalid));
  EXPECT_THAT(refused({{"effect", "pure"}, {"roles", {{"a", "boss"}}}}), IsError(ErrorKind::invalid));
  EXPECT_THAT(refused({{"effect", "pure"}, {"roles", 1}}), IsError(ErrorKind::invalid));
  EXPECT_THAT(refused({{"effect", "pure"}, {"timeout_ms", 0}}), IsError(ErrorKind::invalid));
  EXPECT_THAT(refused({{"effect", "pure"}, {"timeout_ms", 1e300}}), IsError(ErrorKind::invalid));
  EXPECT_THAT(refused({{"effect", "once"}, {"flags", {"quick"}}}), IsError(ErrorKind::invalid));
  EXPECT_THAT(parse_declared_tool({{"name", "x"}}, "math"), IsError(ErrorKind::invalid, HasSubstr("schema")));
  EXPECT_THAT(parse_declared_tool({{"inputSchema", Json::object()}}, "math"), IsError(ErrorKind::invalid));
  EXPECT_THAT(parse_declared_tool("x", "math"), IsError(ErrorKind::invalid));
}

TEST(DeclaredTool, WhereNobodySaysWhatIsAnAddressIsADestination) {
  Json tool = listed();
  tool["inputSchema"]["properties"]["where"] = {{"type", "string"}, {"format", "uri"}};
  const auto read = parse_declared_tool(tool, "math");
  EXPECT_EQ(read->spec.roles.at("where"), ArgumentRole::destination);
  EXPECT_FALSE(read->spec.roles.contains("a"));
}

TEST(DeclaredTool, HasItsUrisCheckedWhereTheyAreDestinations) {
  const auto format_of = [](Json deed) {
    Json tool = listed(std::move(deed));
    tool["inputSchema"]["properties"]["a"] = {{"type", "string"}, {"format", "uri"}};
    const auto read = parse_declared_tool(tool, "math");
    return string_at(read->spec.arguments["properties"]["a"], "format", "none");
  };
  EXPECT_EQ(format_of(nullptr), "uri");
  EXPECT_EQ(format_of({{"effect", "read"}, {"roles", {{"a", "destination"}}}}), "uri");
  EXPECT_EQ(format_of({{"effect", "read"}, {"roles", {{"a", "text"}}}}), "none");
}

TEST(DeclaredTools, OfOneNameAreRefused) {
  Json other = listed();
  other["name"] = "get_sum";
  EXPECT_THAT(parse_declared_tools({listed(), other}, "math"), IsError(ErrorKind::conflict, HasSubstr("math.get_sum")));
  EXPECT_THAT(parse_declared_tools(std::vector<Json>(257, listed()), "math"), IsError(ErrorKind::limit));
}

TEST(DeclaredTools, AreCorrectedByTheManifest) {
  const auto better = corrected({listed()}, {{"get-sum", {{"effect", "pure"}}}});
  ASSERT_TRUE(better);
  EXPECT_EQ(parse_declared_tool(better->front(), "math")->spec.effect, EffectClass::pure);
  EXPECT_THAT(corrected({listed()}, {{"get-product", {{"effect", "pure"}}}}), IsError(ErrorKind::not_found, HasSubstr("get-product")));
}

}  // namespace
}  // namespace deed
