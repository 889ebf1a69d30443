// How a call's arguments come into a command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deed/plugins/script_host.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ScriptCommand, HasEachArgumentAsOneWordWhateverIsInIt) {
  const auto command = filled_command({"convert", "{{in}}", "--size={{size}}", "{{ out }}"}, {{"in", "a b;$(rm -r /)'\""}, {"size", 3}, {"out", "x"}});
  ASSERT_TRUE(command);
  EXPECT_THAT(*command, ElementsAre("convert", "a b;$(rm -r /)'\"", "--size=3", "x"));
}

TEST(ScriptCommand, HasNoWordForAnAbsentArgumentAndSeveralForAList) {
  const auto command = filled_command({"x", "{{one}}", "{{many}}", "{{none}}"}, {{"one", "1"}, {"many", {"2", "3"}}, {"none", Json::array()}});
  EXPECT_THAT(*command, ElementsAre("x", "1", "2", "3"));
  EXPECT_THAT(*filled_command({"x", "{{gone}}", "y"}, Json::object()), ElementsAre("x", "y"));
}

TEST(ScriptCommand, TakesNoOptionFromAnArgument) {
  EXPECT_THAT(filled_command({"rm", "{{path}}"}, {{"path", "-rf"}}), IsError(ErrorKind::invalid, HasSubstr("option")));
  EXPECT_THAT(filled_command({"rm", "{{paths}}"}, {{"paths", {"a", "--no-preserve-root"}}}), IsError(ErrorKind::invalid));
  EXPECT_THAT(*filled_command({"rm", "--", "{{path}}"}, {{"path", "-rf"}}), ElementsAre("rm", "--", "-rf"));
  EXPECT_THAT(*filled_command({"x", "{{n}}"}, {{"n", -3}}), ElementsAre("x", "-3"));
  EXPECT_THAT(*filled_command({"x", "p={{path}}"}, {{"path", "-rf"}}), ElementsAre("x", "p=-rf"));
}

TEST(ScriptCommand, IsNotFilledAgainByWhatIsPutIn) {
  EXPECT_THAT(*filled_command({"x", "{{a}}", "<{{a}}>"}, {{"a", "{{b}}"}, {"b", "secret"}}), ElementsAre("x", "{{b}}", "<{{b}}>"));
}

TEST(ScriptCommand, RefusesObjectsAndNulBytes) {
  EXPECT_THAT(filled_command({"x", "{{a}}"}, {{"a", {{"b", 1}}}}), IsError(ErrorKind::invalid, HasSubstr("/a")));
  EXPECT_THAT(filled_command({"x", "{{a}}"}, {{"a", std::string("a\0b", 3)}}), IsError(ErrorKind::invalid, HasSubstr("NUL")));
  EXPECT_THAT(filled_command({"{{program}}"}, Json::object()), IsError(ErrorKind::invalid, HasSubstr("no program")));
}

TEST(ScriptText, KeepsWhatIsNoArgument) {
  EXPECT_EQ(*filled_text("{{a}} {b} }} {{", {{"a", true}}), "true {b} }} {{");
}

}  // namespace
}  // namespace deed
