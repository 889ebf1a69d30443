#include "deed/llm/remote/tool_names.hpp"

#include <gtest/gtest.h>

#include <map>

namespace deed {
namespace {

bool is_wire_form(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
             std::string::npos;
}

// Every text of up to `length` of these characters.
std::vector<std::string> all_texts(std::string_view alphabet, std::size_t length) {
  std::vector<std::string> out = {""};
  for (std::size_t begin = 0, n = 0; n < length; ++n) {
    const std::size_t end = out.size();
    for (; begin < end; ++begin) {
      for (const char c : alphabet) out.push_back(out[begin] + c);
    }
  }
  return out;
}

TEST(ToolNames, WriteADotAsTwoUnderscores) {
  EXPECT_EQ(wire_tool_name("email.send"), "email__send");
  EXPECT_EQ(wire_tool_name("http.get"), "http__get");
  EXPECT_EQ(wire_tool_name("plain_name-2"), "plain_name-2");
}

TEST(ToolNames, NeverMeetAndAlwaysComeBackOverAllShortNames) {
  std::vector<ToolDefinition> tools;
  std::map<std::string, std::string> seen;
  for (const std::string& name : all_texts("a._ -", 6)) {
    const std::string wire = wire_tool_name(name);
    ASSERT_TRUE(is_wire_form(wire)) << name << " -> " << wire;
    const auto [it, is_new] = seen.emplace(wire, name);
    ASSERT_TRUE(is_new) << name << " and " << it->second << " both give " << wire;
    tools.push_back({.name = name, .description = {}});
  }
  const ToolNames names(tools);
  for (const auto& [wire, name] : seen) ASSERT_EQ(names.from_wire(wire), name);
}

TEST(ToolNames, KeepLongNamesApart) {
  const std::string long_name(200, 'x');
  const std::string a = wire_tool_name(long_name + "a"), b = wire_tool_name(long_name + "b");
  EXPECT_TRUE(is_wire_form(a)) << a;
  EXPECT_NE(a, b);
  EXPECT_TRUE(is_wire_form(wire_tool_name("böse\n\"name\"")));
}

TEST(ToolNames, DoNotLetANameTakeTheHashedFormOfAnother) {
  const std::string hashed = wire_tool_name("a name with blanks");
  EXPECT_NE(wire_tool_name(hashed), hashed);
}

TEST(ToolNames, BringBackWhatNoToolHasAsItIs) {
  const std::vector<ToolDefinition> tools = {{.name = "email.send", .description = {}}};
  const ToolNames names(tools);
  EXPECT_EQ(names.from_wire("email__send"), "email.send");
  EXPECT_EQ(names.from_wire("email__sent"), "email__sent");
  EXPECT_EQ(names.from_wire(""), "");
}

}  // namespace
}  // namespace deed
