#include "deed/core/json_text.hpp"

#include <random>

#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

class RandomJson {
 public:
  std::string text() {
    static const std::vector<std::string> pieces = {"a", "Z", " ", "\"", "\\", "/", "\n", "\x01", "\x7F", "ü", "…", "\xFF", "\xC3", "😀", "]}"};
    std::string out;
    for (auto n = random_() % 6; n > 0; --n) out += pieces[random_() % pieces.size()];
    return out;
  }
  Json value(int depth = 3) {
    switch (random_() % (depth > 0 ? 8 : 6)) {
      case 0: return nullptr;
      case 1: return random_() % 2 == 0;
      case 2: return static_cast<std::int64_t>(random_()) - 2'000'000'000;
      case 3: return static_cast<double>(random_()) / 7;
      case 4: return std::uint64_t{18'446'744'073'709'551'615u};
      case 5: return text();
      case 6: {
        Json list = Json::array();
        for (auto n = random_() % 4; n > 0; --n) list.push_back(value(depth - 1));
        return list;
      }
      default: {
        Json object = Json::object();
        for (auto n = random_() % 4; n > 0; --n) object[text()] = value(depth - 1);
        return object;
      }
    }
  }

 private:
  std::mt19937 random_{11};
};

TEST(JsonWriter, WritesTextsAsJsonPrintsThem) {
  RandomJson random;
  for (int i = 0; i < 5'000; ++i) {
    const std::string text = random.text();
    EXPECT_EQ(json_array(text), to_text(Json::array({text}))) << i;
  }
}

TEST(JsonWriter, SeparatesWhatItWritesAndNestsIt) {
  JsonWriter writer;
  writer.begin_object();
  writer.member("a"), writer.value("x");
  writer.member("list"), writer.begin_array();
  writer.value(std::int64_t{-9'223'372'036'854'775'807 - 1}), writer.value(true), writer.null(), writer.value(0.5);
  writer.begin_object(), writer.end_object();
  writer.begin_array(), writer.end_array();
  writer.value(Json{{"k", "v"}}), writer.value("ü\n");
  writer.end_array();
  writer.member("b"), writer.value(false);
  writer.end_object();
  EXPECT_EQ(std::move(writer).text().text(), R"({"a":"x","list":[-9223372036854775808,true,null,0.5,{},[],{"k":"v"},"ü\n"],"b":false})");
}

TEST(JsonText, GivesBackTheValueThatItWasMadeOf) {
  EXPECT_EQ(JsonText().value(), Json::object());
  RandomJson random;
  for (int i = 0; i < 2'000; ++i) {
    const Json value = random.value();
    const JsonText text(value);
    EXPECT_EQ(to_text(text.value()), text.text());
    const auto again = JsonText::parse(text.text());
    ASSERT_OK(again);
    EXPECT_EQ(*again, text);
  }
}

TEST(JsonText, IsNeverMadeOfWhatIsNotJson) {
  for (const char* wrong : {"", "{", "{\"a\":}", "[1,]", "nul", "{} {}", "\"\xFF\"", "\"a\nb\""}) {
    EXPECT_THAT(JsonText::parse(wrong), IsError(ErrorKind::invalid)) << wrong;
  }
  EXPECT_THAT(JsonText::parse("{\"a\": }"), IsError(ErrorKind::invalid, HasSubstr("byte 7")));
  EXPECT_THAT(JsonText::parse(std::string(100'000, '[')), IsError(ErrorKind::limit, HasSubstr("nested deeper")));
  EXPECT_THAT(JsonText::parse("[1,2,3]", {.max_bytes = 3}), IsError(ErrorKind::limit));
}

// nlohmann::json keeps its members in a std::map.
TEST(CanonicalText, IsWhatASortedTreePrints) {
  RandomJson random;
  for (int i = 0; i < 5'000; ++i) {
    const Json value = random.value();
    EXPECT_EQ(canonical_text(value), nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
}

}  // namespace
}  // namespace deed
