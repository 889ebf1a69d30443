#include "deed/tools/registry.hpp"

#include "deed/tests/tools/tool_doubles.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

asio::awaitable<Outcome> nothing() { co_return Outcome::succeeded(nullptr); }

Tool tool_named(std::string name) {
  Json properties = {{"path", {{"type", "string"}}}};
  Json arguments = {{"type", "object"}, {"properties", std::move(properties)}};
  return {.spec = {.name = std::move(name),
                   .description = "A tool.",
                   .arguments = std::move(arguments)},
          .run = [](Json, ToolContext&) { return nothing(); }};
}

TEST(Registry, FindsToolsByNameAndKeepsTheOrder) {
  Registry registry;
  for (const char* name : {"b.two", "a.one", "c"}) ASSERT_OK(registry.add(tool_named(name)));
  ASSERT_EQ(registry.tools().size(), 3u);
  EXPECT_EQ(registry.tools()[0].tool.spec.name, "b.two");
  EXPECT_EQ(registry.find("a.one"), &registry.tools()[1]);
  EXPECT_EQ(registry.find("a.on"), nullptr);
  EXPECT_EQ(registry.find(""), nullptr);
}

TEST(Registry, TakesDottedNamesOfUpTo64Bytes) {
  Registry registry;
  for (const std::string& name : {std::string("a"), std::string("a.b_2.3"), std::string(64, 'x')}) {
    EXPECT_OK(registry.add(tool_named(name))) << name;
  }
}

TEST(Registry, RefusesOtherNames) {
  Registry registry;
  for (const std::string& name :
       {std::string(), std::string("1a"), std::string("_a"), std::string("a."), std::string(".a"),
        std::string("a..b"), std::string("a b"), std::string("a\nb"), std::string("ä"),
        std::string("a-b"), std::string(65, 'x'), std::string("a\0b", 3)}) {
    EXPECT_THAT(registry.add(tool_named(name)),
                IsError(ErrorKind::invalid, HasSubstr("weather.get")))
        << name;
  }
  EXPECT_TRUE(registry.tools().empty());
}

TEST(Registry, TakesAFewShortExamples) {
  Registry registry;
  Tool tool = tool_named("a.b");
  tool.spec.examples = std::vector<std::string>(16, "Do a.");
  ASSERT_OK(registry.add(tool));
  tool.spec.name = "a.c", tool.spec.examples.emplace_back("One more.");
  EXPECT_THAT(registry.add(tool), IsError(ErrorKind::invalid, HasSubstr("16 examples")));
  tool.spec.examples = {std::string(201, 'x')};
  EXPECT_THAT(registry.add(tool), IsError(ErrorKind::invalid, HasSubstr("200 bytes")));
  tool.spec.examples = {"\xff"};
  EXPECT_THAT(registry.add(tool), IsError(ErrorKind::invalid, HasSubstr("UTF-8")));
}

TEST(Registry, RefusesASecondToolOfTheName) {
  Registry registry;
  ASSERT_OK(registry.add(tool_named("a.b")));
  EXPECT_THAT(registry.add(tool_named("a.b")), IsError(ErrorKind::conflict, HasSubstr("a.b")));
  EXPECT_EQ(registry.tools().size(), 1u);
}

TEST(Registry, RefusesASchemaThatIsNotAnObjects) {
  Registry registry;
  for (const char* text :
       {"true", "[]", "{}", R"({"type":"string"})", R"({"type":["object","null"]})"}) {
    Tool tool = tool_named("a");
    tool.spec.arguments = *parse_json(text);
    EXPECT_THAT(registry.add(std::move(tool)),
                IsError(ErrorKind::invalid, HasSubstr("not that of an object")))
        << text;
  }
}

TEST(Registry, SaysWhichToolAndWhereASchemaIsWrong) {
  Registry registry;
  Tool tool = tool_named("a.b");
  tool.spec.arguments["properties"]["path"]["minLength"] = "three";
  EXPECT_THAT(registry.add(std::move(tool)),
              IsError(ErrorKind::invalid, HasSubstr("a.b at /properties/path/minLength")));
}

TEST(Registry, RefusesARoleForWhatIsNoArgument) {
  Registry registry;
  Tool tool = tool_named("a");
  tool.spec.roles["paht"] = ArgumentRole::destination;
  EXPECT_THAT(registry.add(std::move(tool)), IsError(ErrorKind::invalid, HasSubstr("paht")));
}

TEST(Registry, RefusesAToolWithoutRunUnlessItAsksTheUser) {
  Registry registry;
  Tool tool = tool_named("a");
  tool.run = {};
  EXPECT_THAT(registry.add(tool), IsError(ErrorKind::invalid, HasSubstr("run")));
  tool.spec.asks_user = true;
  EXPECT_THAT(registry.add(tool), IsError(ErrorKind::invalid, HasSubstr("question")));
  tool.spec.arguments["properties"]["question"] = {{"type", "string"}};
  EXPECT_OK(registry.add(tool));
}

TEST(Registry, RefusesAProbeableToolWithoutProbe) {
  Registry registry;
  Tool tool = tool_named("a");
  tool.spec.effect = EffectClass::probeable;
  EXPECT_THAT(registry.add(std::move(tool)), IsError(ErrorKind::invalid, HasSubstr("probe")));
}

TEST(NeedsApproval, IsWhatTheSpecSaysOrWhatTheCallWouldDestroy) {
  Tool tool = tool_named("a");
  EXPECT_TRUE(needs_approval(tool, Json::object()));
  tool.spec.approval = ApprovalNeed::never;
  EXPECT_FALSE(needs_approval(tool, Json::object()));
  tool.destroys = [](const Json& arguments) { return arguments.contains("path"); };
  EXPECT_FALSE(needs_approval(tool, Json::object()));
  EXPECT_TRUE(needs_approval(tool, Json{{"path", "x"}}));
}

TEST(OutcomeStatus, SurvivesPrintingAndParsing) {
  for (const OutcomeStatus status :
       {OutcomeStatus::succeeded, OutcomeStatus::rejected, OutcomeStatus::failed_without_effect,
        OutcomeStatus::unknown}) {
    const auto parsed = parse_outcome_status(to_string(status));
    ASSERT_OK(parsed);
    EXPECT_EQ(*parsed, status);
  }
  EXPECT_THAT(parse_outcome_status("done"), IsError(ErrorKind::corrupt));
}

}  // namespace
}  // namespace deed
