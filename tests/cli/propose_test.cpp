// `deed propose` as a script would use it: lines in, lines out, nothing runs.
#include "deed/tests/cli/command_fixture.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

class ProposeTest : public CommandTest {
 protected:
  static std::string line(const std::string& id, const std::string& request) {
    const Json parameters = {{"type", "object"}, {"properties", {{"city", {{"type", "string"}}}}}};
    const Json function = {{"name", "weather.now"}, {"description", "The weather"}, {"parameters", parameters}};
    return to_text(Json{{"id", id}, {"request", request}, {"tools", Json::array({{{"type", "function"}, {"function", function}}})}}) + "\n";
  }
  std::vector<Json> answers(const Ended& ended) const {
    std::vector<Json> out;
    std::istringstream lines(ended.out);
    for (std::string text; std::getline(lines, text);) out.push_back(parse_json(text).value_or(Json()));
    return out;
  }
};

TEST_F(ProposeTest, AsksARemoteModelForEachLineInOrder) {
  fakes::HttpServer server([](const fakes::SeenRequest& request) {
    const bool is_bern = request.body.find("Bern") != std::string::npos;
    return calls("weather__now", {{"city", is_bern ? "Bern" : "Rome"}});
  });
  put("lines", line("one", "How is it in Bern?") + "\n" + line("two", "And in Rome?"));
  const Ended ended = deed({"propose", "--jsonl", "--model", model_at(server), file("lines")});
  EXPECT_EQ(ended.code, 0) << ended.err;
  const auto lines = answers(ended);
  ASSERT_EQ(lines.size(), 2u) << ended.out;
  EXPECT_EQ(lines[0], (Json{{"id", "one"}, {"calls", Json::array({{{"name", "weather.now"}, {"arguments", {{"city", "Bern"}}}}})}}));
  EXPECT_EQ(lines[1]["id"], "two");
  EXPECT_EQ(lines[1]["calls"][0]["arguments"]["city"], "Rome");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "home" / "journal.db")) << "nothing runs";
}

TEST_F(ProposeTest, ALineThatCannotBeAnsweredHasAnErrorAndTheOthersAreAnswered) {
  fakes::HttpServer server([](const fakes::SeenRequest&) { return calls("weather__now", {{"city", "Bern"}}); });
  put("lines", "no json\n{\"id\":7}\n" + line("good", "How is it in Bern?") + "[1]\n");
  const Ended ended = deed({"propose", "--jsonl", "--model", model_at(server)}, file("lines"));
  EXPECT_EQ(ended.code, 1);
  const auto lines = answers(ended);
  ASSERT_EQ(lines.size(), 4u) << ended.out;
  EXPECT_TRUE(lines[0].contains("error"));
  EXPECT_EQ(lines[1]["id"], 7);
  EXPECT_THAT(string_at(lines[1], "error"), HasSubstr("\"request\""));
  EXPECT_TRUE(lines[2].contains("calls"));
  EXPECT_TRUE(lines[3].contains("error"));
}

TEST_F(ProposeTest, AServerThatCannotBeReachedIsAnErrorOfEachLine) {
  put("lines", line("one", "How is it in Bern?"));
  const Ended ended = deed({"propose", "--jsonl", "--model", "http://127.0.0.1:9/v1#x", file("lines")});
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(answers(ended).at(0)["id"], "one");
}

}  // namespace
}  // namespace deed
