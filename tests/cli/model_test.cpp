// What a user of models sees: what is attached reaches them, thoughts are shown, a chain goes on.
#include "deed/core/base64.hpp"
#include "deed/tests/cli/command_fixture.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string picture("GIF89a\x01\xFF\x00 bytes", 15);

class ModelCommandTest : public CommandTest {
 protected:
  ModelCommandTest() { put("work/cat.gif", picture); }

  // The bodies of what a model was asked.
  static std::string asked(const fakes::HttpServer& server) {
    std::string bodies;
    for (const fakes::SeenRequest& request : server.requests()) {
      if (request.method == "POST") bodies += request.body;
    }
    return bodies;
  }
  static fakes::HttpReply answers(const fakes::SeenRequest& request) {
    return request.method == "GET" ? fakes::HttpReply::ok(picture, "image/gif") : says("A cat.");
  }
  void configure(const std::string& toml) {
    std::filesystem::create_directories(folder_ / "config/deed");
    put("config/deed/config.toml", toml);
  }
};

TEST_F(ModelCommandTest, APictureThatIsAttachedReachesTheModelByteForByte) {
  fakes::HttpServer server(answers);
  const Ended ended = deed({"run", "--json", "--model", model_at(server), "--attach", "cat.gif", "What is it?"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(asked(server), HasSubstr("data:image/gif;base64," + base64(picture)));
}

TEST_F(ModelCommandTest, APictureIsFetchedFromAnAddressThatToolsMayReachOnly) {
  fakes::HttpServer server(answers);
  const std::string url = server.url("/cat.gif");
  EXPECT_NE(deed({"run", "--model", model_at(server), "--attach", url, "What is it?"}).code, 0);
  EXPECT_TRUE(server.requests().empty());
  const std::string host = url.substr(7, url.find('/', 7) - 7);
  const Ended ended = deed({"run", "--model", model_at(server), "--allow-host", host, "--attach", url, "What is it?"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(asked(server), HasSubstr(base64(picture)));
}

TEST_F(ModelCommandTest, AModelThatTakesNoPicturesIsToldTheNameAndTheUserTheReason) {
  fakes::HttpServer server(answers);
  const Ended ended = deed({"run", "--model", server.url("/v1") + "#deepseek-chat", "--attach", "cat.gif", "Mail it to nobody."});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("takes no pictures"));
  EXPECT_THAT(asked(server), AllOf(HasSubstr("cat.gif"), Not(HasSubstr(base64(picture)))));
}

TEST_F(ModelCommandTest, TheModelForPicturesIsTakenWhereTheOtherTakesNone) {
  fakes::HttpServer server(answers);
  configure("[alias]\nplan = \"" + server.url("/v1") + "#deepseek-chat\"\nvision = \"" + server.url("/v1") + "#gpt-4o\"\n");
  EXPECT_EQ(deed({"run", "--attach", "cat.gif", "What is it?"}).code, 0);
  EXPECT_THAT(asked(server), AllOf(HasSubstr("\"model\":\"gpt-4o\""), HasSubstr(base64(picture))));
}

TEST_F(ModelCommandTest, ThoughtsAreShownAsTheUserWantsThemAndKept) {
  fakes::HttpServer server([](const fakes::SeenRequest&) { return reply({{"reasoning_content", "First thought.\nSecond."}, {"content", "Hello."}}, "stop"); });
  const auto said = [&](const char* how) { return deed({"run", "--model", model_at(server), "--reasoning", how, "hello"}).err; };
  EXPECT_THAT(said("hide"), Not(HasSubstr("thought")));
  EXPECT_THAT(said("summary"), AllOf(HasSubstr("~ First thought."), Not(HasSubstr("Second"))));
  EXPECT_THAT(said("full"), AllOf(HasSubstr("First thought."), HasSubstr("Second.")));
  EXPECT_THAT(deed({"show", "last", "--full"}).out, HasSubstr("First thought."));
}

TEST_F(ModelCommandTest, AChainGoesOnWithTheNextModelAndSaysWhy) {
  fakes::HttpServer broken([](const fakes::SeenRequest&) { return fakes::HttpReply::status(401, "{\"error\":{\"message\":\"no such key\"}}"); });
  fakes::HttpServer server(answers);
  const Ended ended = deed({"run", "--model", model_at(broken) + ", " + model_at(server), "What is it?"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("A cat."));
  EXPECT_THAT(ended.err, HasSubstr("no such key"));
}

TEST_F(ModelCommandTest, ASettingThatIsNoneIsNamedWithItsPlace) {
  configure("[providers.openai]\nkey = \"sk-secret-in-a-file\"\n");
  const Ended ended = deed({"models", "prices"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("providers.openai.key"), HasSubstr("config.toml:2"), Not(HasSubstr("sk-secret"))));
}

}  // namespace
}  // namespace deed
