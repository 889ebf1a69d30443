// The JSON reader for plugins in C, against the library that deed uses.
#include "deed/plugins/deed_plugin_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>

#include "deed/tests/plugins/compiler.hpp"

namespace {

using Json = nlohmann::json;

deed_text view(const std::string& text) { return {text.data(), text.size()}; }

std::string text_member(const std::string& object, const char* name) {
  char buffer[256];
  const long length = deed_json_text(view(object), name, buffer, sizeof buffer);
  if (length < 0) return "error " + std::to_string(length);
  EXPECT_EQ(buffer[length], '\0');
  return std::string(buffer, static_cast<std::size_t>(length));
}

TEST(PluginJson, FindsEachMemberAsItIsWritten) {
  const Json object = {{"a", "text"}, {"b", -12}, {"c", {1, {{"a", "}]"}}, "\"]"}}, {"d", {{"e", ","}}}, {"e", true}, {"f", nullptr}, {"g", 1.5e3}};
  for (const int indent : {-1, 2}) {
    const std::string text = object.dump(indent);
    for (const auto& [name, value] : object.items()) {
      deed_text found;
      ASSERT_EQ(deed_json_member(view(text), name.c_str(), &found), 1) << name << " in " << text;
      EXPECT_EQ(Json::parse(std::string(found.data, found.size)), value);
    }
    deed_text found;
    EXPECT_EQ(deed_json_member(view(text), "x", &found), 0);
    EXPECT_EQ(deed_json_member(view(text), "", &found), 0);
  }
}

TEST(PluginJson, ReadsTextWithEveryEscape) {
  EXPECT_EQ(text_member(R"({"t":"a\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00\u20AC"})", "t"), "a\"\\/\b\f\n\r\té\xC3\xA9\xF0\x9F\x98\x80\xE2\x82\xAC");
  EXPECT_EQ(text_member(R"({"t":""})", "t"), "");
  EXPECT_EQ(text_member(R"({"t":1})", "t"), "error -1");
  EXPECT_EQ(text_member(R"({"t":"\x"})", "t"), "error -1");
  EXPECT_EQ(text_member(R"({"t":"\ud83d"})", "t"), "error -1");
  EXPECT_EQ(text_member("{\"t\":\"" + std::string(256, 'a') + "\"}", "t"), "error -2");
}

TEST(PluginJson, NeverReadsPastTheEndOfWhatIsCutAnywhere) {
  const std::string whole = R"({"a":[{"x":"\u00e9\ud83d\ude00"}],"n":-12,"t":"a\n\ud83d\ude00"})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string cut(whole, 0, size);  // a copy: the sanitizer sees each byte behind it
    const std::unique_ptr<char[]> bytes(new char[size]);
    std::copy(cut.begin(), cut.end(), bytes.get());
    char buffer[64];
    int64_t number = 0;
    EXPECT_EQ(deed_json_text({bytes.get(), size}, "t", buffer, sizeof buffer), size + 1 < whole.size() ? -1 : 6) << cut;
    deed_json_integer({bytes.get(), size}, "n", &number);
  }
  char buffer[4];
  EXPECT_EQ(deed_json_text({nullptr, 0}, "t", buffer, sizeof buffer), -1);
}

TEST(PluginJson, ReadsIntegers) {
  const std::string object = R"({"a": 0, "b":-999999999999999999,"c":12 , "d":1.5, "e":"1", "f":1000000000000000000000})";
  int64_t number = 7;
  EXPECT_TRUE(deed_json_integer(view(object), "a", &number));
  EXPECT_EQ(number, 0);
  EXPECT_TRUE(deed_json_integer(view(object), "b", &number));
  EXPECT_EQ(number, -999999999999999999);
  EXPECT_TRUE(deed_json_integer(view(object), "c", &number));
  EXPECT_EQ(number, 12);
  for (const char* name : {"d", "e", "f", "g"}) EXPECT_FALSE(deed_json_integer(view(object), name, &number)) << name;
}

TEST(PluginJson, QuotesWhateverTextThereIs) {
  std::string text;
  for (int c = 0; c < 128; ++c) text += static_cast<char>(c);
  text += "é";
  char buffer[512];
  const long length = deed_json_quote(view(text), buffer, sizeof buffer);
  ASSERT_GT(length, 0);
  EXPECT_EQ(Json::parse(std::string(buffer, static_cast<std::size_t>(length))), text);
  for (std::size_t size = 0; size < static_cast<std::size_t>(length); ++size)
    EXPECT_EQ(deed_json_quote(view(text), buffer, size), -2);
}

TEST(PluginJson, CompilesAsC11) {
  EXPECT_EQ(deed::tests::compile_alone({DEED_C_COMPILER, "-std=c11"}, "#include <deed/plugins/deed_plugin_json.h>\n", "c"), "");
}

}  // namespace
