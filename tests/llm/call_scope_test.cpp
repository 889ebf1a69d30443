#include "deed/llm/local/call_scope.hpp"

#include "deed/tests/fakes/matchers.hpp"

#include <gmock/gmock.h>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Json schema(const char* text) { return parse_json(text).value(); }

ToolDefinition mail() {
  return {.name = "email.send",
          .parameters = schema(R"({"type": "object", "required": ["to", "body"], "properties": {
            "to": {"type": "array", "items": {"type": "string", "format": "email"}}, "body": {"type": "string", "maxLength": 90000},
            "attachments": {"type": "array", "items": {"type": "string", "description": "Path of a file"}}}})"),
          .copied = {"to", "attachments"}};
}
ToolDefinition question() {
  return {.name = "user.ask",
          .parameters = schema(R"({"type": "object", "required": ["question"], "properties": {"question": {"type": "string"}}})"),
          .asks_user = true};
}

Transcript said(std::string text) { return {{.role = Role::user, .text = std::move(text)}}; }

Transcript with_result(std::string text, Message result) {
  Transcript messages = said(std::move(text));
  messages.push_back({.role = Role::assistant, .tool_calls = {{.id = "a", .name = "file.read"}}});
  result.role = Role::tool, result.tool_call_id = "a", result.tool_name = "file.read";
  messages.push_back(std::move(result));
  return messages;
}

std::vector<std::string> names(const ToolList& tools) {
  std::vector<std::string> out;
  for (const ToolDefinition& tool : tools) out.push_back(tool.name);
  return out;
}

Json recipients(const CallScope& scope) { return scope.callable[0].parameters["properties"]["to"]["items"]["enum"]; }

TEST(CallScope, ADestinationIsOneOfTheAddressesThatWereGiven) {
  const CallScope scope = scope_of({mail()}, said("Write to ann@example.org and bob@example.org"), {});
  EXPECT_EQ(recipients(scope), Json({"ann@example.org", "bob@example.org"}));
  EXPECT_EQ(fault_of({.name = "email.send", .arguments = {{"to", {"bob@example.org"}}, {"body", "Hi"}}}, scope), std::nullopt);
  EXPECT_NE(fault_of({.name = "email.send", .arguments = {{"to", {"eve@evil.example"}}, {"body", "Hi"}}}, scope), std::nullopt);
}

TEST(CallScope, AToolWhoseDestinationNobodyGaveCannotBeCalled) {
  const CallScope scope = scope_of({mail(), question()}, said("Write to Ann"), {});
  EXPECT_THAT(names(scope.callable), ElementsAre("user.ask"));
  EXPECT_THAT(scope.left_out, ElementsAre("email.send"));
  EXPECT_NE(fault_of({.name = "email.send", .arguments = {{"to", Json::array()}, {"body", "Hi"}}}, scope), std::nullopt);
}

TEST(CallScope, AnOptionalPlaceThatNobodyGaveIsLeftOut) {
  ToolDefinition list{.name = "http.get",
                      .parameters = schema(R"({"type": "object", "properties": {"url": {"type": "string", "format": "uri"}}})"),
                      .copied = {"url"}};
  const CallScope scope = scope_of({list}, said("Hello"), {});
  EXPECT_EQ(scope.callable[0].parameters["properties"], Json::object());
  EXPECT_NE(fault_of({.name = "http.get", .arguments = {{"url", "http://a.example"}}}, scope), std::nullopt);
}

TEST(CallScope, AddressesOfResultsCountAndThoseOfErrorsDoNot) {
  EXPECT_EQ(recipients(scope_of({mail()}, with_result("Write to Ann", {.text = "Ann: ann@example.org"}), {})), Json({"ann@example.org"}));
  EXPECT_THAT(scope_of({mail()}, with_result("Write to Ann", {.text = "not ann@example.org", .is_error = true}), {}).callable, testing::SizeIs(0));
}

TEST(CallScope, AnAddressThatMayHaveBeenCutIsNotOffered) {
  const Message cut{.text = "bob@example.org, ann@example.o\n[… 900 bytes cut]\ng@example.org, eva@example.org.", .is_cut = true};
  EXPECT_EQ(recipients(scope_of({mail()}, with_result("Write to Ann", cut), {})), Json({"eva@example.org"}));
}

TEST(CallScope, ToolChoiceLeavesAllOneOrNone) {
  const Transcript messages = said("Write to ann@example.org");
  EXPECT_THAT(names(scope_of({mail(), question()}, messages, {.mode = ToolCalling::Mode::required}).callable),
              ElementsAre("email.send", "user.ask"));
  EXPECT_THAT(names(scope_of({mail(), question()}, messages, {ToolCalling::Mode::named, "user.ask"}).callable), ElementsAre("user.ask"));
  EXPECT_THAT(names(scope_of({mail(), question()}, messages, {.mode = ToolCalling::Mode::none}).callable), IsEmpty());
}

TEST(CallScope, PlacesAreHeldWhereverTheyAreInTheArguments) {
  ToolDefinition tool{.name = "x",
                      .parameters = schema(R"({"type": "object", "$defs": {"to": {"type": "string", "format": "email"}},
        "required": ["who"], "properties": {"who": {"type": "object", "required": ["mail"], "properties": {"mail": {"$ref": "#/$defs/to"}}}}})")};
  const CallScope scope = scope_of({tool}, said("ann@example.org"), {});
  EXPECT_EQ(fault_of({.name = "x", .arguments = {{"who", {{"mail", "ann@example.org"}}}}}, scope), std::nullopt);
  EXPECT_NE(fault_of({.name = "x", .arguments = {{"who", {{"mail", "eve@evil.example"}}}}}, scope), std::nullopt);
  EXPECT_THAT(scope_of({tool}, said("Ann"), {}).left_out, ElementsAre("x"));
}

TEST(CallScope, ASchemaThatRefersToItselfEnds) {
  ToolDefinition tool{.name = "x", .parameters = schema(R"({"type": "object", "properties": {"inner": {"$ref": "#"}, "n": {"type": "integer"}}})")};
  EXPECT_THAT(names(scope_of({tool}, said("x"), {}).callable), ElementsAre("x"));
}

}  // namespace
}  // namespace deed
